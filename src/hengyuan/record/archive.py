"""An exported chain: enrolment, batches and records in one NDJSON file that proves itself.

First line: who the terminal is, where the file begins and ends; then, for each batch, its header
as it was uploaded and, for each record that no earlier batch of the file brought, its digest, a
space and its canonical line. The digests say which line was changed; the signed heads say that
no digest was. `verify_archive` needs nothing but the file; compare the fingerprint of the public
key with the one in the enrolment papers.
"""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.batch import MAX_LINES, BatchHeader, check_signature, read_due, read_header
from hengyuan.record.canonical import MAX_LINE_BYTES
from hengyuan.record.chain import genesis, link
from hengyuan.record.model import MAX_SEQ, DigestHex, TerminalCode
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import SUITES, BadKey, PublicKey, Suite, fingerprint

# A digest, a space and the longest canonical line; the header lines are shorter.
MAX_ARCHIVE_LINE_BYTES = 65 + MAX_LINE_BYTES
_RECORD_LINE = re.compile(rb"[0-9a-f]{64} ")

ProblemCode = Literal[
    "bad_key",  # line 1: the public key is none of its suite
    "bad_record",  # the line is no record, or not the one that is due
    "bad_signature",  # the key in line 1 did not sign this batch header
    "digest_differs",  # the line does not hash to its digest behind the one before
    "head_differs",  # every line fits its digest, yet not the head that was signed
    "incomplete",  # the file ends before the last record that line 1 announces
    "no_batch",  # a batch header is due here and this is none
    "no_record",  # a record's line is due here and this is none
    "not_archive",  # line 1 is no archive header: the file is something else
    "not_canonical",  # a record, written otherwise than the canonical form says
    "not_genesis",  # line 1: the digest is not that of this terminal and key
    "other_terminal",  # the batch is another terminal's
    "prev_differs",  # the batch does not continue from the digest before it
    "range_differs",  # the batch does not begin where the one before ended
    "too_large",  # a line is longer, or a batch has more records, than the protocol allows
    "truncated",  # the file ends inside a batch
    "unknown_suite",  # line 1: no such suite
]
_RECORD_PROBLEMS: dict[str, ProblemCode] = {
    "bad_record": "bad_record",
    "not_canonical": "not_canonical",
    "too_large": "too_large",
}


class ArchiveHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of an exported chain.

    `after` is the seq before the first record (0: genesis) and `digest` its digest. `last` is
    the seq of the last record in the file, so that a file cut off between two batches is seen to
    be; null where the writer does not know it yet.
    """

    after: Annotated[int, Meta(ge=0, le=MAX_SEQ)] = 0
    archive: Literal[1] = 1
    digest: DigestHex
    last: Annotated[int, Meta(ge=0, le=MAX_SEQ)] | None = None
    public_key: Annotated[str, Meta(max_length=256, pattern=r"^([0-9a-f]{2})+\Z")]
    suite: Annotated[str, Meta(max_length=32)]
    terminal: TerminalCode


@dataclass
class ArchiveReport:
    """What a check found. `line` is the first line that breaks the chain, counted from 1.

    `first`, `last`, `records`, `batches` and `head` are those of the batches that hold.
    """

    terminal: str = ""
    suite: str = ""
    public_key: str = ""
    fingerprint: str = ""
    first: int | None = None
    last: int | None = None
    records: int = 0
    batches: int = 0
    head: str = ""
    from_genesis: bool = False
    code: ProblemCode | None = None
    problem: str | None = None
    line: int | None = None
    seq: int | None = None

    @property
    def sound(self) -> bool:
        """True when nothing breaks the chain."""
        return self.problem is None

    @property
    def is_archive(self) -> bool:
        """False when the file is no exported chain at all, so that there is nothing to break."""
        return self.code != "not_archive"


class _Broken(Exception):
    def __init__(self, code: ProblemCode, line: int, problem: str, seq: int | None = None) -> None:
        super().__init__(problem)
        self.code: ProblemCode = code
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
    """Check an exported chain line by line in bounded memory; the first break ends the check.

    A reader that cannot trust the file hands over at most MAX_ARCHIVE_LINE_BYTES + 2 bytes of a
    line at a time: what is longer is no line of an archive anyway.
    """
    report = ArchiveReport()
    try:
        _verify(_Lines(lines), report)
    except _Broken as broken:
        report.code, report.problem = broken.code, broken.problem
        report.line, report.seq = broken.line, broken.seq
    return report


class _Lines:
    """Lines without their line feed; `number` is that of the last one given, or the one missing."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.number = 0

    def next(self) -> bytes | None:
        self.number += 1
        line = next(self._lines, None)
        return None if line is None else line.removesuffix(b"\n")


def _verify(lines: _Lines, report: ArchiveReport) -> None:
    header = _archive_header(lines)
    report.terminal, report.public_key = header.terminal, header.public_key
    suite, key = _suite_and_key(header, report)
    check = _ChainCheck(header, suite, key, report)
    while (line := lines.next()) is not None:
        check.batch(line, lines)
    if header.last is not None and check.seq != header.last:
        detail = f"the file ends behind record {check.seq}, line 1 announces {header.last}"
        raise _Broken("incomplete", lines.number, detail, check.seq + 1)


def _archive_header(lines: _Lines) -> ArchiveHeader:
    first = lines.next()
    if first is None:
        raise _Broken("not_archive", 1, "the file is empty")
    try:
        return msgspec.json.decode(first, type=ArchiveHeader)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _Broken("not_archive", 1, f"no archive header: {error}") from None


def _suite_and_key(header: ArchiveHeader, report: ArchiveReport) -> tuple[Suite, PublicKey]:
    suite = SUITES.get(header.suite)
    if suite is None:
        detail = f"suite: {header.suite!r} is unknown; known: {', '.join(SUITES)}"
        raise _Broken("unknown_suite", 1, detail)
    report.suite = suite.name
    key_bytes = bytes.fromhex(header.public_key)
    try:
        key = suite.load_public(key_bytes)
    except BadKey as error:
        raise _Broken("bad_key", 1, f"public_key: {error}") from None
    report.fingerprint = fingerprint(suite, key_bytes)
    report.from_genesis = header.after == 0
    if report.from_genesis and header.digest != genesis(suite, header.terminal, key_bytes).hex():
        detail = "digest: is not the genesis digest of this terminal and key"
        raise _Broken("not_genesis", 1, detail, 0)
    return suite, key


class _ChainCheck:
    """Where the check stands: the seq reached and the digests behind which a batch may begin."""

    def __init__(
        self, header: ArchiveHeader, suite: Suite, key: PublicKey, report: ArchiveReport
    ) -> None:
        self.terminal = header.terminal
        self.suite = suite
        self.key = key
        self.report = report
        self.seq = header.after
        # A batch that was sent again with newer records behind it begins before the end of the
        # one before; its `prev` is then one of the last digests.
        self.recent = deque([bytes.fromhex(header.digest)], maxlen=MAX_LINES)
        report.head = header.digest

    def batch(self, line: bytes, lines: _Lines) -> None:
        """Check the batch whose header is `line`, and its records, taken from `lines`."""
        number, due = lines.number, self.seq + 1
        header = self._header(number, line)
        for seq in range(due, header.last + 1):
            self._record(seq, lines)
        if self.recent[-1].hex() != header.head:
            detail = f"head: records {due} to {header.last} do not lead to the one signed"
            raise _Broken("head_differs", number, detail, due)
        self.report.first = self.report.first or due
        self.report.last = header.last
        self.report.records += header.last - due + 1
        self.report.batches += 1
        self.report.head = header.head

    def _header(self, number: int, line: bytes) -> BatchHeader:
        due = self.seq + 1
        try:
            header = read_header(line)
        except Refusal as refusal:
            detail = f"a batch header is due here: {refusal.detail}"
            raise _Broken("no_batch", number, detail, due) from None
        if header.terminal != self.terminal:
            detail = f"terminal: {header.terminal} is not the archive's {self.terminal}"
            raise _Broken("other_terminal", number, detail, due)
        if header.last - header.first >= MAX_LINES:
            detail = f"a batch has at most {MAX_LINES} records"
            raise _Broken("too_large", number, detail, due)
        back = due - header.first
        if not 0 <= back < len(self.recent) or header.last < due:
            detail = f"records {header.first} to {header.last} where {due} is due"
            raise _Broken("range_differs", number, detail, due)
        if header.prev != self.recent[-1 - back].hex():
            detail = f"prev: is not the digest of record {header.first - 1}"
            raise _Broken("prev_differs", number, detail, due)
        try:
            check_signature(header, self.key)
        except Refusal as refusal:
            raise _Broken("bad_signature", number, refusal.detail, due) from None
        return header

    def _record(self, seq: int, lines: _Lines) -> None:
        written = lines.next()
        if written is None:
            raise _Broken("truncated", lines.number, f"the file ends before record {seq}", seq)
        if not _RECORD_LINE.match(written):
            detail = f"the digest and line of record {seq} are due here"
            raise _Broken("no_record", lines.number, detail, seq)
        claimed, line = written[:64], written[65:]
        try:
            read_due(line, lines.number, seq, self.terminal)
        except Refusal as refusal:
            code = _RECORD_PROBLEMS[refusal.code]
            raise _Broken(code, lines.number, refusal.detail, seq) from None
        digest = link(self.suite, self.recent[-1], line)
        if digest.hex().encode() != claimed:
            detail = f"record {seq} does not hash to its digest behind the one before"
            raise _Broken("digest_differs", lines.number, detail, seq)
        self.recent.append(digest)
        self.seq = seq
