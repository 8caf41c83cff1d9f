"""One scale of the loss test with its devices, and the trucks that are driven over it.

Most drivers wait for their verdict, however long the terminal is away. Some do not: they leave
after a moment of chance, so that kills and weighings are cut by trucks that are gone.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.devices import Picture, PlateEvent
from hengyuan.world.devices.axle_identifier import AxleIdentifier
from hengyuan.world.devices.camera import Camera
from hengyuan.world.devices.led import Led
from hengyuan.world.devices.scale import Family, Scale
from hengyuan.world.devices.screen import Shown
from hengyuan.world.devices.wires import PtyWire, TcpWire
from hengyuan.world.motion import Deck, Pace
from hengyuan.world.pictures import Snapshot
from hengyuan.world.trucks import Truck

PACE = Pace(frame_hz=50.0, roll_on_s=0.1, settle_s=0.05, leave_s=0.01, roll_off_s=0.05, gap_s=0.1)
DIVISION_KG = 20
FAMILIES: tuple[Family, ...] = ("f1", "f4", "f5", "f6", "f2", "f7", "f3", "f4")
VERDICT_LINES = 3
VERDICT_WITHIN_S = 180.0
FREE_WITHIN_S = 10.0
PUSHED_WITHIN_S = 180.0
IMPATIENT_S = (0.1, 0.7)
"""How long a driver stays who does not wait for the verdict."""
# A JPEG's first two bytes and a comment segment: the smallest picture that is one of a truck.
_JPEG_START, _JPEG_COMMENT, _JPEG_END = b"\xff\xd8", b"\xff\xfe", b"\xff\xd9"


@dataclass(slots=True)
class Passage:
    """What is true of one truck's way over a scale. Moments are monotonic seconds."""

    number: int
    lane: int
    truck: Truck
    patient: bool
    event_id: str
    picture: str
    """SM3 of the picture that the camera took."""
    entered: float
    left: float = 0.0
    shown: Shown | None = None
    """The verdict of this truck, as its driver read it."""
    pushed: bool = False
    """The terminal said that it has the camera's event."""
    problems: list[str] = field(default_factory=list)

    @property
    def gross_kg(self) -> int:
        """What a sound scale shows of it."""
        return self.truck.indicated_kg(DIVISION_KG)

    @property
    def shown_over(self) -> bool | None:
        """Whether the display said that it is over its limit; None if it said nothing."""
        return None if self.shown is None else "red" in self.shown.colours


class LossLane:
    """The devices of one lane, at work between `open` and `close`."""

    def __init__(self, number: int, seed: int, pace: Pace = PACE, has_camera: bool = True) -> None:
        self.number = number
        self.pace = pace
        self.has_camera = has_camera
        self.family = FAMILIES[(number - 1) % len(FAMILIES)]
        self.deck = Deck(pace, DIVISION_KG, seed)
        # one serial cable among the network lines
        self.scale_wire = PtyWire() if number == 2 else TcpWire()
        self.scale = Scale(self.family, self.deck, self.scale_wire)
        self.axle_wire = TcpWire()
        self.axles = AxleIdentifier(self.axle_wire)
        self.led = Led()
        self.camera_name = f"camera-{number}"
        self.camera: Camera
        self.picture: Callable[[str], bytes] = smallest_picture
        """What the camera takes of the truck with a plate."""
        self._seed = seed
        self._chance = random.Random(seed)
        self._scale_task: asyncio.Task[None] | None = None
        self._last: Passage | None = None

    async def open(self, screen_port: int) -> None:
        """Switch everything on; ports and paths are known from then on."""
        url = f"http://127.0.0.1:{screen_port}/camera/{self.camera_name}"
        self.camera = Camera(url, self.camera_name, self._seed)
        await self.scale_wire.open()
        await self.axle_wire.open()
        await self.led.open()
        self._scale_task = asyncio.create_task(self.scale.run())

    async def close(self) -> None:
        """Switch everything off."""
        if self._scale_task is not None:
            self._scale_task.cancel()
            await asyncio.gather(self._scale_task, return_exceptions=True)
        await self.scale_wire.close()
        await self.axle_wire.close()
        await self.led.close()
        await self.camera.close()

    async def pass_truck(
        self, number: int, truck: Truck, patient: bool, entering: Callable[[int], None]
    ) -> Passage:
        """Bring one truck over the scale, to its end; `entering` is told as it drives on."""
        await self._wait_until_free()
        picture = self.picture(truck.plate)
        event = self.camera.event(truck, datetime.now(UTC), Snapshot(picture, picture, picture))
        event = replace(event, pictures=(Picture("plate", "image/jpeg", picture),))
        passage = Passage(
            number=number,
            lane=self.number,
            truck=truck,
            patient=patient,
            event_id=event.event_id,
            picture=SM2_SM3.digest(picture).hex(),
            entered=time.monotonic(),
        )
        entering(number)
        push = asyncio.create_task(self._push(event))
        try:
            self.deck.drive_on(truck.axle_kg, passage.entered)
            await self._stay(passage)
            await asyncio.sleep(self.pace.leave_s)
            self.axles.left()
            self.deck.drive_off(time.monotonic())
            await asyncio.sleep(self.pace.roll_off_s)
            passage.left = time.monotonic()
            try:
                passage.pushed = await asyncio.wait_for(push, PUSHED_WITHIN_S)
            except TimeoutError:
                passage.problems.append("the camera could not deliver its event")
            self._last = passage
            await asyncio.sleep(self.pace.gap_s)
        finally:
            push.cancel()
        return passage

    async def _push(self, event: PlateEvent) -> bool:
        if self.has_camera:
            await self.camera.push(event)
        return self.has_camera

    async def _stay(self, passage: Passage) -> None:
        truck = passage.truck
        if not passage.patient:
            staying_s = self._chance.uniform(*IMPATIENT_S)
            if staying_s > self.pace.roll_on_s:
                await asyncio.sleep(self.pace.roll_on_s)
                self.axles.passed(truck)
                staying_s -= self.pace.roll_on_s
            passage.shown = await self._verdict(passage, staying_s)
            left_s = passage.entered + staying_s + self.pace.roll_on_s - time.monotonic()
            await asyncio.sleep(max(0.0, left_s))
            return
        await asyncio.sleep(self.pace.roll_on_s)
        self.axles.passed(truck)
        passage.shown = await self._verdict(passage, VERDICT_WITHIN_S)
        if passage.shown is None:
            now = self.led.now
            shows = now.lines if now else "nothing"
            passage.problems.append(f"no verdict within {VERDICT_WITHIN_S:g} s; it shows {shows}")

    async def _verdict(self, passage: Passage, within_s: float) -> Shown | None:
        # the plate may be missing from a verdict, the mass never is
        names = (passage.truck.plate, f"{passage.gross_kg / 1000:.2f}")

        def is_verdict(shown: Shown) -> bool:
            return len(shown.lines) >= VERDICT_LINES and any(n in shown.text for n in names)

        return await self.led.wait_for(is_verdict, passage.entered, within_s)

    async def _wait_until_free(self) -> None:
        """The truck before is off the display, and the terminal listens."""
        waited_since = time.monotonic()
        while True:
            last, now = self._last, self.led.now
            shows_last = last is not None and now is not None and last.truck.plate in now.text
            too_long = time.monotonic() - waited_since > FREE_WITHIN_S
            if self.led.connected and self.scale_wire.listeners and (not shows_last or too_long):
                return
            await asyncio.sleep(0.01)


def smallest_picture(plate: str) -> bytes:
    """A JPEG of nothing, another one for each plate."""
    text = plate.encode()
    comment = _JPEG_COMMENT + (len(text) + 2).to_bytes(2, "big") + text
    return _JPEG_START + comment + _JPEG_END
