"""A terminal's chain as a file that proves itself: the form of `hengyuan.record.archive`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hengyuan.platform.intake.models import Batch, ChainHead
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing.proof import header_of, line_as_stored
from hengyuan.platform.weighing.queries import records_of
from hengyuan.record.archive import ArchiveHeader, write_archive_header, write_archive_record
from hengyuan.record.batch import MAX_LINES, write_header


@dataclass(frozen=True, slots=True)
class ChainRange:
    """What a chain export will hold: whole batches around the range that was asked for."""

    terminal: Terminal
    first: int
    last: int

    @property
    def records(self) -> int:
        return self.last - self.first + 1


def chain_range(terminal: Terminal, first: int | None, last: int | None) -> ChainRange | None:
    """The range rounded out to whole batches, since only whole batches are signed.

    None if the terminal has no record in that range.
    """
    batches = Batch.objects.filter(terminal=terminal)
    begin = batches.filter(last_seq__gte=first or 1).order_by("last_seq").first()
    head = ChainHead.objects.filter(terminal=terminal).first()
    upto = min(last, head.last_seq) if last and head else (head.last_seq if head else 0)
    end = batches.filter(first_seq__lte=upto, last_seq__gte=upto).order_by("last_seq").first()
    if begin is None or end is None or begin.first_seq > end.last_seq:
        return None
    if last is not None and begin.first_seq > last:
        return None
    return ChainRange(terminal, begin.first_seq, end.last_seq)


def lies_in_scope(user: Any, chosen: ChainRange) -> bool:
    """True when this person may see every record of the range."""
    every = records_of(chosen.terminal.pk, chosen.first, chosen.last).order_by()
    return every.visible_to(user).count() == every.count()


def chain_archive(chosen: ChainRange) -> Iterator[bytes]:
    """The exported chain in the form of `hengyuan.record.archive`, piece by piece.

    Lines are made again from the columns as they are: a record that was altered in the database
    is exported altered, and the check of the file names it.
    """
    yield _archive_header(chosen)
    for group in _groups(chosen):
        yield _archive_group(group, chosen.terminal.code)


def _archive_header(chosen: ChainRange) -> bytes:
    terminal = chosen.terminal
    begin = Batch.objects.get(terminal_id=terminal.pk, first_seq=chosen.first)
    header = ArchiveHeader(
        after=chosen.first - 1,
        digest=bytes(begin.prev).hex(),
        last=chosen.last,
        public_key=terminal.public_key,
        suite=terminal.suite,
        terminal=terminal.code,
    )
    return write_archive_header(header) + b"\n"


def _groups(chosen: ChainRange) -> Iterator[list[Batch]]:
    """Consecutive batches, about as many records at a time as the largest batch has."""
    batches = Batch.objects.filter(
        terminal_id=chosen.terminal.pk, last_seq__range=(chosen.first, chosen.last)
    ).order_by("last_seq")
    due = chosen.first
    while due <= chosen.last:
        group: list[Batch] = []
        for batch in batches.filter(last_seq__gte=due)[:MAX_LINES]:
            if group and batch.last_seq - group[0].first_seq >= MAX_LINES:
                break
            group.append(batch)
        if not group:
            return
        yield group
        due = group[-1].last_seq + 1


def _archive_group(group: list[Batch], terminal_code: str) -> bytes:
    rows = iter(records_of(group[0].terminal_id, group[0].first_seq, group[-1].last_seq))
    row = next(rows, None)
    piece = []
    for batch in group:
        piece.append(write_header(header_of(batch, terminal_code)))
        while row is not None and row.seq <= batch.last_seq:
            piece.append(
                write_archive_record(bytes(row.digest), line_as_stored(row, terminal_code))
            )
            row = next(rows, None)
    return b"\n".join([*piece, b""])
