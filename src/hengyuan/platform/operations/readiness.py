"""What keeps the platform from doing its work, in words."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from hengyuan.platform.operations.standing import Standing


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that somebody must see to: a code for programs, words for people."""

    code: str
    text: str


def problems(found: Standing) -> list[Problem]:
    """Everything that is wrong, the worst first; an empty list means ready."""
    return [*_of_database(found), *_of_disks(found), *_of_key(found)]


def _of_database(found: Standing) -> list[Problem]:
    database = found.database
    if database is None:
        words = _("The database does not answer: %(why)s") % {"why": found.database_problem}
        return [Problem("database_away", words)]
    wrong = []
    if database.pending:
        words = _(
            "The tables are older than this software. Run: hengyuan platform migrate (%(what)s)"
        )
        wrong.append(Problem("migrations_pending", words % {"what": _few(database.pending)}))
    if database.ahead:
        words = _("The tables were made by a newer software. Install that version again (%(what)s)")
        wrong.append(Problem("software_older", words % {"what": _few(database.ahead)}))
    missing = [f"{month:%Y-%m}" for month in found.months_due if month not in database.months]
    if missing:
        words = _("No partition for records of %(months)s; the running platform makes it")
        wrong.append(Problem("partition_missing", words % {"months": ", ".join(missing)}))
    if database.missing_files:
        words = _(
            "Files of archived months are missing; bring them back from the backup (%(what)s)"
        )
        wrong.append(Problem("archive_missing", words % {"what": _few(database.missing_files)}))
    return wrong


def _of_disks(found: Standing) -> list[Problem]:
    floor_mb = settings.OPERATIONS_DISK_FLOOR_MB
    words = _("Only %(free)d MB are free at %(path)s; %(floor)d MB are needed")
    return [
        Problem(
            "disk_low",
            words % {"free": disk.free_bytes // 2**20, "path": disk.path, "floor": floor_mb},
        )
        for disk in found.disks
        if disk.free_bytes < floor_mb * 2**20
    ]


def _of_key(found: Standing) -> list[Problem]:
    if not found.key_problem:
        return []
    words = _("The platform's signing key cannot be used: %(why)s") % {"why": found.key_problem}
    return [Problem("key_unreadable", words)]


def _few(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
