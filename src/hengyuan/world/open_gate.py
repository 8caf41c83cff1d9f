"""One gate with all its devices, and a platform with an open code: what an installer finds.

Nothing here knows the set-up. The camera's trigger is pressed until somebody takes the event; the
man with the known weight drives on when the display asks him to, and off when it thanks him; trucks
come when the display invites them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from hengyuan.terminal.devices import Message
from hengyuan.terminal.setup import texts
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.world.city import EnteredTerminal
from hengyuan.world.demo.town import DIVISION_KG, Town, TownFailed
from hengyuan.world.devices.scale import Family
from hengyuan.world.devices.wires import PtyWire
from hengyuan.world.gate import Gate, GatePlan, Passage
from hengyuan.world.motion import LIVELY, Pace
from hengyuan.world.pictures import photograph
from hengyuan.world.trucks import Truck

log = structlog.get_logger(__name__)

AXLES_AT = ("127.0.0.21", 4001)
DISPLAY_AT = ("127.0.0.41", 5005)
SEGMENT = "127.0.0.0/26"
CAMERA = "front"
KNOWN_AXLES_KG = (6_000, 14_000)
KNOWN_KG = sum(KNOWN_AXLES_KG)
"""What the man with the known weight brings."""
INVITATION_LINES = 2
LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class OpenGatePlan:
    """Where things are. `screen_port` is where the camera was told to push to."""

    home: Path
    family: Family = "f1"
    screen_port: int = 8300
    pace: Pace = LIVELY
    seed: int = 1


class OpenGate:
    """The gate of a town's first terminal, which nobody has set up yet."""

    def __init__(self, plan: OpenGatePlan, town: Town) -> None:
        self.plan = plan
        self.town = town
        self.terminal: EnteredTerminal = town.city.terminals[0]
        caption = f"{self.terminal.unit_name} {self.terminal.name}"
        self.gate = Gate(
            GatePlan(
                terminal=self.terminal.code,
                caption=caption,
                family=plan.family,
                cable="serial",
                camera_url=f"http://127.0.0.1:{plan.screen_port}/camera/{CAMERA}",
                division_kg=DIVISION_KG,
                seed=plan.seed,
            ),
            plan.pace,
        )
        self.gate.axle_wire.host, self.gate.axle_wire.port = AXLES_AT
        self.gate.led.host, self.gate.led.port = DISPLAY_AT

    @property
    def port(self) -> Path:
        """The serial port, under a name that stays."""
        return self.plan.home.absolute() / "scale"

    @property
    def answers_file(self) -> Path:
        """What an installer would answer, written down."""
        return self.plan.home.absolute() / "answers.toml"

    async def open(self) -> None:
        """Switch the devices on. TownFailed where an address is taken."""
        try:
            await self.gate.open()
        except OSError as error:
            raise TownFailed(f"the gate's devices cannot be switched on: {error}") from error
        wire = self.gate.scale_wire
        assert isinstance(wire, PtyWire)
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(wire.path)
        self.answers_file.write_text(write_toml(self.answers()), "utf-8")

    async def close(self) -> None:
        """Switch them off."""
        self.port.unlink(missing_ok=True)
        await self.gate.close()

    def answers(self) -> dict[str, object]:
        """What `hengyuan terminal setup --answers` is to be given."""
        axles, display = self.gate.axle_wire, self.gate.led
        return {
            "network": SEGMENT,
            "platform": {"url": self.town.url, "code": self.terminal.enrolment_code or ""},
            "screen": {"network": False, "port": self.plan.screen_port},
            "lanes": {
                "count": 1,
                "1": {
                    "name": self.terminal.name,
                    "scale": {"at": str(self.port)},
                    "axles": {"there": True, "at": f"{axles.host}:{axles.port}"},
                    "cameras": {"count": 1, "1": {"driver": "hikvision", "host": "127.0.0.1"}},
                    "displays": {
                        "count": 1,
                        "1": {"driver": "onbon", "at": f"{display.host}:{display.port}"},
                    },
                    "weighing": {"kg": KNOWN_KG, "division_kg": DIVISION_KG},
                },
            },
        }

    async def serve(self, trucks: Iterator[Truck], seen: Callable[[Passage], None]) -> None:
        """Be there for whoever comes, until cancelled."""
        helper = asyncio.create_task(self._bring_known_weight())
        trigger = asyncio.create_task(self._press_trigger(next(trucks)))
        try:
            while True:
                await self._until(self._invited)
                seen(await self.gate.pass_truck(next(trucks)))
        finally:
            for task in (helper, trigger):
                task.cancel()
            await asyncio.gather(helper, trigger, return_exceptions=True)

    async def _press_trigger(self, truck: Truck) -> None:
        """The camera's manual trigger, until somebody has taken its event."""
        at = datetime.now(UTC)
        pictures = await asyncio.to_thread(photograph, truck, at, self.gate.plan.caption)
        await self.gate.camera.push(self.gate.camera.event(truck, at, pictures))
        log.info("gate.camera_heard")

    async def _bring_known_weight(self) -> None:
        loop = asyncio.get_running_loop()
        deck = self.gate.deck
        while True:
            await self._until(lambda: self._shows(texts.come_on()))
            deck.drive_on(KNOWN_AXLES_KG, loop.time())
            await self._until(lambda: not self._shows(texts.come_on()))
            deck.drive_off(loop.time())
            await asyncio.sleep(self.plan.pace.roll_off_s)

    def _shows(self, message: Message) -> bool:
        now = self.gate.led.now
        return now is not None and self.gate.led.connected and now.lines[:1] == message.lines[:1]

    def _invited(self) -> bool:
        """Green, and nothing but an invitation: two short lines."""
        now = self.gate.led.now
        if now is None or not self.gate.led.connected or self.gate.deck.occupied:
            return False
        written = [line for line in now.lines if line.strip()]
        return len(written) == INVITATION_LINES and set(now.colours) == {"green"}

    async def _until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            self.town.check()
            await asyncio.sleep(LOOK_EVERY_S)


def clear(home: Path) -> None:
    """Take away what an interrupted run has left of the gate's devices."""
    with contextlib.suppress(OSError):
        (home / "scale").unlink(missing_ok=True)
