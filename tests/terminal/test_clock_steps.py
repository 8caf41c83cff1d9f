"""A wall clock that steps under a running terminal parts no truck from what was seen of it."""

import asyncio

import pytest

from hengyuan.terminal.clock import SystemClock
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

HOUR_MS = 3_600_000
NOWHERE = "http://127.0.0.1:1"
LONG = {"stability": {"window_ms": 60_000, "tolerance_kg": 20}}


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_an_event_sent_again_after_a_step_still_finds_its_truck(tmp_path, step_ms):
    county = County()

    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity_for(county), gate) as at,
        ):
            await at.until(lambda: county.beats)
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await at.shown("晋L12345", "未超限")
            at.roll_off()
            await at.shown("欢迎光临")
            clock = at.terminal.clock
            honest = clock.now_ms
            clock.now_ms = lambda: honest() + step_ms
            await at.push("晋L12346", retransmission=True)
            at.roll_on(22_000)
            at.axles(22_000)
            await at.shown("晋L12346", "总重 22.00 吨")
            await at.uploaded()
        assert [record.plate for record in county.records] == ["晋L12345", "晋L12346"]
        assert county.records[1].flags == ("clock_unsynced",)

    asyncio.run(scenario())


@pytest.mark.parametrize("step_ms", [HOUR_MS, -HOUR_MS])
def test_a_step_while_it_is_off_does_not_age_what_was_seen_before(tmp_path, monkeypatch, step_ms):
    identity = identity_for(County())

    async def scenario():
        async with open_gate() as gate:
            async with site(tmp_path, NOWHERE, identity, gate, **LONG) as at:
                await at.push("晋L12345")
                at.roll_on(20_000)
                at.axles()
                lane = at.terminal.lanes[1].lane
                await at.until(lambda: len(lane.waiting.kept) == 2)
            honest = SystemClock.now_ms
            monkeypatch.setattr(SystemClock, "now_ms", lambda clock: honest(clock) + step_ms)
            async with site(tmp_path, NOWHERE, identity, gate) as at:
                await at.shown("晋L12345", "未超限")

    asyncio.run(scenario())
