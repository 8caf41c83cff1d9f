"""华夏智信 HTTP push: a form with `type` online, offline or heartbeat.

`plate_num`, `plate_color`, `start_time` (seconds since 1970), `park_id`, `cam_id`, `cam_ip`, and in
`picture` and `closeup_pic` the pictures in a base64 of its own: `-` for `+`, `_` for `/`, `.` for
`=`. Texts are UTF-8 or GBK. `offline` is an event that was sent late.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Literal

import msgspec

from hengyuan.law.plates import PlateColour
from hengyuan.terminal.devices import PictureKind, PlateEvent, Refused
from hengyuan.terminal.drivers.hikvision.parts import split
from hengyuan.terminal.drivers.huaxia.settings import Settings
from hengyuan.terminal.drivers.plate_events import (
    MAX_BODY,
    MalformedEvent,
    NotAPlateEvent,
    Pictures,
    Values,
    epoch_time,
    read_plate,
)

FORM = "application/x-www-form-urlencoded"
View = Literal["front", "rear"]

_FROM_THEIRS = bytes.maketrans(b"-_.", b"+/=")
_TO_THEIRS = bytes.maketrans(b"+/=", b"-_.")
_MAX_FIELDS = 64
_COLOURS = {colour.zh.removesuffix("色"): colour for colour in PlateColour} | {
    "黄绿": PlateColour.YELLOW_GREEN,
    "黄绿双拼": PlateColour.YELLOW_GREEN,
    "新能源": PlateColour.GRADIENT_GREEN,
}


def parse_push(
    content_type: str,
    body: bytes,
    received_at: datetime,
    *,
    camera: str = "",
    view: View = "front",
) -> PlateEvent:
    """The event that a camera pushed; see `hikvision.codec.parse_push` for the arguments.

    Raises `MalformedEvent`, and `NotAPlateEvent` for a heartbeat.
    """
    fields = _fields(content_type, body)
    kind = fields.get("type", b"").decode("latin-1").strip().lower()
    if kind == "heartbeat":
        raise NotAPlateEvent("heartbeat", "a heartbeat")
    if kind not in ("online", "offline"):
        raise MalformedEvent("type", f"type is {kind[:40]!r}, not online, offline or heartbeat")
    number, device = _text(fields, "plate_num"), _text(fields, "cam_id") or _text(fields, "cam_ip")
    seconds = Values(_text(fields, "start_time")).whole(0, 2**40)
    word = _text(fields, "plate_color").removesuffix("色")
    plate, colour = read_plate(number, _COLOURS.get(word, PlateColour.UNKNOWN))
    pictures = Pictures()
    head: PictureKind = "head" if view == "front" else "tail"
    sent: tuple[tuple[str, PictureKind], ...] = (("closeup_pic", "plate"), ("picture", head))
    for name, what in sent:
        pictures.add_base64(
            name, what, fields.get(name, b"").translate(_FROM_THEIRS).decode("latin-1")
        )
    return PlateEvent(
        event_id=f"{device[:30]}-{seconds}-{number[:16]}",
        plate=plate,
        colour=colour,
        confidence=Values(_text(fields, "confidence")).whole(0, 100),
        lane=None,
        camera_at=epoch_time(seconds),
        received_at=received_at.astimezone(UTC),
        direction=None,
        pictures=pictures.pictures,
        retransmission=kind == "offline",
        camera=camera or device[:64],
        picture_faults=pictures.faults,
    )


def _fields(content_type: str, body: bytes) -> dict[str, bytes]:
    if len(body) > MAX_BODY:
        raise MalformedEvent("body_size", f"the body is {len(body)} bytes, over {MAX_BODY}")
    if content_type.lower().startswith("multipart/"):
        return {part.name: part.data for part in split(content_type, body)}
    pairs = body.strip().split(b"&", _MAX_FIELDS)
    if len(pairs) > _MAX_FIELDS:
        raise MalformedEvent("form", f"more than {_MAX_FIELDS} fields")
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition(b"=")
        if equals:
            fields[_unquoted(name).decode("latin-1")] = _unquoted(value)
    if "type" not in fields:
        raise MalformedEvent("form", "the form has no type")
    return fields


def _unquoted(value: bytes) -> bytes:
    def plain(match: re.Match[bytes]) -> bytes:
        return bytes.fromhex(match[1].decode())

    return re.sub(rb"%([0-9A-Fa-f]{2})", plain, value.replace(b"+", b" "))


def _text(fields: dict[str, bytes], name: str) -> str:
    raw = fields.get(name, b"")[:256]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="replace")
    return "".join(character for character in text if character.isprintable()).strip()


def parse_for(
    settings: Settings, content_type: str, body: bytes, received_at: datetime
) -> PlateEvent:
    """`parse_push` with the options of one camera's settings."""
    return parse_push(content_type, body, received_at, camera=settings.name, view=settings.end)


def decode(data: bytes, settings: Settings | None = None) -> list[PlateEvent | Refused]:
    """The event of one recorded HTTP body; the boundary of a multipart one is its first line."""
    content_type = FORM
    if data.startswith(b"--"):
        first = data.partition(b"\r\n")[0].removeprefix(b"--")
        content_type = f'multipart/form-data; boundary="{first.decode("ascii", errors="replace")}"'
    now = datetime.now(UTC)
    try:
        if settings:
            return [parse_for(settings, content_type, data, now)]
        return [parse_push(content_type, data, now)]
    except MalformedEvent as error:
        return [Refused(error.reason, data[:256], 0.0, error.detail)]


def build_answer() -> bytes:
    """What the camera waits for."""
    return msgspec.json.encode({"error_num": 0, "error_str": ""})


def build_push(event: PlateEvent, encoding: str = "utf-8") -> bytes:
    """The form with which a camera reports `event`."""
    colour = PlateColour(event.colour or PlateColour.UNKNOWN)
    values: dict[str, bytes] = {
        "type": b"offline" if event.retransmission else b"online",
        "plate_num": (event.plate or "无牌车").encode(encoding),
        "plate_color": colour.zh.encode(encoding) if event.colour else b"",
        "park_id": b"1",
        "cam_id": event.camera.encode(encoding),
        "cam_ip": b"192.0.2.10",
    }
    if event.camera_at:
        values["start_time"] = str(int(event.camera_at.timestamp())).encode()
    if event.confidence is not None:
        values["confidence"] = str(event.confidence).encode()
    for picture in event.pictures:
        name = "closeup_pic" if picture.kind == "plate" else "picture"
        values[name] = base64.b64encode(picture.data).translate(_TO_THEIRS)
    return b"&".join(name.encode() + b"=" + _quoted(value) for name, value in values.items())


def _quoted(value: bytes) -> bytes:
    return re.sub(rb"[^A-Za-z0-9._-]", lambda match: b"%%%02X" % match[0][0], value)


def build_heartbeat(device: str) -> bytes:
    """The form with which a camera says that it lives."""
    return b"type=heartbeat&cam_id=" + _quoted(device.encode())
