"""The beams of a lane: a module's inputs, found by covering one beam after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hengyuan.terminal.devices import SensorPlace
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.setup.beam_watching import Rest, at_rest, covered_input, shown_bits
from hengyuan.terminal.setup.context import Setup, devices_of
from hengyuan.terminal.setup.device_table import device_table
from hengyuan.terminal.setup.dialogue import Option, SetupStopped, ask_number
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.places import network_places
from hengyuan.terminal.setup.relay_module import Module, module_for
from hengyuan.terminal.words import installer_text as _

DRIVER = "modbus_sensors"
_USUAL: tuple[SensorPlace, ...] = ("front_edge", "rear_edge", "barrier")
PLACES: tuple[SensorPlace, ...] = (*_USUAL, "approach")


def place_title(place: str) -> str:
    """A place of a beam as people call it."""
    titles = {
        "approach": _("beam under the entry barrier"),
        "front_edge": _("beam at the front edge of the scale"),
        "rear_edge": _("beam at the rear edge of the scale"),
        "barrier": _("beam under the exit barrier"),
    }
    return titles.get(place, place)


def sensors_part(setup: Setup) -> None:
    """For each lane its beams, or none."""
    for place, lane in enumerate(setup.lanes, 1):
        dialogue = setup.dialogue
        dialogue.heading(_("Position sensors of {lane}").format(lane=lane_title(lane)))
        key = f"lanes.{place}.sensors"
        known: dict[str, Any] = lane.get("sensors") or {}
        there = bool(known) or bool(network_places(setup, DRIVER))
        question = _("Do beams at the edges of the scale hang on a Modbus module?")
        if not dialogue.confirm(f"{key}.there", question, default=there):
            lane.pop("sensors", None)
            dialogue.warn(
                _("without beams a truck that is half on the scale is told by its plateau alone")
            )
            continue
        lane["sensors"] = {}
        lane["sensors"] = _sensors(setup, key, known)


def _sensors(setup: Setup, key: str, known: dict[str, Any]) -> dict[str, Any]:
    name = ask_name(setup, f"{key}.name", _("position sensors"), known=known.get("name"))
    module = replace(module_for(setup, key, known), first_address=known.get("first_address", 0))
    rest = rest_of(setup, key, module)
    before: dict[str, Any] = known.get("inputs", {})
    inputs: dict[str, Any] = {}
    elsewhere = inputs_used(setup, module)
    for place in PLACES:
        usual = place in before if before else place in _USUAL
        question = _("Is there a {beam}?").format(beam=place_title(place))
        if setup.dialogue.confirm(f"{key}.{place}.there", question, default=usual):
            here = {each["number"]: place_title(name) for name, each in inputs.items()}
            used = elsewhere | here
            inputs[place] = find_input(
                setup, f"{key}.{place}", place_title(place), module, rest, before.get(place), used
            )
    if not inputs:
        raise SetupStopped(_("{key}: no beam was named; answer no where there are none").format(
            key=key))  # fmt: skip
    function = {} if module.function == modbus.READ_INPUTS else {"function": "coils"}
    kept = {k: v for k, v in known.items() if k not in ("function", *module.table)}
    raw = {**kept, "driver": DRIVER, "name": name, **module.table, **function, "inputs": inputs}
    return device_table(key, raw)


def rest_of(setup: Setup, key: str, module: Module) -> Rest | None:
    """The inputs while nothing is in any beam; None where they cannot be read, or shall not."""
    dialogue = setup.dialogue
    question = _("Is the scale free, with nothing in any beam? Then the inputs are read")
    if not dialogue.confirm(f"{key}.free", question, default=True):
        return None
    try:
        rest = at_rest(module)
    except (OSError, TimeoutError, ModbusError) as error:
        dialogue.warn(_("inputs not read: {why}").format(why=error))
        return None
    dialogue.say(_("inputs, ● is on:"))
    dialogue.say(f"  {shown_bits(rest.on)}")
    for number in sorted(rest.restless):
        dialogue.warn(
            _("input {number} changes by itself: check its wire, and the beam's aim").format(
                number=number
            )
        )
    return rest


def find_input(
    setup: Setup, key: str, title: str, module: Module, rest: Rest | None,
    known: dict[str, Any] | None, used: dict[int, str],
) -> dict[str, Any]:  # fmt: skip
    """Number and polarity of the input that a beam hangs on: by covering it, else by hand. `used`
    has the inputs that are something else, and what they are."""
    dialogue = setup.dialogue
    known = known or {}
    question = _("Find the input of the {beam} by covering it?").format(beam=title)
    while rest is not None and dialogue.confirm(f"{key}.try", question, default=True):
        found = _covered(setup, title, module, rest)
        if found is not None and found["number"] in used:
            dialogue.warn(
                _("input {number} is the {beam} already: another beam was covered").format(
                    number=found["number"], beam=used[found["number"]]
                )
            )
        elif found is not None:
            return found
        if not dialogue.confirm(f"{key}.again", _("Try once more?"), default=False):
            break
    free = next(n for n in range(1, 65) if n not in used)
    number = ask_number(
        dialogue, f"{key}.number", _("Number of the input of the {beam}").format(beam=title),
        known.get("number", free), 1, 64,
    )  # fmt: skip
    when = dialogue.choose(
        f"{key}.covered_when",
        _("How is that input while the beam is covered?"),
        [Option("on", _("on")), Option("off", _("off (fails safe: also when its wire is cut)"))],
        known.get("covered_when", "on"),
    )
    return {"number": number, "covered_when": when}


def inputs_used(setup: Setup, module: Module) -> dict[int, str]:
    """Inputs of a module that belong to other devices, by those devices' names. The beam under an
    arm may serve barrier and lane."""
    used: dict[int, str] = {}
    for lane in setup.lanes:
        for device in devices_of(lane):
            if module.is_of(device):
                numbers = [each["number"] for each in device.get("inputs", {}).values()]
                numbers += [device.get("open_input"), device.get("closed_input")]
                used |= {number: str(device["name"]) for number in numbers if number}
    return used


def _covered(setup: Setup, title: str, module: Module, rest: Rest) -> dict[str, Any] | None:
    dialogue = setup.dialogue
    dialogue.say(
        _("Cover the {beam} now and hold it covered; waiting up to {seconds:.0f} s …").format(
            beam=title, seconds=setup.wait_s
        )
    )
    try:
        changed = covered_input(module, rest, setup.wait_s, dialogue.say, dialogue.warn)
    except (OSError, TimeoutError, ModbusError) as error:
        dialogue.warn(_("inputs not read: {why}").format(why=error))
        return None
    if changed is None:
        dialogue.warn(_("no single input changed: check the beam's power, its wire and its lens"))
        return None
    if not changed.came_back:
        dialogue.warn(
            _("input {number} has not gone back: something is still in the beam").format(
                number=changed.number
            )
        )
    when = "on" if changed.on else "off"
    dialogue.say(
        _("{beam}: input {number}, covered when {state}").format(
            beam=title, number=changed.number, state=_("on") if changed.on else _("off")
        )
    )
    return {"number": changed.number, "covered_when": when}
