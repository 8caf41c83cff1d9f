"""`hengyuan terminal` as a process: enrolled, run, killed, run again, stopped."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import tomllib
from collections import Counter
from itertools import islice

import httpx
import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.terminal.screen.pin import pin_matches
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.gate import Gate
from hengyuan.world.trucks import trucks
from tests.terminal.county import CODE, ONE_TIME_CODE, County
from tests.terminal.gate import open_gate, table

COMMAND = [sys.executable, "-c", "from hengyuan.cli import main; main()", "terminal"]


def toml(raw):
    """A configuration as a file: JSON's values are TOML's, inline tables are not."""

    def value(each):
        if isinstance(each, dict):
            return "{" + ", ".join(f"{key} = {value(v)}" for key, v in each.items()) + "}"
        if isinstance(each, list):
            return "[" + ", ".join(value(v) for v in each) + "]"
        return json.dumps(each, ensure_ascii=False)

    return "\n".join(f"{key} = {value(each)}" for key, each in raw.items())


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Program:
    """The terminal as a process of its own."""

    def __init__(self, folder, url, gate: Gate, port):
        raw = table(url, gate) | {"screen": {"port": port}}
        raw["lanes"][0]["joining"] = {"wait_ms": 3000}
        self.file = folder / "gate.toml"
        self.file.write_text(toml(raw))
        self.folder = folder
        self.status_url = f"http://127.0.0.1:{port}/status.json"
        self.process = None

    async def call(self, *arguments):
        """Run a sub-command to its end: exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        return process.returncode, said.decode()

    async def start(self):
        with (self.folder / "log").open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND, "run", str(self.file), stderr=log, start_new_session=True
            )

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    async def status(self):
        async with httpx.AsyncClient(trust_env=False, verify=False) as http:
            with contextlib.suppress(httpx.HTTPError):
                return (await http.get(self.status_url)).json()
        return None

    async def uploaded(self):
        async with asyncio.timeout(30):
            while not (status := await self.status()) or any(status["queue"].values()):
                await asyncio.sleep(0.05)
        return status


@pytest.fixture
def county():
    return County()


@pytest.mark.parametrize(
    ("count", "kills"), [(8, 3), pytest.param(200, 80, marks=pytest.mark.slow)]
)
def test_it_loses_and_doubles_nothing_when_it_is_killed_again_and_again(
    county, tmp_path, count, kills
):
    async def scenario():
        port = free_port()
        async with county.listening() as url, open_gate() as gate:
            gate.camera.url = f"http://127.0.0.1:{port}/camera/front"
            program = Program(tmp_path, url, gate, port)
            code, said = await program.call("enrol", str(program.file), "--code", ONE_TIME_CODE)
            assert code == 0, said
            assert CODE in said
            await program.start()
            killing = asyncio.create_task(kill_now_and_then(program, kills))
            passages = [await gate.pass_truck(truck) for truck in some_trucks(count)]
            await killing
            status = await program.uploaded()
            program.process.send_signal(signal.SIGTERM)
            assert await program.process.wait() == 0
        assert [passage.problems for passage in passages] == [[]] * count
        assert status["seq"] == count
        assert county.seqs == list(range(1, count + 1))
        assert [record.plate for record in county.records] == [
            passage.truck.plate for passage in passages
        ]
        assert [record.gross_kg for record in county.records] == [
            passage.truck.indicated_kg(gate.plan.division_kg) for passage in passages
        ]
        named = Counter(file.digest for record in county.records for file in record.files)
        assert set(named) == set(county.files)
        for passage, record in zip(passages, county.records, strict=True):
            assert {file.digest for file in record.files} == passage.picture_digests

    asyncio.run(scenario())


def some_trucks(count):
    return islice(trucks(load_axle_records(), seed=3, made_share=0.3), count)


async def kill_now_and_then(program, kills):
    chance = random.Random(11)
    for _ in range(kills):
        while not await program.status():
            await asyncio.sleep(0.02)
        await asyncio.sleep(chance.uniform(0.1, 0.7))
        await program.kill()
        await program.start()


def test_its_key_is_readable_for_nobody_else(county, tmp_path):
    async def scenario():
        async with county.listening() as url, open_gate() as gate:
            program = Program(tmp_path, url, gate, free_port())
            await program.call("enrol", str(program.file), "--code", ONE_TIME_CODE)
        key = tmp_path / "terminal" / "terminal.key"
        if os.name == "posix":
            assert key.stat().st_mode & 0o777 == 0o600
        secret = json.loads(key.read_text())["secret"]
        enrolment = (tmp_path / "terminal" / "enrolment.json").read_text()
        assert secret not in enrolment

    asyncio.run(scenario())


def test_it_says_what_keeps_it_from_running(county, tmp_path):
    async def scenario():
        async with county.listening() as url, open_gate() as gate:
            program = Program(tmp_path, url, gate, free_port())
            code, said = await program.call("run", str(program.file))
            assert (code, "尚未登记" in said) == (2, True), said
            code, said = await program.call("enrol", str(program.file), "--code", "WRONG")
            assert code == 1, said
            code, said = await program.call("run", str(tmp_path / "missing.toml"))
            assert (code, "missing.toml" in said) == (2, True), said
            await program.call("enrol", str(program.file), "--code", ONE_TIME_CODE)
            code, said = await program.call("enrol", str(program.file), "--code", ONE_TIME_CODE)
            assert (code, "不能重复登记" in said) == (1, True), said

    asyncio.run(scenario())


def test_a_pin_is_printed_as_the_digest_that_the_configuration_wants():
    said = CliRunner().invoke(app, ["pin"], input="246810\n246810\n")
    assert said.exit_code == 0
    digest = tomllib.loads(said.stdout.splitlines()[-1])["pin"]
    assert pin_matches("246810", digest)
    assert CliRunner().invoke(app, ["pin"], input="123\n123\n").exit_code == 2
