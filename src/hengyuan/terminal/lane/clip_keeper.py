"""Clips of trucks that someone will ask about: over the limit, overridden, or past the scale.

A clip is asked for once the truck has gone, so that no verdict waits for it, and is added by a
record that corrects the newest one of the truck. What is still owed lies in the store.
"""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

import structlog
from msgspec.structs import replace

from hengyuan.record.model import Record
from hengyuan.terminal.config_tables import ClipTable
from hengyuan.terminal.lane.amending import AlreadyCorrected, correction, with_files
from hengyuan.terminal.lane.clips import Clips
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.keepers import Spawn
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.sightings import PlateSeen, Sighting, StoredFile
from hengyuan.terminal.store import clips, search
from hengyuan.terminal.store.clips import DueClip

log = structlog.get_logger(__name__)

SETTLE_S = 2.0
"""A recorder has written a second down by then."""
RETRY_S = 10.0
TRIES = 4
_AMENDED = 3
FROM_CLIPS = "#clips"
"""Stands for the device of clips among what was seen of a truck."""


def is_wanted(record: Record) -> bool:
    """Whether someone will ask about a truck."""
    asked_about = record.verdict == "over" or {"override", "skipped_scale"} & set(record.flags)
    has_clips = any(file.kind.endswith("_clip") for file in record.files)
    return record.kind != "void" and bool(asked_about) and not has_clips


def spans(from_ms: int, to_ms: int, most_ms: int) -> list[tuple[int, int]]:
    """What is asked for of a stay: all of it, or how it began and how it ended."""
    if to_ms - from_ms <= most_ms:
        return [(from_ms, to_ms)]
    half_ms = most_ms // 2
    return [(from_ms, from_ms + half_ms), (to_ms - half_ms, to_ms)]


class ClipKeeper:
    """The clips of one lane's trucks."""

    def __init__(
        self, number: int, rule: ClipTable, around: Surroundings, recorder: Recorder, spawn: Spawn
    ) -> None:
        self._number = number
        self._rule = rule
        self._around = around
        self._recorder = recorder
        self._spawn = spawn
        self._looked_at: int | None = None
        self._due: dict[int, float] = {}
        """Of trucks that have gone: the records that want clips, and when these are asked for."""
        self._busy = False

    async def open(self, standing: int | None) -> None:
        """Take up what the last run still owed. `standing`: record of the truck on the scale."""
        owed = await self._around.store.do(self._within, clips.open_clips, lane=self._number)
        first_seq = None
        if standing is not None:
            first_seq = await self._around.store.read(lambda db: search.first_of(db, standing))
        for clip in owed:
            if clip.to_ms is None and clip.first_seq != first_seq:
                await self._ends(clip, seen_leaving=False)
            elif clip.to_ms is not None:
                self._ask_later(clip.seq, clip.to_ms)

    def departed(self, seq: int | None) -> None:
        """The truck of a record has left the scale; None where it is not stored yet."""
        if seq is not None and self._clips is not None:
            self._spawn(self._gone(seq))

    def tick(self, now: float) -> None:
        """Look for records of which clips are wanted, and ask for those whose time has come."""
        if self._busy:
            return
        newest = self._around.board.newest
        if newest and newest[0].record.seq != self._looked_at:
            self._begin(self._look())
            return
        due = [seq for seq, at in self._due.items() if at <= now]
        if due:
            del self._due[due[0]]
            self._begin(self._ask(due[0]))

    def _begin(self, work: Any) -> None:
        self._busy = True
        self._spawn(self._finish(work))

    async def _finish(self, work: Any) -> None:
        try:
            await work
        except (sqlite3.Error, OSError) as error:
            # what is owed lies in the store, or is found by looking again
            log.error("clips.not_noted", lane=self._number, error=str(error))
            self._looked_at = None
        finally:
            self._busy = False

    @property
    def _clips(self) -> Clips | None:
        clips = self._around.clips
        return clips if clips is not None and clips.keeps(self._number) else None

    # which trucks

    async def _look(self) -> None:
        weighed = list(self._around.board.newest)
        looked_at = weighed[0].record.seq
        if self._clips is not None:
            for each in reversed(weighed):
                record = each.record
                new = self._looked_at is None or record.seq > self._looked_at
                if new and record.lane == self._number and is_wanted(record):
                    await self._want(record)
        self._looked_at = looked_at

    async def _want(self, record: Record) -> None:
        store = self._around.store
        passage = await store.read(lambda db: search.passage_of(db, record.seq))
        if passage is None:
            return
        weighed_ms = record.weighed_at if record.kind == "reweigh" else passage.began_at
        from_ms = weighed_ms - round(self._rule.look_back_s * 1000)
        lane_passage = self._recorder.lane.passage
        stands = lane_passage is not None and lane_passage.seq == record.seq
        to_ms = None if stands else self._end_ms(from_ms, seen_leaving=False)
        clip = DueClip(record.seq, passage.first_seq, self._number, from_ms, to_ms, 0)
        new = await store.do(self._within, clips.want, clip=clip, weighed_ms=weighed_ms)
        if new and to_ms is not None:
            self._ask_later(record.seq, to_ms)

    async def _gone(self, seq: int) -> None:
        try:
            first_seq = await self._around.store.read(lambda db: search.first_of(db, seq))
            owed = await self._around.store.do(self._within, clips.open_clips, lane=self._number)
            for clip in owed:
                if clip.first_seq == first_seq and clip.to_ms is None:
                    await self._ends(clip, seen_leaving=True)
        except (sqlite3.Error, OSError) as error:
            log.error("clips.not_noted", lane=self._number, error=str(error))

    async def _ends(self, clip: DueClip, seen_leaving: bool) -> None:
        to_ms = self._end_ms(clip.from_ms, seen_leaving)
        await self._around.store.do(self._within, clips.until, seq=clip.seq, to_ms=to_ms)
        self._ask_later(clip.seq, to_ms)

    def _end_ms(self, from_ms: int, seen_leaving: bool) -> int:
        end_ms = self._around.clock.now_ms() + round(self._rule.after_s * 1000)
        if not seen_leaving:
            # it may have left long ago
            end_ms = min(end_ms, from_ms + round(self._rule.most_s * 1000))
        return max(from_ms + 1, end_ms)

    def _ask_later(self, seq: int, to_ms: int) -> None:
        clock = self._around.clock
        # a wall clock that stepped back meanwhile must not put it off for hours
        wait_s = min(max(0.0, (to_ms - clock.now_ms()) / 1000), self._rule.after_s)
        self._due[seq] = clock.monotonic() + wait_s + SETTLE_S

    # the clips

    async def _ask(self, seq: int) -> None:
        owed = await self._around.store.do(self._within, clips.open_clips, lane=self._number)
        clip = next((each for each in owed if each.seq == seq), None)
        if clip is None or clip.to_ms is None:
            return
        files, why = await self._made(clip)
        if files:
            await self._keep(clip, files)
        elif clip.tries + 1 >= TRIES or self._clips is None:
            await self._missing(clip, why)
        else:
            await self._around.store.do(self._within, clips.tried, seq=seq)
            self._due[seq] = self._around.clock.monotonic() + RETRY_S * (clip.tries + 1)

    async def _made(self, clip: DueClip) -> tuple[list[StoredFile], str]:
        clips = self._clips
        if clips is None:
            return [], "the lane has no video any more"
        assert clip.to_ms is not None
        try:
            files = [
                file
                for span in spans(clip.from_ms, clip.to_ms, round(self._rule.most_s * 1000))
                for file in await clips.clip(clip.lane, *span)
            ]
        except Exception as error:
            log.exception("clips.failed", lane=self._number)
            return [], str(error) or type(error).__name__
        return files, "no camera has anything of that time"

    async def _keep(self, clip: DueClip, files: list[StoredFile]) -> None:
        """Correct the newest record of the truck, whichever that is by the time it is stored."""
        store = self._around.store
        refs = [file.ref for file in files]
        now_ms, _ = self._around.checked.record_ms(self._recorder.last_ms)

        def change(record: Record) -> Record:
            return replace(record, files=with_files(record.files, refs))

        for _attempt in range(_AMENDED):
            newest = await store.do(store.store.standing, clip.first_seq)
            if newest is None or newest.kind == "void":
                await self._missing(clip, "the passage was declared void")
                return
            sizes = await store.read(partial(_sizes, record=newest))
            sizes |= {file.ref.digest: file.size for file in files}
            try:
                make = correction(store.store, newest.seq, change, now_ms)
                record = await self._recorder.add(make, sizes)
            except AlreadyCorrected:
                continue
            if record is None:
                break
            self._join(newest.seq, record.seq, files)
            await store.do(self._within, clips.end, seq=clip.seq, state="kept")
            log.info("clips.kept", lane=self._number, seq=record.seq, files=len(files))
            return
        await self._missing(clip, "the record could not be stored")

    def _join(self, corrected: int, seq: int, files: list[StoredFile]) -> None:
        """An event that still comes for the truck corrects the record with the clips, and keeps
        them."""
        lane = self._recorder.lane
        last = lane.last
        if last is not None and last.seq == corrected:
            body = PlateSeen(only_pictures=True, files=tuple(files))
            now = self._around.clock.monotonic()
            last.sightings[FROM_CLIPS] = Sighting(0, FROM_CLIPS, "plate", now, body)
            lane.stored(last, seq)

    async def _missing(self, clip: DueClip, why: str) -> None:
        await self._around.store.do(self._within, clips.end, seq=clip.seq, state="missing")
        detail = detail_of(seq=clip.seq, from_ms=clip.from_ms, to_ms=clip.to_ms, why=why)
        await self._recorder.note("clips_missing", detail)

    def _within(self, work: Any, **values: Any) -> Any:
        return self._around.store.store.within(partial(work, **values))


def _sizes(connection: sqlite3.Connection, record: Record) -> dict[str, int]:
    """The sizes of the files that a record names, in bytes."""
    sizes = {}
    for file in record.files:
        row = connection.execute(
            "SELECT size FROM evidence WHERE digest = ?", (bytes.fromhex(file.digest),)
        ).fetchone()
        sizes[file.digest] = 0 if row is None else int(row[0])
    return sizes
