"""What a cell says, forgiving where nothing can be misread, strict where something can.

A parser takes a `Cell` and returns its value, or raises `Bad`; what it had to forgive it notes on
the cell. Blank cells never reach a parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from hengyuan.law.credit_code import (
    LENGTH,
    CreditCodeProblem,
    check_character,
    check_credit_code,
)
from hengyuan.platform.ledger.importing.problems import shortened

MAX_TEXT = 2_000
"""Characters of a cell; one with more was not typed."""
_EXACT_DIGITS = 15  # of a number in Excel
_EARLIEST_YEAR = 1980
_YEARS_AHEAD = 20

# Full-width digits, letters and signs of numbers; brackets and commas of a Chinese name stay.
_HALF_WIDTH = {
    code: code - 0xFEE0
    for code in [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
} | {0xFF0D: 0x2D, 0xFF0E: 0x2E, 0xFF0B: 0x2B, 0x3000: 0x20}
_BLANKS = " \t\r\n\u00a0\u3000\u200b\ufeff"
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s+0?0:00:00)?")
_DATE_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_CREDIT = {
    CreditCodeProblem.LENGTH: "credit_length",
    CreditCodeProblem.CHARACTERS: "credit_characters",
    CreditCodeProblem.REGION: "credit_region",
}


class Bad(Exception):
    """The cell cannot be taken; why, as a code of `problems.KINDS`."""

    def __init__(self, code: str, /, **params: Any) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(slots=True)
class Cell:
    """A cell that is not blank. `kind` is openpyxl's: s text, n number, d date, b, e, f."""

    raw: Any
    kind: str
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def note(self, code: str, /, **params: Any) -> None:
        self.notes.append((code, params))

    @property
    def shown(self) -> str:
        """The content beside a problem."""
        value = self.raw
        if self.kind == "f":
            value = getattr(value, "text", value)
        if isinstance(value, datetime) and value.time() == time():
            value = value.date()
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        return shortened(value)


Parser = Callable[[Cell], Any]


def is_blank(raw: Any) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip(_BLANKS))


def text_of(cell: Cell) -> str:
    """The content as a text in one line, half-width where that is the same."""
    if cell.kind == "f":
        raise Bad("formula")
    if cell.kind == "e":
        raise Bad("cell_error")
    if isinstance(cell.raw, bool):
        raise Bad("no_text", what="TRUE/FALSE")
    if isinstance(cell.raw, datetime | date | time | timedelta):
        raise Bad("no_text", what=shortened(cell.raw))
    if isinstance(cell.raw, int | float | Decimal):
        return _digits(cell.raw)
    raw = str(cell.raw)
    if len(raw) > MAX_TEXT:
        raise Bad("oversized", kb=f"{max(1, len(raw.encode()) // 1024):,}")
    if raw != raw.strip(_BLANKS):
        cell.note("blanks_removed")
    plain = raw.strip(_BLANKS)
    narrow = " ".join(plain.translate(_HALF_WIDTH).split())
    if narrow != " ".join(plain.replace("\u3000", " ").split()):
        cell.note("full_width", read=shortened(narrow))
    return "".join(character for character in narrow if character.isprintable())


def text(most: int) -> Parser:
    """A text of at most so many characters."""

    def parse(cell: Cell) -> str:
        found = text_of(cell)
        if len(found) > most:
            raise Bad("too_long", chars=len(found), most=most)
        return found

    return parse


def phone(cell: Cell) -> str:
    found = text_of(cell)
    if not re.fullmatch(r"[0-9+\- ]{5,20}", found):
        raise Bad("bad_phone")
    return found


def unit_code(cell: Cell) -> str:
    found = text_of(cell)
    if not re.fullmatch(r"[0-9]{6}51[0-9]{3}", found):
        raise Bad("code_wrong")
    return found


def credit_code(cell: Cell) -> str:
    """A credit code; one that only fails the check character is taken and noted."""
    if isinstance(cell.raw, int | float) and not isinstance(cell.raw, bool):
        raise Bad("number_cut" if abs(cell.raw) >= 10**_EXACT_DIGITS else "credit_length", count=0)
    found = text_of(cell)
    result = check_credit_code(found)
    if result.error and result.problem is not None:
        params = {"count": len(result.code)} if len(result.code) != LENGTH else {}
        raise Bad(_CREDIT[result.problem], **params)
    if result.warning:
        expected = check_character(result.code[:-1])
        cell.note("credit_checksum", found=result.code[-1], expected=expected)
    return result.code


def whole(low: int, high: int, unit: str = "") -> Parser:
    """A whole number between two, both possible."""

    def parse(cell: Cell) -> int:
        number = _number(cell)
        if number != number.to_integral_value():
            raise Bad("not_whole")
        return int(_within(number, low, high, unit))

    return parse


def decimal(low: Decimal, high: Decimal, places: int, unit: str = "") -> Parser:
    """A number between two, rounded to so many places."""

    def parse(cell: Cell) -> Decimal:
        number = _within(_number(cell), low, high, unit)
        return number.quantize(Decimal(1).scaleb(-places))

    return parse


def tonnes_as_kg(low_kg: int, high_kg: int) -> Parser:
    """Tonnes, possibly with decimals, as whole kilograms."""

    def parse(cell: Cell) -> int:
        low, high = Decimal(low_kg) / 1000, Decimal(high_kg) / 1000
        kilograms = _within(_number(cell), low, high, "t") * 1000
        if kilograms != kilograms.to_integral_value():
            raise Bad("not_whole")
        return int(kilograms)

    return parse


def day(cell: Cell) -> date:
    """A date: a date cell, 2026-05-31, 2026/5/31, 2026.5.31, 2026年5月31日, 20260531."""
    if cell.kind == "f":
        raise Bad("formula")
    if isinstance(cell.raw, datetime):
        return _probable(cell.raw.date())
    if isinstance(cell.raw, date):
        return _probable(cell.raw)
    if isinstance(cell.raw, time | timedelta | bool):
        raise Bad("no_date")
    found = text_of(cell)
    parts = _DATE.fullmatch(found) or _DATE_DIGITS.fullmatch(found)
    if parts is None:
        raise Bad("no_date")
    try:
        return _probable(date(*(int(part) for part in parts.groups())))
    except ValueError:
        raise Bad("no_such_date") from None


def yes_no(cell: Cell) -> bool:
    if isinstance(cell.raw, bool):
        return cell.raw
    found = text_of(cell).lower()
    if found in {"是", "y", "yes", "1", "√"}:
        return True
    if found in {"否", "n", "no", "0", "×"}:
        return False
    raise Bad("no_yes_no")


def choice(values: Mapping[str, str], also: Mapping[str, str] | None = None) -> Parser:
    """One of `values` (key → word in the workbook); `also` are other words that are understood."""
    words = {_loose(word): key for key, word in values.items()}
    words |= {_loose(key): key for key in values}
    words |= {_loose(word): key for word, key in (also or {}).items()}
    listed = "、".join(values.values())

    def parse(cell: Cell) -> str:
        key = words.get(_loose(text_of(cell)))
        if key is None:
            raise Bad("no_choice", choices=listed)
        return key

    return parse


def several(values: Mapping[str, str]) -> Parser:
    """Several of `values`, separated by 、 , ; or a line break; given back without repetition."""
    words = {_loose(word): key for key, word in values.items()}
    words |= {_loose(key): key for key in values}
    # names that contain the separator themselves come first
    compound = sorted((word for word in words if "、" in word), key=len, reverse=True)

    def parse(cell: Cell) -> list[str]:
        left = _loose(text_of(cell).replace("，", "、").replace(",", "、").replace("；", "、"))
        found: list[str] = []
        for word in compound:
            if word in left:
                found.append(words[word])
                left = left.replace(word, "、")
        for part in re.split(r"[、;]", left):
            if not part:
                continue
            key = words.get(part) or words.get(part.zfill(4))
            if key is None:
                raise Bad("cargo_unknown", name=shortened(part), choices="；".join(values.values()))
            found.append(key)
        return sorted(set(found))

    return parse


def _loose(word: str) -> str:
    """A word without what people write in one way or the other."""
    return re.sub(r"[\s（）()]", "", word).lower()


def _number(cell: Cell) -> Decimal:
    if cell.kind == "f":
        raise Bad("formula")
    if isinstance(cell.raw, bool | datetime | date | time | timedelta):
        raise Bad("no_number")
    if isinstance(cell.raw, int | float):
        return Decimal(repr(cell.raw)) if isinstance(cell.raw, float) else Decimal(cell.raw)
    found = text_of(cell)
    try:
        number = Decimal(re.sub(r"[,，\s]", "", found))
    except InvalidOperation:
        raise Bad("no_number") from None
    if not number.is_finite():
        raise Bad("no_number")
    if not any(code == "full_width" for code, _params in cell.notes):
        cell.note("number_as_text", read=f"{number:f}")
    return number


def _within(number: Decimal, low: Decimal | int, high: Decimal | int, unit: str) -> Decimal:
    if not low <= number <= high:
        raise Bad("out_of_range", low=f"{low:,}", high=f"{high:,}", unit=unit or "—")
    return number


def _digits(number: int | float | Decimal) -> str:
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if abs(number) >= 10**_EXACT_DIGITS:
        raise Bad("number_cut")
    return str(number)


def _probable(found: date) -> date:
    latest = timezone.localdate().year + _YEARS_AHEAD
    if not _EARLIEST_YEAR <= found.year <= latest:
        raise Bad("date_improbable", year=found.year, years=f"{_EARLIEST_YEAR}–{latest}")
    return found
