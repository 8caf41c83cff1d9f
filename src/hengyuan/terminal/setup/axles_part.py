"""The axle identifier of a lane: without one there is never a verdict."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from hengyuan.terminal.drivers.catalogue import catalogue
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.listening import answering_axle_driver
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.places import (
    network_places,
    pick_place,
    serial_places,
    where_of,
)
from hengyuan.terminal.setup.transport_questions import settled_transport
from hengyuan.terminal.transports.settings import Transport
from hengyuan.terminal.words import installer_text as _


def axles_part(setup: Setup) -> None:
    """One for each lane, or none."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Axle identifier of {lane}").format(lane=lane_title(lane)))
        key = f"lanes.{place}.axles"
        known = lane.pop("axles", None) or {}
        places = [*network_places(setup, "wanji"), *serial_places(setup)]
        there = bool(known) or any(each.note for each in places)
        question = _("Is there an axle identifier?")
        if not setup.dialogue.confirm(f"{key}.there", question, default=there):
            setup.dialogue.warn(_("without axles no truck can be judged: every one has to wait"))
            continue
        where = pick_place(
            setup, f"{key}.at", _("Where is it?"), places, where_of(known.get("transport", {}))
        )
        lane["axles"] = _axles(setup, key, known, where)


def _axles(setup: Setup, key: str, known: dict[str, Any], where: str) -> dict[str, Any]:
    dialogue = setup.dialogue
    kinds = [
        Option(name, entry.manifest.title_zh)
        for name, entry in catalogue().items()
        if entry.manifest.kind == "axle"
    ]
    transport = settled_transport(setup, f"{key}.line", where, known.get("transport", {}))
    answered = asyncio.run(answering_axle_driver(msgspec.convert(transport, Transport)))
    driver = answered or known.get("driver", "wanji")
    if answered:
        dialogue.say(_("it answers as {driver}").format(driver=driver))
    else:
        dialogue.warn(
            _("it does not answer the status question; some never do: pass a truck and look")
        )
    driver = dialogue.choose(f"{key}.driver", _("Driver"), kinds, driver)
    name = ask_name(setup, f"{key}.name", _("axle identifier"), known=known.get("name"))
    kept = {k: v for k, v in known.items() if k not in ("driver", "name", "transport")}
    return {"driver": driver, "name": name, **kept, "transport": transport}
