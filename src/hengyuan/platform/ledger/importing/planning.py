"""From a workbook to a plan: every row looked at, nothing written."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from hengyuan.platform.ledger.importing.columns import EQUIPMENT, LANES, SCALES, UNITS
from hengyuan.platform.ledger.importing.known import Known
from hengyuan.platform.ledger.importing.part_rows import PartRows
from hengyuan.platform.ledger.importing.plan import Plan
from hengyuan.platform.ledger.importing.rows import RowReader
from hengyuan.platform.ledger.importing.sheets import ReadBook
from hengyuan.platform.ledger.importing.unit_rows import UnitRows
from hengyuan.platform.ledger.similarity import Entry, Likeness, suspected_pairs
from hengyuan.platform.ledger.words import LIKENESS

_TELL_EVERY = 200


def plan_import(
    book: ReadBook, known: Known, tell: Callable[[int, int], None] | None = None
) -> Plan:
    """What importing the workbook would do to the ledger as it is known.

    `tell` is called now and then with how many rows have been planned and how many there are.
    """
    plan = Plan(problems=list(book.problems))
    if not book.is_usable:
        return plan
    units = UnitRows(known, plan)
    before = known.entries()
    parts = PartRows(known, units, plan)
    done, total = 0, book.row_count
    readers: list[RowReader] = []
    for sheet in (UNITS, LANES, SCALES, EQUIPMENT):
        place = book.sheets.get(sheet.name)
        if place is None:
            continue
        for row in place.rows:
            reader = RowReader(place, row)
            if sheet is UNITS:
                units.take(reader)
            else:
                parts.take(reader)
            readers.append(reader)
            done += 1
            if tell is not None and done % _TELL_EVERY == 0:
                tell(done, total)
    _tell_lookalikes(units, before)
    plan.problems += [problem for reader in readers for problem in reader.problems]
    return plan


def _tell_lookalikes(units: UnitRows, before: list[Entry]) -> None:
    """Warn of new units that look like one of the ledger, or like another row."""
    new = {-number: (reader, unit) for number, (reader, unit) in enumerate(units.new, start=1)}
    names = {entry.key: entry.name for entry in before}
    entries = [
        Entry(
            key,
            unit.name,
            unit.region_id,
            unit.region.name,
            unit.credit_code,
            unit.longitude,
            unit.latitude,
        )
        for key, (_reader, unit) in new.items()
    ]
    for pair in suspected_pairs([*before, *entries]):
        # the later row is the one that is told
        ours = [key for key in (pair.first, pair.second) if key < 0]
        if not ours:
            continue
        told = min(ours)
        other = pair.second if told == pair.first else pair.first
        reader = new[told][0]
        why = "、".join(_why(like, pair.apart_m) for like in sorted(pair.likeness))
        column = _column(pair.likeness)
        if other < 0:
            row, name = new[other][0].row.number, new[other][1].name
            reader.warn("looks_like_row", column, row=row, name=name, why=why)
        else:
            reader.warn("looks_like", column, name=names[other], code=units.code_of(other), why=why)


def _why(likeness: str, apart_m: float | None) -> str:
    if likeness == Likeness.POSITION:
        return _("%s m apart") % round(apart_m or 0)
    return str(LIKENESS[likeness])


def _column(likeness: set[Likeness]) -> str:
    if Likeness.CREDIT_CODE in likeness:
        return "credit_code"
    return "longitude" if likeness == {Likeness.POSITION} else "name"
