"""What the codecs of plate cameras have in common. Pure: bytes and values, no I/O, no clock."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

from hengyuan.law.plates import PlateColour, split_colour
from hengyuan.terminal.devices import Picture, PictureKind

MAX_BODY = 32 * 1024 * 1024
MAX_PICTURE = 10 * 1024 * 1024
_NO_PLATE = {"", "unknown", "noplate", "no plate", "none", "null", "无车牌", "无牌车", "未识别"}
_NO_PLATE |= {"_无_", "无", "无牌"}


class MalformedEvent(ValueError):
    """A push that cannot be used. `reason` is a short code, `detail` says what and where."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class NotAPlateEvent(MalformedEvent):
    """A sound message of another kind, such as the camera's heartbeat."""


def jpeg_problem(data: bytes) -> str | None:
    """Why `data` is no whole JPEG file; None where it begins and ends like one."""
    if not data.startswith(b"\xff\xd8\xff"):
        return "not a JPEG"
    if not data.rstrip(b"\x00\r\n").endswith(b"\xff\xd9"):
        return "a JPEG that breaks off"
    return None


def picture_problem(data: bytes) -> str | None:
    """Why `data` is no picture to keep, by its content and its size."""
    if len(data) > MAX_PICTURE:
        return f"{len(data)} bytes, over the limit of {MAX_PICTURE}"
    return jpeg_problem(data)


def read_plate(text: str, colour: PlateColour) -> tuple[str | None, str | None]:
    """Plate and colour name of what a camera wrote; whether it is a plate is not decided here.

    A colour word before the plate goes before `colour`. Without a plate there is no colour.
    """
    if text.strip().lower() in _NO_PLATE:
        return None, None
    word, plate = split_colour(text)
    if not re.fullmatch(r"\w{1,16}", plate):
        return None, None
    known = word or colour
    return plate, None if known is PlateColour.UNKNOWN else known.value


class Pictures:
    """Pictures of one event and what was wrong with the others, gathered in order."""

    def __init__(self) -> None:
        self._pictures: list[Picture] = []
        self._faults: list[str] = []

    def add(self, name: str, kind: PictureKind, data: bytes) -> None:
        """Keep `data` if it is a picture; else note under `name` why not."""
        problem = picture_problem(data)
        if problem:
            self._faults.append(f"{name}: {problem}")
        else:
            self._pictures.append(Picture(kind, "image/jpeg", data))

    def add_base64(self, name: str, kind: PictureKind, text: object) -> None:
        """The same for a picture in base64; an empty one was not sent and is no fault."""
        if not isinstance(text, str) or not text:
            return
        if len(text) > MAX_PICTURE * 3 // 2:
            self._faults.append(f"{name}: {len(text)} characters, over the limit")
            return
        bare = text.partition("base64,")[2] if text.startswith("data:") else text
        try:
            data = base64.b64decode("".join(bare.split()), validate=True)
        except (binascii.Error, ValueError):
            self._faults.append(f"{name}: not base64")
            return
        self.add(name, kind, data)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """Those that can be kept."""
        return tuple(self._pictures)

    @property
    def faults(self) -> tuple[str, ...]:
        """One line for each that cannot."""
        return tuple(self._faults)


class Values:
    """JSON as a device sends it: anything may be missing or of another type than promised."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw

    def __bool__(self) -> bool:
        return self.raw is not None

    def at(self, *keys: str) -> Values:
        """What lies under `keys`; nothing where one of them is missing."""
        raw = self.raw
        for key in keys:
            raw = raw.get(key) if isinstance(raw, dict) else None
        return Values(raw)

    def text(self, limit: int = 128) -> str:
        """As text without blanks around it; numbers are written out, anything else is empty."""
        if isinstance(self.raw, bool) or not isinstance(self.raw, str | int | float):
            return ""
        return str(self.raw)[: limit * 4].strip()[:limit]

    def whole(self, lowest: int, highest: int) -> int | None:
        """As a whole number within bounds, written as a number or as digits; None otherwise."""
        raw = self.raw
        if isinstance(raw, str) and re.fullmatch(r"-?[0-9]{1,15}", raw.strip()):
            raw = int(raw)
        if isinstance(raw, float) and raw.is_integer():
            raw = int(raw)
        if isinstance(raw, bool) or not isinstance(raw, int):
            return None
        return raw if lowest <= raw <= highest else None


def read_json(body: bytes) -> Values:
    """An object as a camera sends it, in UTF-8 or GBK. Raises `MalformedEvent`."""
    if len(body) > MAX_BODY:
        raise MalformedEvent("body_size", f"the body is {len(body)} bytes, over {MAX_BODY}")
    data = body.removeprefix(b"\xef\xbb\xbf").strip(b"\x00 \t\r\n")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = data.decode("gb18030", errors="replace").encode()
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise MalformedEvent("json", f"the JSON cannot be read: {error}") from error
    if not isinstance(raw, dict):
        raise MalformedEvent("json", "the JSON is no object")
    return Values(raw)


def epoch_time(seconds: int | None, micros: int = 0) -> datetime | None:
    """The aware time of seconds since 1970 by UTC; None where there is none such."""
    if seconds is None or seconds <= 0:
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
    except (OverflowError, OSError, ValueError):
        return None


def local_time(text: str, naive_offset: timedelta) -> datetime | None:
    """An ISO time, aware: one without a zone is taken to be of `naive_offset`."""
    try:
        time = datetime.fromisoformat(text)
        return time if time.tzinfo else time.replace(tzinfo=timezone(naive_offset))
    except ValueError:
        return None
