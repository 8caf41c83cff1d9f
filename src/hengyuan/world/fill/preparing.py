"""Before a fill: which days, which fill the home holds, where each terminal's chain ends."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg

from hengyuan.platform.home import home_dir
from hengyuan.platform.intake.evidence import note_missing
from hengyuan.platform.intake.rows import forget_judged
from hengyuan.platform.weighing import partitions, rule_pack_numbers
from hengyuan.platform.weighing.evidence import EvidenceStore
from hengyuan.record.chain import genesis
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.fill import calendar
from hengyuan.world.fill.recording import RULE_PACK
from hengyuan.world.fill.units import Habits
from hengyuan.world.fill.worker import Task, TerminalTask

NOTE = "fill.json"
"""In the home: which fill its records are of."""
_WORTH_A_SIGNATURE = 25
_MOST_DAYS_AT_ONCE = 7


class CannotFill(RuntimeError):
    """The database is not one that this fill may write into; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class StandingTerminal:
    """A terminal of the fill, enrolled; `unit` is its unit's place in the list of units."""

    id: int
    code: str
    unit: int
    unit_id: int
    county: int
    number: int
    """Among the terminals of its unit, from 0."""
    secret: bytes
    public_key: bytes


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


def note_plan(plan: FillPlan, file: Path) -> None:
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


async def prepare(
    plan: FillPlan, url: str, terminals: list[StandingTerminal]
) -> list[TerminalTask]:
    """Months and heads as intake makes them; where each terminal's chain ends. CannotFill."""
    pool = await asyncpg.create_pool(url, min_size=1, max_size=1)
    try:
        await _follow(pool)
        await _make_months(pool, plan)
        if await rule_pack_numbers.read(pool):
            forget_judged()
        await rule_pack_numbers.enter(pool, RULE_PACK)
        await pool.executemany(
            "INSERT INTO intake_chainhead (terminal_id, last_seq, head) VALUES ($1, 0, $2)"
            " ON CONFLICT DO NOTHING",
            [(one.id, genesis(SM2_SM3, one.code, one.public_key)) for one in terminals],
        )
        rows = await pool.fetch(
            "SELECT c.terminal_id, c.last_seq, c.head, b.received_at FROM intake_chainhead c"
            " LEFT JOIN intake_batch b ON b.terminal_id = c.terminal_id"
            " AND b.last_seq = c.last_seq WHERE c.terminal_id = ANY($1)",
            [one.id for one in terminals],
        )
    finally:
        await pool.close()
    ends = {row["terminal_id"]: row for row in rows}
    return [_task(plan, one, ends[one.id]) for one in terminals]


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


def divided(
    plan: FillPlan, url: str, habits: list[Habits], terminals: list[TerminalTask], workers: int
) -> list[Task]:
    """The terminals by process: the busiest units first to whoever has least; units stay whole."""
    by_unit: dict[int, list[TerminalTask]] = {}
    for terminal in terminals:
        if terminal.from_day <= plan.last:
            by_unit.setdefault(terminal.unit, []).append(terminal)
    first = min((one.from_day for of_it in by_unit.values() for one in of_it), default=plan.last)
    shares: list[tuple[float, list[TerminalTask]]] = [(0.0, []) for _ in range(workers)]
    for unit in sorted(by_unit, key=lambda at: -habits[at].records_a_day):
        least = min(range(workers), key=lambda at: shares[at][0])
        load, own = shares[least]
        own += by_unit[unit]
        shares[least] = (load + habits[unit].records_a_day, own)
    return [
        Task(
            database_url=url,
            seed=plan.seed,
            first=first,
            last=plan.last,
            days_at_once=_days_at_once(habits),
            habits=habits,
            terminals=own,
        )
        for _, own in shares
        if own
    ]


def _days_at_once(habits: list[Habits]) -> int:
    """A signature costs as much as ten records: where few pass, a batch holds several days."""
    passing = sum(unit.records_a_day for unit in habits) / sum(unit.terminals for unit in habits)
    return min(_MOST_DAYS_AT_ONCE, max(1, round(_WORTH_A_SIGNATURE / passing)))
