"""Reading: which months are where, what is archived, what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from hengyuan.platform.history import folder, partitions
from hengyuan.platform.history.models import EvidenceHold, HoldQuerySet, MonthSeal, SealState
from hengyuan.platform.weighing.archived import ArchivedMonth

READABLE = (SealState.HANDING, SealState.ARCHIVED)


def readable_files(states: Sequence[str] = READABLE) -> list[ArchivedMonth]:
    """The files that searches read, the oldest month first."""
    found = MonthSeal.objects.filter(state__in=states).order_by("month", "part")
    return [
        ArchivedMonth(name, first_at, last_at)
        for name, first_at, last_at in found.values_list("file_name", "first_at", "last_at")
        if first_at is not None and last_at is not None
    ]


def seals() -> list[MonthSeal]:
    """All seals, the newest month first."""
    return list(MonthSeal.objects.select_related("by"))


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month, or a part of one, as the page and the command list it.

    `state` is a SealState, or `open` for a partition without a seal.
    """

    month: date
    part: int
    state: str
    records: int
    is_estimate: bool
    bytes: int
    seal: MonthSeal | None

    @property
    def key(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def slug(self) -> str:
        return f"seal-{self.key}"

    @property
    def state_words(self) -> Any:
        return _("open for records") if self.state == "open" else SealState(self.state).label

    @property
    def can_be_sealed(self) -> bool:
        return self.state == "open" and partitions.has_ended(self.month)


def months() -> list[MonthRow]:
    """Every month with records or a seal, the newest first; an empty partition is none."""
    rows: list[MonthRow] = []
    there = {part.month: part for part in partitions.partitions()}
    of_partition: set[date] = set()
    for seal in seals():
        here = there.get(seal.month)
        holds = seal.state in (SealState.SEALED, SealState.HANDING)
        if holds or seal.state in (SealState.WANTED, SealState.SEALING):
            of_partition.add(seal.month)
        is_counted = seal.digest is not None
        rows.append(
            MonthRow(
                seal.month,
                seal.part,
                seal.state,
                seal.records if is_counted or here is None else here.estimate,
                not is_counted,
                here.bytes if holds and here is not None else seal.file_bytes,
                seal,
            )
        )
    filled = partitions.filled_months(list(there.values()))
    for month, part in there.items():
        if month not in of_partition and month in filled:
            rows.append(MonthRow(month, 0, "open", part.estimate, True, part.bytes, None))
    return sorted(rows, key=lambda row: (row.month, -row.part if row.part else 1), reverse=True)


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page of the months shows."""

    months: list[MonthRow]
    problems: list[str]
    holds: int
    seal_days: int | None
    archive_months: int | None
    keep_months: int | None


def overview() -> Overview:
    """All of it; holds are counted over the whole platform, and none is named."""
    return Overview(
        months=months(),
        problems=[
            _("The file of an archived month is missing: %(name)s. Bring it back from the backup.")
            % {"name": file.name}
            for file in missing_files()
        ],
        holds=EvidenceHold.objects.filter(lifted_at__isnull=True).count(),
        seal_days=settings.HISTORY_SEAL_DAYS,
        archive_months=settings.HISTORY_ARCHIVE_MONTHS,
        keep_months=settings.HISTORY_KEEP_MONTHS,
    )


def missing_files() -> list[ArchivedMonth]:
    """Archived months whose file is not in the folder: they cannot be searched."""
    return [file for file in readable_files() if not (folder.folder() / file.name).is_file()]


def holds(user: Any) -> HoldQuerySet:
    """The holds that this person may see."""
    visible: HoldQuerySet = EvidenceHold.objects.visible_to(user)
    return visible.select_related("region", "terminal", "set_by", "lifted_by")
