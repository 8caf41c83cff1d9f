"""The standard questions about years of records: one Ibis expression each, for every engine.

All of them count trucks that were weighed out, as the boards do: a record that replaces another is
no truck of its own. Times are those of the Chinese clock, masses whole kilograms, so that two
engines can only give the same answer or a wrong one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hengyuan.law.bands import DEFAULT_BAND_BOUNDS_BP
from hengyuan.platform.weighing.columns import REPLACING, kind_no, verdict_no

COLUMNS = (
    "county",
    "unit_id",
    "plate",
    "plate_colour",
    "kind",
    "corrects",
    "gross_kg",
    "platform_limit_kg",
    "platform_verdict",
    "weighed_at",
)
"""What the questions need of a record; a snapshot of the database holds no more."""

_EXIT, _OVER = kind_no("exit"), verdict_no("over")
_CHINA = 8


@dataclass(frozen=True, slots=True)
class Question:
    """A question: its name, what it asks, and the expression over the table of records.

    `ask(table, limit)` gives a table whose order is total; `limit` bounds those that are long.
    """

    name: str
    label: str | Promise
    columns: tuple[tuple[str, str | Promise], ...]
    ask: Callable[[Any, int], Any]


def weighed_out(records: Any, first_month: int | None, last_month: int | None) -> Any:
    """The trucks that left, with local month (202601) and hour, overload and band.

    `records` is an Ibis table with COLUMNS; months are those of the Chinese clock, both included.
    """
    counts = (records.kind == _EXIT) & (
        records.corrects.isnull() | ~records.kind.isin(list(REPLACING))
    )
    local = records.weighed_at.cast("timestamp") + ibis.interval(hours=_CHINA)
    is_over = records.platform_verdict == _OVER
    overload_kg = records.gross_kg - records.platform_limit_kg
    found = records.filter(counts).mutate(
        month=(local.year() * 100 + local.month()).cast("int32"),
        hour=local.hour().cast("int32"),
        over=is_over.cast("int64"),
        overload_kg=ibis.cases((is_over, overload_kg), else_=0).cast("int64"),
        band=band(records.gross_kg, records.platform_limit_kg),
    )
    if first_month is not None:
        found = found.filter(found.month >= first_month)
    if last_month is not None:
        found = found.filter(found.month <= last_month)
    return found


def band(gross_kg: Any, limit_kg: Any) -> Any:
    """The severity band as `judging.band_no` numbers it: -1 without a limit, 0 not over it.

    In whole numbers without a division, which engines round in ways of their own.
    """
    limit = limit_kg.cast("int64")
    scaled = (gross_kg.cast("int64") - limit) * 20_000 + limit
    number: Any = ibis.literal(1, "int32")
    for bound_bp in DEFAULT_BAND_BOUNDS_BP:
        number = number + (scaled >= limit * 2 * (bound_bp + 1)).cast("int32")
    return ibis.cases(
        (gross_kg.isnull() | limit_kg.isnull(), ibis.literal(-1, "int32")),
        (gross_kg <= limit_kg, ibis.literal(0, "int32")),
        else_=number,
    ).cast("int32")


def _totals(trucks: Any) -> dict[str, Any]:
    return {
        "trucks": trucks.count(),
        "over": trucks.over.sum().cast("int64"),
        "gross_kg": trucks.gross_kg.cast("int64").sum().cast("int64"),
        "overload_kg": trucks.overload_kg.sum().cast("int64"),
    }


def _by(*keys: str) -> Callable[[Any, int], Any]:
    def ask(trucks: Any, limit: int) -> Any:
        return trucks.group_by(list(keys)).aggregate(**_totals(trucks)).order_by(list(keys))

    return ask


def _plates(trucks: Any, limit: int) -> Any:
    known = trucks.filter(trucks.plate.notnull())
    found = known.group_by(["plate", "plate_colour"]).aggregate(**_totals(known))
    order = [
        ibis.desc("over"),
        ibis.desc("overload_kg"),
        ibis.desc("trucks"),
        "plate",
        "plate_colour",
    ]
    return found.order_by(order).limit(limit)


_TOTALS: tuple[tuple[str, str | Promise], ...] = (
    ("trucks", _("trucks out")),
    ("over", _("over the limit")),
    ("gross_kg", _("gross (kg)")),
    ("overload_kg", _("overload (kg)")),
)
QUESTIONS: dict[str, Question] = {
    question.name: question
    for question in (
        Question(
            "county-month",
            _("By county and month"),
            (("county", _("county")), ("month", _("month")), *_TOTALS),
            _by("county", "month"),
        ),
        Question(
            "plate",
            _("Plates most often over the limit"),
            (("plate", _("plate")), ("plate_colour", _("plate colour")), *_TOTALS),
            _plates,
        ),
        Question(
            "band", _("By overload rate"), (("band", _("overload rate")), *_TOTALS), _by("band")
        ),
        Question("hour", _("By hour of the day"), (("hour", _("hour")), *_TOTALS), _by("hour")),
    )
}
