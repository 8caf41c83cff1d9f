"""A rule pack as a document: what an authority writes down and signs, and what it must hold.

The document is JSON: `version`, `effective_from` (YYYY-MM-DD), `instrument`, `row_words` (axles to
Chinese), `cells` (as :class:`~hengyuan.law.rule_packs.Cell`) and `notes` (as
:class:`~hengyuan.law.rule_packs.Notes`). Reading one makes nothing law: who signed it is asked by
others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from hengyuan.law.rule_packs import Cell, Notes, RulePack
from hengyuan.law.vehicles import Combination

MIN_LIMIT_KG, MAX_LIMIT_KG = 3_000, 100_000
MIN_AXLES, MAX_AXLES = 2, 12
MAX_CELLS = 200
_VERSION = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
_KEYS = {"version", "effective_from", "instrument", "row_words", "cells", "notes"}
_NOTES = tuple(Notes.__dataclass_fields__)
_CELL = tuple(Cell.__dataclass_fields__)


class BadPack(ValueError):
    """A document that is no rule pack; the text says where and why."""


def write_pack(pack: RulePack) -> dict[str, Any]:
    """The document of a pack."""
    notes = {name: getattr(pack.notes, name) for name in _NOTES}
    return {
        "version": pack.version,
        "effective_from": pack.effective_from.isoformat(),
        "instrument": pack.instrument,
        "row_words": {str(axles): words for axles, words in pack.row_words.items()},
        "cells": [_write_cell(cell) for cell in pack.cells],
        "notes": {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in notes.items()
        },
    }


def _write_cell(cell: Cell) -> dict[str, Any]:
    values: dict[str, Any] = {
        "axles": cell.axles,
        "combination": cell.combination.value,
        "limit_kg": cell.limit_kg,
        "words": cell.words,
    }
    for name in ("layout", "other_than"):
        if getattr(cell, name) is not None:
            values[name] = list(getattr(cell, name))
    if cell.single_drive_axle is not None:
        values["single_drive_axle"] = cell.single_drive_axle
    return values


def read_pack(document: Any) -> RulePack:
    """The pack of a document. Raises BadPack, naming the first thing that is wrong."""
    table = _table(document, "", _KEYS)
    version = table["version"]
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadPack("version: small letters, digits, points and hyphens, at most 32")
    instrument = table["instrument"]
    if not isinstance(instrument, str) or not instrument.strip():
        raise BadPack("instrument: name and number of the document that sets these limits")
    try:
        begins = date.fromisoformat(str(table["effective_from"]))
    except ValueError:
        raise BadPack("effective_from: a day like 2026-01-01") from None
    written = table["cells"]
    if not isinstance(written, list) or not 1 <= len(written) <= MAX_CELLS:
        raise BadPack(f"cells: a list of 1 to {MAX_CELLS}")
    cells = tuple(_cell(each, f"cells[{place}]") for place, each in enumerate(written))
    words = _words(table["row_words"])
    bare = sorted({cell.axles for cell in cells} - set(words))
    if bare:
        raise BadPack(f"row_words: none for {bare[0]} axles")
    first = min(cell.axles for cell in cells)
    missing = set(range(first, max(cell.axles for cell in cells) + 1)) - {c.axles for c in cells}
    if missing:
        raise BadPack(f"cells: no row for {min(missing)} axles")
    return RulePack(version, begins, instrument.strip(), words, cells, _notes(table["notes"]))


def _cell(value: Any, at: str) -> Cell:
    given = _table(value, at, set(_CELL), {"axles", "combination", "limit_kg"})
    axles = _number(given["axles"], f"{at}.axles", MIN_AXLES, MAX_AXLES)
    try:
        combination = Combination(given["combination"])
    except ValueError:
        known = ", ".join(each.value for each in Combination)
        raise BadPack(f"{at}.combination: one of {known}") from None
    words, single = given.get("words", ""), given.get("single_drive_axle")
    if not isinstance(words, str):
        raise BadPack(f"{at}.words: a text")
    if single is not None and not isinstance(single, bool):
        raise BadPack(f"{at}.single_drive_axle: true, false or left out")
    return Cell(
        axles,
        combination,
        _number(given["limit_kg"], f"{at}.limit_kg", MIN_LIMIT_KG, MAX_LIMIT_KG),
        words,
        layout=_layout(given.get("layout"), axles, f"{at}.layout"),
        other_than=_layout(given.get("other_than"), axles, f"{at}.other_than"),
        single_drive_axle=single,
    )


def _layout(value: Any, axles: int, at: str) -> tuple[int, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise BadPack(f"{at}: a list of axles per group")
    layout = tuple(_number(each, at, 1, 9) for each in value)
    if sum(layout) != axles:
        raise BadPack(f"{at}: does not have {axles} axles")
    return layout


def _words(value: Any) -> dict[int, str]:
    if not isinstance(value, Mapping):
        raise BadPack("row_words: a table of axles and their Chinese name")
    words: dict[int, str] = {}
    for axles, name in value.items():
        if not str(axles).isdigit() or not isinstance(name, str) or not name:
            raise BadPack("row_words: a number of axles, and a text")
        words[int(axles)] = name
    return words


def _notes(value: Any) -> Notes:
    given = _table(value, "notes", set(_NOTES))
    values: dict[str, Any] = {}
    for name in _NOTES:
        at = f"notes.{name}"
        if name == "air_sprung_rigid_axles":
            if not isinstance(given[name], list):
                raise BadPack(f"{at}: a list of axle counts")
            values[name] = frozenset(_number(each, at, 0, MAX_AXLES) for each in given[name])
        else:
            values[name] = _number(given[name], at, 0, MAX_LIMIT_KG)
    return Notes(**values)


def _table(
    value: Any, at: str, known: set[str], wanted: set[str] | None = None
) -> Mapping[str, Any]:
    place = f"{at}." if at else ""
    if not isinstance(value, Mapping):
        raise BadPack(f"{at or 'the document'}: a table")
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown:
        raise BadPack(f"{place}{unknown[0]}: is no known key")
    missing = sorted((known if wanted is None else wanted) - set(value))
    if missing:
        raise BadPack(f"{place}{missing[0]}: is missing")
    return value


def _number(value: Any, at: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadPack(f"{at}: a whole number from {least} to {most}")
    return value
