"""Trucks that are held: what they are told, and what becomes of those that leave or stay away."""

from __future__ import annotations

import sqlite3
from functools import partial

import structlog

from hengyuan.terminal.board import Weighed
from hengyuan.terminal.devices import Message
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.keepers import Spawn
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.store import held

log = structlog.get_logger(__name__)

LEFT_WORD = "left_held"
"""What the journal says of a truck that was held and drove off the scale, wherever to."""
LOOKED_EVERY_S = 30.0


class Holds:
    """The holds of one lane. The book of them is `store/held.py`."""

    def __init__(self, number: int, recorder: Recorder, around: Surroundings, spawn: Spawn) -> None:
        self._number = number
        self._recorder = recorder
        self._around = around
        self._spawn = spawn
        self._look_at = around.clock.monotonic()

    def hint(self) -> Message | None:
        """What a held truck on the scale is told after its verdict: how much to unload."""
        view = self._recorder.view
        weighed = view.current
        if view.hold != "over" or weighed is None or weighed.finding is None:
            return None
        if not weighed.finding.unload_kg:
            return None
        return self._around.messages.unload(weighed.record, weighed.finding)

    def departed(self, weighed: Weighed | None, passage: Passage) -> None:
        """A truck drove off the scale, by whichever end."""
        if weighed is None or weighed.record.seq != passage.seq:
            return
        record, finding = weighed.record, weighed.finding
        if finding is None or "override" in record.flags:
            return
        if finding.verdict == "pass" or finding.verdict not in self._recorder.ways.holds:
            return
        log.warning("lane.left_held", lane=self._number, seq=record.seq)
        detail = detail_of(
            seq=record.seq,
            plate=record.plate,
            why=finding.verdict,
            gross_kg=record.gross_kg,
            over_kg=finding.overload_kg,
            unload_kg=finding.unload_kg,
        )
        self._spawn(self._recorder.note(LEFT_WORD, detail))

    def tick(self, now: float) -> None:
        """Called a few times a second; looks now and then for holds that are too old."""
        if now >= self._look_at:
            self._look_at = now + LOOKED_EVERY_S
            self._spawn(self.end_old())

    async def end_old(self) -> None:
        """End the holds whose trucks did not come back in time."""
        store = self._around.store
        now_ms = self._around.clock.now_ms()
        passage = self._recorder.lane.passage
        end = partial(
            held.end_old,
            lane=self._number,
            whys=self._recorder.ways.holds,
            before_ms=now_ms - self._recorder.ways.reweigh_ms,
            now_ms=now_ms,
            standing=None if passage is None else passage.seq,
        )
        try:
            ended = await store.do(store.store.within, end)
        except (sqlite3.Error, OSError) as error:
            log.error("lane.holds_not_ended", lane=self._number, error=str(error))
            return
        for each in ended:
            log.warning("lane.hold_ended", lane=self._number, seq=each.seq)
