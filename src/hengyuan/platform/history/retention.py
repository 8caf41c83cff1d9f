"""Which months are thrown away when their time is over, and what holds them back.

Only a month that was sealed is thrown away: its digest, totals and every signed head stay. A month
in which a single record is held as evidence stays whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import get_current_timezone, now

from hengyuan.law.regions import scope_prefix
from hengyuan.platform.history import folder, partitions, writing
from hengyuan.platform.history.models import EvidenceHold, MonthSeal, SealState
from hengyuan.platform.history.sealing import announce
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet, county_range
from hengyuan.platform.weighing.partitions import next_month

log = structlog.get_logger(__name__)

_STORED = (SealState.SEALED, SealState.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Ending:
    """A sealed month whose retention is over, and the holds that keep it all the same."""

    seal: MonthSeal
    holds: tuple[EvidenceHold, ...]


class Held(Exception):
    """A month holds evidence of an open case."""


def last_month_to_go(today: date, keep_months: int | None) -> date | None:
    """The newest month whose retention is over on this day; None where all are kept.

    A month is kept whole: its time begins to run at its end.
    """
    if not keep_months or keep_months < 0:
        return None
    number = today.year * 12 + today.month - 1 - keep_months - 1
    return date(number // 12, number % 12 + 1, 1)


def endings(today: date | None = None) -> list[Ending]:
    """What retention would throw away now, the oldest month first, with what holds it back."""
    upto = last_month_to_go(today or datetime.now(UTC).date(), settings.HISTORY_KEEP_MONTHS)
    if upto is None:
        return []
    seals = MonthSeal.objects.filter(state__in=_STORED, month__lte=upto).order_by("month", "part")
    return [Ending(seal, tuple(holds_on(seal))) for seal in seals]


def holds_on(seal: MonthSeal) -> Iterable[EvidenceHold]:
    """The holds in force that cover a record of this month."""
    begin, end = _begin_of(seal.month), _begin_of(next_month(seal.month))
    for hold in EvidenceHold.objects.in_force().select_related("region", "terminal"):
        if records_of(hold).filter(weighed_at__gte=begin, weighed_at__lt=end).exists():
            yield hold


def _begin_of(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def records_of(hold: Any) -> WeighingQuerySet:
    """The records that a hold keeps, wherever they are stored."""
    found: WeighingQuerySet = Weighing.objects.all()
    if hold.terminal_id is not None:
        found = found.filter(terminal_id=hold.terminal_id)
    else:
        found = found.filter(county__range=county_range(scope_prefix(hold.region_id)))
    if hold.first_seq is not None:
        found = found.filter(seq__gte=hold.first_seq)
    if hold.last_seq is not None:
        found = found.filter(seq__lte=hold.last_seq)
    zone = get_current_timezone()
    if hold.from_day is not None:
        found = found.filter(weighed_at__gte=datetime.combine(hold.from_day, time.min, zone))
    if hold.to_day is not None:
        found = found.filter(weighed_at__lte=datetime.combine(hold.to_day, time.max, zone))
    return found


def throw_away(seal: MonthSeal) -> None:
    """Throw away a month's records. Held where a record of it is evidence.

    Nobody can set a hold between the look at the holds and the end of the month.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {EvidenceHold._meta.db_table} IN SHARE MODE")
        holds = list(holds_on(seal))
        if holds:
            raise Held(f"{seal}: " + ", ".join(str(hold) for hold in holds))
        if seal.state == SealState.SEALED:
            partitions.lock_out(seal.month)
        still = MonthSeal.objects.select_for_update().get(pk=seal.pk)
        if still.state not in _STORED:
            raise Held(f"{seal}: records came late, so it is open again")
        if still.state == SealState.SEALED:
            partitions.replace_by_empty(seal.month)
        still.state = SealState.EXPIRED
        still.expired_at = now()
        still.save(update_fields=["state", "expired_at"])
    announce()
    remove_left_files()
    log.info("history.expired", month=str(seal), records=seal.records)


def remove_left_files() -> None:
    """Remove files that are not in charge: of months thrown away, of seals that were broken.

    A killed process may have left them. Whoever still counts on one reads the catalogue first.
    """
    gone = MonthSeal.objects.filter(state__in=(SealState.EXPIRED, SealState.REOPENED))
    paths = [folder.folder() / name for name in gone.values_list("file_name", flat=True) if name]
    left = [path for path in paths if path.exists()]
    if left:
        announce()
    for path in left:
        path.unlink(missing_ok=True)
        path.with_name(writing.batches_name(path.name)).unlink(missing_ok=True)
