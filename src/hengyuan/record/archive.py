"""An exported chain: enrolment, batches and records in one NDJSON file that proves itself.

First line: who the terminal is and where the file begins; then, for each batch, its header as it
was uploaded and, for each record, its digest, a space and its canonical line. The digests say
which line was changed; the signed heads say that no digest was. `verify_archive` needs nothing
but the file; compare the public key that it prints with the one in the enrolment papers.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import msgspec

from hengyuan.record.batch import BatchHeader, check_signature, read_due, read_header
from hengyuan.record.chain import genesis, link
from hengyuan.record.model import DigestHex, TerminalCode
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import SUITES, BadKey, Suite


class ArchiveHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of an exported chain. `after` is the seq before the first record (0: genesis)."""

    after: int = 0
    archive: Literal[1] = 1
    digest: DigestHex
    public_key: str
    suite: str
    terminal: TerminalCode


@dataclass
class ArchiveReport:
    """What a check found. `line` is the first line that breaks the chain, counted from 1."""

    terminal: str = ""
    suite: str = ""
    public_key: str = ""
    first: int | None = None
    last: int | None = None
    records: int = 0
    batches: int = 0
    head: str = ""
    from_genesis: bool = False
    problem: str | None = None
    line: int | None = None
    seq: int | None = None

    @property
    def sound(self) -> bool:
        """True when nothing breaks the chain."""
        return self.problem is None


class _Broken(Exception):
    def __init__(self, line: int, problem: str, seq: int | None = None) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem
        self.seq = seq


def write_archive_header(header: ArchiveHeader) -> bytes:
    """The first line of an exported chain, without a line end."""
    return msgspec.json.encode(header)


def write_archive_record(digest: bytes, line: bytes) -> bytes:
    """A record's line in an exported chain, without a line end."""
    return digest.hex().encode() + b" " + line


def verify_archive(lines: Iterable[bytes]) -> ArchiveReport:
    """Check an exported chain line by line in bounded memory; the first break ends the check."""
    report = ArchiveReport()
    try:
        _verify(iter(enumerate(lines, start=1)), report)
    except _Broken as broken:
        report.problem, report.line, report.seq = broken.problem, broken.line, broken.seq
    return report


def _verify(numbered: Iterator[tuple[int, bytes]], report: ArchiveReport) -> None:
    header = _archive_header(numbered)
    suite, key_bytes = _suite_and_key(header)
    public_key = suite.load_public(key_bytes)
    report.terminal, report.suite = header.terminal, suite.name
    report.public_key = header.public_key
    origin = genesis(suite, header.terminal, key_bytes).hex()
    if header.after == 0 and header.digest != origin:
        raise _Broken(1, "digest: is not the genesis digest of this terminal and key", 0)
    report.from_genesis = header.after == 0
    report.head = header.digest
    due = header.after + 1
    for number, line in numbered:
        try:
            batch_header = read_header(line.rstrip(b"\r\n"))
        except Refusal as refusal:
            raise _Broken(number, f"a batch header is due here: {refusal.detail}", due) from None
        if batch_header.terminal != header.terminal:
            raise _Broken(number, "terminal: is not the archive's", due)
        if batch_header.first != due:
            raise _Broken(number, f"first: {batch_header.first} where {due} is due", due)
        if batch_header.prev != report.head:
            raise _Broken(number, "prev: is not the digest of the record before", due)
        _verify_batch(number, batch_header, numbered, suite, report)
        try:
            check_signature(batch_header, public_key)
        except Refusal as refusal:
            raise _Broken(number, refusal.detail, due) from None
        due = batch_header.last + 1


def _verify_batch(
    header_number: int,
    header: BatchHeader,
    numbered: Iterator[tuple[int, bytes]],
    suite: Suite,
    report: ArchiveReport,
) -> None:
    previous = bytes.fromhex(header.prev)
    number = header_number
    for seq in range(header.first, header.last + 1):
        number, written = next(numbered, (number + 1, b""))
        if not written:
            raise _Broken(number, f"the file ends where record {seq} is due", seq)
        claimed, line = written[:64], written[65:].rstrip(b"\n")
        try:
            read_due(line, number, seq, header.terminal)
        except Refusal as refusal:
            raise _Broken(number, refusal.detail, seq) from None
        previous = link(suite, previous, line)
        if written[64:65] != b" " or previous.hex().encode() != claimed:
            raise _Broken(number, "the line does not hash to its digest behind the one before", seq)
        report.records += 1
    if previous.hex() != header.head:
        raise _Broken(
            header_number, f"head: records {header.first}-{header.last} do not lead to it"
        )
    report.first = report.first or header.first
    report.last = header.last
    report.batches += 1
    report.head = header.head


def _archive_header(numbered: Iterator[tuple[int, bytes]]) -> ArchiveHeader:
    first = next(numbered, None)
    if first is None:
        raise _Broken(1, "the file is empty")
    try:
        return msgspec.json.decode(first[1], type=ArchiveHeader)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _Broken(1, f"no archive header: {error}") from None


def _suite_and_key(header: ArchiveHeader) -> tuple[Suite, bytes]:
    suite = SUITES.get(header.suite)
    if suite is None:
        raise _Broken(1, f"suite: {header.suite} is unknown; known: {', '.join(SUITES)}")
    try:
        key = bytes.fromhex(header.public_key)
        suite.load_public(key)
    except (BadKey, ValueError) as error:
        raise _Broken(1, f"public_key: {error}") from None
    return suite, key
