"""Intake under load: sealed batches over HTTP into a platform of its own, beside a raw COPY.

    python -m bench.intake --records 500000 --batch 100 --json
    python -m bench.intake --live --rate 1000 --seconds 30 --json

PostgreSQL, the platform and this load generator share the machine. Batches are sealed before the
clock starts; what the generator still costs while it runs is printed with the rest. Every
acknowledged record is counted in the database at the end, before the raw COPY.

What is printed: `records_per_s`, `copy_records_per_s` (the stored rows again, by a plain COPY into
the same table, emptied) and their `ratio`; the time to an answer; `lost` and `duplicated` records;
`bytes_per_record` with indexes and `index_bytes_per_record`; and the processor time that a record
takes, `platform_us`, `postgres_us`, `generator_us`: figures that hold on a busy machine as well.
`platform_mb` is the memory of the platform's process at the start, when half of the records are
stored, and at the end: what it holds then, and the most that it has held until then.
`load` is that of the machine (one, five, fifteen minutes): above 3, others were at work.
"""

import argparse
import asyncio
import gc
import json
import os
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from bench.platform import RunningPlatform
from bench.sealing import BenchTerminal
from hengyuan.platform.weighing.columns import COLUMNS

HOST = "127.0.0.1"
PATH = b"/api/intake/v1/batches"
COPIED_RECORDS = 200_000
COPIED_AT_ONCE = 5_000


@dataclass
class Outcome:
    """What the load generator saw."""

    answers_ms: list[float]
    acknowledged: int
    refused: int
    seconds: float


@dataclass
class Stored:
    """What the database holds at the end."""

    records: int
    distinct: int
    table_bytes: int
    index_bytes: int


class Connection:
    """One keep-alive HTTP/1.1 connection, written by hand: the generator must not be the limit."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port)

    async def post(self, body: bytes) -> int:
        """Send a batch, read the answer to its end; the HTTP status."""
        head = b"POST %s HTTP/1.1\r\nhost: bench\r\ncontent-length: %d\r\n\r\n" % (PATH, len(body))
        self._writer.write(head + body)
        answer_head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(answer_head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(answer_head[9:12])

    def close(self) -> None:
        self._writer.close()


async def back_fill(
    port: int, terminals: list[BenchTerminal], records: int, at_half: Callable[[], None]
) -> Outcome:
    """Every terminal sends its batches one after the other, all terminals at once."""
    answers: list[float] = []
    refused = 0
    acknowledged = 0

    async def one(terminal: BenchTerminal) -> None:
        nonlocal refused, acknowledged
        connection = Connection(port)
        await connection.open()
        for body, count in terminal.bodies:
            begin = time.perf_counter()
            status = await connection.post(body)
            answers.append((time.perf_counter() - begin) * 1000)
            if status == 200:
                if acknowledged < records // 2 <= acknowledged + count:
                    at_half()
                acknowledged += count
            else:
                refused += 1
        connection.close()

    begin = time.perf_counter()
    await asyncio.gather(*(one(terminal) for terminal in terminals))
    return Outcome(answers, acknowledged, refused, time.perf_counter() - begin)


async def live(
    port: int, terminals: list[BenchTerminal], rate: int, at_half: Callable[[], None]
) -> Outcome:
    """One record a request, started on a fixed beat whether or not earlier answers are in."""
    answers: list[float] = []
    refused = 0
    connections = [Connection(port) for _ in terminals]
    await asyncio.gather(*(connection.open() for connection in connections))
    bodies = [
        (index, body)
        for round_ in zip(*(terminal.bodies for terminal in terminals), strict=True)
        for index, (body, _) in enumerate(round_)
    ]
    locks = [asyncio.Lock() for _ in terminals]

    async def one(index: int, body: bytes, due: float) -> None:
        nonlocal refused
        async with locks[index]:
            status = await connections[index].post(body)
        # from the moment it was due: a queue in front of the platform counts as waiting
        answers.append((time.perf_counter() - due) * 1000)
        refused += status != 200

    begin = time.perf_counter()
    tasks = []
    for number, (index, body) in enumerate(bodies):
        due = begin + number / rate
        delay = due - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        if number == len(bodies) // 2:
            at_half()
        tasks.append(asyncio.create_task(one(index, body, due)))
    await asyncio.gather(*tasks)
    for connection in connections:
        connection.close()
    return Outcome(answers, len(answers) - refused, refused, time.perf_counter() - begin)


async def raw_copy(url: str) -> float:
    """Records a second of a plain COPY of the stored rows into the same table, emptied before."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            f"SELECT {', '.join(COLUMNS)} FROM weighing LIMIT {COPIED_RECORDS}"
        )
        records = [tuple(row) for row in rows]
        await connection.execute("TRUNCATE weighing")
        gc.collect()
        begin = time.perf_counter()
        for at in range(0, len(records), COPIED_AT_ONCE):
            await connection.copy_records_to_table(
                "weighing", columns=COLUMNS, records=records[at : at + COPIED_AT_ONCE]
            )
        return len(records) / (time.perf_counter() - begin)
    finally:
        await connection.close()


async def look_at_stored(url: str) -> Stored:
    """Rows stored, distinct (terminal, seq) among them, and the room that they take."""
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(
            "SELECT count(*), count(DISTINCT (terminal_id, seq)) FROM weighing"
        )
        size = await connection.fetchrow(
            "SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid))"
            " FROM pg_partition_tree('weighing') WHERE isleaf"
            " AND pg_relation_size(relid) > 0"
        )
        return Stored(row[0], row[1], int(size[0]), int(size[1]))
    finally:
        await connection.close()


def figures(
    outcome: Outcome,
    stored: Stored,
    copy_per_s: float,
    cpu_s: dict[str, float],
    memory_mb: list[dict[str, float]],
) -> dict[str, Any]:
    """The JSON object."""
    per_s = outcome.acknowledged / outcome.seconds
    cuts = statistics.quantiles(outcome.answers_ms, n=1000)
    room = stored.table_bytes + stored.index_bytes
    return {
        "records": outcome.acknowledged,
        "seconds": round(outcome.seconds, 2),
        "records_per_s": round(per_s),
        "copy_records_per_s": round(copy_per_s),
        "ratio": round(per_s / copy_per_s, 3),
        "answer_ms_p50": round(cuts[499], 1),
        "answer_ms_p99": round(cuts[989], 1),
        "answer_ms_max": round(max(outcome.answers_ms), 1),
        "refused": outcome.refused,
        "lost": outcome.acknowledged - stored.distinct,
        "duplicated": stored.records - stored.distinct,
        "bytes_per_record": round(room / stored.records, 1),
        "index_bytes_per_record": round(stored.index_bytes / stored.records, 1),
        **{
            f"{name}_us": round(seconds * 1e6 / outcome.acknowledged, 1)
            for name, seconds in cpu_s.items()
        },
        "platform_mb": dict(zip(("start", "middle", "end"), memory_mb, strict=True)),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--terminals", type=int, default=40)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.live:
        arguments.batch = 1
        arguments.records = arguments.rate * arguments.seconds
    with RunningPlatform(seed=secrets.randbits(32)) as platform:
        each = arguments.records // arguments.terminals
        print("sealing batches …", file=sys.stderr)
        terminals = platform.make_terminals(arguments.terminals, each, arguments.batch)
        # the sealed batches are not to be walked by the generator's collector again and again
        gc.collect()
        gc.freeze()
        print("sending …", file=sys.stderr)
        memory_mb = [platform.memory_mb()]

        def at_half() -> None:
            memory_mb.append(platform.memory_mb())

        before = platform.cpu_seconds()
        if arguments.live:
            outcome = asyncio.run(live(platform.port, terminals, arguments.rate, at_half))
        else:
            sent = each * arguments.terminals
            outcome = asyncio.run(back_fill(platform.port, terminals, sent, at_half))
        memory_mb.append(platform.memory_mb())
        cpu_s = {name: spent - before[name] for name, spent in platform.cpu_seconds().items()}
        stored = asyncio.run(look_at_stored(platform.url))
        copy_per_s = asyncio.run(raw_copy(platform.url))
    found = figures(outcome, stored, copy_per_s, cpu_s, memory_mb)
    print(json.dumps(found) if arguments.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
