"""Weigh indicators that send their display many times a second, by family."""

import asyncio
from collections.abc import Callable
from typing import Literal

from hengyuan.terminal.drivers.custom_scale import codec as custom
from hengyuan.terminal.drivers.custom_scale.settings import Settings as Description
from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.f2 import codec as f2
from hengyuan.terminal.drivers.f3 import codec as f3
from hengyuan.terminal.drivers.f4 import codec as f4
from hengyuan.terminal.drivers.f5 import codec as f5
from hengyuan.terminal.drivers.f6 import codec as f6
from hengyuan.terminal.drivers.f7 import codec as f7
from hengyuan.world.devices.wires import Wire
from hengyuan.world.motion import Deck

Family = Literal["f1", "f2", "f3", "f4", "f5", "f6", "f7"]
FrameOf = Callable[[Deck, float], bytes]
"""What an indicator sends of a deck at a moment."""


def f1_frame(deck: Deck, at: float) -> bytes:
    """What a 耀华 XK3190 class indicator sends now; it does not say whether the weight stands."""
    return f1.encode(deck.indicated_kg(at))


def f4_frame(deck: Deck, at: float) -> bytes:
    """What a METTLER TOLEDO class indicator sends now, motion bit and checksum included."""
    return f4.encode(deck.indicated_kg(at), not deck.moving(at), step_kg=deck.division_kg)


def f5_frame(deck: Deck, at: float) -> bytes:
    """Status and BCD; bit 4 says that the weight stands."""
    return f5.encode(deck.indicated_kg(at), not deck.moving(at))


def f6_frame(deck: Deck, at: float) -> bytes:
    """A line of text, `ST` or `US`."""
    return f6.encode(deck.indicated_kg(at), not deck.moving(at))


FRAMES: dict[Family, FrameOf] = {
    "f1": f1_frame,
    "f2": lambda deck, at: f2.encode(deck.indicated_kg(at)),
    "f3": lambda deck, at: f3.encode(deck.indicated_kg(at)),
    "f4": f4_frame,
    "f5": f5_frame,
    "f6": f6_frame,
    "f7": lambda deck, at: f7.encode(deck.indicated_kg(at)),
}


def described(description: Description) -> FrameOf:
    """An indicator of any make, as a configuration describes it. It must have a fixed length."""

    def frame(deck: Deck, at: float) -> bytes:
        still: tuple[custom.FlagName, ...] = () if deck.moving(at) else ("stable",)
        return custom.encode(deck.indicated_kg(at), description, *still)

    return frame


class Scale:
    """An indicator in continuous mode over one wire."""

    def __init__(self, family: Family | FrameOf, deck: Deck, wire: Wire) -> None:
        self.deck = deck
        self.wire = wire
        self._frame = family if callable(family) else FRAMES[family]

    async def run(self) -> None:
        """Speak until cancelled. A loop that was held up skips frames, as a slow line would."""
        loop = asyncio.get_running_loop()
        period_s = 1 / self.deck.pace.frame_hz
        due = loop.time()
        while True:
            now = loop.time()
            self.wire.send(self._frame(self.deck, now))
            due = max(due + period_s, now)
            await asyncio.sleep(due - loop.time())
