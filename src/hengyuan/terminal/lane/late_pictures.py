"""Pictures that come when a truck is recorded already: added by a record that corrects.

What is not done yet lies in the store as a sighting that no record has used: a restart begins anew
with it, and record and use are one transaction, so that nothing is added twice.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

import msgspec
import structlog
from msgspec.structs import replace

from hengyuan.record.model import InvalidRecord, Record
from hengyuan.terminal.lane.amending import AlreadyCorrected, NoSuchRecord, with_files
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.sightings import PlateSeen, Sighting
from hengyuan.terminal.store import exits

log = structlog.get_logger(__name__)

RETRY_S = 5.0


class Voided(Exception):
    """The weighing does not count any more."""


class LatePictures:
    """The late pictures of one lane."""

    def __init__(self, recorder: Recorder, around: Surroundings) -> None:
        self._recorder = recorder
        self._around = around

    async def take(self, seq: int, sighting: Sighting, stands: bool) -> None:
        """Add a picture to the newest record of the passage of `seq`, however often that has to be
        tried. One that came after the truck had left may show another: it is noted only."""
        while True:
            try:
                if stands and await self._added(seq, sighting):
                    return
                await self._pass(seq, sighting)
            except (sqlite3.Error, OSError) as error:
                log.error("lane.picture_not_added", seq=seq, error=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _added(self, seq: int, sighting: Sighting) -> bool:
        body = sighting.body
        assert isinstance(body, PlateSeen)
        refs = [file.ref for file in body.files]

        def change(record: Record) -> Record:
            if record.kind == "void":
                raise Voided
            return replace(record, files=with_files(record.files, refs))

        while True:
            try:
                record = await self._recorder.amend(seq, change, sighting)
            except AlreadyCorrected as error:
                seq = error.by
            except (Voided, NoSuchRecord):
                return False
            except (InvalidRecord, msgspec.ValidationError):
                log.exception("lane.picture_impossible", seq=seq)
                return False
            else:
                log.info("lane.picture_late", seq=record.seq, camera=sighting.device)
                return True

    async def _pass(self, seq: int, sighting: Sighting) -> None:
        store = self._around.store
        await store.do(store.store.within, partial(exits.passed, sighting=sighting.id))
        await self._recorder.note("picture_late", detail_of(seq=seq, camera=sighting.device))
