"""A plate's history: where and when it was weighed over all months, and what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.utils.timezone import now

from hengyuan.platform.weighing import archived
from hengyuan.platform.weighing.columns import kind_no, verdict_no
from hengyuan.platform.weighing.filters import matching, normal_plate
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet

MOST_GATES = 20
LOOKED_BACK = timedelta(days=365)
"""How far the summary by source unit looks back; the list itself holds all months."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A plate at one source unit: its weighings in the time looked back over, trucks over the
    limit among them, and the tares it was weighed with, in kg (None where there is none)."""

    unit: str
    unit_code: str
    county: str
    weighings: int
    over: int
    first_at: datetime
    last_at: datetime
    least_tare_kg: int | None
    most_tare_kg: int | None


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as it is stored, and the records of it that a person may see."""

    text: str
    records: WeighingQuerySet

    def gates(self) -> list[Gate]:
        """Where it was weighed in the last year, the unit it came to most first."""
        trucks = ~Q(kind=kind_no("void"))
        asked = (
            self.records.filter(trucks, weighed_at__gte=now() - LOOKED_BACK)
            .order_by()
            .values("unit__name", "unit__code", "unit__region__name")
            .annotate(
                weighings=Count("seq"),
                over=Count(
                    "seq",
                    filter=Q(platform_verdict=verdict_no("over"), verdict__isnull=False),
                ),
                first_at=Min("weighed_at"),
                last_at=Max("weighed_at"),
                least_tare=Min("tare_kg"),
                most_tare=Max("tare_kg"),
            )
            .order_by("-weighings", "unit__code")
        )
        rows = _together([*asked, *archived.values_of(asked)])
        return [
            Gate(
                row["unit__name"],
                row["unit__code"],
                row["unit__region__name"],
                row["weighings"],
                row["over"],
                row["first_at"],
                row["last_at"],
                row["least_tare"],
                row["most_tare"],
            )
            for row in rows[:MOST_GATES]
        ]


def _together(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a unit, from those of the database and of the archived months."""
    units: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = units.get(row["unit__code"])
        if known is None:
            units[row["unit__code"]] = dict(row)
            continue
        known["weighings"] += row["weighings"]
        known["over"] += row["over"]
        for name, of in (
            ("first_at", min),
            ("last_at", max),
            ("least_tare", min),
            ("most_tare", max),
        ):
            found = [value for value in (known[name], row[name]) if value is not None]
            known[name] = of(found) if found else None
    return sorted(units.values(), key=lambda row: (-row["weighings"], row["unit__code"]))


def plate_of(user: Any, text: str) -> Plate:
    """The plate that was written in any usual way, and its records within this person's scope.

    A trailer's plate finds the trucks that drew it as well.
    """
    records = matching(Weighing.objects.visible_to(user), {"plate": text})
    return Plate(normal_plate(text), records)
