"""A month without the county: pages, search, sums and outbox with 9,000 records that wait."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hengyuan.record.canonical import write_line
from hengyuan.record.chain import link
from hengyuan.record.model import Record
from hengyuan.terminal.judging import CHINA
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.store import search
from tests.terminal.county import CODE, County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for, open_store

DAYS, A_DAY = 30, 300
DAY = timedelta(days=1)
NEWEST = datetime.now(CHINA).replace(hour=0, minute=0, second=0, microsecond=0)
FIRST = NEWEST - DAYS * DAY


@dataclass
class Month:
    """What was put into the store."""

    trucks: int
    over: int
    gross_kg: int
    last_day_kg: int
    with_7: int


def record(seq):
    """The `seq`-th truck of the month: every tenth is over, every 50th corrects the one before."""
    number = seq - 1
    at = FIRST + (number // A_DAY) * DAY + timedelta(seconds=200 * (number % A_DAY))
    corrects = seq % 50 == 0
    number -= corrects
    gross_kg = 30_000 + number % 1000
    over = number % 10 == 0
    return Record(
        v=1,
        terminal=CODE,
        seq=seq,
        kind="exit",
        lane=1 + number % 2,
        corrects=seq - 1 if corrects else None,
        weighed_at=int(at.astimezone(UTC).timestamp() * 1000),
        gross_kg=gross_kg + (20_000 if over else 0),
        limit_kg=49_000,
        verdict="over" if over else "pass",
        rule_pack="GB1589",
        plate=f"晋L{number:05d}",
        cargo="0100",
    )


def fill(folder, identity):
    """Put the month into the store of a terminal that is not running."""
    store = open_store(folder, identity)

    def write(db):
        digest = identity.genesis
        for seq in range(1, DAYS * A_DAY + 1):
            each = record(seq)
            line = write_line(each)
            digest = link(identity.suite, digest, line)
            db.execute("INSERT INTO record VALUES (?, ?, ?)", (seq, line, digest))
            search.index(db, each)

    store.within(write)
    store.close()
    records = [record(seq) for seq in range(1, DAYS * A_DAY + 1)]
    standing = [each for each in records if each.corrects is None]
    return Month(
        trucks=len(standing),
        over=sum(each.verdict == "over" for each in standing),
        gross_kg=sum(each.gross_kg for each in standing),
        last_day_kg=sum(each.gross_kg for each in standing if each.seq > (DAYS - 1) * A_DAY),
        with_7=sum("777" in each.plate for each in standing),
    )


async def shown_live(http):
    async with http.stream("GET", "/live") as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
    raise AssertionError("no event came")


def test_a_month_without_the_county_is_found_counted_and_then_uploaded(tmp_path):
    county = County()
    identity = identity_for(county)
    month = fill(tmp_path / "terminal", identity)
    total = DAYS * A_DAY

    async def scenario():
        async with county.listening() as url:
            port = int(url.rpartition(":")[2])
        async with open_gate() as gate, site(tmp_path, url, identity, gate) as at:
            await at.until(lambda: at.terminal.uplink.error)
            gate_page = await shown_live(at.http)
            assert gate_page["queue"] == f"待上传 {total} 条记录、0 个文件"
            (attention,) = [each["text"] for each in gate_page["attention"]]
            assert f"{total} 条记录待上传" in attention
            assert f"最早为 {FIRST:%Y-%m-%d} 00:00:00" in attention
            assert len(gate_page["newest"]) == 12

            page = (await at.http.get("/records")).text
            assert f"{month.trucks} 辆" in page
            assert f"超限 {month.over} 辆" in page
            page = (await at.http.get("/records?plate=777")).text
            assert f"{month.with_7} 辆" in page
            older, pages = "/records?verdict=over", 0
            while older:
                page = (await at.http.get(older)).text
                before, more, _ = page.partition('" rel="next"')
                older = before.rpartition('href="')[2].replace("&amp;", "&") if more else ""
                pages += 1
            assert pages == -(-month.over // 50)
            assert "晋L00000" in page

            last_day = NEWEST - DAY
            page = (await at.http.get(f"/totals?day={last_day:%Y-%m-%d}")).text
            assert tonnes(month.last_day_kg) in page
            page = (await at.http.get(f"/totals?month={FIRST:%Y-%m}")).text
            assert f"{FIRST:%Y-%m-%d}" in page
            csv = (await at.http.get("/records.csv")).text
            assert len(csv.splitlines()) == 1 + month.trucks

            # and a truck is weighed meanwhile as ever
            await at.push("晋L99999")
            at.roll_on(24_000)
            at.axles(24_000)
            await at.shown("晋L99999", "未超限")

            async with county.listening(port):
                await at.uploaded()
                assert county.seqs == list(range(1, total + 2))
                gate_page = await shown_live(at.http)
                assert gate_page["queue"] == "已全部上传"
                assert gate_page["attention"] == []

    asyncio.run(scenario())
