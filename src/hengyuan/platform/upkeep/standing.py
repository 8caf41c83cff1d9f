"""What an entry of the journal begins or ends. Pure; members of details as in the protocol §12.1.

A detail comes from outside: what cannot be read changes nothing, and the entry is stored all the
same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from hengyuan.record.journal import JournalEntry
from hengyuan.record.model import MAX_TIME_MS

_MAX_KEY = 80
_MAX_TITLE = 300
_MAX_KG = 2**31 - 1
Detail = dict[str, Any]
Kind = Literal["plan", "ticket", "device", "verification", "zero", "clock", "part"]
"""The names of `models.MatterKind`, which this module, used outside Django too, cannot import."""


@dataclass(frozen=True, slots=True)
class Change:
    """A matter that stands from now on, or is over."""

    kind: Kind
    key: str
    title: str = ""
    due: date | None = None
    kg: int | None = None
    is_warning: bool = True
    is_over: bool = False


def change_of(entry: JournalEntry) -> Change | None:
    """What an entry changes; None if nothing, or if its detail is not understood."""
    read = _READERS.get(entry.what)
    if read is None:
        return None
    try:
        detail = msgspec.json.decode(entry.detail)
        return read(detail) if isinstance(detail, dict) else None
    except (msgspec.MsgspecError, ArithmeticError, LookupError, ValueError, TypeError):
        return None


def detail_of(text: str) -> Detail | None:
    """The members of a detail that is a JSON object; None if it is a text."""
    if not text.startswith("{"):
        return None
    try:
        detail = msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return None
    return detail if isinstance(detail, dict) else None


def _key(value: Any) -> str:
    """A name or a number by which a matter is known again."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise TypeError("a key is a text or a number")
    text = str(value)
    if not 0 < len(text) <= _MAX_KEY or text != _storable(text):
        raise ValueError("a key is neither empty nor that long, and can be read")
    return text


def _text(detail: Detail, *names: str) -> str:
    words = [str(detail[name]) for name in names if detail.get(name) not in (None, "")]
    return _storable(" · ".join(words))[:_MAX_TITLE]


def _storable(text: str) -> str:
    """Without what a JSON text can hold as an escape and a database's text cannot."""
    return "".join(char for char in text if char.isprintable())


def _kg(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_KG:
        raise ValueError("a mass is a whole number of kg")
    return value


def _begins(kind: Kind, member: str, *title: str) -> Callable[[Detail], Change]:
    return lambda detail: Change(kind, _key(detail[member]), _text(detail, *title))


def _ends(kind: Kind, member: str) -> Callable[[Detail], Change]:
    return lambda detail: Change(kind, _key(detail[member]), is_over=True)


def _zero(is_warning: bool) -> Callable[[Detail], Change]:
    return lambda detail: Change(
        "zero", _key(detail["scale"]), kg=_kg(detail["kg"]), is_warning=is_warning
    )


def _verified(detail: Detail) -> Change:
    return Change(
        "verification",
        _key(detail["scale"]),
        _text(detail, "certificate", "by_whom"),
        due=date.fromisoformat(detail["valid_until"]),
        is_warning=False,
    )


def _clock(is_over: bool) -> Callable[[Detail], Change]:
    def read(detail: Detail) -> Change:
        offset_ms = detail["offset_ms"]
        if isinstance(offset_ms, bool) or not isinstance(offset_ms, int):
            raise TypeError("an offset is a whole number of ms")
        if abs(offset_ms) > MAX_TIME_MS:
            raise ValueError("no clock is that far off")
        offset_s = offset_ms // 1000
        return Change("clock", "clock", f"{offset_s:+d} s", is_over=is_over)

    return read


_READERS: dict[str, Callable[[Detail], Change]] = {
    "plan_begun": _begins("plan", "plan", "title", "cause", "by"),
    "plan_ended": _ends("plan", "plan"),
    "ticket_opened": _begins("ticket", "ticket", "device", "problem", "by"),
    "ticket_closed": _ends("ticket", "ticket"),
    "device_failed": _begins("device", "device", "state"),
    "device_recovered": _ends("device", "device"),
    "scale_verified": _verified,
    "zero_daily": _zero(is_warning=False),
    "zero_drifted": _zero(is_warning=True),
    "zero_returned": _zero(is_warning=False),
    "part_low": _begins("part", "part", "left", "minimum"),
    "part_restocked": _ends("part", "part"),
    "clock_off": _clock(is_over=False),
    "clock_right": _clock(is_over=True),
}
