"""Everything that was written about a unit and what stands at it, also of what is gone."""

from __future__ import annotations

from hengyuan.platform.audit import Entry, entries_of, history_of
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, NotDuplicate, Scale, SourceUnit

SHOWN = 100


def history_of_unit(unit: SourceUnit, last: int = SHOWN) -> list[Entry]:
    """The latest writes to the unit, what stands at it, and its pairs; newest first."""
    gates = history_of(Gate).filter(unit_id=unit.pk)
    sources = [
        history_of(SourceUnit).filter(id=unit.pk),
        gates,
        history_of(Lane).filter(gate_id__in=gates.order_by().values("id")),
        history_of(Scale).filter(unit_id=unit.pk),
        history_of(Equipment).filter(unit_id=unit.pk),
        history_of(NotDuplicate).filter(first_id=unit.pk),
        history_of(NotDuplicate).filter(second_id=unit.pk),
    ]
    versions = [
        version
        for source in sources
        for version in source.select_related("history_user").order_by("-history_id")[:last]
    ]
    versions.sort(key=lambda version: (version.history_date, version.history_id), reverse=True)
    return entries_of(versions[:last])
