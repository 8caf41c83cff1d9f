"""The scale of a lane: found on its line, recognised by what it says."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.models import find
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option, SetupStopped
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.listening import Found, ask_around, listen, search_serial
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.places import (
    network_places,
    pick_place,
    serial_places,
    where_of,
)
from hengyuan.terminal.setup.recognition import (
    Heard,
    alike,
    distinct,
    matching,
    parse_shown,
    shown,
)
from hengyuan.terminal.setup.transport_questions import settled_transport
from hengyuan.terminal.transports.settings import Serial, Transport
from hengyuan.terminal.words import installer_text as _

HEAR_S = 3.0
_WITH_UNIT = ("f1", "f2", "f5", "f7")
"""Families whose frames do not say kg or t."""


def scale_part(setup: Setup) -> None:
    """One scale for each lane."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Scale of {lane}").format(lane=lane_title(lane)))
        known = lane.get("scale", {})
        lane["scale"] = {}  # its place in the file stays, its name is free
        lane["scale"] = _scale(setup, f"lanes.{place}.scale", known)


def _scale(setup: Setup, key: str, known: dict[str, Any]) -> dict[str, Any]:
    places = [*serial_places(setup), *network_places(setup, "scale", "modbus_scale")]
    where = pick_place(
        setup, f"{key}.at", _("Where is the scale?"), places, where_of(known.get("transport", {}))
    )
    line = settled_transport(setup, f"{key}.line", where, known.get("transport", {}))
    found = asyncio.run(_search(setup, where, line))
    settings = _recognised(setup, key, found)
    if settings is None:
        settings = _by_hand(setup, key, known)
    name = ask_name(setup, f"{key}.name", _("scale"), known=known.get("name"))
    kept = _kept(line, msgspec.to_builtins(found.transport))
    raw = {"driver": settings.pop("driver"), "name": name, **settings, "transport": kept}
    try:
        load_settings(raw)
    except msgspec.ValidationError as error:
        wanted = catalogue()[raw["driver"]].settings_type
        raise SetupStopped(str(explain(error, wanted, key))) from None
    return raw


def _kept(line: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What is worth writing down of a transport: what was told, and the speed that was found."""
    if line["kind"] != "serial":
        return line
    usual = {"bytesize": 8, "parity": "N", "stopbits": 1}
    speed = {name: found[name] for name, value in usual.items() if found[name] != value}
    told = {name: value for name, value in line.items() if name not in usual}
    return {**told, "baudrate": found["baudrate"], **speed}


async def _search(setup: Setup, where: str, raw: dict[str, Any]) -> Found:
    dialogue = setup.dialogue
    dialogue.say(_("listening at {where} …").format(where=where))
    if raw["kind"] == "serial":
        found = await search_serial(where, lambda each: _tell(setup, each))
    else:
        if raw["kind"] == "tcp_server":
            dialogue.say(_("waiting up to {seconds:.0f} s …").format(seconds=setup.wait_s))
        found = await listen(msgspec.convert(raw, Transport), HEAR_S, called_within_s=setup.wait_s)
        _tell(setup, found)
    if found.error:
        dialogue.warn(
            _("{where}: cannot be opened ({error})").format(where=where, error=found.error)
        )
    elif not found.heard:
        question = _(
            "Nobody is understood there. Ask whether an indicator in command mode or on Modbus "
            "answers? Only reading questions are asked."
        )
        if dialogue.confirm("scan.ask", question, default=True):
            asked = await ask_around(found.transport)
            found.asked, found.read_kg = asked.asked, asked.read_kg
    return found


def _tell(setup: Setup, found: Found) -> None:
    transport = found.transport
    speed = ""
    if isinstance(transport, Serial):
        speed = f"{transport.baudrate} {transport.bytesize}{transport.parity}{transport.stopbits}: "
    if found.error:
        return
    if not found.data:
        setup.dialogue.say(f"  {speed}{_('silent')}")
        return
    setup.dialogue.say(f"  {speed}{shown(found.data)}")
    if found.heard:
        best = found.heard[0]
        setup.dialogue.say(
            "    "
            + _("{driver}: {sound} frames understood, {refused} refused, last {mass}").format(
                driver=best.candidate.driver,
                sound=best.sound,
                refused=best.refused,
                mass=_mass(best.last_kg),
            )
        )


def _recognised(setup: Setup, key: str, found: Found) -> dict[str, Any] | None:
    """Driver and settings of what was heard; None where nobody was understood."""
    dialogue = setup.dialogue
    if found.asked is not None:
        dialogue.say(
            _("it answers as {driver}: {mass}").format(
                driver=found.asked["driver"], mass=_mass(found.read_kg)
            )
        )
        return dict(found.asked)
    if not found.heard:
        return None
    rivals = alike(found.heard)
    best = rivals[0]
    if len(rivals) > 1:
        dialogue.warn(_("more than one family explains these bytes:"))
        for each in rivals:
            dialogue.say(
                f"  {each.candidate.driver} {_models(each)}: {_mass(each.last_kg)}, "
                f"{each.explained:.0%}"
            )
    settings = _settled(setup, key, rivals) or _settings_of(best)
    named = catalogue()[settings["driver"]].manifest.title_zh
    dialogue.say(
        _("recognised: {driver} ({title}); models: {models}").format(
            driver=settings["driver"], title=named, models=_models(best)
        )
    )
    options = [Option("yes", _("yes")), Option("no", _("no, choose by hand"))]
    if dialogue.choose(f"{key}.right", _("Is that right?"), options, "yes") == "no":
        return None
    return settings


def _settled(setup: Setup, key: str, rivals: list[Heard]) -> dict[str, Any] | None:
    """What the bytes leave open, settled by what the indicator shows."""
    best = rivals[0]
    if len(distinct(rivals)) == 1 and best.candidate.driver not in _WITH_UNIT:
        return None
    text = setup.dialogue.ask(
        f"{key}.shows",
        _("What does the indicator itself show now, with its unit (like 23460 kg or 23.46 t)?"),
        f"{best.last_kg or 0} kg",
    )
    shown_kg = parse_shown(text)
    if shown_kg is None:
        setup.dialogue.warn(_("{text} is no mass; left as it is").format(text=text))
        return None
    found = matching(rivals, shown_kg)
    if found is None:
        setup.dialogue.warn(
            _("none of them reads {mass} kg; check decimals and unit at the test weighing").format(
                mass=round(shown_kg)
            )
        )
        return None
    heard, unit = found
    settings = _settings_of(heard)
    if unit == "t" and heard.candidate.driver in _WITH_UNIT:
        settings["unit"] = "t"
    return settings


def _settings_of(heard: Heard) -> dict[str, Any]:
    return {"driver": heard.candidate.driver, **heard.candidate.settings}


def _by_hand(setup: Setup, key: str, known: dict[str, Any]) -> dict[str, Any]:
    """By the model that stands on the indicator, or by the driver."""
    dialogue = setup.dialogue
    dialogue.say(
        _(
            "Check that the indicator sends all the time (continuous output), the wires (2, 3, 5) "
            "and its baud rate; or go on and say what it is."
        )
    )
    scales = sorted(n for n, e in catalogue().items() if e.manifest.kind == "scale")
    written = dialogue.ask(
        f"{key}.model",
        _("Model on the indicator, or driver ({drivers})").format(drivers=", ".join(scales)),
        known.get("driver"),
    ).strip()
    if written in scales:
        same = known if known.get("driver") == written else {}
        return {"driver": written, **_without(same, "driver", "name", "transport")}
    models = find(written)
    if not models:
        raise SetupStopped(
            _("no driver knows {model}; `hengyuan terminal drivers --models` lists them").format(
                model=written
            )
        )
    dialogue.say(
        _("{model} is read by {driver}").format(model=models[0].name, driver=models[0].family)
    )
    return {"driver": models[0].family, **models[0].settings}


def _without(table: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}


def _models(heard: Heard) -> str:
    return "、".join(heard.candidate.models) or "—"


def _mass(mass_kg: int | None) -> str:
    return _("no weight") if mass_kg is None else f"{mass_kg} kg"
