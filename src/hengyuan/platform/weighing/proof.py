"""The proof of a record: its line, made again from the columns, still hashes to its digest.

Three links, each weaker without the next. The line with the digest before it gives the stored
digest; the records of the batch lead, link by link, to the head; the terminal's key signed that
head. Whoever changes a figure in the database breaks the first, whoever also rewrites the digest
breaks the second, and the third can only be made with a key that never left the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from hengyuan.platform.weighing.columns import to_record
from hengyuan.record.batch import BatchHeader, check_signature
from hengyuan.record.canonical import NotCanonical, read_line
from hengyuan.record.chain import genesis, link
from hengyuan.record.model import InvalidRecord
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import BadKey, PublicKey, Suite, suite_named

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Proof:
    """What was checked of a record. `problem` is a technical text, empty where the line is sound.

    `previous` is the digest before the record (None where the record before is missing),
    `computed` the digest that its line gives behind that.
    """

    line: str
    problem: str
    previous: bytes | None
    computed: bytes | None
    stored: bytes

    @property
    def holds(self) -> bool:
        return not self.problem and self.computed == self.stored


@dataclass(frozen=True, slots=True)
class BatchProof:
    """What was checked of the batch that brought a record.

    `broken_at` is the first seq whose line does not lead to its stored digest, or that is missing;
    `reaches_head` is True when there is none and the last one is the signed head. Neither is the
    work of somebody who rewrote all digests, too.
    """

    signature_holds: bool
    reaches_head: bool
    broken_at: int | None


class Chain:
    """The keys of a terminal's chain, read from its enrolment. BadKey if there are none."""

    def __init__(self, terminal: Any) -> None:
        self.code: str = terminal.code
        try:
            self.suite: Suite = suite_named(terminal.suite)
            self.key_bytes = bytes.fromhex(terminal.public_key)
            self.key: PublicKey = self.suite.load_public(self.key_bytes)
        except (KeyError, ValueError) as error:
            raise BadKey(f"terminal {terminal.code} has no usable key: {error}") from error

    @property
    def genesis(self) -> bytes:
        """digest(0)."""
        return genesis(self.suite, self.code, self.key_bytes)


def line_as_stored(row: Any, terminal_code: str) -> bytes:
    """The line that the columns give, sound or not: what is exported is what is stored."""
    return _encoder.encode(to_record(row, terminal_code))


def prove(row: Any, chain: Chain, previous: bytes | None) -> Proof:
    """Make the line of `row` again and its digest behind `previous`."""
    line, problem, computed = b"", "", None
    try:
        line = line_as_stored(row, chain.code)
        read_line(line)
    except (InvalidRecord, NotCanonical, msgspec.MsgspecError, ValueError, LookupError) as error:
        problem = f"{type(error).__name__}: {error}"
    if line and previous is not None:
        computed = link(chain.suite, previous, line)
    return Proof(line.decode(), problem, previous, computed, bytes(row.digest))


def prove_batch(batch: Any, rows: Iterable[Any], chain: Chain) -> BatchProof:
    """Follow the records of a batch (`rows` in order of seq) from its `prev` to its head."""
    digest = bytes(batch.prev)
    due = batch.first_seq
    broken_at = None
    for row in rows:
        if row.seq != due:
            break
        try:
            digest = link(chain.suite, digest, line_as_stored(row, chain.code))
        except LookupError:  # a number in the columns that stands for no name
            break
        if broken_at is None and digest != bytes(row.digest):
            broken_at = due
        due += 1
    if broken_at is None and due != batch.last_seq + 1:
        broken_at = due
    return BatchProof(
        signature_holds=_signature_holds(batch, chain),
        reaches_head=broken_at is None and digest == bytes(batch.head),
        broken_at=broken_at,
    )


def header_of(batch: Any, terminal_code: str) -> BatchHeader:
    """The header of a stored batch, as it was uploaded."""
    return BatchHeader(
        first=batch.first_seq,
        head=bytes(batch.head).hex(),
        last=batch.last_seq,
        prev=bytes(batch.prev).hex(),
        signature=bytes(batch.signature).hex(),
        terminal=terminal_code,
    )


def _signature_holds(batch: Any, chain: Chain) -> bool:
    try:
        check_signature(header_of(batch, chain.code), chain.key)
    except Refusal:
        return False
    return True
