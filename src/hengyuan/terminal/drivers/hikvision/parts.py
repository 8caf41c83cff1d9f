"""The parts of a camera's HTTP body, taken apart and put together. Pure bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from hengyuan.terminal.drivers.plate_events import MAX_BODY, MalformedEvent

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MAX_PARTS = 32


@dataclass(frozen=True, slots=True)
class Part:
    """One part, named as the camera named it."""

    name: str
    filename: str
    media_type: str
    data: bytes

    @property
    def is_xml(self) -> bool:
        """Whether it says, by type or name, that it is XML."""
        named = (self.filename or self.name).lower().endswith(".xml")
        return named or self.media_type in ("text/xml", "application/xml")

    @property
    def is_picture(self) -> bool:
        """Whether it says, by type or name, that it is a picture."""
        named = (self.filename or self.name).lower().endswith((".jpg", ".jpeg"))
        return named or self.media_type.startswith("image/")


def split(content_type: str, body: bytes) -> list[Part]:
    """The parts of `body`. A body that is bare XML is one part. Raises `MalformedEvent`."""
    if len(body) > MAX_BODY:
        raise MalformedEvent("body_size", f"the body is {len(body)} bytes, over {MAX_BODY}")
    media_type, options = parse_options_header(content_type.encode("latin-1", errors="replace"))
    kind = media_type.decode("latin-1").lower()
    if kind in ("text/xml", "application/xml"):
        return [Part("anpr.xml", "", kind, body)]
    boundary = options.get(b"boundary")
    if not kind.startswith("multipart/") or not boundary:
        raise MalformedEvent(
            "content_type", f"{content_type[:80]!r} is neither multipart with a boundary nor XML"
        )
    collector = _Collector()
    try:
        parser = MultipartParser(boundary, collector.callbacks())
        parser.write(body)
        parser.finalize()
    except FormParserError as error:
        raise MalformedEvent("multipart", f"the body cannot be taken apart: {error}") from error
    if not collector.ended:
        raise MalformedEvent("truncated", "the body breaks off before its closing boundary")
    return collector.parts


class _Collector:
    """Gathers what the parser calls out."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._headers: dict[bytes, bytes] = {}
        self._field = bytearray()
        self._value = bytearray()
        self._data = bytearray()

    def callbacks(self) -> MultipartCallbacks:
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_part_data": self._part_data,
            "on_part_end": self._part_end,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        if len(self.parts) >= MAX_PARTS:
            raise MalformedEvent("parts", f"more than {MAX_PARTS} parts")
        self._headers, self._data = {}, bytearray()

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        self._headers[bytes(self._field).lower()] = bytes(self._value)
        self._field.clear()
        self._value.clear()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        self._data += data[start:end]

    def _part_end(self) -> None:
        _, named = parse_options_header(self._headers.get(b"content-disposition", b""))
        media_type, _ = parse_options_header(self._headers.get(b"content-type", b""))
        self.parts.append(
            Part(
                name=_readable(named.get(b"name", b"")),
                filename=_readable(named.get(b"filename", b"")),
                media_type=_readable(media_type).lower(),
                data=bytes(self._data),
            )
        )

    def _end(self) -> None:
        self.ended = True


def _readable(raw: bytes) -> str:
    text = raw.decode("utf-8", errors="replace")
    return "".join(character for character in text if character.isprintable())[:128]


def join(parts: list[Part], boundary: str) -> tuple[str, bytes]:
    """Content type and body of a form that carries `parts`.

    `boundary` is lengthened until no part has it within.
    """
    while any(boundary.encode() in part.data for part in parts):
        boundary += "-"
    body = bytearray()
    for part in parts:
        body += (
            f"--{boundary}\r\n"
            f'Content-Disposition: form-data; name="{part.name}"; filename="{part.filename}"\r\n'
            f"Content-Type: {part.media_type}\r\n"
            f"Content-Length: {len(part.data)}\r\n\r\n"
        ).encode()
        body += part.data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", bytes(body)
