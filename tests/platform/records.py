"""Records for tests, brought in the way a terminal brings them: signed batches to the lane."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import msgspec

from hengyuan.platform.embedded import with_database
from hengyuan.platform.intake.lane import Lane
from hengyuan.record.batch import seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend, genesis
from hengyuan.record.model import FileRef, Record
from hengyuan.record.requests import sign_request
from hengyuan.record.suites import SM2_SM3, PrivateKey, Suite

if TYPE_CHECKING:
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.terminals.models import Terminal

START_MS = 1_790_000_000_000
"""2026-09-21 14:13:20 UTC: the time of the first record unless a test says otherwise."""

JPEG = b"\xff\xd8\xff\xe0" + b"\x00\x10JFIF" + b"hengyuan test picture" + b"\xff\xd9"

# every table that intake writes beside the framework; a test that commits empties them behind it
_TABLES = (
    "weighing",
    "weighing_count",
    "intake_batch",
    "intake_chainhead",
    "intake_refused",
    "intake_missingfile",
    "intake_follower",
)


@dataclass
class TestTerminal:
    """An enrolled terminal with its key and everything that it has recorded."""

    __test__ = False

    code: str
    suite: Suite
    key: PrivateKey
    lines: list[bytes] = field(default_factory=list)

    @property
    def digests(self) -> list[bytes]:
        """Digest of each record; the genesis digest stands at 0."""
        origin = genesis(self.suite, self.code, self.key.public_bytes())
        return [origin, *extend(self.suite, origin, self.lines)]

    def weigh(self, count: int = 1, **fields: Any) -> list[Record]:
        """Make the next records; `fields` replace those of an ordinary pass."""
        made = []
        for _ in range(count):
            seq = len(self.lines) + 1
            record = make_record(self.code, seq, **fields)
            self.lines.append(write_line(record))
            made.append(record)
        return made

    def batch(self, first: int = 1, last: int | None = None) -> bytes:
        """The sealed body of a range, by default of all."""
        last = last or len(self.lines)
        lines = self.lines[first - 1 : last]
        return seal(self.suite, self.key, self.code, first, self.digests[first - 1], lines)

    def headers(
        self, method: str, path: str, body: bytes = b"", time_ms: int = 0
    ) -> dict[str, str]:
        """The headers of a signed request."""
        time_ms = time_ms or time.time_ns() // 1_000_000
        return sign_request(self.suite, self.key, self.code, method, path, time_ms, body)


def make_record(terminal: str, seq: int, **fields: Any) -> Record:
    """A six-axle articulated train with 48 t, passed; `fields` replace any of that."""
    base: dict[str, Any] = {
        "v": 1,
        "terminal": terminal,
        "seq": seq,
        "kind": "exit",
        "weighed_at": START_MS + seq * 60_000,
        "lane": 1,
        "gross_kg": 48_000,
        "raw_kg": 48_020,
        "axles": 6,
        "combination": "articulated",
        "layout": "1+2+3",
        "drive_axles": 2,
        "group_kg": (6_000, 18_000, 24_000),
        "plate": f"晋L{seq:05d}",
        "plate_colour": "yellow",
        "limit_kg": 49_000,
        "verdict": "pass",
        "rule_pack": "cn-2016.1",
    }
    return msgspec.convert(base | fields, Record)


def file_ref(suite: Suite, data: bytes, kind: str = "head") -> FileRef:
    """The reference of a picture with these bytes."""
    return FileRef(kind=kind, digest=suite.digest(data).hex())  # type: ignore[arg-type]


def enrolled_terminal(unit: SourceUnit, by: Any, suite: Suite = SM2_SM3) -> TestTerminal:
    """Create and enrol a terminal through the platform's services."""
    from hengyuan.platform.terminals.services import create_terminal, enrol, issue_enrolment_code

    terminal: Terminal = create_terminal(by, unit, "测试终端")
    key = suite.generate()
    enrol(issue_enrolment_code(terminal, by), suite.name, key.public_bytes().hex())
    return TestTerminal(terminal.code, suite, key)


def current_database_url() -> str:
    """The address of the database that Django uses in this test."""
    from django.db import connection

    from hengyuan.platform.embedded import database_url

    return with_database(database_url(), connection.settings_dict["NAME"])


@asynccontextmanager
async def running_lane(url: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an intake lane on this test's database, stopped at the end."""

    async def no_django(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError(f"not for Django: {scope['path']}")

    lane = Lane(no_django, url or current_database_url())
    await lane.start()
    try:
        transport = httpx.ASGITransport(app=lane)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://platform") as client:
            client.lane = lane  # type: ignore[attr-defined]
            yield client
    finally:
        await lane.stop()


async def send(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Upload a batch."""
    return await client.post("/api/intake/v1/batches", content=body)


async def empty_intake_tables(url: str) -> None:
    """What Django's flush does not know of."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE " + ", ".join(_TABLES))
    finally:
        await connection.close()
