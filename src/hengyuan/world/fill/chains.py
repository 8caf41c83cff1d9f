"""A terminal's next records: linked, signed, judged again and packed as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hengyuan.platform.intake.rows import Counts, prepare
from hengyuan.record.batch import MAX_LINES, BatchHeader, Verified, signed_text
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend
from hengyuan.record.model import Record
from hengyuan.record.suites import PrivateKey, Suite


@dataclass(slots=True)
class ChainEnd:
    """A terminal with its key and the last record of its chain."""

    id: int
    code: str
    unit_id: int
    county: int
    suite: Suite
    key: PrivateKey
    seq: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Linked:
    """What they add: signed batches, and each row with its time in ms."""

    headers: list[BatchHeader]
    rows: list[tuple[int, bytes]]
    counts: list[Counts]


def link(end: ChainEnd, records: Sequence[Record]) -> Linked:
    """Link and sign the records that follow `end`, and move it on.

    Every line is read back and checked as intake would. Batches are as large as the protocol
    allows: those of a terminal that uploads once a day.
    """
    linked = Linked([], [], [])
    for at in range(0, len(records), MAX_LINES):
        part = records[at : at + MAX_LINES]
        digests = extend(end.suite, end.head, [write_line(record) for record in part])
        header = _signed(end, len(part), digests[-1])
        linked.headers.append(header)
        for record, digest in zip(part, digests, strict=True):
            # one by one, so that rows can be stored in the order of time, as they come in life
            prepared = prepare(
                end.id, end.county, end.unit_id, Verified(header, (record,), (digest,))
            )
            linked.rows.append((record.weighed_at, prepared.rows))
            linked.counts.append(prepared.counts)
        end.seq, end.head = header.last, digests[-1]
    return linked


def _signed(end: ChainEnd, count: int, head: bytes) -> BatchHeader:
    first, last = end.seq + 1, end.seq + count
    text = signed_text(end.code, first, last, end.head.hex(), head.hex())
    return BatchHeader(
        first=first,
        last=last,
        prev=end.head.hex(),
        head=head.hex(),
        signature=end.key.sign(text).hex(),
        terminal=end.code,
    )
