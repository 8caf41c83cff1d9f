"""臻识 (Vzenith) TCP 8131: `56 5A | type | sequence | length u32 big-endian | body`.

Type 0 carries JSON (GB2312, newer firmwares UTF-8), type 1 is a heartbeat without a body. A result
(`"cmd": "ivs_result"`) is JSON, a 00, the whole picture of `fullImgSize` bytes and the plate's of
`clipImgSize` bytes. There is no checksum: a packet whose parts do not fit together is refused.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from hengyuan.terminal.devices import Counters, Notice, PlateEvent, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.plate_events import MalformedEvent, Pictures, Values, read_json
from hengyuan.terminal.drivers.vzenith.codec import View, event_of, plate_result
from hengyuan.terminal.drivers.vzenith_tcp.settings import Settings

PORT = 8131
MAX_BODY = 4 * 1024 * 1024
_HEADER = 8
_DATA, _HEARTBEAT = 0, 1
_BOTH_PICTURES = 2
SNAPSHOT = "get_snapshot"
_IMAGES = ("imgdata", "imagedata", "image")
"""What firmwares call the picture in their answer."""


@dataclass(frozen=True, slots=True)
class Result:
    """One result as it came, not yet an event: whose it is and when it came is not in it."""

    said: dict[str, Any]
    full: bytes = field(repr=False)
    clip: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    def event(
        self, received_at: datetime, *, camera: str = "", serial: str = "", view: View = "front"
    ) -> PlateEvent:
        """The event; `serial` is the camera's own, which the result leaves out."""
        values = Values(self.said)
        pictures = Pictures()
        if self.clip:
            pictures.add("plate picture", "plate", self.clip)
        if self.full:
            pictures.add("whole picture", "head" if view == "front" else "tail", self.full)
        pictures.add_base64("photoJpg", "head" if view == "front" else "tail", self._photo())
        return event_of(
            values.at("PlateResult"),
            pictures,
            received_at,
            serial=serial,
            camera=camera,
            view=view,
            number=values.at("id").whole(0, 2**63),
        )

    def _photo(self) -> object:
        return None if self.full else self.said.get("photoJpg")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer to `ask_for_snapshot`: a picture, or nothing where the camera gives none."""

    data: bytes = field(repr=False)
    raw: bytes = field(repr=False)


class Decoder(FrameDecoder[Result | Snapshot]):
    """Packets in either direction."""

    start = b"VZ"
    longest = _HEADER + MAX_BODY

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        if len(buffer) > 2 and buffer[2] not in (_DATA, _HEARTBEAT):
            raise Bad("type", f"packets of type {buffer[2]} are not known")
        if len(buffer) < _HEADER:
            return None
        size = int.from_bytes(buffer[4:_HEADER], "big")
        if size > MAX_BODY or (buffer[2] == _HEARTBEAT and size):
            raise Bad("length", f"a body of {size} bytes")
        if buffer[2] == _DATA and len(buffer) > _HEADER and buffer[_HEADER : _HEADER + 1] != b"{":
            raise Bad("json", "the body is no object")
        return _HEADER + size

    def read(self, frame: bytes, at: float) -> Result | Snapshot | Notice:
        if frame[2] == _HEARTBEAT:
            return Notice("heartbeat", frame, at)
        text, _, rest = frame[_HEADER:].partition(b"\0")
        try:
            said = read_json(text)
        except MalformedEvent as error:
            raise Bad(error.reason, error.detail) from error
        command = said.at("cmd").text(40)
        if command == SNAPSHOT and (rest or "state_code" in said.raw):
            return Snapshot(_picture_of(said, rest), frame)
        if not said.at("PlateResult"):
            return Notice(f"{command or 'message'} {said.at('value').text(64)}".strip(), frame, at)
        sizes = [said.at(name).whole(0, MAX_BODY) or 0 for name in ("fullImgSize", "clipImgSize")]
        if rest and sum(sizes) != len(rest.rstrip(b"\0")) and sum(sizes) != len(rest):
            raise Bad("pictures", f"{sum(sizes)} bytes of pictures announced, {len(rest)} came")
        full, clip = rest[: sizes[0]], rest[sizes[0] : sum(sizes)]
        return Result(said.raw, full, clip, frame)


def decode(data: bytes, settings: Settings | None = None) -> list[PlateEvent | Notice | Refused]:
    """All events, answers and refused bytes of a recording."""
    decoder = Decoder(settings)
    now = datetime.now(UTC)
    view: View = settings.end if settings else "front"
    camera = settings.name if settings else ""
    said: list[PlateEvent | Notice | Refused] = []
    for item in decoder.feed(data) + decoder.flush():
        if isinstance(item, Result):
            said.append(item.event(now, camera=camera, view=view))
        elif isinstance(item, Snapshot):
            said.append(Notice(f"{SNAPSHOT} {len(item.data)} bytes", item.raw, 0.0))
        else:
            said.append(item)
    return said


def _picture_of(said: Values, rest: bytes) -> bytes:
    """The picture of an answer: behind the JSON, or in it as base64 under one of its names."""
    if rest:
        return rest
    for name in _IMAGES:
        text = said.raw.get(name)
        if isinstance(text, str) and text:
            try:
                return base64.b64decode(text, validate=True)
            except ValueError:
                return b""
    return b""


def packet(body: bytes, kind: int = _DATA) -> bytes:
    """A whole packet round `body`."""
    return b"VZ" + bytes([kind, 0]) + len(body).to_bytes(4, "big") + body


def heartbeat() -> bytes:
    """Either side says that it lives."""
    return packet(b"", _HEARTBEAT)


def command(name: str, **values: Any) -> bytes:
    """A command of the host."""
    return packet(msgspec.json.encode({"cmd": name, "id": "1", **values}))


def ask_for_results() -> bytes:
    """From now on the camera sends every result by itself, both pictures with it."""
    return command("ivsresult", enable=True, format="json", image=True, image_type=_BOTH_PICTURES)


def ask_for_serial() -> bytes:
    """The camera answers with `value`, its serial number."""
    return command("getsn")


def ask_for_snapshot() -> bytes:
    """The camera answers with what it sees now."""
    return command(SNAPSHOT)


def encode_snapshot(picture: bytes) -> bytes:
    """The camera's answer to `ask_for_snapshot`; without a picture it says that it failed."""
    said = {"cmd": SNAPSHOT, "id": "1", "state_code": 200 if picture else 500}
    if picture:
        said |= {"imageformat": "jpg", "imgdata": base64.b64encode(picture).decode()}
    return packet(msgspec.json.encode(said))


def serial_of(notice: Notice) -> str | None:
    """The serial number, if `notice` is the answer to `ask_for_serial`."""
    name, _, value = notice.what.partition(" ")
    return value if name == "getsn" and value else None


def encode(event: PlateEvent, number: int, view: View = "front") -> bytes:
    """The packet with which the camera reports `event`, its `number`th result."""
    pictures = {picture.kind: picture.data for picture in event.pictures}
    clip = pictures.pop("plate", b"")
    full = next(iter(pictures.values()), b"")
    said = {
        "cmd": "ivs_result",
        "id": number,
        "imageformat": "jpg",
        "PlateResult": plate_result(event, number, view),
        "fullImgSize": len(full),
        "clipImgSize": len(clip),
    }
    text = msgspec.json.encode(said).decode().encode("gb18030")
    return packet(text + b"\0" + full + clip)


def encode_serial(serial: str) -> bytes:
    """The camera's answer to `ask_for_serial`."""
    said = {"cmd": "getsn", "id": "1", "state_code": 200, "value": serial}
    return packet(msgspec.json.encode(said))
