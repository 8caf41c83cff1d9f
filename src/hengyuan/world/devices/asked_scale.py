"""Weigh indicators that keep silent until they are asked: F1 in command mode, and Modbus."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.modbus_scale import codec as modbus_scale
from hengyuan.terminal.drivers.modbus_scale.settings import Settings as RegisterMap
from hengyuan.world.devices.wires import Wire
from hengyuan.world.motion import Deck


@dataclass(frozen=True, slots=True)
class Manner:
    """What an indicator waits for, and what it then says."""

    question: bytes
    answer: Callable[[Deck, float], bytes]


def f1_command(address: int = 1) -> Manner:
    """A 耀华 XK3190 class indicator with tF=1, asked for the gross."""
    return Manner(
        f1.request("gross", address),
        lambda deck, at: f1.answer("gross", deck.indicated_kg(at), address=address),
    )


def modbus(registers: RegisterMap | None = None) -> Manner:
    """A transmitter with this register map, asked for status, gross and net."""
    return Manner(
        modbus_scale.question(registers),
        lambda deck, at: modbus_scale.encode(deck.indicated_kg(at), not deck.moving(at), registers),
    )


class AskedScale:
    """An indicator at one wire. It has no task of its own: it answers where it hears."""

    def __init__(self, manner: Manner, deck: Deck, wire: Wire) -> None:
        self.deck = deck
        self.wire = wire
        self.wire.heard = self._hear
        self._manner = manner
        self._heard = bytearray()

    def _hear(self, data: bytes) -> None:
        question = self._manner.question
        self._heard += data
        while (found := self._heard.find(question)) >= 0:
            del self._heard[: found + len(question)]
            self.wire.send(self._manner.answer(self.deck, asyncio.get_running_loop().time()))
        del self._heard[: -len(question)]
