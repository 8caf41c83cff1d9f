"""What the page of operations shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

import hengyuan
from hengyuan.platform import metrics
from hengyuan.platform.backup.notes import LastBackups, last_backups
from hengyuan.platform.operations.readiness import Problem, problems
from hengyuan.platform.operations.standing import Standing, standing, standing_by

BACKUP_DUE_AFTER = timedelta(hours=26)
"""A daily backup that is two hours late wants somebody."""
_STARTED_AT = datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Overview:
    """The platform at one moment, for its keeper."""

    found: Standing
    problems: list[Problem]
    backups: LastBackups
    waiting_records: int
    oldest_waiting_s: float
    stored_records: int
    refused: list[tuple[str, int]]
    open_boards: int
    software: str
    python: str
    started_at: datetime

    @property
    def is_backup_overdue(self) -> bool:
        whole = self.backups.whole
        return whole is None or datetime.now(UTC) - whole.ended_at > BACKUP_DUE_AFTER


def overview() -> Overview:
    """Look now. Figures of intake are those of this process since it was started."""
    found = _standing()
    figures = dict(_figures())
    return Overview(
        found=found,
        problems=problems(found),
        backups=last_backups(Path(settings.HENGYUAN_HOME)),
        waiting_records=int(figures.get(("hengyuan_intake_waiting_records", ""), 0)),
        oldest_waiting_s=round(figures.get(("hengyuan_intake_oldest_waiting_seconds", ""), 0.0), 1),
        stored_records=int(figures.get(("hengyuan_intake_records_total", ""), 0)),
        refused=sorted(
            (reason, int(count))
            for (name, reason), count in figures.items()
            if name == "hengyuan_intake_refused_total"
        ),
        open_boards=int(figures.get(("hengyuan_board_connections", ""), 0)),
        software=hengyuan.__version__,
        python=sys.version.split()[0],
        started_at=_STARTED_AT,
    )


def _standing() -> Standing:
    """By the connection that the page has anyway; it has answered a moment ago."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:

            def execute(sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
                cursor.execute(sql, parameters)
                rows: list[tuple[Any, ...]] = cursor.fetchall()
                return rows

            return standing_by(execute)
    except DatabaseError:
        return standing()


def _figures() -> Iterator[tuple[tuple[str, str], float]]:
    for counted in (
        metrics.intake_waiting_records,
        metrics.intake_oldest_waiting_seconds,
        metrics.intake_records,
        metrics.intake_refused,
        metrics.board_connections,
    ):
        for family in counted.collect():
            for sample in family.samples:
                yield (sample.name, sample.labels.get("reason", "")), sample.value
