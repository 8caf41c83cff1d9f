"""A whole fill: the city entered, days divided among processes, progress, going on after an end."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from queue import Empty
from typing import Any

import asyncpg

from hengyuan.platform.home import home_dir
from hengyuan.platform.intake.evidence import note_missing
from hengyuan.platform.weighing import partitions, rule_pack_numbers
from hengyuan.platform.weighing.evidence import EvidenceStore
from hengyuan.record.chain import genesis
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.fill import calendar
from hengyuan.world.fill.entering import Entered, StandingTerminal, enter
from hengyuan.world.fill.recording import RULE_PACK
from hengyuan.world.fill.worker import DayDone, Task, TerminalTask, process

NOTE = "fill.json"
"""In the home: which fill its records are of."""
_LISTEN_S = 1.0
_GRACE_S = 20.0


class CannotFill(RuntimeError):
    """The database is not one that this fill may write into; the text says why and what to do."""


class FillFailed(RuntimeError):
    """A process has failed; what was committed is kept, and the same command goes on from there."""


@dataclass(frozen=True, slots=True)
class FillPlan:
    """What is wanted. `last` is the last day; `scale` multiplies what passes each unit."""

    days: int
    last: date
    units: int = 800
    seed: int = 1
    scale: float = 1.0

    @property
    def first(self) -> date:
        """The first day."""
        return self.last - timedelta(days=self.days - 1)

    def check(self, now: datetime) -> None:
        """CannotFill for days that nothing can be made of."""
        if self.first < calendar.FIRST_DAY:
            raise CannotFill(
                f"{self.first} 没有可用的限值表，最早从 {calendar.FIRST_DAY} 起：请减少 --days"
            )
        latest = calendar.last_whole_day(now)
        if self.last > latest:
            raise CannotFill(f"--until {self.last} 还没有过完：最晚为 {latest}")


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of it. `records` and `seconds` are of this run, the other figures of the table."""

    records: int
    seconds: float
    entering_seconds: float
    terminals: int
    total_records: int
    bytes: int
    index_bytes: int
    count_rows: int
    count_bytes: int
    batches: int
    batch_bytes: int

    def figures(self) -> dict[str, Any]:
        """For people and programs."""
        found = asdict(self)
        found["records_per_s"] = round(self.records / self.seconds) if self.seconds else 0
        total = self.total_records or 1
        found["bytes_per_record"] = round((self.bytes + self.index_bytes) / total, 1)
        found["bytes_per_record_with_counts_and_batches"] = round(
            (self.bytes + self.index_bytes + self.count_bytes + self.batch_bytes) / total, 1
        )
        found["cores"] = os.cpu_count()
        found["load"] = [round(load, 1) for load in os.getloadavg()]
        return found


def fill(
    plan: FillPlan,
    database_url: str,
    workers: int,
    password: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Filled, Entered]:
    """Fill the database of this home. Django is set up and the tables are there.

    CannotFill, FillFailed, and what `entering.enter` raises.
    """
    plan.check(datetime.now(UTC))
    _note(plan, home_dir() / NOTE)
    begun = time.monotonic()
    entered = enter(plan.units, plan.seed, plan.scale, password, say)
    tasks = asyncio.run(_prepare(plan, database_url, entered))
    entering_s = time.monotonic() - begun
    begun = time.monotonic()
    records = _run(_divided(plan, database_url, entered, tasks, workers), plan, say)
    say("整理表和统计信息")
    sizes = asyncio.run(_finish(database_url))
    seconds = time.monotonic() - begun
    filled = Filled(
        records=records,
        seconds=round(seconds, 1),
        entering_seconds=round(entering_s, 1),
        terminals=len(tasks),
        **sizes,
    )
    return filled, entered


def _note(plan: FillPlan, file: Path) -> None:
    """Write down which fill this is; CannotFill where the home holds another one."""
    wanted = asdict(plan) | {"last": plan.last.isoformat()}
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(wanted), "utf-8")
        return
    kept = json.loads(file.read_text("utf-8"))
    if kept != wanted:
        raise CannotFill(
            f"{file.parent} 里的数据是用另一组参数生成的（{kept}）："
            "请用相同的参数继续，或换一个 --home"
        )


async def _prepare(plan: FillPlan, url: str, entered: Entered) -> list[TerminalTask]:
    """Months and heads as intake makes them; where each terminal's chain ends. CannotFill."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    try:
        await _follow(pool)
        await _make_months(pool, plan)
        await rule_pack_numbers.enter(pool, RULE_PACK)
        await pool.executemany(
            "INSERT INTO intake_chainhead (terminal_id, last_seq, head) VALUES ($1, 0, $2)"
            " ON CONFLICT DO NOTHING",
            [(one.id, genesis(SM2_SM3, one.code, one.public_key)) for one in entered.terminals],
        )
        rows = await pool.fetch(
            "SELECT c.terminal_id, c.last_seq, c.head, b.received_at FROM intake_chainhead c"
            " LEFT JOIN intake_batch b ON b.terminal_id = c.terminal_id"
            " AND b.last_seq = c.last_seq WHERE c.terminal_id = ANY($1)",
            [one.id for one in entered.terminals],
        )
    finally:
        await pool.close()
    ends = {row["terminal_id"]: row for row in rows}
    return [_task(plan, one, ends[one.id]) for one in entered.terminals]


def _task(plan: FillPlan, terminal: StandingTerminal, end: Any) -> TerminalTask:
    """From which day on the terminal is to be filled; CannotFill where its records are not ours."""
    from_day = plan.first
    if end["last_seq"]:
        received_at = end["received_at"]
        day = None
        if received_at is not None:
            day = received_at.astimezone(calendar.CHINA).date() - timedelta(days=1)
        ours = day is not None and (
            plan.first <= day <= plan.last
            and received_at.timestamp() * 1000 == calendar.end_ms(day)
        )
        if not ours or day is None:
            raise CannotFill(
                f"终端 {terminal.code} 已有 {end['last_seq']} 条不是由本次生成写入的记录："
                "请换一个 --home 或数据库"
            )
        from_day = day + timedelta(days=1)
    return TerminalTask(
        id=terminal.id,
        code=terminal.code,
        unit_id=terminal.unit_id,
        county=terminal.county,
        unit=terminal.unit,
        number=terminal.number,
        secret=terminal.secret,
        seq=end["last_seq"],
        head=bytes(end["head"]),
        from_day=from_day,
    )


async def _follow(pool: Any) -> None:
    """Have missing pictures of earlier records noted: the fill moves the follower past its own."""
    store = EvidenceStore(home_dir() / "evidence")
    while await note_missing(pool, store, datetime.now(UTC)):
        pass


async def _make_months(pool: Any, plan: FillPlan) -> None:
    today = datetime.now(UTC).date()
    begin = datetime.fromtimestamp(calendar.begin_ms(plan.first) // 1000, UTC)
    end = datetime.fromtimestamp(calendar.end_ms(plan.last) // 1000, UTC)
    month = partitions.month_of(begin)
    while month <= partitions.month_of(end):
        if partitions.has_partition(month, today):
            await pool.execute(partitions.create_statement(month))
        month = partitions.next_month(month)


def _divided(
    plan: FillPlan, url: str, entered: Entered, terminals: list[TerminalTask], workers: int
) -> list[Task]:
    """The terminals by process: the busiest units first to whoever has least; units stay whole."""
    by_unit: dict[int, list[TerminalTask]] = {}
    for terminal in terminals:
        if terminal.from_day <= plan.last:
            by_unit.setdefault(terminal.unit, []).append(terminal)
    shares: list[tuple[float, list[TerminalTask]]] = [(0.0, []) for _ in range(workers)]
    for unit in sorted(by_unit, key=lambda at: -entered.habits[at].records_a_day):
        least = min(range(workers), key=lambda at: shares[at][0])
        load, own = shares[least]
        own += by_unit[unit]
        shares[least] = (load + entered.habits[unit].records_a_day, own)
    return [
        Task(
            database_url=url,
            seed=plan.seed,
            first=min(terminal.from_day for terminal in own),
            last=plan.last,
            habits=entered.habits,
            terminals=own,
        )
        for _, own in shares
        if own
    ]


def _run(tasks: list[Task], plan: FillPlan, say: Callable[[str], None]) -> int:
    """Run the processes to their end; how many records they stored. FillFailed."""
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    running = [
        context.Process(target=process, args=(task, told), daemon=True, name=f"fill-{number}")
        for number, task in enumerate(tasks, start=1)
    ]
    progress = _Progress(tasks, say)
    try:
        for one in running:
            one.start()
        while progress.waits:
            try:
                heard = told.get(timeout=_LISTEN_S)
            except Empty:
                dead = [one for one in running if one.exitcode]
                if dead:
                    raise FillFailed(f"进程 {dead[0].name} 已退出（{dead[0].exitcode}）") from None
                continue
            if isinstance(heard, str):
                raise FillFailed(heard)
            progress.hear(heard)
        for one in running:
            one.join(_GRACE_S)
    finally:
        for one in running:
            if one.is_alive():
                one.terminate()
                one.join(_GRACE_S)
    return progress.records


class _Progress:
    """How far all processes are, told every few seconds."""

    EVERY_S = 5.0

    def __init__(self, tasks: list[Task], say: Callable[[str], None]) -> None:
        self.records = 0
        self._days = sum((task.last - task.first).days + 1 for task in tasks)
        self._done = 0
        self._say = say
        self._begun = self._told = time.monotonic()

    @property
    def waits(self) -> bool:
        return self._done < self._days

    def hear(self, day: DayDone) -> None:
        self.records += day.records
        self._done += 1
        now = time.monotonic()
        if self.waits and now - self._told < self.EVERY_S:
            return
        self._told = now
        spent = now - self._begun
        left = spent / self._done * (self._days - self._done)
        self._say(
            f"{self._done * 100 // self._days:3d}%  {self.records:,} 条"
            f"  {self.records / spent:,.0f} 条/秒  约剩 {int(left) // 60}:{int(left) % 60:02d}"
        )


async def _finish(url: str) -> dict[str, int]:
    """Leave the tables as a database that has had its rest: vacuumed and analysed; their sizes."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM (ANALYZE) weighing")
        await connection.execute("VACUUM (ANALYZE) weighing_count, intake_batch, intake_chainhead")
        row = await connection.fetchrow(
            "SELECT (SELECT coalesce(sum(last_seq), 0) FROM intake_chainhead)::bigint"
            " AS total_records,"
            " sum(pg_table_size(relid))::bigint AS bytes,"
            " sum(pg_indexes_size(relid))::bigint AS index_bytes,"
            " (SELECT count(*) FROM weighing_count) AS count_rows,"
            " pg_total_relation_size('weighing_count') AS count_bytes,"
            " (SELECT count(*) FROM intake_batch) AS batches,"
            " pg_total_relation_size('intake_batch') AS batch_bytes"
            " FROM pg_partition_tree('weighing') WHERE isleaf"
        )
    finally:
        await connection.close()
    return dict(row)
