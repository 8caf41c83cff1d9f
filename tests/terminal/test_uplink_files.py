"""Evidence files upward: after their record, in parts, again when they are missed."""

import asyncio
import os

import pytest

from hengyuan.record.answers import Command, Heartbeat
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.uplink.heartbeat import HeartbeatLoop
from tests.terminal.county import County, hang, lose, only, refuse
from tests.terminal.outbox import identity_for, outbox


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


def picture(size):
    return b"\xff\xd8\xff" + os.urandom(size - 3)


def test_a_file_follows_its_record(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            data = picture(5000)
            await box.record(files=(await box.picture(data),))
            await box.files_uploaded()
            assert list(county.files.values()) == [data]
            assert county.asked["GET files"] == 0

    asyncio.run(scenario())


def test_no_file_is_sent_before_its_record_is_acknowledged(county, identity, tmp_path):
    county.always = only("batches", lose)

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(files=(await box.picture(picture(5000)),))
            box.files.wake()
            await box.until(lambda: county.asked["POST batches"] > 2)
            assert county.asked["PUT files"] == 0
            county.always = None
            await box.files_uploaded()
            assert len(county.files) == 1

    asyncio.run(scenario())


def test_a_large_file_goes_in_parts_and_goes_on_after_a_break(county, identity, tmp_path):
    async def scenario():
        data = picture(100 * 1024)
        async with county.listening() as url:
            async with outbox(tmp_path, url, identity, file_part_kb=16) as box:
                await box.record(files=(await box.picture(data),))
                county.always = only("files", _after_parts(county, 3))
                await box.uploaded()
                box.files.wake()
                await box.until(lambda: county.asked["PUT files"] > 4)
            held = {digest: len(part) for digest, part in county.partial.items()}
            assert list(held.values()) == [48 * 1024]
            county.always = None
            county.asked.clear()
            async with outbox(tmp_path, url, identity, file_part_kb=16) as box:
                await box.files_uploaded()
        assert list(county.files.values()) == [data]
        assert county.asked["PUT files"] == 4

    asyncio.run(scenario())


def _after_parts(county, parts):
    async def fault(request):
        if request.method == "PUT" and county.asked["PUT files"] > parts:
            return await lose(request)
        return None

    return fault


@pytest.mark.parametrize("fault", [lose, hang])
def test_a_lost_answer_costs_a_question_and_not_the_file(county, identity, tmp_path, fault):
    county.after = [only("files", fault)]

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(files=(await box.picture(picture(5000)),))
            await box.files_uploaded()
        assert len(county.files) == 1
        assert county.asked["PUT files"] == 1
        assert county.asked["GET files"] == 1

    asyncio.run(scenario())


def test_many_files_over_several_connections_all_arrive(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            for _ in range(60):
                files = [await box.picture(picture(2000)) for _ in range(3)]
                await box.record(files=tuple(files))
            await box.files_uploaded()
        assert len(county.files) == 180

    asyncio.run(scenario())


def test_one_that_the_platform_misses_is_sent_again_on_command(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(files=(await box.picture(picture(5000)),))
            await box.files_uploaded()
            (digest,) = county.files
            county.files.clear()
            arguments = {"digests": [digest, "0" * 64, "nonsense"]}
            county.commands = [Command(id="1", name="resend_files", arguments=arguments)]
            beats = _heartbeats(box)
            await box.until(lambda: digest in county.files)
            beats.cancel()

    asyncio.run(scenario())


def test_an_unknown_command_does_no_harm(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            county.commands = [Command(id="1", name="open_the_barrier")]
            beats = _heartbeats(box)
            await box.until(lambda: len(county.beats) > 2)
            beats.cancel()

    asyncio.run(scenario())


def _heartbeats(box):
    async def resend(command):
        await box.files.resend(command.arguments["digests"])

    async def answered(answer):
        box.records.reachable(answer.watermark)

    loop = HeartbeatLoop(
        0.01, box.client, SystemClock(), box.state, _beat, answered, {"resend_files": resend}
    )
    return asyncio.create_task(loop.run())


def _beat():
    return Heartbeat(
        clock_ms=1, devices={}, disk_free_mb=1, queue=0, rule_pack="x", seq=0, software="test"
    )


def test_one_that_is_gone_from_our_own_disk_is_said_to_be_lost(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            digest, size = await box.picture(picture(5000))
            box.worker.files.path(digest).unlink()
            await box.record(files=((digest, size),))
            await box.files_uploaded()
            assert await box.worker.read(_states) == {"lost": 1}
        assert not county.files

    asyncio.run(scenario())


def test_one_that_was_altered_on_our_own_disk_is_said_to_be_lost(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            digest, size = await box.picture(picture(5000))
            box.worker.files.path(digest).write_bytes(picture(5000))
            await box.record(files=((digest, size),))
            await box.files_uploaded()
            assert await box.worker.read(_states) == {"lost": 1}
        assert not county.files

    asyncio.run(scenario())


def test_one_that_the_platform_does_not_want_does_not_hold_up_the_others(
    county, identity, tmp_path
):
    county.before = [only("files", refuse("too_large"))]

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            files = [await box.picture(picture(2000)) for _ in range(3)]
            await box.record(files=tuple(files))
            await box.files_uploaded()
            assert await box.worker.read(_states) == {"refused": 1, "sent": 2}

    asyncio.run(scenario())


def _states(connection):
    return dict(connection.execute("SELECT state, count(*) FROM evidence GROUP BY state"))
