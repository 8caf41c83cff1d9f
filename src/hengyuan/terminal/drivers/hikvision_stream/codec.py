"""Hikvision ISAPI alert stream: one endless `multipart/mixed` answer.

`--boundary`, headers, an empty line, a body of `Content-Length` bytes; XML parts are messages, and
an ANPR message is followed by as many JPEG parts as its `picNum` says. Signs of life are messages
of other types. The message itself is read by the codec of the push form.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hengyuan.terminal.devices import Counters, Notice, PlateEvent, Refused
from hengyuan.terminal.drivers.hikvision.codec import MAX_XML, build_push, parse_parts
from hengyuan.terminal.drivers.hikvision.parts import MAX_PARTS, Part, split
from hengyuan.terminal.drivers.hikvision_stream.settings import Settings
from hengyuan.terminal.drivers.plate_events import MAX_PICTURE, MalformedEvent, NotAPlateEvent

BOUNDARY = "boundary"
MAX_HEADERS = 4096
_PICTURES = re.compile(rb"<(?:\w+:)?picNum>\s*(\d{1,2})\s*</")
_ANPR = re.compile(rb"<(?:\w+:)?eventType>\s*ANPR\s*<", re.I)


class Splitter:
    """Cuts the stream into parts. Bounded; what belongs to no part is refused as noise."""

    def __init__(self, boundary: str = BOUNDARY, counters: Counters | None = None) -> None:
        self.counters = counters if counters is not None else Counters()
        self._delimiter = b"--" + boundary.encode("latin-1", errors="replace")
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes held back, waiting for the rest of a part."""
        return len(self._buffer)

    def feed(self, data: bytes, at: float = 0.0) -> list[Part | Refused]:
        """Take what arrived and return all parts that it completes, in order."""
        self.counters.octets += len(data)
        self._buffer += data
        out: list[Part | Refused] = []
        while self._step(at, out):
            pass
        return out

    def flush(self, at: float = 0.0) -> list[Part | Refused]:
        """The stream ended: what is still incomplete will not become a part any more."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        out: list[Part | Refused] = []
        if rest.strip(b"\r\n-"):
            self._refuse("half_part", rest, at, out)
        return out

    def _step(self, at: float, out: list[Part | Refused]) -> bool:
        """Deal with what stands at the front; False where it has to wait."""
        begin = self._buffer.find(self._delimiter)
        if begin < 0:
            self._drop(max(0, len(self._buffer) - len(self._delimiter)), at, out)
            return False
        self._drop(begin, at, out)
        head = len(self._delimiter)
        end = self._buffer.find(b"\r\n\r\n", head, MAX_HEADERS)
        if end < 0:
            if len(self._buffer) < MAX_HEADERS:
                return False
            self._refuse("headers", bytes(self._buffer[:head]), at, out)
            del self._buffer[:head]
            return True
        headers = _headers(bytes(self._buffer[head:end]))
        return self._take_body(headers, end + 4, at, out)

    def _take_body(
        self, headers: dict[str, str], start: int, at: float, out: list[Part | Refused]
    ) -> bool:
        size = headers.get("content-length", "")
        if re.fullmatch(r"\d{1,9}", size, re.ASCII):
            stop = start + int(size)
        else:
            stop = self._buffer.find(b"\r\n" + self._delimiter, start)
            if stop < 0:
                stop = len(self._buffer) + 1
        if stop - start > MAX_PICTURE:
            self._refuse("length", bytes(self._buffer[:start]), at, out)
            del self._buffer[:start]
            return True
        if stop > len(self._buffer):
            return False
        body = bytes(self._buffer[start:stop])
        del self._buffer[:stop]
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        named = headers.get("content-disposition", "")
        out.append(Part(_named("name", named), _named("filename", named), kind, body))
        return True

    def _drop(self, size: int, at: float, out: list[Part | Refused]) -> None:
        noise = bytes(self._buffer[:size])
        del self._buffer[:size]
        if noise.strip(b"\r\n-"):
            self._refuse("noise", noise, at, out)

    def _refuse(self, reason: str, raw: bytes, at: float, out: list[Part | Refused]) -> None:
        self.counters.refused[reason] += 1
        out.append(Refused(reason, raw[:256], at, f"{len(raw)} bytes"))


def _headers(raw: bytes) -> dict[str, str]:
    lines = raw.decode("utf-8", errors="replace").split("\r\n")
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _named(key: str, disposition: str) -> str:
    found = re.search(rf'\b{key}="?([^";]{{0,128}})', disposition)
    return found[1].strip() if found else ""


class Assembler:
    """Joins a message with the pictures that follow it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings
        self._parts: list[Part] = []
        self._wanted = 0

    @property
    def waiting(self) -> bool:
        """Whether an event still waits for pictures."""
        return bool(self._parts)

    def add(self, part: Part, now: datetime) -> list[PlateEvent | Notice | Refused]:
        """Take one part; the events that it completes."""
        out: list[PlateEvent | Notice | Refused] = []
        if part.is_xml or part.data.lstrip().startswith(b"<"):
            out += self.finish(now)
            self._parts = [Part("anpr.xml", "anpr.xml", "text/xml", part.data)]
            self._wanted = _pictures_of(part.data)
        elif not self._parts:
            return [Refused("no_message", part.data[:64], 0.0, "a picture without a message")]
        elif len(self._parts) < MAX_PARTS:
            self._parts.append(part)
        if len(self._parts) > self._wanted:
            out += self.finish(now)
        return out

    def finish(self, now: datetime) -> list[PlateEvent | Notice | Refused]:
        """Pictures that have not come will not come any more."""
        parts, self._parts = self._parts, []
        if not parts:
            return []
        settings = self._settings
        try:
            if settings is None:
                return [parse_parts(parts, now)]
            return [
                parse_parts(
                    parts,
                    now,
                    camera=settings.name,
                    view=settings.end,
                    naive_offset=timedelta(hours=settings.utc_offset_h),
                )
            ]
        except NotAPlateEvent as error:
            return [Notice(error.detail, parts[0].data[:256], 0.0)]
        except MalformedEvent as error:
            return [Refused(error.reason, parts[0].data[:256], 0.0, error.detail)]


def _pictures_of(xml: bytes) -> int:
    found = _PICTURES.search(xml[:MAX_XML])
    return int(found[1]) if found and _ANPR.search(xml[:MAX_XML]) else 0


def decode(data: bytes, settings: Settings | None = None) -> list[PlateEvent | Notice | Refused]:
    """All events, signs of life and refused bytes of a recording; it begins with its boundary."""
    first = data.lstrip(b"\r\n").partition(b"\r\n")[0]
    boundary = first[2:].decode("latin-1") if first.startswith(b"--") else BOUNDARY
    splitter, assembler = Splitter(boundary[:70] or BOUNDARY), Assembler(settings)
    now = datetime.now(UTC)
    out: list[PlateEvent | Notice | Refused] = []
    for part in splitter.feed(data) + splitter.flush():
        out += [part] if isinstance(part, Refused) else assembler.add(part, now)
    return out + assembler.finish(now)


def encode(event: PlateEvent, boundary: str = BOUNDARY) -> bytes:
    """What the camera sends for `event`; the stream goes on after it."""
    out = b""
    for part in split(*build_push(event)):
        out += (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{part.name}"; filename="{part.filename}"\r\n'
            f"Content-Type: {part.media_type}\r\nContent-Length: {len(part.data)}\r\n\r\n"
        ).encode()
        out += part.data + b"\r\n"
    return out


def encode_sign_of_life(boundary: str = BOUNDARY) -> bytes:
    """What the camera sends while nothing happens."""
    xml = (
        b'<EventNotificationAlert version="2.0"><eventType>videoloss</eventType>'
        b"<eventState>inactive</eventState></EventNotificationAlert>"
    )
    head = f"--{boundary}\r\nContent-Type: application/xml\r\nContent-Length: {len(xml)}\r\n\r\n"
    return head.encode() + xml + b"\r\n"
