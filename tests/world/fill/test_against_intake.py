"""What a fill leaves in the database is what intake would have stored of the same records."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from hengyuan.platform.intake.models import Batch
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing.chains import chain_archive, chain_range
from hengyuan.record.archive import verify_archive
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.fill import calendar, storing
from hengyuan.world.fill.filling import store_parts
from hengyuan.world.fill.preparing import (
    CannotFill,
    FillPlan,
    StandingTerminal,
    divided,
    note_plan,
    prepare,
)
from hengyuan.world.fill.units import Habits, chosen_units, habits_of
from hengyuan.world.fill.worker import Task, books
from tests.conftest import Cast
from tests.platform.records import (
    TestTerminal,
    current_database_url,
    empty_intake_tables,
    enrolled_terminal,
    running_lane,
    send,
)

PLAN = FillPlan(days=3, last=date(2026, 9, 1), units=2, seed=11, scale=0.8)
FEW = FillPlan(days=16, last=date(2026, 9, 3), units=2, seed=11, scale=0.12)
"""So little traffic that a batch holds several days; over the end of a month."""
Rows = dict[str, list[str]]

# Pictures of a fill never come, so nobody is asked for them; a batch's number, and when it came,
# are of the moment.
_NOT_COMPARED = {"intake_follower", "intake_missingfile"}
_OF_THE_MOMENT = {"intake_batch": "- 'id' - 'received_at'"}
_TABLES = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1
"""


@pytest.fixture
def terminals(committed_intake: None, cast: Cast) -> list[TestTerminal]:
    """Two at one unit, one next door; the world's habits are those of the city's first units."""
    return [
        enrolled_terminal(cast.unit, cast.county_clerk),
        enrolled_terminal(cast.unit, cast.county_clerk),
        enrolled_terminal(cast.neighbour_unit, cast.neighbour_clerk),
    ]


def habits(plan: FillPlan) -> list[Habits]:
    planned, _ = chosen_units(plan.units)
    return habits_of(planned, plan.seed, plan.scale)


def standing(terminals: list[TestTerminal]) -> list[StandingTerminal]:
    found = []
    for one in terminals:
        terminal = Terminal.objects.select_related("unit").get(code=one.code)
        found.append(
            StandingTerminal(
                id=terminal.pk,
                code=one.code,
                unit=0 if one is not terminals[-1] else 1,
                unit_id=terminal.unit_id,
                county=int(str(terminal.unit.region_id)),
                number=0,
                secret=one.key.secret_bytes(),
                public_key=one.key.public_bytes(),
            )
        )
    return found


def tasks_of(terminals: list[TestTerminal], plan: FillPlan = PLAN, workers: int = 1) -> list[Task]:
    url = current_database_url()
    prepared = asyncio.run(prepare(plan, url, standing(terminals)))
    return divided(plan, url, habits(plan), prepared, workers)


def store(tasks: list[Task]) -> int:
    """Make and store what the tasks hold, as the processes of a fill and their parent do."""
    told: list[int] = []
    parts = zip(*map(books, tasks), strict=True)
    asyncio.run(store_parts(current_database_url(), parts, told.append))
    return sum(told)


def filled(terminals: list[TestTerminal], plan: FillPlan = PLAN) -> int:
    return store(tasks_of(terminals, plan, workers=2))


async def _rows() -> Rows:
    connection = await asyncpg.connect(current_database_url())
    try:
        found: Rows = {}
        for (name,) in await connection.fetch(_TABLES):
            less = _OF_THE_MOMENT.get(name, "")
            rows = await connection.fetch(f'SELECT (to_jsonb(t) {less})::text FROM "{name}" t')
            found[name] = sorted(row[0] for row in rows)
        return found
    finally:
        await connection.close()


def database() -> Rows:
    """Every table of the database, each row as text."""
    found = asyncio.run(_rows())
    return {name: rows for name, rows in found.items() if name not in _NOT_COMPARED}


def archive_of(terminal: TestTerminal) -> list[bytes]:
    """The exported chain, line by line."""
    chosen = chain_range(Terminal.objects.get(code=terminal.code), None, None)
    assert chosen is not None
    return b"".join(chain_archive(chosen)).splitlines()


def bodies_of(terminal: TestTerminal) -> list[bytes]:
    """The batches that the terminal would have uploaded, from its exported chain."""
    bodies: list[list[bytes]] = []
    for line in archive_of(terminal)[1:]:
        if line.startswith(b"{"):
            bodies.append([line])
        else:
            bodies[-1].append(line.partition(b" ")[2])
    return [b"\n".join([*lines, b""]) for lines in bodies]


def upload(bodies: list[bytes]) -> None:
    async def sending() -> None:
        async with running_lane() as client:
            for body in bodies:
                answer = await send(client, body)
                assert answer.status_code == 200, answer.text

    asyncio.run(sending())


@pytest.mark.parametrize("plan", [PLAN, FEW], ids=["usual", "few"])
def test_a_fill_leaves_every_table_as_intake_would(
    terminals: list[TestTerminal], plan: FillPlan
) -> None:
    records = filled(terminals, plan)
    by_fill = database()
    assert len(by_fill["weighing"]) == records > 100
    # the lines are made again from the columns, so a wrong column would break the chain here
    bodies = [body for terminal in terminals for body in bodies_of(terminal)]
    asyncio.run(empty_intake_tables(current_database_url()))
    upload(bodies)
    by_intake = database()
    assert by_fill.keys() == by_intake.keys()
    for name in by_fill:
        assert by_fill[name] == by_intake[name], name
    kinds = {json.loads(row)["kind"] for row in by_intake["weighing"]}
    assert {0, 1} <= kinds


def test_each_chain_proves_itself_from_its_beginning(terminals: list[TestTerminal]) -> None:
    filled(terminals)
    for terminal in terminals:
        report = verify_archive(archive_of(terminal))
        assert report.sound, report
        assert report.records > 20
    lines = archive_of(terminals[0])
    other = SM2_SM3.generate().public_bytes().hex()
    lines[0] = lines[0].replace(terminals[0].key.public_bytes().hex().encode(), other.encode())
    assert not verify_archive(lines).sound
    # what a day held came when it was over
    days = [PLAN.first + timedelta(days=number) for number in range(PLAN.days)]
    ends = {datetime.fromtimestamp(calendar.end_ms(day) / 1000, UTC) for day in days}
    assert set(Batch.objects.values_list("received_at", flat=True)) <= ends


def test_rows_stand_in_the_order_of_time_whatever_gate_they_are_of(
    terminals: list[TestTerminal],
) -> None:
    filled(terminals)

    async def order() -> list[Any]:
        connection = await asyncpg.connect(current_database_url())
        try:
            return list(
                await connection.fetch(
                    "SELECT terminal_id, weighed_at FROM weighing ORDER BY tableoid, ctid"
                )
            )
        finally:
            await connection.close()

    rows = asyncio.run(order())
    times = [row["weighed_at"] for row in rows]
    assert times == sorted(times)
    changes = sum(before["terminal_id"] != after["terminal_id"] for before, after in pairwise(rows))
    assert changes > len(rows) / 4


def test_it_goes_on_where_it_ended(
    terminals: list[TestTerminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(terminals)
    whole = database()
    asyncio.run(empty_intake_tables(current_database_url()))

    stored = 0

    async def until_killed(connection: Any, book: Any) -> None:
        nonlocal stored
        if stored == 2:
            raise asyncpg.ConnectionDoesNotExistError("killed")
        stored += 1
        await storing.store(connection, book)

    monkeypatch.setattr("hengyuan.world.fill.filling.store", until_killed)
    with pytest.raises(asyncpg.ConnectionDoesNotExistError):
        filled(terminals)
    monkeypatch.undo()
    part = len(database()["weighing"])
    assert 0 < part < len(whole["weighing"])

    assert part + filled(terminals) == len(whole["weighing"])
    after = database()
    for name in ("weighing", "weighing_count", "intake_chainhead"):
        assert after[name] == whole[name], name
    assert tasks_of(terminals) == []


def test_records_of_somebody_else_are_left_alone(terminals: list[TestTerminal]) -> None:
    terminals[1].weigh(2)
    upload([terminals[1].batch()])
    with pytest.raises(CannotFill, match=terminals[1].code):
        tasks_of(terminals)


def test_a_chain_that_grows_meanwhile_is_not_overwritten(terminals: list[TestTerminal]) -> None:
    [task] = tasks_of(terminals, workers=1)
    terminals[0].weigh(1)
    upload([terminals[0].batch()])
    before = database()
    with pytest.raises(storing.HeadMoved):
        store([task])
    assert database() == before


def test_nobody_is_asked_for_pictures_that_were_never_taken(
    terminals: list[TestTerminal], tmp_path: Path
) -> None:
    from hengyuan.platform.intake.evidence import note_missing
    from hengyuan.platform.weighing.evidence import EvidenceStore

    terminals[0].weigh(1, files=[{"digest": "ab" * 32, "kind": "head"}])
    upload([terminals[0].batch()])
    # what came before the fill is asked for all the same
    filled(terminals[1:])

    async def missing() -> tuple[int, int]:
        pool = await asyncpg.create_pool(current_database_url(), min_size=1, max_size=1)
        try:
            later = datetime.now(UTC) + timedelta(days=1)
            looked = await note_missing(pool, EvidenceStore(tmp_path), later)
            return looked, await pool.fetchval("SELECT count(*) FROM intake_missingfile")
        finally:
            await pool.close()

    assert asyncio.run(missing()) == (0, 1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"days": 4_000, "last": date(2026, 9, 1)}, "--days"),
        ({"days": 1, "last": date(2026, 9, 2)}, "--until"),
    ],
)
def test_days_without_a_limit_table_or_not_yet_over_are_refused(
    change: dict[str, Any], word: str
) -> None:
    now = datetime(2026, 9, 2, 12, tzinfo=UTC)
    FillPlan(days=1, last=date(2026, 9, 1)).check(now)
    with pytest.raises(CannotFill, match=word):
        FillPlan(**change).check(now)


def test_a_home_holds_one_fill(tmp_path: Path) -> None:
    note_plan(PLAN, tmp_path / "fill.json")
    note_plan(PLAN, tmp_path / "fill.json")
    other = FillPlan(days=3, last=PLAN.last, units=2, seed=12, scale=0.8)
    with pytest.raises(CannotFill, match="--home"):
        note_plan(other, tmp_path / "fill.json")
