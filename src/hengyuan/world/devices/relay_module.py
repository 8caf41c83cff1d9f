"""A Modbus RTU module behind a serial device server, with what hangs on its relays and inputs.

Relay 1 pulses the barrier open, 2 closed; 3 is the lamp's red, 4 its green, 5 its yellow. Input 1
is the beam at the front edge of the deck, 2 the one at its rear edge, 3 the one under the arm; 4
is on while the arm is up, 5 while it is down. Beams are on where something is in them, unless they
fail safe.
"""

import asyncio
from collections import deque

from hengyuan.terminal.devices import LampColour
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import Adu
from hengyuan.world.devices.wires import TcpWire
from hengyuan.world.motion import Deck

UNIT = 1
OPEN_RELAY, CLOSE_RELAY, RED_RELAY, GREEN_RELAY, YELLOW_RELAY = 1, 2, 3, 4, 5
FRONT_EDGE, REAR_EDGE, UNDER_ARM, ARM_UP, ARM_DOWN = 1, 2, 3, 4, 5
RELAYS = INPUTS = 8
_ON = b"\xff\0"
MOST_REMEMBERED = 256
_LOOK_S = 0.01


class Arm:
    """A barrier's arm. It moves for `travel_s` after an order and obeys a new one at any time."""

    def __init__(self, travel_s: float) -> None:
        self.travel_s = travel_s
        self._from = 0.0
        self._goal = 0.0
        self._since = float("-inf")
        self.orders: deque[str] = deque(maxlen=MOST_REMEMBERED)
        self.struck = 0
        """Orders to close that came while something stood under the arm."""

    def order(self, goal: str, at: float) -> None:
        """Begin to move: `open` or `close`."""
        self._from = self.raised(at)
        self._goal, self._since = (1.0 if goal == "open" else 0.0), at
        self.orders.append(goal)

    def raised(self, at: float) -> float:
        """0 is down, 1 is up."""
        way = (at - self._since) / self.travel_s
        if abs(self._goal - self._from) <= way:
            return self._goal
        return self._from + way * (1 if self._goal > self._from else -1)


class RelayModule:
    """The module of one lane, at one wire."""

    def __init__(self, deck: Deck, wire: TcpWire, travel_s: float) -> None:
        self.deck = deck
        self.wire = wire
        self.arm = Arm(travel_s)
        self.relays = [False] * RELAYS
        self.declined = 0
        self.by_hand: set[int] = set()
        """Beams that somebody holds a hand into, by their inputs."""
        self.fails_safe: set[int] = set()
        """Beams that are off where something is in them, or where they have no power."""
        self._decoder = modbus.make_decoder("rtu")
        wire.heard = self._hear

    @property
    def lamp(self) -> LampColour:
        """What the lamp shows."""
        lights: tuple[tuple[int, LampColour], ...] = (
            (RED_RELAY, "red"),
            (YELLOW_RELAY, "yellow"),
            (GREEN_RELAY, "green"),
        )
        return next((colour for relay, colour in lights if self.relays[relay - 1]), "off")

    def inputs(self, at: float) -> list[bool]:
        """Input 1 first."""
        on = [False] * INPUTS
        on[FRONT_EDGE - 1] = self.deck.over_front_edge(at)
        on[REAR_EDGE - 1] = self.deck.over_rear_edge(at)
        # the arm stands close behind the deck
        on[UNDER_ARM - 1] = self.deck.over_front_edge(at)
        for beam in (FRONT_EDGE, REAR_EDGE, UNDER_ARM):
            covered = on[beam - 1] or beam in self.by_hand
            on[beam - 1] = covered != (beam in self.fails_safe)
        on[ARM_UP - 1] = self.arm.raised(at) >= 1
        on[ARM_DOWN - 1] = self.arm.raised(at) <= 0
        return on

    def covered(self, beam: int, at: float) -> bool:
        """Whether something is in a beam."""
        return self.inputs(at)[beam - 1] != (beam in self.fails_safe)

    async def arm_is(self, raised: int, within_s: float) -> bool:
        """Wait until the arm is up (1) or down (0); False where it was not in time."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within_s
        while self.arm.raised(loop.time()) != raised:
            if loop.time() > end:
                return False
            await asyncio.sleep(_LOOK_S)
        return True

    def _hear(self, data: bytes) -> None:
        for item in self._decoder.feed(data):
            if isinstance(item, Adu) and item.unit == UNIT:
                self.wire.send(modbus.frame("rtu", UNIT, self._answer(item.pdu)))

    def _answer(self, pdu: bytes) -> bytes:
        at = asyncio.get_running_loop().time()
        address = int.from_bytes(pdu[1:3], "big")
        if pdu[0] == modbus.WRITE_COIL and address < RELAYS:
            self._switch(address + 1, pdu[3:] == _ON, at)
            return pdu
        if pdu[0] in (modbus.READ_INPUTS, modbus.READ_COILS):
            count = int.from_bytes(pdu[3:5], "big")
            bits = self.inputs(at) if pdu[0] == modbus.READ_INPUTS else self.relays
            if address + count <= len(bits):
                return modbus.answer_bits(pdu[0], bits[address : address + count])
        self.declined += 1
        return modbus.answer_failed(pdu[0], 1)

    def _switch(self, relay: int, on: bool, at: float) -> None:
        rises = on and not self.relays[relay - 1]
        self.relays[relay - 1] = on
        if rises and relay == OPEN_RELAY:
            self.arm.order("open", at)
        elif rises and relay == CLOSE_RELAY:
            self.arm.struck += self.covered(UNDER_ARM, at)
            self.arm.order("close", at)
