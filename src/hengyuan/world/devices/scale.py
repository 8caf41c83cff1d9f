"""Weigh indicators that send their display many times a second, by family."""

import asyncio
from collections.abc import Callable
from typing import Literal

from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.f4 import codec as f4
from hengyuan.world.devices.wires import Wire
from hengyuan.world.motion import Deck

Family = Literal["f1", "f4"]


def f1_frame(deck: Deck, at: float) -> bytes:
    """What a 耀华 XK3190 class indicator sends now; it does not say whether the weight stands."""
    return f1.encode(deck.indicated_kg(at))


def f4_frame(deck: Deck, at: float) -> bytes:
    """What a METTLER TOLEDO class indicator sends now, motion bit and checksum included."""
    return f4.encode(deck.indicated_kg(at), not deck.moving(at), step_kg=deck.division_kg)


FRAMES: dict[Family, Callable[[Deck, float], bytes]] = {"f1": f1_frame, "f4": f4_frame}


class Scale:
    """An indicator in continuous mode over one wire."""

    def __init__(self, family: Family, deck: Deck, wire: Wire) -> None:
        self.family = family
        self.deck = deck
        self.wire = wire
        self._frame = FRAMES[family]

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
