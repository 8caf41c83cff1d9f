"""Commands to terminals: at once, at least once, until they are answered or over."""

import asyncio
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from django.db import connection, connections
from django.utils import timezone

from hengyuan.platform.intake import commands
from hengyuan.platform.intake.commands import Mailbox
from hengyuan.platform.terminals.models import Command, Terminal
from hengyuan.platform.terminals.services import (
    COMMAND_MAX_BYTES,
    WrongState,
    create_terminal,
    send_command,
    suspend,
)
from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal, running_lane

pytestmark = pytest.mark.usefixtures("committed_intake")

POLL = "/api/intake/v1/commands"
T = TypeVar("T")


@pytest.fixture(autouse=True)
def only_when_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever arrives here has been called for, and did not wait for the regular look."""
    monkeypatch.setattr(commands, "READ_EVERY_S", 3600.0)


async def poll(
    client: httpx.AsyncClient, terminal: TestTerminal, wait_s: int = 0, **more: Any
) -> httpx.Response:
    body = msgspec.json.encode({"wait_s": wait_s} | more)
    return await client.post(POLL, content=body, headers=terminal.headers("POST", POLL, body))


async def answer(
    client: httpx.AsyncClient, terminal: TestTerminal, command: Any, **outcome: Any
) -> httpx.Response:
    path, body = f"{POLL}/{command}", msgspec.json.encode(outcome)
    return await client.post(path, content=body, headers=terminal.headers("POST", path, body))


async def in_thread(work: Callable[[], T]) -> T:
    """Django's side of a scene, which may not run in the lane's loop."""

    def done() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(done)


async def send(terminal: TestTerminal, cast: Cast, **more: Any) -> Command:
    def sent() -> Command:
        found = Terminal.objects.get(code=terminal.code)
        return send_command(found, "update", {"version": "1"}, cast.county_clerk, **more)

    return await in_thread(sent)


async def stored(command: Command) -> Command:
    return await in_thread(lambda: Command.objects.select_related("asked_by").get(pk=command.pk))


async def until_read(client: httpx.AsyncClient) -> None:
    """The lane has looked at what is open since now."""
    mailbox: Mailbox = client.lane.mailbox  # type: ignore[attr-defined]
    mailbox._called.set()
    while mailbox._called.is_set():
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)


def ids(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [command["id"] for command in response.json()["commands"]]


async def until_waiting(client: httpx.AsyncClient, count: int = 1) -> None:
    mailbox: Mailbox = client.lane.mailbox  # type: ignore[attr-defined]
    while mailbox.waiting != count:
        await asyncio.sleep(0.005)


def test_a_command_ends_the_wait_of_its_terminal_and_of_no_other(
    enrolled: TestTerminal, cast: Cast
) -> None:
    other = enrolled_terminal(cast.unit, cast.county_clerk)

    async def scene() -> None:
        async with running_lane() as client:
            mine = asyncio.create_task(poll(client, enrolled, 50))
            theirs = asyncio.create_task(poll(client, other, 50))
            await until_waiting(client, 2)
            command = await send(enrolled, cast)
            got = await asyncio.wait_for(mine, 20)
            assert got.json()["commands"] == [
                {"id": str(command.pk), "name": "update", "arguments": {"version": "1"}}
            ]
            assert not theirs.done()
            held = await stored(command)
            assert (held.state, held.deliveries, held.asked_by) == (
                "delivered",
                1,
                cast.county_clerk,
            )
            client.lane.end_waits()  # type: ignore[attr-defined]
            assert ids(await asyncio.wait_for(theirs, 20)) == []

    asyncio.run(scene())


def test_a_command_comes_again_until_it_is_answered_and_never_to_who_has_it(
    enrolled: TestTerminal, cast: Cast
) -> None:
    async def scene() -> None:
        async with running_lane() as client:
            command = await send(enrolled, cast)
            await until_read(client)
            first = ids(await poll(client, enrolled))
            assert ids(await poll(client, enrolled)) == first == [str(command.pk)]
            assert ids(await poll(client, enrolled, have=first)) == []
            working = await answer(client, enrolled, first[0], state="working", percent=40)
            assert working.json() == {"state": "working"}
            assert ids(await poll(client, enrolled)) == first
            assert (await stored(command)).percent == 40
            done = await answer(client, enrolled, first[0], state="done", text="版本 1")
            assert done.json() == {"state": "done"}
            assert ids(await poll(client, enrolled)) == []

    asyncio.run(scene())


def test_the_first_end_that_is_told_stays(enrolled: TestTerminal, cast: Cast) -> None:
    async def scene() -> Command:
        async with running_lane() as client:
            command = await send(enrolled, cast)
            for state in ("done", "done", "failed", "working"):
                told = await answer(client, enrolled, command.pk, state=state, text=state)
                assert told.json() == {"state": "done"}
            return await stored(command)

    held = asyncio.run(scene())
    assert (held.state, held.answer) == ("done", "done")


def test_commands_come_in_the_order_in_which_they_were_asked(
    enrolled: TestTerminal, cast: Cast
) -> None:
    async def scene() -> None:
        async with running_lane() as client:
            sent = [str((await send(enrolled, cast)).pk) for _ in range(6)]
            await until_read(client)
            first = ids(await poll(client, enrolled))
            assert first == sent[:4]
            assert ids(await poll(client, enrolled, have=first)) == sent[4:]

    asyncio.run(scene())


def test_an_expired_command_is_not_handed_over_and_its_late_answer_is_taken(
    enrolled: TestTerminal, cast: Cast
) -> None:
    async def scene() -> Command:
        async with running_lane() as client:
            command = await send(enrolled, cast, valid_for=timedelta(hours=1))
            await until_read(client)
            past = timezone.now() - timedelta(seconds=1)
            await in_thread(lambda: Command.objects.update(expires_at=past))
            # the lane still remembers it as open, the database knows better
            assert ids(await poll(client, enrolled)) == []
            held = await stored(command)
            assert (held.state, held.has_expired) == ("waiting", True)
            told = await answer(client, enrolled, command.pk, state="failed", text="too late")
            assert told.json() == {"state": "failed"}
            return await stored(command)

    assert not asyncio.run(scene()).has_expired


def test_a_command_survives_the_platform(enrolled: TestTerminal, cast: Cast) -> None:
    async def scene() -> None:
        async with running_lane() as client:
            waiting = asyncio.create_task(poll(client, enrolled, 50))
            await until_waiting(client)
        # stopped with the terminal waiting, which is answered; what is asked meanwhile stays
        assert ids(await waiting) == []
        command = await send(enrolled, cast)
        async with running_lane() as client:
            assert ids(await asyncio.wait_for(poll(client, enrolled, 50), 20)) == [str(command.pk)]

    asyncio.run(scene())


def test_a_command_is_heard_of_after_the_listening_connection_was_cut(
    enrolled: TestTerminal, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "RETRY_S", 0.05)

    def cut() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE %s AND pid <> pg_backend_pid()",
                ["%FROM terminals_command%ORDER BY asked_at%"],
            )
            return int(cursor.fetchone()[0])

    async def scene() -> None:
        async with running_lane() as client:
            waiting = asyncio.create_task(poll(client, enrolled, 50))
            await until_waiting(client)
            assert await in_thread(cut) >= 1
            command = await send(enrolled, cast)
            assert ids(await asyncio.wait_for(waiting, 20)) == [str(command.pk)]

    asyncio.run(scene())


def test_a_second_poll_takes_the_place_of_the_first(enrolled: TestTerminal, cast: Cast) -> None:
    async def scene() -> None:
        async with running_lane() as client:
            first = asyncio.create_task(poll(client, enrolled, 50))
            await until_waiting(client)
            second = asyncio.create_task(poll(client, enrolled, 50))
            assert ids(await asyncio.wait_for(first, 20)) == []
            command = await send(enrolled, cast)
            assert ids(await asyncio.wait_for(second, 20)) == [str(command.pk)]

    asyncio.run(scene())


def test_nobody_answers_for_another_terminal(enrolled: TestTerminal, cast: Cast) -> None:
    other = enrolled_terminal(cast.unit, cast.county_clerk)

    async def scene() -> None:
        async with running_lane() as client:
            command = await send(enrolled, cast)
            for pk in (command.pk, uuid.uuid4(), "nonsense"):
                told = await answer(client, other, pk, state="done")
                assert (told.status_code, told.json()["error"]) == (404, "not_found")
            assert (await stored(command)).state == "waiting"

    asyncio.run(scene())


def test_a_poll_that_is_none_is_refused(enrolled: TestTerminal) -> None:
    async def scene() -> None:
        async with running_lane() as client:
            for body in (
                b"",
                b"[]",
                b'{"wait_s": 56}',
                b'{"wait_s": -1}',
                b'{"wait_s": 0, "have": ["a b"]}',
                b'{"wait_s": 0, "more": 1}',
                b'{"wait_s": 0, "cameras": [{"name": "a\\u0000b"}]}',
            ):
                headers = enrolled.headers("POST", POLL, body)
                refused = await client.post(POLL, content=body, headers=headers)
                assert (refused.status_code, refused.json()["error"]) == (400, "malformed"), body

    asyncio.run(scene())


def test_a_poll_is_signed_and_a_suspended_terminal_hears_nothing(
    enrolled: TestTerminal, cast: Cast
) -> None:
    async def scene(terminal: TestTerminal) -> httpx.Response:
        async with running_lane() as client:
            return await poll(client, terminal)

    stranger = TestTerminal(enrolled.code, enrolled.suite, enrolled.suite.generate())
    assert asyncio.run(scene(stranger)).json()["error"] == "bad_signature"
    suspend(Terminal.objects.get(code=enrolled.code), cast.county_clerk, "test")
    assert asyncio.run(scene(enrolled)).json()["error"] == "suspended"


def test_the_cameras_of_a_terminal_are_known_once_it_has_asked(enrolled: TestTerminal) -> None:
    cameras = [
        {"lane": 1, "name": "front", "place": "车头"},
        {"lane": 0, "name": "yard", "place": ""},
    ]

    async def scene() -> None:
        async with running_lane() as client:
            await poll(client, enrolled)
            assert (await row()).cameras is None
            await poll(client, enrolled, cameras=cameras)
            assert (await row()).cameras == cameras
            await poll(client, enrolled, cameras=[])

    async def row() -> Terminal:
        return await in_thread(lambda: Terminal.objects.get(code=enrolled.code))

    asyncio.run(scene())
    terminal = Terminal.objects.get(code=enrolled.code)
    assert terminal.cameras == []
    assert terminal.asked_at is not None


def test_a_terminal_that_does_not_poll_hears_with_its_heartbeat(
    enrolled: TestTerminal, cast: Cast
) -> None:
    path = "/api/intake/v1/heartbeat"
    body = (
        b'{"clock_ms":%d,"devices":{},"disk_free_mb":1,"queue":0,"rule_pack":"x","seq":0,'
        b'"software":"old"}' % (time.time_ns() // 1_000_000)
    )

    async def beat(client: httpx.AsyncClient) -> list[str]:
        headers = enrolled.headers("POST", path, body)
        return ids(await client.post(path, content=body, headers=headers))

    async def scene() -> None:
        async with running_lane() as client:
            command = await send(enrolled, cast)
            await until_read(client)
            assert await beat(client) == [str(command.pk)]
            # one that polls has it from there alone
            assert ids(await poll(client, enrolled)) == [str(command.pk)]
            assert await beat(client) == []

    asyncio.run(scene())


def test_what_cannot_be_asked_is_refused(enrolled: TestTerminal, cast: Cast) -> None:
    terminal = Terminal.objects.get(code=enrolled.code)
    planned = create_terminal(cast.county_clerk, cast.unit, "未登记")
    with pytest.raises(WrongState):
        send_command(planned, "update", {}, cast.county_clerk)
    for name in ("", "Update", "up date", "a" * 41):
        with pytest.raises(ValueError, match="no name"):
            send_command(terminal, name, {}, cast.county_clerk)
    with pytest.raises(ValueError, match="bytes"):
        send_command(terminal, "update", {"x": "衡" * COMMAND_MAX_BYTES}, cast.county_clerk)
    with pytest.raises(ValueError, match="NUL"):
        send_command(terminal, "update", {"x": "a\0b"}, cast.county_clerk)
    assert not Command.objects.exists()
