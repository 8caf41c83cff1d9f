"""The lamps of a lane: a relay for each colour, lit one after the other once somebody agrees."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from hengyuan.terminal.devices import LampColour, ShowResult
from hengyuan.terminal.drivers.base import LampDriver
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.setup.barriers_part import place_options
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.device_table import device_table
from hengyuan.terminal.setup.dialogue import ask_number
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.relay_module import module_for
from hengyuan.terminal.setup.relays import ask_relay, consent, relays_used
from hengyuan.terminal.words import installer_text as _

MOST_LAMPS = 4
DRIVER = "modbus_lamp"
CONNECT_S = 5.0
_COLOURS: tuple[LampColour, ...] = ("red", "yellow", "green")


def lamps_part(setup: Setup) -> None:
    """So many for each lane as there are, none for most."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Lamps of {lane}").format(lane=lane_title(lane)))
        known = lane.get("lamps", [])
        count = ask_number(
            setup.dialogue, f"lanes.{place}.lamps.count", _("How many signal lamps?"), len(known),
            0, MOST_LAMPS,
        )  # fmt: skip
        lane["lamps"] = []
        for number in range(1, count + 1):
            before = known[number - 1] if number <= len(known) else {}
            key = f"lanes.{place}.lamps.{number}"
            lane["lamps"].append(_lamp(setup, key, number, before))
        if not count:
            del lane["lamps"]


def _lamp(setup: Setup, key: str, number: int, known: dict[str, Any]) -> dict[str, Any]:
    dialogue = setup.dialogue
    place = dialogue.choose(
        f"{key}.place",
        _("Lamp {number}: where does it stand?").format(number=number),
        place_options(),
        known.get("place", "exit" if number == 1 else "entry"),
    )
    usual = _("exit lamp") if place == "exit" else _("entry lamp")
    name = ask_name(setup, f"{key}.name", usual, known=known.get("name"))
    raw: dict[str, Any] = {**known, "driver": DRIVER, "name": name, "place": place}
    module = module_for(setup, key, known)
    raw.update(module.table)
    used = relays_used(setup, module)
    for colour in _COLOURS:
        text = _("Relay for {colour}").format(colour=colour_text(colour))
        none = colour != "red"
        if none:
            text = _("{text} (0: none)").format(text=text)
        before = known.get(f"{colour}_relay", 0 if colour == "yellow" else None)
        relay = ask_relay(setup, f"{key}.{colour}_relay", text, used, before, none=none)
        raw[f"{colour}_relay"] = relay
        used = used | ({relay: name} if relay else {})
    if not raw["yellow_relay"]:
        del raw["yellow_relay"]  # absent means none
    table = device_table(key, raw)
    _tried(setup, key, table)
    return table


def colour_text(colour: LampColour) -> str:
    """A lamp's colour for people."""
    return {"red": _("red"), "yellow": _("yellow"), "green": _("green"), "off": _("off")}[colour]


def _tried(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    lit = [colour for colour in _COLOURS if raw.get(f"{colour}_relay")]
    warning = _(
        "Attention: relays {relays} are switched one after the other. If anything else hangs on "
        "them, a barrier for instance, it MOVES: look that nobody is there."
    ).format(relays=", ".join(str(raw[f"{colour}_relay"]) for colour in lit))
    if not consent(setup, f"{key}.light", warning, "LIGHT"):
        dialogue.warn(_("not tried: {name}").format(name=raw["name"]))
        return
    asyncio.run(_shown(setup, key, raw, lit))


async def _shown(setup: Setup, key: str, raw: dict[str, Any], colours: list[LampColour]) -> None:
    """Each colour until somebody has answered. The question holds the line up, which harms
    nothing: a relay stays as it was set. At the end the lamp shows what it does at rest."""
    lamp = cast("LampDriver", create(load_settings(raw)))
    running = asyncio.create_task(lamp.run())
    try:
        for colour in colours:
            done = await _lit(lamp, colour)
            if not done.acknowledged:
                setup.dialogue.warn(_("the module did not do it: {why}").format(why=done.error))
                return
            question = _("Is the lamp {colour} now, and nothing else?").format(
                colour=colour_text(colour)
            )
            if not setup.dialogue.confirm(f"{key}.{colour}", question, default=True):
                setup.dialogue.warn(
                    _("check relay {number} and its wire").format(number=raw[f"{colour}_relay"])
                )
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _lit(lamp: LampDriver, colour: LampColour) -> ShowResult:
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_S
    while not (done := await lamp.light(colour)).acknowledged and loop.time() < end:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    return done
