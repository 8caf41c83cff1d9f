"""The figures of a standing as Prometheus gauges."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from prometheus_client import Gauge

from hengyuan.platform.backup.notes import last_backups
from hengyuan.platform.metrics import REGISTRY
from hengyuan.platform.operations.readiness import problems
from hengyuan.platform.operations.standing import Standing


def _gauge(name: str, words: str, *labels: str) -> Gauge:
    return Gauge(f"hengyuan_{name}", words, labels, registry=REGISTRY)


_ready = _gauge("ready", "1 when /readyz finds nothing wrong")
_problem = _gauge("problem", "1 for each thing that is wrong, by its code in /readyz", "code")
_database_up = _gauge("database_up", "1 when the database answers within two seconds")
_database_bytes = _gauge("database_bytes", "Size of the database on disk")
_months_ahead = _gauge("partition_months_ahead", "Months after this one that have their partition")
_terminals = _gauge("terminals", "Enrolled terminals, by whether they were heard lately", "state")
_disk_free = _gauge("disk_free_bytes", "Free space where the platform writes", "place")
_disk_total = _gauge("disk_total_bytes", "Size of the file system", "place")
_backup_at = _gauge("backup_last_success_seconds", "When the last whole backup ended, Unix time")
_backup_bytes = _gauge("backup_last_size_bytes", "What the last whole backup holds")
_backup_failed = _gauge("backup_last_failed", "1 when the last backup that was begun did not end")


def show(found: Standing) -> None:
    """Put the figures of a standing into the gauges."""
    wrong = problems(found)
    _ready.set(not wrong)
    _problem.clear()
    for problem in wrong:
        _problem.labels(problem.code).set(1)
    _database_up.set(found.database is not None)
    if found.database is not None:
        _database_bytes.set(found.database.size_bytes)
        _months_ahead.set(found.months_ahead)
        _terminals.labels("online").set(found.database.terminals_online)
        _terminals.labels("silent").set(found.database.terminals - found.database.terminals_online)
    for disk in found.disks:
        # which of ours it is, never where it lies on the machine
        _disk_free.labels(disk.path.name).set(disk.free_bytes)
        _disk_total.labels(disk.path.name).set(disk.total_bytes)
    _show_backup(Path(settings.HENGYUAN_HOME))


def _show_backup(home: Path) -> None:
    last = last_backups(home)
    if last.whole is not None:
        _backup_at.set(last.whole.ended_at.timestamp())
        _backup_bytes.set(last.whole.size_bytes)
    _backup_failed.set(last.has_failed)
