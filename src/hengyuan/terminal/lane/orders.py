"""What the gatekeeper may ask of a lane. Each order becomes a record or a line of the journal.

Every method returns when that is stored, or raises `OrderRefused` with a text for the gatekeeper;
then no record was stored. Who gives an order is somebody whom `People.check` knew, or None where
the configuration names nobody: what needs a second person is refused there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Protocol, TypeVar

import msgspec
import structlog
from msgspec.structs import replace

from hengyuan.law.plates import PlateColour
from hengyuan.record.model import FileRef, Flag, InvalidRecord, Kind, Record
from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.drivers.base import Device
from hengyuan.terminal.judging import facts_of, find
from hengyuan.terminal.lane.amending import (
    AlreadyCorrected,
    Change,
    NoSuchRecord,
    newest_or_raise,
    with_files,
    with_flags,
)
from hengyuan.terminal.lane.by_hand import by_hand_record
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.emergency import running_for
from hengyuan.terminal.lane.intake import SightingIntake
from hengyuan.terminal.lane.keepers import Spawn
from hengyuan.terminal.lane.order_checks import (
    MAX_REASON,
    MAX_TEXT,
    ByHand,
    Checks,
    Loading,
    OrderRefused,
)
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.pictures import askable
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.returning import NobodyCameBack
from hengyuan.terminal.lane.sightings import PlateSeen, Sighting, StoredFile
from hengyuan.terminal.people import Person
from hengyuan.terminal.store import held, plans, tares

__all__ = [
    "MAX_REASON",
    "MAX_TEXT",
    "Barrier",
    "ByHand",
    "Loading",
    "OrderRefused",
    "Orders",
]

log = structlog.get_logger(__name__)

T = TypeVar("T")

_SHOWING_A_TRUCK = frozenset({"plate", "head", "tail", "front_side", "rear_side"})
_VIEWS = ("front", "rear", "exit")
"""Cameras that can see a plate, the best first."""


UNPLANNED_WORD = "manual_unplanned"
"""What the journal says of a weight that was written down while no emergency plan ran."""


class Barrier(Protocol):
    """Whatever moves the lane's exit barrier."""

    async def open_exit(self, truck: bool) -> str | None:
        """Open it; why it did not take the order, None where it did."""
        ...


class Orders:
    """The orders of one lane."""

    def __init__(
        self,
        config: LaneConfig,
        recorder: Recorder,
        intake: SightingIntake,
        barrier: Barrier,
        devices: Mapping[str, Device],
        around: Surroundings,
        spawn: Spawn,
    ) -> None:
        self._number = config.table.number
        self._kind = config.table.kind
        self._recorder = recorder
        self._intake = intake
        self._barrier = barrier
        self._around = around
        self._store = around.store
        self._spawn = spawn
        self._checks = Checks(around.messages.gettext)
        seeing = [each for each in config.cameras if _view(each) in _VIEWS]
        seeing.sort(key=lambda camera: _VIEWS.index(_view(camera)))
        named = [devices[each.name] for each in seeing]
        self._cameras = [c for c in map(askable, named) if c is not None]
        self._devices = devices
        weighing = (config.scale, config.axles)
        self._weighing = frozenset(each.name for each in weighing if each is not None)

    # orders

    async def override(
        self, seq: int, operator: Person | None, witness: Person | None, reason: str
    ) -> Record:
        """Let out a truck that is over its limit or could not be judged.

        `witness` is a supervisor and another person than `operator`. The truck stands on the scale,
        or it was held and may still come back.
        """
        _ = self._around.messages.gettext
        names, reason = self._checks.two(operator, witness), self._checks.reason(reason)
        before = await self._newest(seq)
        if before.kind == "entry" or before.verdict == "pass":
            raise OrderRefused(_("Record {seq} is not over its limit").format(seq=seq))
        if "override" in before.flags:
            raise OrderRefused(_("This truck was released already"))
        if "skipped_scale" in before.flags:
            raise OrderRefused(_("This truck was never on the scale"))
        if self._standing(seq) is None and not await self._stored(
            self._store.read(partial(held.is_held, seq=seq))
        ):
            raise OrderRefused(_("This truck left too long ago to be released"))

        def change(record: Record) -> Record:
            flags = with_flags(record, "override")
            return replace(record, flags=flags, reason=reason, operator=names[0], witness=names[1])

        released = await self._amend(seq, change)
        self._note("override", seq=released.seq, plate=released.plate, by=names[0],
                   witness=names[1], reason=reason)  # fmt: skip
        return released

    async def type_plate(
        self, seq: int | None, plate: str, colour: str | None, operator: Person | None
    ) -> Record:
        """Write down a plate that no camera read, with a picture that shows it.

        `seq` None: the truck on the scale, of which a camera takes a picture now. Of a truck that
        has left, the record has to have one. The tare of a truck moves with its plate.
        """
        _ = self._around.messages.gettext
        typed, known = self._checks.plate(plate, colour)
        if seq is None:
            seq = self._seq_on_scale()
        before = await self._newest(seq)
        if before.plate == typed and (known is None or known == before.plate_colour):
            raise OrderRefused(_("This is the plate that the record has"))
        passage = self._standing(seq)
        picture = None if passage is None else await self._picture()
        if picture is None and not _SHOWING_A_TRUCK & {file.kind for file in before.files}:
            what = _("No camera gives a picture of this truck: a plate is typed only with one")
            raise OrderRefused(what)
        sighting = None
        if passage is not None:
            sighting = await self._keep_typed(typed, known, picture)
        refs = [] if picture is None else [picture.ref]

        def change(record: Record) -> Record:
            return replace(
                record,
                plate=typed,
                plate_colour=None if known is None else known.value,
                flags=with_flags(record, "plate_typed"),
                files=with_files(record.files, refs),
                operator=_name(operator) or record.operator,
            )

        try:
            return await self._link_back(seq, typed, change, sighting)
        except NobodyCameBack:
            record = await self._amend(seq, change, sighting)
        await self._hand_on_tare(record)
        return record

    async def _link_back(
        self, seq: int, plate: str, change: Change, sighting: Sighting | None
    ) -> Record:
        """The plate is that of a truck that was held: this is its re-weighing."""
        reason = self._around.messages.gettext("Re-weighing of record {seq}: its plate was typed")
        record = await self._stored(
            self._recorder.link_back(
                seq, plate, lambda first: reason.format(seq=first), change, sighting
            )
        )
        self._tell(record)
        self._note("hold_linked", seq=record.corrects, plate=record.plate, back_seq=record.seq)
        return record

    async def weigh_by_hand(
        self,
        weight: ByHand,
        operator: Person | None,
        witness: Person | None,
        reason: str,
        without_plan: str = "",
    ) -> Record:
        """Record a weight that two people read off, where the lane's own devices fail.

        It is judged like any other. A picture is added where a camera gives one. An emergency plan
        runs for the lane's scale or axle identifier, or `without_plan` says why none does, which
        the journal keeps.
        """
        unplanned = await self._unplanned(without_plan)
        names, reason = self._checks.two(operator, witness), self._checks.reason(reason)
        self._checks.masses(weight)
        self._checks.loading(weight.loading)
        plate, colour = self._checks.plate(weight.plate, weight.colour)
        kind = self._kind_of(weight)
        around = self._around
        at_ms, unsynced = around.checked.record_ms(self._recorder.last_ms)
        facts = facts_of(
            self._checks.axles(weight),
            weight.gross_kg,
            around.judge.axle_mass_differs_percent,
            driven_bogie=around.judge.driven_bogie,
        )
        finding = None
        if kind == "exit":
            finding = find(facts, weight.gross_kg, at_ms, around.judge_settings)
        picture = await self._picture()
        flags: set[Flag] = {*facts.flags, "manual_weight"}
        flags.add("camera_missing" if picture is None else "plate_typed")
        if unsynced:
            flags.add("clock_unsynced")
        read_off = by_hand_record(
            weight,
            plate,
            colour,
            facts,
            finding,
            terminal=around.terminal,
            lane=self._number,
            kind=kind,
            weighed_at=at_ms,
            files=() if picture is None else (picture.ref,),
            flags=tuple(sorted(flags)),
            operator=names[0],
            witness=names[1],
            reason=reason,
        )
        sizes = {} if picture is None else {picture.ref.digest: picture.size}

        def noted(record: Record) -> tuple[str, str] | None:
            if unplanned is None:
                return None
            detail = detail_of(seq=record.seq, plate=plate, by=names[0], witness=names[1],
                               reason=unplanned)  # fmt: skip
            return UNPLANNED_WORD, detail

        return await self._stored(self._recorder.write(read_off, sizes, noted))

    async def running_plan(self) -> str | None:
        """The title of the emergency plan under which weights may be written here; None: of none.

        OrderRefused if the store cannot be read.
        """
        runs = await self._stored(self._store.read(plans.running_plans))
        titles = self._around.weighing_plans
        run = running_for(runs, self._weighing, self._devices, titles)
        return None if run is None else run.title

    async def _unplanned(self, why: str) -> str | None:
        """Why a weight is written down although no emergency plan runs; None where one does."""
        if await self.running_plan() is not None:
            return None
        if not why.strip():
            what = self._around.messages.gettext(
                "No emergency plan runs for this scale: begin one, or say why there is none"
            )
            raise OrderRefused(what)
        return self._checks.reason(why)

    async def loading(self, seq: int, loading: Loading, operator: Person | None) -> Record:
        """Write down cargo, loading note, destination and carrier of a truck."""
        self._checks.loading(loading)
        before = await self._newest(seq)

        def change(record: Record) -> Record:
            return replace(
                record,
                cargo=loading.cargo,
                note_no=loading.note_no,
                destination=loading.destination,
                carrier=loading.carrier,
                operator=_name(operator) or record.operator,
            )

        if replace(change(before), operator=before.operator) == before:
            raise OrderRefused(self._around.messages.gettext("Nothing of it is new"))
        return await self._amend(seq, change)

    async def void(
        self, seq: int, reason: str, operator: Person | None, witness: Person | None
    ) -> Record:
        """Declare that a record does not count, and none of those that it corrects."""
        names, reason = self._checks.two(operator, witness), self._checks.reason(reason)
        await self._newest(seq)

        def change(record: Record) -> Record:
            return Record(
                v=1,
                terminal=record.terminal,
                seq=record.seq,
                kind="void",
                lane=record.lane,
                weighed_at=record.weighed_at,
                plate=record.plate,
                plate_colour=record.plate_colour,
                operator=names[0],
                witness=names[1],
                reason=reason,
            )

        voided = await self._amend(seq, change)
        self._note("void", seq=voided.seq, plate=voided.plate, by=names[0], witness=names[1],
                   reason=reason)  # fmt: skip
        return voided

    async def open_barrier(self, reason: str, operator: Person | None) -> None:
        """Open the exit barrier by hand; not for a truck that is held on the scale."""
        _ = self._around.messages.gettext
        reason = self._checks.reason(reason)
        if self._recorder.view.hold is not None:
            raise OrderRefused(_("The truck on the scale is held: only an override lets it out"))
        passage = self._recorder.lane.passage
        error = await self._barrier.open_exit(truck=passage is not None)
        seq = None if passage is None else passage.seq
        detail = detail_of(seq=seq, by=_name(operator), reason=reason, error=error)
        await self._recorder.note("barrier_opened", detail)
        if error is not None:
            raise OrderRefused(_("The barrier did not take the order: {error}").format(error=error))

    def one_truck_only(self) -> None:
        """Say that one truck stands on the scale where the lane takes it for two; the journal keeps
        who was at the gate."""
        if not self._recorder.lane.one_only():
            what = self._around.messages.gettext("The lane sees one truck only already")
            raise OrderRefused(what)

    # which record

    def _standing(self, seq: int) -> Passage | None:
        """The truck on the scale, if that record is of it."""
        passage = self._recorder.lane.passage
        return passage if passage is not None and passage.seq == seq else None

    def _seq_on_scale(self) -> int:
        passage = self._recorder.lane.passage
        if passage is None or passage.seq is None:
            what = self._around.messages.gettext("No truck that was weighed is on the scale")
            raise OrderRefused(what)
        return passage.seq

    async def _newest(self, seq: int) -> Record:
        """The record that an order is about, if it may be corrected here."""
        _ = self._around.messages.gettext
        try:
            record = await self._stored(self._store.do(newest_or_raise, self._store.store, seq))
        except NoSuchRecord:
            raise OrderRefused(_("There is no record {seq} here").format(seq=seq)) from None
        if record.kind == "void":
            raise OrderRefused(_("This weighing was made void"))
        if record.lane != self._number:
            what = _("Record {seq} is of lane {lane}")
            raise OrderRefused(what.format(seq=seq, lane=record.lane))
        return record

    def _replaced(self, error: AlreadyCorrected) -> str:
        what = self._around.messages.gettext("Record {seq} has replaced this one: look at it first")
        return what.format(seq=error.by)

    def _kind_of(self, weight: ByHand) -> Kind:
        _ = self._around.messages.gettext
        if weight.kind is None and self._kind == "both":
            raise OrderRefused(_("Does the truck come in or drive out?"))
        kind = weight.kind or self._kind
        if self._kind not in (kind, "both"):
            raise OrderRefused(_("This lane is for the other direction"))
        return "entry" if kind == "entry" else "exit"

    # storing

    async def _amend(self, seq: int, change: Change, typed: Sighting | None = None) -> Record:
        record = await self._stored(self._recorder.amend(seq, change, typed))
        self._tell(record)
        return record

    def _tell(self, record: Record) -> None:
        """Let the driver see it, if it is of the truck on the scale."""
        passage, current = self._standing(record.seq), self._recorder.view.current
        if passage is not None and current is not None:
            self._spawn(self._recorder.tell(passage, current))

    async def _stored(self, storing: Awaitable[T]) -> T:
        """What the store answers; what it refuses is the order's refusal."""
        _ = self._around.messages.gettext
        try:
            return await storing
        except AlreadyCorrected as error:
            raise OrderRefused(self._replaced(error)) from None
        except (sqlite3.Error, OSError) as error:
            raise OrderRefused(_("It could not be stored: {error}").format(error=error)) from error
        except (InvalidRecord, msgspec.ValidationError) as error:
            log.exception("order.record_impossible", lane=self._number)
            raise OrderRefused(_("No record can say that: {error}").format(error=error)) from error

    async def _hand_on_tare(self, record: Record) -> None:
        """The plate of a truck that came in was typed after it drove out: it has a tare now."""
        if record.kind != "entry":
            return
        find_exit = partial(tares.drove_out_without, seq=record.seq, rule=self._recorder.ways.tares)

        def change(driving_out: Record) -> Record:
            assert driving_out.gross_kg is not None and record.gross_kg is not None
            net_kg = driving_out.gross_kg - record.gross_kg
            return replace(driving_out, tare_kg=record.gross_kg, net_kg=net_kg)

        seq = None
        try:
            seq = await self._store.read(find_exit)
            if seq is not None:
                await self._recorder.amend(seq, change)
        except (AlreadyCorrected, sqlite3.Error, OSError) as error:
            # the plate is stored, which was the order; the tare stays in the book
            log.error("order.tare_not_handed_on", seq=seq, error=str(error))

    def _note(self, what: str, **detail: object) -> None:
        self._spawn(self._recorder.note(what, detail_of(**detail)))

    # pictures

    async def _picture(self) -> StoredFile | None:
        """What a camera of the lane sees now, or saw a moment ago by its stream; None where none
        gives a picture."""
        for camera in self._cameras:
            try:
                picture = await camera.snapshot()
                digest = await self._store.put_file(picture.data)
            except OSError as error:
                log.warning("order.no_picture", camera=camera.name, error=str(error))
            else:
                return StoredFile(FileRef(digest=digest, kind="plate"), len(picture.data))
        return await self._frame()

    async def _frame(self) -> StoredFile | None:
        clips = self._around.clips
        if clips is None:
            return None
        try:
            data = await clips.frame(self._number)
            digest = None if data is None else await self._store.put_file(data)
        except OSError as error:
            log.warning("order.no_frame", lane=self._number, error=str(error))
            return None
        if data is None or digest is None:
            return None
        return StoredFile(FileRef(digest=digest, kind="plate"), len(data))

    async def _keep_typed(
        self, plate: str, colour: PlateColour | None, picture: StoredFile | None
    ) -> Sighting:
        _ = self._around.messages.gettext
        body = PlateSeen(
            plate=plate,
            colour=None if colour is None else colour.value,
            typed=True,
            files=() if picture is None else (picture,),
        )
        try:
            return await self._intake.keep_typed(body)
        except (sqlite3.Error, OSError) as error:
            raise OrderRefused(_("It could not be stored: {error}").format(error=error)) from error


def _view(camera: object) -> str:
    return getattr(camera, "view", "front")


def _name(person: Person | None) -> str | None:
    return None if person is None else person.name
