"""Hikvision ISAPI event push: a `multipart/form-data` POST of `anpr.xml` and its JPEG parts.

Elements are found by local name, since namespaces differ between firmwares; misspelt names
(`palteTypeByGAT`) are the device's own. The camera authenticates nothing: what comes is checked
for size and form here, and for its origin by whoever received it.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Literal
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hengyuan.law.plates import (
    COLOUR_NAMES,
    PlateColour,
    colour_from_code,
    colour_from_name,
)
from hengyuan.terminal.devices import Picture, PictureKind, PlateEvent, Refused
from hengyuan.terminal.drivers.hikvision.parts import MAX_PARTS, Part, join, split
from hengyuan.terminal.drivers.plate_events import (
    MAX_PICTURE,
    MalformedEvent,
    NotAPlateEvent,
    jpeg_problem,
    local_time,
    read_plate,
)
from hengyuan.terminal.drivers.settings import CameraSettings

MAX_XML = 1024 * 1024
View = Literal["front", "rear"]

_CHINA = timedelta(hours=8)
_DECLARED = re.compile(rb"""^<\?xml[^>]*?encoding=["'](?:gb2312|gbk|gb18030)["'][^>]*\?>""", re.I)


def parse_push(
    content_type: str,
    body: bytes,
    received_at: datetime,
    *,
    camera: str = "",
    view: View = "front",
    naive_offset: timedelta = _CHINA,
) -> PlateEvent:
    """The event that a camera pushed.

    `camera` is the camera's name at this terminal; its own name stands in where it is empty.
    `naive_offset` is the zone of a camera time that carries none. Raises `MalformedEvent`, and
    its kind `NotAPlateEvent` for a message about something else. A picture that is no JPEG, or
    that was announced and did not come, is left out and named in `picture_faults`: the plate
    still counts.
    """
    return parse_parts(
        split(content_type, body), received_at, camera=camera, view=view, naive_offset=naive_offset
    )


def parse_parts(
    all_parts: list[Part],
    received_at: datetime,
    *,
    camera: str = "",
    view: View = "front",
    naive_offset: timedelta = _CHINA,
) -> PlateEvent:
    """`parse_push` of a message that has been taken apart already."""
    xml, parts = _open(all_parts)
    texts = _Texts(_parse_xml(xml))
    kind = texts.first("eventType")
    if kind.upper() != "ANPR":
        raise NotAPlateEvent("event_type", f"eventType is {kind[:40]!r}, not ANPR")
    plate, colour = _plate(texts)
    pictures, faults = _pictures(texts, parts, view)
    return PlateEvent(
        event_id=_event_id(texts, xml),
        plate=plate,
        colour=colour,
        confidence=_whole(texts.first("confidenceLevel"), 0, 100),
        lane=_whole(texts.first("line"), 0, 99),
        camera_at=local_time(texts.first("dateTime"), naive_offset),
        received_at=received_at.astimezone(UTC),
        direction=_direction(texts),
        pictures=pictures,
        retransmission=texts.first("isDataRetransmission").lower() in ("true", "1"),
        camera=camera or (texts.first("channelName") or texts.first("ipAddress"))[:64],
        picture_faults=faults,
    )


def _open(parts: list[Part]) -> tuple[bytes, list[Part]]:
    documents = [part for part in parts if part.is_xml]
    if not documents:
        raise MalformedEvent("no_xml", "no part is XML")
    if len(documents) > 1:
        raise MalformedEvent("parts", f"{len(documents)} parts are XML")
    return documents[0].data, [part for part in parts if not part.is_xml]


def _parse_xml(xml: bytes) -> Element:
    if len(xml) > MAX_XML:
        raise MalformedEvent("xml_size", f"the XML is {len(xml)} bytes, over {MAX_XML}")
    xml = xml.removeprefix(b"\xef\xbb\xbf").strip()
    source: bytes | str = xml
    declared = _DECLARED.match(xml)
    try:
        if declared:
            source = xml[declared.end() :].decode("gb18030")
        root: Element = fromstring(source, forbid_dtd=True)
    except DefusedXmlException as error:
        raise MalformedEvent("xml_dtd", "the XML has a DTD or entities") from error
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedEvent("xml", f"the XML cannot be read: {error}") from error
    return root


class _Texts:
    """The texts of a document by local element name, in document order; empty ones left out."""

    def __init__(self, root: Element) -> None:
        self._by_name: dict[str, list[str]] = {}
        for element in root.iter():
            text = (element.text or "").strip()
            if text and isinstance(element.tag, str):
                self._by_name.setdefault(element.tag.rpartition("}")[2], []).append(text)

    def first(self, name: str) -> str:
        """The first text of that name, or nothing."""
        return self.all(name)[0] if name in self._by_name else ""

    def all(self, name: str) -> list[str]:
        """Every text of that name."""
        return self._by_name.get(name, [])


def _event_id(texts: _Texts, xml: bytes) -> str:
    """The camera's UUID; else one of the event's own bytes, so that a repeat has it again."""
    uuid = texts.first("UUID")
    if re.fullmatch(r"[\w.:{}-]{1,64}", uuid, re.ASCII):
        return uuid
    return hashlib.sha256(xml).hexdigest()[:32]


def _whole(text: str, lowest: int, highest: int) -> int | None:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        return None
    value = int(text)
    return value if lowest <= value <= highest else None


def _direction(texts: _Texts) -> str | None:
    direction = texts.first("direction").lower()
    return direction if direction in ("forward", "reverse") else None


def _plate(texts: _Texts) -> tuple[str | None, str | None]:
    colour = colour_from_name("hikvision", texts.first("plateColor"))
    if colour is PlateColour.UNKNOWN:
        colour = colour_from_code("gat", texts.first("plateColorByGAT"))
    return read_plate(texts.first("licensePlate"), colour)


def _pictures(
    texts: _Texts, parts: list[Part], view: View
) -> tuple[tuple[Picture, ...], tuple[str, ...]]:
    announced = texts.all("fileName")[:MAX_PARTS]
    pictures, faults = [], []
    for part in parts:
        name = part.filename or part.name
        if not part.is_picture and name not in announced:
            continue
        if len(part.data) > MAX_PICTURE:
            raise MalformedEvent(
                "picture_size", f"{name} is {len(part.data)} bytes, over the limit"
            )
        problem = jpeg_problem(part.data)
        if problem:
            faults.append(f"{name}: {problem}")
        else:
            pictures.append(Picture(_kind(name, view), "image/jpeg", part.data))
    came = {part.filename or part.name for part in parts} | {part.name for part in parts}
    faults += [f"{name}: announced, did not come" for name in announced if name not in came]
    expected = _whole(texts.first("picNum"), 0, 64)
    if expected is not None and not faults and len(pictures) < expected:
        faults.append(f"{expected} pictures announced, {len(pictures)} came")
    return tuple(pictures), tuple(faults)


def _kind(name: str, view: View) -> PictureKind:
    lower = name.lower()
    if lower.startswith("licenseplate"):
        return "plate"
    if lower.startswith("vehicle"):
        return "head" if view == "front" else "tail"
    return "panorama"


def parse_for(
    settings: CameraSettings, content_type: str, body: bytes, received_at: datetime
) -> PlateEvent:
    """`parse_push` with the options of one camera's settings."""
    return parse_push(
        content_type,
        body,
        received_at,
        camera=settings.name,
        view=settings.end,
        naive_offset=timedelta(hours=settings.utc_offset_h),
    )


def decode(data: bytes, settings: CameraSettings | None = None) -> list[PlateEvent | Refused]:
    """The event of one recorded HTTP body; the boundary is taken from its first line."""
    content_type = "application/xml"
    if not data.lstrip().startswith(b"<"):
        first = data.partition(b"\r\n")[0].removeprefix(b"--")
        content_type = f'multipart/form-data; boundary="{first.decode("ascii", errors="replace")}"'
    now = datetime.now(UTC)
    try:
        if settings:
            return [parse_for(settings, content_type, data, now)]
        return [parse_push(content_type, data, now)]
    except MalformedEvent as error:
        return [Refused(error.reason, data[:256], 0.0, error.detail)]


_FILE_NAMES: dict[PictureKind, str] = {
    "plate": "licensePlatePicture.jpg",
    "head": "vehiclePicture.jpg",
    "tail": "vehiclePicture.jpg",
    "panorama": "detectionPicture.jpg",
}
_COLOUR_NAMES = {colour: name for name, colour in reversed(COLOUR_NAMES["hikvision"].items())}


def build_push(event: PlateEvent, *, boundary: str = "hengyuan-push") -> tuple[str, bytes]:
    """Content type and body of the push with which a camera reports `event`."""
    root = Element("EventNotificationAlert")
    root.set("version", "2.0")
    root.set("xmlns", "http://www.hikvision.com/ver20/XMLSchema")

    def add(parent: Element, name: str, text: object) -> None:
        SubElement(parent, name).text = str(text)

    if event.camera_at:
        add(root, "dateTime", event.camera_at.isoformat(timespec="milliseconds"))
    add(root, "eventType", "ANPR")
    add(root, "eventState", "active")
    add(root, "channelName", event.camera)
    if event.retransmission:
        add(root, "isDataRetransmission", "true")
    anpr = SubElement(root, "ANPR")
    add(anpr, "licensePlate", event.plate or "unknown")
    colour = PlateColour(event.colour or PlateColour.UNKNOWN)
    add(anpr, "plateColor", _COLOUR_NAMES.get(colour, "unknown"))
    if event.lane is not None:
        add(anpr, "line", event.lane)
    add(anpr, "direction", event.direction or "unknown")
    if event.confidence is not None:
        add(anpr, "confidenceLevel", event.confidence)
    listed = SubElement(anpr, "pictureInfoList")
    for picture in event.pictures:
        add(SubElement(listed, "pictureInfo"), "fileName", _FILE_NAMES[picture.kind])
    add(root, "UUID", event.event_id)
    add(root, "picNum", len(event.pictures))
    xml = tostring(root, encoding="utf-8", xml_declaration=True)
    parts = [Part("anpr.xml", "anpr.xml", "text/xml", xml)] + [
        Part(_FILE_NAMES[picture.kind], _FILE_NAMES[picture.kind], "image/jpeg", picture.data)
        for picture in event.pictures
    ]
    return join(parts, boundary)
