"""Plain records and sealed batches that tests begin with and then spoil."""

from typing import Any

from hengyuan.record.archive import ArchiveHeader, write_archive_header, write_archive_record
from hengyuan.record.batch import seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend, genesis
from hengyuan.record.model import Record
from hengyuan.record.suites import ED25519_SHA256, PrivateKey, Suite

TERMINAL = "14102451001-01"
WEIGHED_AT = 1_754_006_400_000


def record(**changes: Any) -> Record:
    """An exit that holds, with what a test wants otherwise."""
    fields: dict[str, Any] = {
        "kind": "exit",
        "lane": 1,
        "seq": 1,
        "terminal": TERMINAL,
        "v": 1,
        "weighed_at": WEIGHED_AT,
        "gross_kg": 30_480,
        "verdict": "unknown",
    }
    return Record(**(fields | changes))


def lines(count: int, first: int = 1) -> list[bytes]:
    """Canonical lines of consecutive records, each of another weight."""
    return [
        write_line(record(seq=seq, gross_kg=30_000 + seq, weighed_at=WEIGHED_AT + seq * 60_000))
        for seq in range(first, first + count)
    ]


class Chain:
    """A terminal's chain from its enrolment on, cut into signed batches."""

    def __init__(self, suite: Suite = ED25519_SHA256, key: PrivateKey | None = None) -> None:
        self.suite = suite
        self.key = key or suite.generate()
        self.public = self.key.public_bytes()
        self.genesis = genesis(suite, TERMINAL, self.public)
        self.lines: list[bytes] = []
        self.digests = [self.genesis]

    def grow(self, count: int) -> "Chain":
        added = lines(count, first=len(self.lines) + 1)
        self.lines += added
        self.digests += extend(self.suite, self.digests[-1], added)
        return self

    def seal(self, first: int, last: int, key: PrivateKey | None = None) -> bytes:
        return seal(
            self.suite,
            key or self.key,
            TERMINAL,
            first,
            self.digests[first - 1],
            self.lines[first - 1 : last],
        )

    def archive(self, *ranges: tuple[int, int], after: int = 0, last: int | None = None) -> bytes:
        """An exported chain with these batches; of an overlapping one only the new records."""
        header = ArchiveHeader(
            after=after,
            digest=self.digests[after].hex(),
            last=last,
            public_key=self.public.hex(),
            suite=self.suite.name,
            terminal=TERMINAL,
        )
        written = [write_archive_header(header)]
        done = after
        for first, end in ranges:
            written.append(self.seal(first, end).split(b"\n")[0])
            written += [
                write_archive_record(self.digests[seq], self.lines[seq - 1])
                for seq in range(max(first, done + 1), end + 1)
            ]
            done = end
        return b"\n".join([*written, b""])
