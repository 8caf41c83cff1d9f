"""While the database stalls a terminal waits, then hears 503; the queue is bounded."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from hengyuan.platform.intake import batches, writer
from hengyuan.platform.intake.models import ChainHead
from hengyuan.platform.weighing.models import Weighing, WeighingCount
from tests.conftest import _OUTSIDE_SERVER as OUTSIDE_SERVER
from tests.conftest import Cast
from tests.platform.records import (
    TestTerminal,
    current_database_url,
    enrolled_terminal,
    running_lane,
    send,
)

pytestmark = pytest.mark.usefixtures("committed_intake")


@asynccontextmanager
async def stalled(url: str) -> AsyncIterator[None]:
    """Nothing can be written: the lock that serialises the groups is held by somebody else."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", writer.ORDER_LOCK)
        yield
    finally:
        await connection.close()


@asynccontextmanager
async def frozen(url: str) -> AsyncIterator[None]:
    """The database's own processes for this lane stand still, in the middle of what they do."""
    connection = await asyncpg.connect(url)
    pids: list[int] = []
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for row in rows:
            os.kill(row["pid"], signal.SIGSTOP)
            pids.append(row["pid"])
        assert pids
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        await connection.close()


async def queued(lane: Any, records: int, tasks: list[asyncio.Task[Any]]) -> None:
    """Until so many records wait for the database; none of the tasks may have ended by then."""
    while lane.writer.waiting_records < records:
        for task in tasks:
            assert not task.done(), task.result().text
        await asyncio.sleep(0.01)


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def assert_busy(answer: Any) -> None:
    assert (answer.status_code, answer.json()["error"]) == (503, "busy")
    assert int(answer.headers["retry-after"]) > 0


def test_a_batch_waits_for_the_database_and_is_stored_when_it_is_back(
    enrolled: TestTerminal,
) -> None:
    enrolled.weigh(3)
    url = current_database_url()

    async def work() -> None:
        async with running_lane(url) as client:
            async with stalled(url):
                waiting = asyncio.create_task(send(client, enrolled.batch()))
                await queued(client.lane, 3, [waiting])  # type: ignore[attr-defined]
            assert (await waiting).json()["stored"] == 3

    run(work())


def test_what_waits_too_long_hears_503_and_is_stored_once_when_sent_again(
    enrolled: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ANSWER_WITHIN_S", 0.2)
    enrolled.weigh(3)
    url = current_database_url()

    async def work() -> None:
        async with running_lane(url) as client:
            async with stalled(url):
                for _ in range(3):
                    assert_busy(await send(client, enrolled.batch()))
            monkeypatch.setattr(batches, "ANSWER_WITHIN_S", 20.0)
            answer = await send(client, enrolled.batch())
            assert (answer.status_code, answer.json()["watermark"]["seq"]) == (200, 3)

    run(work())
    assert Weighing.objects.count() == 3
    assert sum(WeighingCount.objects.values_list("trucks", flat=True)) == 3


@pytest.mark.skipif(
    OUTSIDE_SERVER is not None,
    reason="the database's processes are another machine's",
)
def test_a_database_that_is_stopped_dead_costs_answers_and_no_records(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "ANSWER_WITHIN_S", 0.5)
    monkeypatch.setattr(writer, "MAX_WAITING_RECORDS", 10)
    terminals = [enrolled_terminal(cast.unit, cast.county_clerk) for _ in range(3)]
    for terminal in terminals:
        terminal.weigh(6)
    url = current_database_url()

    async def work() -> None:
        async with running_lane(url) as client:
            lane = client.lane  # type: ignore[attr-defined]
            for terminal in terminals:  # what the lane knows of them is not asked for again
                assert (await send(client, terminal.batch(1, 1))).status_code == 200
            async with frozen(url):
                for _ in range(2):
                    answers = await asyncio.gather(*(send(client, t.batch(2)) for t in terminals))
                    for answer in answers:
                        assert_busy(answer)
                    assert lane.writer.waiting_records <= 10
            monkeypatch.setattr(batches, "ANSWER_WITHIN_S", 20.0)
            for terminal in terminals:
                answer = await send(client, terminal.batch(2))
                assert (answer.status_code, answer.json()["watermark"]["seq"]) == (200, 6)
            assert lane.writer.waiting_records == 0

    run(work())
    assert Weighing.objects.count() == 18
    assert sum(WeighingCount.objects.values_list("trucks", flat=True)) == 18


def test_what_waits_is_bounded_and_who_comes_on_top_is_sent_away_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_WAITING_RECORDS", 10)
    terminals = [enrolled_terminal(cast.unit, cast.county_clerk) for _ in range(4)]
    for terminal in terminals:
        terminal.weigh(5)
    url = current_database_url()

    async def work() -> None:
        async with running_lane(url) as client:
            lane = client.lane  # type: ignore[attr-defined]
            async with stalled(url):
                first = [asyncio.create_task(send(client, t.batch())) for t in terminals[:2]]
                await queued(lane, 10, first)
                for terminal in terminals[2:]:
                    assert_busy(await send(client, terminal.batch()))
                assert lane.writer.waiting_records == 10
                assert not any(task.done() for task in first)
            assert [(await task).json()["stored"] for task in first] == [5, 5]
            assert lane.writer.waiting_records == 0
            for terminal in terminals[2:]:
                assert (await send(client, terminal.batch())).json()["stored"] == 5

    run(work())
    assert sorted(ChainHead.objects.values_list("last_seq", flat=True)) == [5, 5, 5, 5]
    assert Weighing.objects.count() == 20
