"""What the county asks of a terminal: done once, answered for certain, over restarts too."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hengyuan.record.answers import Command
from hengyuan.record.commands import Camera
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.uplink.commands import Asked, CommandFailed, Commands
from tests.terminal.county import County, lose, only, refuse
from tests.terminal.outbox import PATIENCE_S, identity_for, outbox


@pytest.fixture
def county() -> County:
    return County()


@pytest.fixture
def identity(county: County) -> Identity:
    return identity_for(county)


@contextlib.asynccontextmanager
async def listening_terminal(
    folder: Path, url: str, identity: Identity, **handlers: object
) -> AsyncIterator[Commands]:
    """A terminal that does what `handlers` can do."""
    settings = PlatformTable(url=url, retry_first_s=0.02, retry_last_s=0.1)
    async with outbox(folder, url, identity, run=False) as box:
        cameras = (Camera(name="front", lane=1),)
        commands = Commands(settings, box.client, box.worker, SystemClock(), lambda: cameras)
        for name, handler in handlers.items():
            commands.handle(name, handler)  # type: ignore[arg-type]
        running = asyncio.create_task(commands.run())
        try:
            yield commands
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def until(condition: object) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def order(number: int, name: str = "greet", **arguments: object) -> Command:
    return Command(id=f"order-{number}", name=name, arguments=arguments)


def test_a_command_is_done_and_its_answer_told(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    async def greet(asked: Asked) -> str:
        await asked.progress("half of it", 50)
        return f"hello {asked.arguments['who']}\n"

    async def scenario() -> None:
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, greet=greet),
        ):
            await until(lambda: county.polls)
            county.orders.append(order(1, who="county"))
            await until(county.ends)
        assert county.polls[0].cameras == (Camera(name="front", lane=1),)
        assert [(o.state, o.text, o.percent) for _, o in county.outcomes] == [
            ("working", "half of it", 50),
            ("done", "hello county ", None),
        ]

    asyncio.run(scenario())


def test_what_cannot_be_done_is_answered_with_the_reason(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    async def refuse(asked: Asked) -> str:
        raise CommandFailed("no_camera: there is none")

    async def break_down(asked: Asked) -> str:
        raise ZeroDivisionError

    async def scenario() -> None:
        county.orders = [order(1, "refuse"), order(2, "break_down"), order(3, "fly")]
        async with county.listening() as url:
            handlers = {"refuse": refuse, "break_down": break_down}
            async with listening_terminal(tmp_path, url, identity, **handlers):
                await until(lambda: len(county.ends()) == 3)
        ends = {command: (state, text.split(":")[0]) for command, state, text in county.ends()}
        assert ends == {
            "order-1": ("failed", "no_camera"),
            "order-2": ("failed", "fault"),
            "order-3": ("failed", "unknown_command"),
        }

    asyncio.run(scenario())


def test_a_lost_answer_is_told_again_and_the_work_is_done_once(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    done = []

    async def work(asked: Asked) -> str:
        done.append(asked.id)
        return ""

    async def scenario() -> None:
        county.orders = [order(1, "work")]
        county.after = [only("commands/", lose), only("commands/", lose)]
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, work=work),
        ):
            await until(lambda: len(county.ends()) == 3)

    asyncio.run(scenario())
    assert done == ["order-1"]


def test_over_a_restart_what_has_ended_is_told_and_what_was_cut_is_begun_anew(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    begun = []

    async def quick(asked: Asked) -> str:
        begun.append(asked.id)
        return "quick"

    async def slow(asked: Asked) -> str:
        begun.append(asked.id)
        if begun.count(asked.id) == 1:
            await asyncio.sleep(3600)
        return "slow"

    async def scenario() -> None:
        county.orders = [order(1, "quick"), order(2, "slow")]
        county.always = only("commands/", lose)
        async with county.listening() as url:
            async with listening_terminal(tmp_path, url, identity, quick=quick, slow=slow):
                # the end of the first is on disk: it has been tried to tell it
                await until(lambda: county.asked["POST commands"] >= 3 and len(begun) == 2)
            county.always = None
            async with listening_terminal(tmp_path, url, identity, quick=quick, slow=slow):
                await until(lambda: len(county.ends()) >= 2)

    asyncio.run(scenario())
    assert sorted(begun) == ["order-1", "order-2", "order-2"]
    assert {end[2] for end in county.ends()} == {"quick", "slow"}


def test_commands_of_one_name_wait_for_each_other_unless_several_may_go_on(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    seen: list[str] = []

    async def one(asked: Asked) -> str:
        seen.append(f"begin {asked.id}")
        await asyncio.sleep(0.05)
        seen.append(f"end {asked.id}")
        return ""

    together = asyncio.Barrier(2)

    async def both(asked: Asked) -> str:
        await together.wait()
        return ""

    async def scenario() -> None:
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, one=one) as commands,
        ):
            commands.handle("both", both, several=True)
            county.orders = [order(n, "one") for n in (1, 2)]
            county.orders += [order(n, "both") for n in (3, 4)]
            await until(lambda: len(county.ends()) == 4)

    asyncio.run(scenario())
    assert seen == ["begin order-1", "end order-1", "begin order-2", "end order-2"]


def test_the_same_command_from_poll_and_heartbeat_is_one(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    done = []

    async def work(asked: Asked) -> str:
        done.append(asked.id)
        await asyncio.sleep(0.1)
        return ""

    async def scenario() -> None:
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, work=work) as commands,
        ):
            county.orders = [order(1, "work")]
            await commands.take(county.orders[0])
            await until(lambda: county.ends() and not commands._in_hand)
            await commands.take(order(1, "work"))
            await until(lambda: len(county.ends()) == 2)

    asyncio.run(scenario())
    assert done == ["order-1"]


def test_an_answered_heartbeat_ends_the_wait_after_an_outage(
    county: County, identity: Identity, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hours without the platform have made the waits long; its first sign ends them."""
    monkeypatch.setattr("hengyuan.terminal.uplink.commands.longer", lambda own_s, wish_s: 3600.0)

    async def work(asked: Asked) -> str:
        return "done"

    async def scenario() -> None:
        county.orders = [order(1, "work")]
        county.before = [only("commands", lose)]
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, work=work) as commands,
        ):
            await until(lambda: county.asked["POST commands"] == 1)
            async with asyncio.timeout(PATIENCE_S):
                while not county.ends():
                    commands.wake()
                    await asyncio.sleep(0.02)

    asyncio.run(scenario())


def test_an_older_platform_without_the_channel_is_asked_again_by_and_by(
    county: County, identity: Identity, tmp_path: Path
) -> None:
    async def work(asked: Asked) -> str:
        return "done"

    async def scenario() -> None:
        county.orders = [order(1, "work")]
        county.before = [only("commands", refuse("not_found"))]
        async with (
            county.listening() as url,
            listening_terminal(tmp_path, url, identity, work=work) as commands,
        ):
            await until(lambda: county.asked["POST commands"] == 1)
            # its heartbeats may carry commands all the same
            await commands.take(order(1, "work"))
            await until(county.ends)
            assert county.asked["POST commands"] == 2, "the poll, and the answer"

    asyncio.run(scenario())
