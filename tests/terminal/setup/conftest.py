"""A simulated gate and a county, and somebody who answers an installer's questions."""

import asyncio
import threading
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace

import pytest

from hengyuan.terminal.doctor import line_checks
from hengyuan.terminal.setup import cameras_part, listening, weighing_part
from hengyuan.terminal.setup.dialogue import FromAnswers
from hengyuan.terminal.setup.wizard import run_setup
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.city import EnteredTerminal
from hengyuan.world.motion import FAST
from hengyuan.world.open_gate import OpenGate, OpenGatePlan
from hengyuan.world.trucks import trucks
from tests.terminal.county import CODE, ONE_TIME_CODE, County
from tests.world.test_gate import free_port


class Quiet:
    """Somebody who reads what is said and is asked nothing."""

    def __init__(self):
        self.said, self.warned = [], []

    def heading(self, text):
        self.said.append(text)

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)


def be_quick(monkeypatch):
    """Simulated devices answer at once: nobody has to wait as long as at a gate."""
    monkeypatch.setattr(listening, "LISTEN_S", 0.3)
    monkeypatch.setattr(weighing_part, "STANDS_S", 0.3)
    monkeypatch.setattr(weighing_part, "EMPTY_S", 2.0)
    monkeypatch.setattr(cameras_part, "CALL_S", 1.0)
    monkeypatch.setattr(line_checks, "LISTEN_S", 0.3)


@pytest.fixture
def patience(monkeypatch):
    be_quick(monkeypatch)


@asynccontextmanager
async def site(folder):
    county = County()
    async with county.listening() as url:
        terminal = EnteredTerminal(CODE, "东门一号磅", "示例煤矿", ONE_TIME_CODE)
        town = SimpleNamespace(
            url=url, city=SimpleNamespace(terminals=[terminal]), check=lambda: None
        )
        plan = OpenGatePlan(folder / "world", "f4", free_port(), FAST)
        plan.home.mkdir()
        gate = OpenGate(plan, town)
        gate.gate.axle_wire.port = gate.gate.led.port = 0
        await gate.open()
        serving = asyncio.create_task(gate.serve(trucks(load_axle_records(), 1, 0), print))
        try:
            yield gate, county
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            await gate.close()


@contextmanager
def gate_and_county(folder):
    """A gate and a county in a loop of their own, and what an installer answers there."""
    ready, leave = threading.Event(), threading.Event()
    found = {}

    async def work():
        async with site(folder) as (gate, county):
            found.update(gate=gate, county=county, answers=gate.answers())
            ready.set()
            await asyncio.to_thread(leave.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert ready.wait(20)
    found["answers"]["network"] = ""
    try:
        yield SimpleNamespace(**found)
    finally:
        leave.set()
        thread.join(20)


@pytest.fixture
def at_gate(tmp_path):
    with gate_and_county(tmp_path) as found:
        yield found


def set_up(path, answers, **more):
    out = Quiet()
    dialogue = FromAnswers(answers, out)
    run_setup(dialogue, path, wait_s=20, **more)
    return out, dialogue
