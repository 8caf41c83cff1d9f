"""One gate: its devices, and the drivers who bring trucks over its scale.

A driver rolls onto the scale when the display is lit, waits there until it shows this truck's
verdict, and leaves. Where the terminal dies with a truck on the scale, the truck waits: the scale
goes on sending, the camera goes on trying, the display stays as it was.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

import structlog

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.devices import PlateEvent
from hengyuan.world.devices.axle_identifier import AxleIdentifier
from hengyuan.world.devices.camera import Camera
from hengyuan.world.devices.camera_makes import MakeName
from hengyuan.world.devices.led import Led
from hengyuan.world.devices.parking_board import ParkingBoard
from hengyuan.world.devices.relay_module import RelayModule
from hengyuan.world.devices.room_camera import RoomCamera
from hengyuan.world.devices.scale import Family, Scale
from hengyuan.world.devices.screen import Screen, Shown
from hengyuan.world.devices.speaker import Speaker
from hengyuan.world.devices.wires import PtyWire, TcpWire
from hengyuan.world.motion import Deck, Pace
from hengyuan.world.pictures import photograph, picture_of_room
from hengyuan.world.trucks import Truck

log = structlog.get_logger(__name__)

Cable = Literal["tcp", "serial"]
DisplayMake = Literal["onbon", "parking485"]
VERDICT_LINES = 3
"""A verdict names plate, gross and limit; whatever else a display says is shorter."""
LIT_WITHIN_S = 120.0
"""How long drivers wait before a dark display until the gate gives up."""
VERDICT_WITHIN_S = 120.0
FREE_WITHIN_S = 10.0
"""How long after a truck has left the display may go on showing it."""
PUSHED_WITHIN_S = 120.0
BARRIER_WITHIN_S = 120.0
ARM_S = 2.0
"""What an arm takes to rise; less at a gate where everything is faster."""


class GateProblem(Exception):
    """Something at a gate did not happen within its bound; the text says what."""


@dataclass(slots=True)
class Passage:
    """What the world knows of one truck's way over the scale. Times are UTC."""

    truck: Truck
    terminal: str
    picture_digests: frozenset[str]
    """SM3 of each picture that the camera took, as the record names them."""
    entered_at: datetime
    standing_to_display_ms: float | None = None
    """From the moment its weight physically stood until the display showed the verdict."""
    shown: Shown | None = None
    left_at: datetime | None = None
    camera_tries: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def shown_over(self) -> bool | None:
        """What the driver read: red is over the limit. None where nothing was shown."""
        return None if self.shown is None else "red" in self.shown.colours


@dataclass(frozen=True, slots=True)
class GatePlan:
    """What stands at a gate. `terminal` is the code of the terminal that serves it."""

    terminal: str
    caption: str
    """Stands on the camera's pictures: unit and scale."""
    family: Family
    cable: Cable
    camera_url: str
    division_kg: int = 20
    seed: int = 0
    camera: MakeName = "hikvision"
    display: DisplayMake = "onbon"
    voice: bool = False
    relays: bool = False
    """Whether barrier, lamp and beams stand at the scale, and a camera in the weigh room."""


class Gate:
    """The devices of one gate, at work between `open` and `close`."""

    def __init__(self, plan: GatePlan, pace: Pace) -> None:
        self.plan = plan
        self.pace = pace
        self.deck = Deck(pace, plan.division_kg, plan.seed)
        self.scale_wire = TcpWire() if plan.cable == "tcp" else PtyWire()
        self.scale = Scale(plan.family, self.deck, self.scale_wire)
        self.axle_wire = TcpWire()
        self.axles = AxleIdentifier(self.axle_wire)
        self.led: Screen = Led() if plan.display == "onbon" else ParkingBoard()
        self.camera = Camera(plan.camera_url, "front", plan.seed, plan.camera)
        self.speaker = Speaker(TcpWire()) if plan.voice else None
        self.module = None
        self.room = None
        if plan.relays:
            self.module = RelayModule(self.deck, TcpWire(), min(ARM_S, pace.leave_s))
            self.room = RoomCamera(lambda: picture_of_room(datetime.now(UTC), plan.caption))
        self._scale_task: asyncio.Task[None] | None = None
        self._last_plate: str | None = None

    async def open(self) -> None:
        """Switch everything on. From then on ports and paths are known."""
        await self.scale_wire.open()
        await self.axle_wire.open()
        await self.led.open()
        for each in self._more():
            await each.open()
        self._scale_task = asyncio.create_task(self.scale.run())

    async def close(self) -> None:
        """Switch everything off."""
        if self._scale_task is not None:
            self._scale_task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._scale_task
        await self.scale_wire.close()
        await self.axle_wire.close()
        await self.led.close()
        await self.camera.close()
        for each in self._more():
            await each.close()

    def _more(self) -> list[TcpWire | RoomCamera]:
        wires = [each.wire for each in (self.speaker, self.module) if each is not None]
        return [*wires, *([self.room] if self.room is not None else [])]

    async def pass_truck(self, truck: Truck) -> Passage:
        """Bring one truck over the scale. Raises GateProblem when no terminal comes to serve it."""
        await self._wait_until_open()
        at = datetime.now(UTC)
        pictures = await asyncio.to_thread(photograph, truck, at, self.plan.caption)
        entered_at = datetime.now(UTC)
        event = self.camera.event(truck, entered_at, pictures)
        passage = Passage(truck, self.plan.terminal, _digests(event), entered_at)
        loop = asyncio.get_running_loop()
        entered = loop.time()
        camera = asyncio.create_task(self.camera.push(event))
        try:
            self.deck.drive_on(truck.axle_kg, entered)
            await asyncio.sleep(self.pace.roll_on_s)
            self.axles.passed(truck)
            await self._read_verdict(passage, entered)
            await asyncio.sleep(self.pace.leave_s)
            await self._leave(passage)
            passage.left_at = datetime.now(UTC)
            await asyncio.sleep(self.pace.roll_off_s)
            passage.camera_tries = (
                await self._bounded(
                    camera, PUSHED_WITHIN_S, passage, "the camera could not deliver its event"
                )
                or 0
            )
            self._last_plate = truck.plate
            await asyncio.sleep(self.pace.gap_s)
        finally:
            camera.cancel()
        return passage

    async def _leave(self, passage: Passage) -> None:
        """Through the barrier where there is one and it opens; back where the truck is held."""
        loop = asyncio.get_running_loop()
        held = self.module is not None and passage.shown_over is True
        if self.module is not None:
            # it may be open still for the truck before, if a restart hid the end of its way
            if held and not await self.module.arm_is(0, BARRIER_WITHIN_S):
                passage.problems.append("the barrier stays open for a truck over its limit")
            if not held and not await self.module.arm_is(1, BARRIER_WITHIN_S):
                passage.problems.append(
                    f"the barrier did not open within {BARRIER_WITHIN_S:g} s of the verdict"
                )
        self.axles.left()
        self.deck.drive_off(loop.time(), backwards=held)

    async def _wait_until_open(self) -> None:
        """A dark display, or one that still shows the truck before, keeps the next one off."""
        deadline = asyncio.get_running_loop().time() + LIT_WITHIN_S
        free_deadline = asyncio.get_running_loop().time() + FREE_WITHIN_S
        while True:
            now = asyncio.get_running_loop().time()
            if self.led.connected and self.scale_wire.listeners:
                last, shown = self._last_plate, self.led.now
                showing_last = last is not None and shown is not None and last in shown.text
                if not showing_last or now > free_deadline:
                    return
            elif now > deadline:
                raise GateProblem(
                    f"{self.plan.terminal}: no terminal came to its display for {LIT_WITHIN_S:g} s"
                )
            await asyncio.sleep(0.01)

    async def _read_verdict(self, passage: Passage, entered: float) -> None:
        plate = passage.truck.plate

        def is_verdict(shown: Shown) -> bool:
            return plate in shown.text and len(shown.lines) >= VERDICT_LINES

        shown = await self.led.wait_for(is_verdict, entered, VERDICT_WITHIN_S)
        passage.shown = shown
        if shown is None:
            now = self.led.now
            passage.problems.append(
                f"no verdict of {plate} on the display within {VERDICT_WITHIN_S:g} s; "
                f"it shows {now.lines if now else 'nothing'}"
            )
        else:
            passage.standing_to_display_ms = max(0.0, shown.at - self.deck.settled_at) * 1000

    async def _bounded(
        self, task: "asyncio.Task[int]", bound_s: float, passage: Passage, problem: str
    ) -> int | None:
        try:
            return await asyncio.wait_for(task, bound_s)
        except TimeoutError:
            passage.problems.append(f"{problem} within {bound_s:g} s")
            return None


def _digests(event: PlateEvent) -> frozenset[str]:
    return frozenset(SM2_SM3.digest(picture.data).hex() for picture in event.pictures)
