"""The stream of a board: who gets it, what comes through it, and how it ends."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session

from hengyuan.platform.board import hub as hubs
from hengyuan.platform.board import stream as streams
from hengyuan.platform.board.services import end_streams
from tests.conftest import Cast
from tests.platform.board.conftest import Gates, apart, cookies_of, opened
from tests.platform.records import TestTerminal, running_lane, send
from tests.platform.stored import plates_in, upload_all, weigh_today

COUNTY = "/board/141024/events"
NEIGHBOUR = "/board/141023/events"
CITY = "/board/141000/events"


@pytest.fixture(autouse=True)
def no_streams_left() -> Iterator[None]:
    """Every test ends with an empty hub: whoever leaves is let go of."""
    yield
    assert hubs._hub is None or hubs._hub.open_streams == 0


async def pass_gate(client: Any, terminal: TestTerminal, second: float, **fields: Any) -> str:
    """A truck is weighed and its record uploaded; its key on the board."""
    weigh_today(terminal, second, **fields)
    seq = len(terminal.lines)
    answer = await send(client, terminal.batch(seq, seq))
    assert answer.status_code == 200
    return f"{terminal.code}/{seq}"


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        (None, COUNTY, 302),
        ("outsider", COUNTY, 403),
        ("neighbour_clerk", COUNTY, 404),
        ("county_clerk", NEIGHBOUR, 404),
        ("county_clerk", CITY, 404),
        ("gatekeeper", CITY, 404),
        ("county_clerk", "/board/999999/events", 404),
        ("county_clerk", COUNTY, 200),
        ("department_clerk", COUNTY, 200),
        ("gatekeeper", COUNTY, 200),
        ("city_clerk", COUNTY, 200),
        ("city_clerk", CITY, 200),
        ("province_head", "/board/140000/events", 200),
    ],
)
def test_a_stream_is_opened_in_scope_and_nowhere_else(
    cast: Cast, committed_intake: None, who: str | None, path: str, status: int
) -> None:
    cookies = cookies_of(cast.people()[who]) if who else ""

    async def work() -> None:
        async with opened(path, cookies) as stream:
            assert stream.status == status
            if status == 200:
                assert stream.headers["content-type"].startswith("text/event-stream")
                assert stream.headers["cache-control"] == "no-store"
                assert (await stream.next()).name == "whole"
            if status == 302:
                assert stream.headers["location"].startswith("/account/login/")

    asyncio.run(work())


def test_a_truck_comes_through_while_the_board_is_open(cast: Cast, own_gate: TestTerminal) -> None:
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            assert (await stream.next("whole")).data["rows"] == []
            key = await pass_gate(client, own_gate, 60, plate="晋L12345", gross_kg=58_800,
                                  verdict="over")  # fmt: skip
            update = await stream.next("update")
            [row] = update.data["rows"]
            assert (row["key"], row["is_over"]) == (key, True)
            assert plates_in(row["html"]) == ["晋L12345"]
            assert "超限" in row["html"]
            assert f'href="/weighing/{key}/"' in row["html"]
            assert update.data["chart"]["over"][0] == 1
            assert ">1</b>" in update.data["parts"]["figures"]

    asyncio.run(work())


def test_nobody_hears_of_a_truck_outside_their_scope(cast: Cast, gates: Gates) -> None:
    people = {
        "county": (COUNTY, cast.county_clerk),
        "gate": (COUNTY, cast.gatekeeper),
        "other gate": (COUNTY, cast.other_gatekeeper),
        "neighbour": (NEIGHBOUR, cast.neighbour_clerk),
        "city": (CITY, cast.city_clerk),
    }
    sessions = {name: (path, cookies_of(user)) for name, (path, user) in people.items()}
    seen: dict[str, set[str]] = {}

    async def watch(name: str, ready: asyncio.Event, last: str) -> None:
        path, cookies = sessions[name]
        async with opened(path, cookies) as stream:
            await stream.next("whole")
            ready.set()
            plates: list[str] = []
            while last not in plates:
                event = await stream.next("update", "whole")
                plates += [plate for row in event.data["rows"] for plate in plates_in(row["html"])]
            seen[name] = {plate[:3] for plate in plates}

    async def work() -> None:
        readies = {name: asyncio.Event() for name in sessions}
        # each waits for a truck of its own that comes after all the others
        lasts = {"county": "晋L19999", "gate": "晋L19999", "other gate": "晋L29999",
                 "neighbour": "晋L39999", "city": "晋L39999"}  # fmt: skip
        async with asyncio.TaskGroup() as group:
            for name in sessions:
                group.create_task(watch(name, readies[name], lasts[name]))
            for ready in readies.values():
                await ready.wait()
            async with running_lane() as client:
                await pass_gate(client, gates.neighbour, 1, plate="晋L30000")
                await pass_gate(client, gates.other, 2, plate="晋L20000")
                await pass_gate(client, gates.own, 3, plate="晋L10000")
                await pass_gate(client, gates.other, 4, plate="晋L29999")
                await pass_gate(client, gates.own, 5, plate="晋L19999")
                await pass_gate(client, gates.neighbour, 6, plate="晋L39999")

    asyncio.run(work())
    assert seen == {
        "county": {"晋L1", "晋L2"},
        "gate": {"晋L1"},
        "other gate": {"晋L2"},
        "neighbour": {"晋L3"},
        "city": {"晋L1", "晋L2", "晋L3"},
    }


def test_many_trucks_come_in_few_messages_and_none_is_lost(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # so long a pause that all the trucks fall into it
    monkeypatch.setattr(hubs, "COALESCE_S", 3.0)
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            keys = {await pass_gate(client, own_gate, second) for second in range(12)}
            rows = await stream.rows_until(12)
            assert {row["key"] for row in rows} == keys
            assert stream.body.count(b"event: update") <= 3

    asyncio.run(work())


def test_a_backlog_larger_than_a_board_shows_its_newest(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hengyuan.platform.weighing import queries

    monkeypatch.setattr(queries, "MAX_BATCHES", 3)
    monkeypatch.setattr(hubs, "COALESCE_S", 3.0)
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            for second in range(30):
                await pass_gate(client, own_gate, second)
            rows = await stream.rows_until(20)
            newest = {f"{own_gate.code}/{seq}" for seq in range(11, 31)}
            assert newest <= {row["key"] for row in rows}

    asyncio.run(work())


def test_yesterdays_records_do_not_come_onto_todays_board(
    cast: Cast, own_gate: TestTerminal
) -> None:
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            await pass_gate(client, own_gate, -3600, plate="晋L00001")
            key = await pass_gate(client, own_gate, 60, plate="晋L00002")
            [row] = await stream.rows_until(1)
            assert (row["key"], plates_in(row["html"])) == (key, ["晋L00002"])
            assert b"/1/" not in stream.body, "the link of the first record"

    asyncio.run(work())


def test_who_comes_back_gets_what_came_meanwhile(cast: Cast, own_gate: TestTerminal) -> None:
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with running_lane() as client:
            before = await pass_gate(client, own_gate, 1)
            async with opened(COUNTY, cookies) as stream:
                whole = await stream.next("whole")
                assert [row["key"] for row in whole.data["rows"]] == [before]
                assert whole.id is not None
            meanwhile = await pass_gate(client, own_gate, 2)
            async with opened(COUNTY, cookies, **{"Last-Event-ID": whole.id}) as stream:
                again = await stream.next("whole")
                assert [row["key"] for row in again.data["rows"]] == [meanwhile]
            # a fresh connection has no such header: the page names it in the address
            async with opened(COUNTY, cookies, query=f"after={whole.id}") as stream:
                again = await stream.next("whole")
                assert [row["key"] for row in again.data["rows"]] == [meanwhile]
            async with opened(COUNTY, cookies, query="after=nonsense") as stream:
                again = await stream.next("whole")
                assert [row["key"] for row in again.data["rows"]] == [meanwhile, before]

    asyncio.run(work())


def test_the_board_speaks_the_readers_language(cast: Cast, own_gate: TestTerminal) -> None:
    weigh_today(own_gate, 1, gross_kg=58_800, verdict="over")
    upload_all(own_gate)
    chinese = cookies_of(cast.county_clerk)
    english = cookies_of(cast.county_head) + "; hengyuan_language=en"

    async def work() -> None:
        async with opened(COUNTY, chinese) as one, opened(COUNTY, english) as other:
            assert "超限" in (await one.next("whole")).data["rows"][0]["html"]
            assert "Over limit" in (await other.next("whole")).data["rows"][0]["html"]

    asyncio.run(work())


# how a stream ends


def test_a_stream_ends_when_the_session_does(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_S", 0.05)
    monkeypatch.setattr(streams, "RECHECK_S", 0.05)
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream:
            await stream.next("beat")  # a session that lasts is not ended
            await apart(Session.objects.all().delete)
            assert (await stream.next("ended")).name == "ended"
            await stream.over()

    asyncio.run(work())


@pytest.mark.parametrize("change", ["deactivated", "moved", "demoted", "password"])
def test_a_stream_ends_when_the_right_or_the_scope_does(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    monkeypatch.setattr(streams, "BEAT_S", 0.05)
    monkeypatch.setattr(streams, "RECHECK_S", 0.05)
    user = cast.county_clerk
    cookies = cookies_of(user)

    def apply() -> None:
        if change == "deactivated":
            user.is_active = False
        elif change == "moved":
            user.office = cast.neighbour_clerk.office
        elif change == "demoted":
            user.role = "gatekeeper"
        else:
            user.set_password("another-password-1")
        user.save()

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("beat")
            await apart(apply)
            await stream.next("ended")
            await stream.over()
            key = await pass_gate(client, own_gate, 1)
            assert key.encode() not in stream.body

    asyncio.run(work())


def test_the_server_going_down_ends_every_stream(cast: Cast, own_gate: TestTerminal) -> None:
    cookies = [cookies_of(cast.county_clerk), cookies_of(cast.gatekeeper)]

    async def work() -> None:
        async with opened(COUNTY, cookies[0]) as one, opened(COUNTY, cookies[1]) as other:
            for stream in (one, other):
                await stream.next("whole")
            end_streams()
            for stream in (one, other):
                await stream.next("bye")
                await stream.over()

    asyncio.run(work())


def test_a_person_has_so_many_boards_open_and_no_more(cast: Cast, committed_intake: None) -> None:
    mine, theirs = cookies_of(cast.county_clerk), cookies_of(cast.county_head)

    async def work() -> None:
        from contextlib import AsyncExitStack

        async with AsyncExitStack() as stack:
            for _ in range(hubs.MAX_STREAMS_PER_USER):
                stream = await stack.enter_async_context(opened(COUNTY, mine))
                await stream.next("whole")
            async with opened(COUNTY, mine) as refused:
                assert refused.status == 429
            async with opened(COUNTY, theirs) as another:
                assert another.status == 200
        # those that were closed count no longer
        async with opened(COUNTY, mine) as stream:
            assert (await stream.next()).name == "whole"

    asyncio.run(work())


def test_a_quiet_stream_gives_a_sign_of_life(
    cast: Cast, committed_intake: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BEAT_S", 0.05)
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream:
            assert stream.body.startswith(b"retry: 2000\n\n")
            await stream.next("beat")
            await stream.next("beat")
            assert stream.comments

    asyncio.run(work())


# when the database is away


def test_a_database_that_does_not_answer_is_told_and_what_came_meanwhile_follows(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    from hengyuan.platform.board.feed import Feed

    monkeypatch.setattr(hubs, "RETRY_S", 0.05)
    cookies = cookies_of(cast.county_clerk)
    changes = Feed.changes

    def away(self: Feed) -> None:
        raise OperationalError("the server closed the connection unexpectedly")

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            monkeypatch.setattr(Feed, "changes", away)
            key = await pass_gate(client, own_gate, 1)
            await stream.next("stale")
            monkeypatch.setattr(Feed, "changes", changes)
            [row] = await stream.rows_until(1)
            assert row["key"] == key

    asyncio.run(work())


def test_a_stream_whose_reader_cannot_be_checked_ends_without_a_word_of_logging_out(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(*_: Any) -> bool:
        raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(streams, "BEAT_S", 0.05)
    monkeypatch.setattr(streams, "RECHECK_S", 0.05)
    monkeypatch.setattr(streams, "may_go_on", away)
    cookies = cookies_of(cast.county_clerk)

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream:
            await stream.next("stale")
            await stream.over()
            assert b"event: ended" not in stream.body

    asyncio.run(work())


def test_a_listener_that_is_cut_off_listens_again(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    monkeypatch.setattr(hubs, "RETRY_S", 0.05)
    cookies = cookies_of(cast.county_clerk)

    def cut() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query ILIKE 'LISTEN%weighing%'"
            )
            return int(cursor.fetchone()[0])

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            while not await apart(cut):
                await asyncio.sleep(0.05)
            key = await pass_gate(client, own_gate, 1)
            [row] = await stream.rows_until(1)
            assert row["key"] == key

    asyncio.run(work())


def test_a_notice_that_nobody_can_read_does_no_harm(cast: Cast, own_gate: TestTerminal) -> None:
    from django.db import connection

    cookies = cookies_of(cast.county_clerk)

    def shout() -> None:
        with connection.cursor() as cursor:
            for text in ("", "nonsense", "[]", '{"ranges": 3}', '{"ranges": [[]]}', "null"):
                cursor.execute("SELECT pg_notify('weighing', %s)", [text])

    async def work() -> None:
        async with opened(COUNTY, cookies) as stream, running_lane() as client:
            await stream.next("whole")
            await apart(shout)
            key = await pass_gate(client, own_gate, 1)
            [row] = await stream.rows_until(1)
            assert row["key"] == key

    asyncio.run(work())


def test_a_notice_of_counties_alone_reaches_their_boards(
    cast: Cast, own_gate: TestTerminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hengyuan.platform.intake import writer

    monkeypatch.setattr(writer, "MAX_NOTIFY_BYTES", 10)
    cookies = [cookies_of(cast.county_clerk), cookies_of(cast.gatekeeper)]

    async def work() -> None:
        async with opened(COUNTY, cookies[0]) as one, opened(COUNTY, cookies[1]) as other:
            await one.next("whole")
            await other.next("whole")
            async with running_lane() as client:
                key = await pass_gate(client, own_gate, 1)
            for stream in (one, other):
                assert [row["key"] for row in await stream.rows_until(1)] == [key]

    asyncio.run(work())
