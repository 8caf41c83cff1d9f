"""Outputs of a module: which relays are free, and trying one only when somebody has said so."""

from __future__ import annotations

from typing import Any, Literal

from hengyuan.terminal.setup.context import Setup, devices_of
from hengyuan.terminal.setup.dialogue import SetupStopped, ask_number
from hengyuan.terminal.setup.relay_module import Module
from hengyuan.terminal.store.schema import UnusableStore, claim
from hengyuan.terminal.words import installer_text as _

Word = Literal["OPEN", "CLOSE", "LIGHT"]
MOST_RELAYS = 64
CLAIM = "claim.db"
"""What a working terminal holds in its data folder."""
_DEFAULTS = {
    "modbus_barrier": {"open_relay": 1, "close_relay": 2},
    "modbus_lamp": {"red_relay": 1, "green_relay": 2, "yellow_relay": 0},
}
"""What a device has that does not name its relays."""


def relays_of(device: dict[str, Any]) -> set[int]:
    """The relays that a device switches."""
    usual = _DEFAULTS.get(str(device.get("driver")), {})
    return {int(device.get(name, number)) for name, number in usual.items()} - {0}


def relays_used(setup: Setup, module: Module) -> dict[int, str]:
    """Relays of a module that other devices have, by the devices' names."""
    return {
        relay: str(device["name"])
        for lane in setup.lanes
        for device in devices_of(lane)
        if module.is_of(device)
        for relay in relays_of(device)
    }


def ask_relay(
    setup: Setup, key: str, text: str, used: dict[int, str], known: int | None, *,
    none: bool = False,
) -> int:  # fmt: skip
    """The number of a relay that nobody else has, as printed on the module; 0 for none where that
    may be. The free one with the lowest number is proposed."""
    free = next(number for number in range(1, MOST_RELAYS + 1) if number not in used)
    default = free if known is None or known in used else known
    for _attempt in range(5):
        number = ask_number(setup.dialogue, key, text, default, 0 if none else 1, MOST_RELAYS)
        if number not in used:
            return number
        setup.dialogue.warn(
            _("relay {number} is used by {name}").format(number=number, name=used[number])
        )
    raise SetupStopped(_("{key}: no usable answer").format(key=key))


def consent(setup: Setup, key: str, warning: str, word: Word) -> bool:
    """Whether a person types a word, in English or in their own language, after having been
    warned. Enter is no, and so is a file of answers: it may be used again when nobody looks. While
    a terminal works here nobody is asked: it gives orders of its own."""
    held = setup.data_dir / CLAIM
    try:
        if held.exists():
            claim(held).close()
    except UnusableStore as problem:
        setup.dialogue.warn(str(problem))
        return False
    setup.dialogue.warn(warning)
    own = {"OPEN": _("OPEN"), "CLOSE": _("CLOSE"), "LIGHT": _("LIGHT")}[word]
    text = _("Type {word} to do it now; with anything else nothing moves").format(word=own)
    given = setup.dialogue.typed(key, text).strip().casefold()
    return given in (own.casefold(), word.casefold())
