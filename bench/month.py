"""A month without the county: what has piled up goes there when it comes back.

    python -m bench.month --json

A terminal's store is filled through its own code with the records and pictures of so many days, the
terminal started on it while the platform does not answer, and then the line is opened. Trucks pass
on two lanes all the while. Memory is the terminal process's own; at the end everything on the
platform is compared with the terminal's store, digest by digest, and the chain verified from its
genesis.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.terminal import Meter
from hengyuan.cli._long_work import log_to_stderr
from hengyuan.law.limits import RULE_PACK
from hengyuan.record.model import FileRef, Record
from hengyuan.terminal.enrolment import load_identity
from hengyuan.terminal.store import Draft, EvidenceFiles, Store
from hengyuan.terminal.store.timings import percentile
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.loss.lane import Passage
from hengyuan.world.loss.site import Site
from hengyuan.world.tally import PlatformBooks
from hengyuan.world.trucks import trucks

LANES = 2
DAY_MS = 86_400_000
UNREACHABLE_S = 20.0
HANDED_OVER_WITHIN_S = 3600.0
_JPEG_START, _JPEG_END = b"\xff\xd8\xff\xfe\x00\x06seen", b"\xff\xd9"


class MonthSite(Site):
    """A terminal whose store is full of what the county does not have yet."""

    def __init__(self, home: Path, days: int, a_day: int, picture_bytes: int) -> None:
        super().__init__(home, LANES, 1, None, lambda step: print(step, file=sys.stderr))
        self._records = days * a_day
        self._step_ms = DAY_MS // a_day
        self._picture_bytes = picture_bytes
        self.line.mend()

    async def enrolled(self) -> None:
        """Fill the store and hang up."""
        print(f"filling the store with {self._records} records", file=sys.stderr)
        await asyncio.to_thread(self._fill)
        await self.line.shut()

    def _fill(self) -> None:
        identity = load_identity(self.data_dir)
        store = Store(self.data_dir, identity.terminal, identity.suite, identity.genesis)
        # how it came there is not what is measured
        store._db.execute("PRAGMA synchronous = OFF")
        files = EvidenceFiles(self.data_dir / "evidence", identity.suite)
        chance = random.Random(1)
        begun_ms = time.time_ns() // 1_000_000 - self._records * self._step_ms
        try:
            for number in range(self._records):
                picture = _JPEG_START + chance.randbytes(self._picture_bytes) + _JPEG_END
                digest = files.put(picture)
                at_ms = begun_ms + number * self._step_ms
                store.append(_draft(identity.terminal, digest, len(picture), at_ms, number))
        finally:
            store.close()


def _draft(terminal: str, digest: str, size: int, at_ms: int, number: int) -> Draft:
    gross_kg = 14_000 + number * 20 % 35_000

    def make(seq: int) -> Record:
        return Record(
            v=1,
            terminal=terminal,
            seq=seq,
            kind="exit",
            weighed_at=at_ms,
            lane=1,
            gross_kg=gross_kg,
            raw_kg=gross_kg,
            axles=6,
            layout="1+2+3",
            combination="articulated",
            drive_axles=2,
            plate=f"晋LHY{number % 1000:03d}",
            plate_colour="yellow",
            limit_kg=49_000,
            verdict="pass" if gross_kg <= 49_000 else "over",
            rule_pack=RULE_PACK,
            files=(FileRef(digest=digest, kind="plate"),),
        )

    return Draft(
        make=make,
        lane=1,
        on_scale=False,
        used=(),
        passed=(),
        evidence_bytes={digest: size},
        settled_at_ms=at_ms,
        judged_us=0,
    )


async def measure(days: int, a_day: int, picture_bytes: int) -> dict[str, Any]:
    """The figures."""
    home = Path(tempfile.mkdtemp(prefix="hengyuan-bench-month-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        async with MonthSite(home, days, a_day, picture_bytes) as site:
            assert site.terminal.pid is not None
            meter = Meter(site.terminal.pid)
            figures: dict[str, Any] = {
                "days": days,
                "records": days * a_day,
                "pictures_mb": days * a_day * picture_bytes // 1_000_000,
                "resident_mb_started": meter.memory_mb(),
            }
            passages: list[Passage] = []
            driving = asyncio.create_task(_drive(site, passages))
            await asyncio.sleep(UNREACHABLE_S)
            figures["resident_mb_unreachable"] = meter.memory_mb()
            await site.line.open()
            opened = time.monotonic()
            records_s = await _until(site, "records")
            figures["records_handed_over_s"] = round(records_s - opened, 1)
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)
            figures["all_handed_over_s"] = round(await _until(site, "files") - opened, 1)
            figures["resident_mb_most"] = meter.memory_mb("VmHWM")
            figures["trucks_meanwhile"] = len(passages)
            figures |= await _verdicts(site)
            await site.stop_terminal()
            figures |= await asyncio.to_thread(_compare, site, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return figures


async def _drive(site: Site, passages: list[Passage]) -> None:
    source = trucks(load_axle_records(None), 1, 0.1)

    async def one_lane(number: int) -> None:
        while True:
            lane, truck = site.lanes[number], next(source)
            passages.append(await lane.pass_truck(len(passages), truck, True, lambda _: None))
            await asyncio.sleep(1)

    await asyncio.gather(*(one_lane(number) for number in range(LANES)))


async def _until(site: Site, what: str) -> float:
    deadline = time.monotonic() + HANDED_OVER_WITHIN_S
    while time.monotonic() < deadline:
        status = await site.status()
        if status is not None and status["queue"][what] <= (LANES if what == "records" else 0):
            return time.monotonic()
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the terminal still holds {what} back")


async def _verdicts(site: Site) -> dict[str, Any]:
    await site.status()
    connection = sqlite3.connect(site.store)
    rows = connection.execute("SELECT told_us / 1000.0 FROM timing WHERE told_us > 0").fetchall()
    connection.close()
    verdict_ms = [ms for (ms,) in rows]
    found = {f"verdict_ms_p{each}": percentile(verdict_ms, each) for each in (50, 99)}
    return {name: None if ms is None else round(ms, 1) for name, ms in found.items()}


def _compare(site: Site, home: Path) -> dict[str, Any]:
    connection = sqlite3.connect(site.store)
    own = dict(connection.execute("SELECT seq, digest FROM record"))
    files = dict(connection.execute("SELECT state, count(*) FROM evidence GROUP BY state"))
    connection.close()
    books = PlatformBooks(site.postgres.url(), home / "platform")
    try:
        terminal = books.terminals([site.code])[site.code]
        held = {record.seq: bytes(row.digest) for row, record in books.records(terminal)}
        sound = books.check_chain(terminal).sound
    finally:
        books.close()
    differing = [seq for seq in own.keys() | held.keys() if own.get(seq) != held.get(seq)]
    return {
        "terminal_has": len(own),
        "platform_has": len(held),
        "differing": len(differing),
        "chain_sound": sound,
        "files": files,
        "all_right": not differing and sound and set(files) == {"sent"},
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--a-day", type=int, default=400, help="records a day")
    parser.add_argument("--picture-bytes", type=int, default=20_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log_to_stderr(logging.ERROR)
    figures = asyncio.run(measure(given.days, given.a_day, given.picture_bytes))
    print(json.dumps(figures, indent=None if given.json else 2))
    return 0 if figures["all_right"] else 1


if __name__ == "__main__":
    sys.exit(main())
