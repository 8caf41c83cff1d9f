"""Sealing a month, writing it to a file, and handing it over from the partition to the file.

At every moment one of the two is in charge: the partition until the transaction that drops it, the
file from that transaction on. A process that is killed leaves at most a draft or a file that nobody
counts on, and the next run begins again.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import structlog
from django.db import OperationalError, transaction
from django.utils.timezone import now

from hengyuan.platform.history import folder, partition_rows, partitions, verifying, writing
from hengyuan.platform.history.digest import COLUMNS, MonthDigest
from hengyuan.platform.history.models import MonthSeal, SealState, month_label
from hengyuan.platform.history.reader import reader
from hengyuan.platform.weighing.columns import instant
from hengyuan.platform.weighing.partitions import partition_name

log = structlog.get_logger(__name__)

OF_PARTITION = (SealState.WANTED, SealState.SEALING, SealState.SEALED, SealState.HANDING)
_TRIES = 3
_DROP_TRIES = 120
_DROP_PAUSE_S = 0.5
_BLOCK = 1 << 20

Tell = Callable[[int], None]


class CannotSeal(Exception):
    """Why a month cannot be sealed, archived or verified; `code` is for programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def _silent(records: int) -> None:
    """Nobody listens."""


def ask(month: date, by: Any) -> MonthSeal:
    """Note that a month is to be sealed; the platform's keeper does it within the hour."""
    _check_can_be_sealed(month)
    seal = current(month)
    if seal is not None:
        return seal
    return MonthSeal.objects.create(
        month=month, part=_next_part(month), state=SealState.WANTED, by=by
    )


def current(month: date) -> MonthSeal | None:
    """The seal of what the partition holds now."""
    return MonthSeal.objects.filter(month=month, state__in=OF_PARTITION).first()


def seal(month: date, by: Any = None) -> MonthSeal:
    """Seal what a month's partition holds. Sealed already: that seal. CannotSeal, AtWork."""
    _check_can_be_sealed(month)
    with partitions.alone():
        for _attempt in range(_TRIES):
            made = _begin(month, by)
            if made.state in (SealState.SEALED, SealState.HANDING):
                return made
            digest = _digest_of(month)
            if not digest.records:
                made.delete()
                raise CannotSeal("empty", f"{month_label(month)} holds no record")
            if _finish(made, digest):
                made.refresh_from_db()
                log.info("history.sealed", month=str(made), records=made.records)
                return made
    raise CannotSeal("busy", f"records keep coming for {month_label(month)}; try again later")


def _check_can_be_sealed(month: date) -> None:
    if not partitions.has_ended(month):
        raise CannotSeal("not_ended", f"{month_label(month)} has not ended yet (UTC)")
    if not partitions.has_partition(month):
        raise CannotSeal("unknown", f"there is no month {month_label(month)} in the database")


@transaction.atomic
def _begin(month: date, by: Any) -> MonthSeal:
    """The seal, and the guard that sees whatever is written from here on."""
    made = current(month)
    if made is not None and made.state in (SealState.SEALED, SealState.HANDING):
        return made
    if made is None:
        made = MonthSeal(month=month, part=_next_part(month), by=by)
    made.state = SealState.SEALING
    made.save()
    partitions.put_guard(month)
    return made


def _next_part(month: date) -> int:
    last = MonthSeal.objects.filter(month=month).order_by("-part").first()
    return 1 if last is None else last.part + 1


def _digest_of(month: date) -> MonthDigest:
    found = MonthDigest()
    with partitions.one_state() as cursor:
        for piece in partition_rows.pieces(cursor, partition_name(month), COLUMNS):
            found.add(piece.rows)
    return found


def _finish(made: MonthSeal, found: MonthDigest) -> bool:
    """False where a record came meanwhile: the guard has noted it."""
    assert found.first_ms is not None and found.last_ms is not None
    return bool(
        MonthSeal.objects.filter(pk=made.pk, state=SealState.SEALING).update(
            state=SealState.SEALED,
            records=found.records,
            over=found.over,
            gross_kg=found.gross_kg,
            terminals=len(found.terminals),
            first_at=instant(found.first_ms),
            last_at=instant(found.last_ms),
            digest=found.digest(),
            sealed_at=now(),
        )
    )


def archive(month: date, drop: bool = False, tell: Tell = _silent) -> MonthSeal:
    """Write a sealed month to its file and verify that; with `drop` the file takes over.

    CannotSeal where the month is not sealed or the file does not prove itself; AtWork.
    """
    made = current(month)
    if made is None or made.state not in (SealState.SEALED, SealState.HANDING):
        raise CannotSeal("not_sealed", f"{month_label(month)} is not sealed")
    with partitions.alone():
        if not made.verified_at or not _is_file_of(made):
            _write(made)
            _verify(made, tell)
        if drop:
            _hand_over(made)
    made.refresh_from_db()
    return made


def path_of(made: MonthSeal) -> Path:
    return folder.folder() / made.file_name


def _write(made: MonthSeal) -> None:
    name = writing.file_name(made.month, made.part)
    path = folder.folder() / name
    beside = path.with_name(writing.batches_name(name))
    drafts = [one.with_name(f".{one.name}.part") for one in (path, beside)]
    try:
        with partitions.one_state() as cursor:
            written = writing.write(
                cursor, partition_name(made.month), made.month, made.part, *drafts
            )
        if (written.digest.records, written.digest.digest()) != (
            made.records,
            bytes(made.digest or b""),
        ):
            raise CannotSeal("changed", f"{made}: the partition is not what was sealed any more")
        # the batches first: where the records are in place, so is what proves them
        folder.put_in_place(drafts[1], beside)
        folder.put_in_place(drafts[0], path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)
    made.file_name = name
    made.file_bytes = path.stat().st_size + beside.stat().st_size
    made.file_digest = file_digest(path)
    made.written_at = now()
    made.verified_at = None
    made.save(update_fields=["file_name", "file_bytes", "file_digest", "written_at", "verified_at"])


def _verify(made: MonthSeal, tell: Tell) -> None:
    checked = check(made, tell)
    if checked.problems:
        raise CannotSeal("unsound", "\n".join([f"{made}: not verified", *checked.problems]))


def check(made: MonthSeal, tell: Tell = _silent) -> verifying.Checked:
    """Verify the file of a seal against every chain in it and against the seal; noted if sound."""
    checked = verifying.verify(path_of(made), tell)
    if checked.is_sound and checked.digest != bytes(made.digest or b""):
        checked.add(f"{made.file_name}: its records are not those of the seal")
    if checked.is_sound and not _is_file_of(made):
        checked.add(f"{made.file_name}: the file is not the one that was written")
    if checked.is_sound:
        MonthSeal.objects.filter(pk=made.pk).update(verified_at=now())
        made.refresh_from_db()
    return checked


def file_digest(path: Path) -> bytes:
    """SM3 of a file."""
    digest = hashlib.new("sm3")
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.digest()


def _is_file_of(made: MonthSeal) -> bool:
    path = path_of(made)
    return path.is_file() and file_digest(path) == bytes(made.file_digest or b"")


def _hand_over(made: MonthSeal) -> None:
    """Let the file take over. From the first commit on both are searched and each record is shown
    once; the second, which drops the partition, can therefore come at any time."""
    moved = MonthSeal.objects.filter(
        pk=made.pk, state__in=(SealState.SEALED, SealState.HANDING)
    ).update(state=SealState.HANDING)
    if not moved:
        raise CannotSeal("reopened", f"{made}: records came late, so it is open again")
    announce()
    for attempt in range(_DROP_TRIES):
        try:
            _drop(made)
            break
        except CannotSeal:
            announce()
            raise
        except OperationalError as error:
            if attempt == _DROP_TRIES - 1:
                raise CannotSeal("busy", f"{made}: the records are in use: {error}") from error
            time.sleep(_DROP_PAUSE_S)
    announce()
    log.info("history.archived", month=str(made), file=made.file_name)


@transaction.atomic
def _drop(made: MonthSeal) -> None:
    partitions.lock_out(made.month)
    still = MonthSeal.objects.select_for_update().get(pk=made.pk)
    if still.state != SealState.HANDING:
        raise CannotSeal("reopened", f"{made}: records came late, so it is open again")
    partitions.replace_by_empty(made.month)
    still.state = SealState.ARCHIVED
    still.archived_at = now()
    still.save(update_fields=["state", "archived_at"])


def announce() -> None:
    """All processes read the catalogue anew before their next search."""
    folder.note_change()
    reader.forget()


def parse_month(text: str) -> date:
    """`2026-01` as its first day. ValueError."""
    moment = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    return date(moment.year, moment.month, 1)
