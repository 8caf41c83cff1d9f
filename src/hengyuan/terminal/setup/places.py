"""Where a device is: a serial port of this machine, or an address on the network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hengyuan.terminal.setup.context import Setup, devices_of
from hengyuan.terminal.setup.dialogue import SetupStopped
from hengyuan.terminal.setup.listening import serial_ports
from hengyuan.terminal.words import installer_text as _

_ADDRESS = re.compile(r"(?P<host>[^:\s/\\]+|\[[0-9a-fA-F:]+\]):(?P<port>\d{1,5})")


@dataclass(frozen=True, slots=True)
class Place:
    """`COM3`, `/dev/ttyUSB0` or `192.168.1.20:4001`, and what is known of it."""

    where: str
    note: str = ""


def transport_of(where: str) -> dict[str, Any]:
    """The transport of a place, as the configuration writes it; 9600 8N1 for a serial port."""
    found = _ADDRESS.fullmatch(where)
    if found and 1 <= int(found["port"]) <= 65535:
        return {"kind": "tcp", "host": found["host"].strip("[]"), "port": int(found["port"])}
    return {"kind": "serial", "port": where, "baudrate": 9600}


def where_of(transport: dict[str, Any]) -> str:
    """A transport's place as an installer writes it; empty for other kinds."""
    if transport.get("kind") == "tcp":
        return f"{transport['host']}:{transport['port']}"
    return str(transport.get("port", "")) if transport.get("kind") == "serial" else ""


def serial_places(setup: Setup) -> list[Place]:
    """Ports that were named, then those of the system."""
    named = [Place(port) for port in setup.ports]
    return named + [
        Place(port, note) for port, note in serial_ports() if port not in set(setup.ports)
    ]


def network_places(setup: Setup, *likely: str) -> list[Place]:
    """What answers on the network behind whose port one of these mostly stands."""
    return [
        Place(f"{each.host}:{each.port}", ", ".join(each.likely))
        for each in setup.answering
        if set(each.likely) & set(likely)
    ]


def pick_place(setup: Setup, key: str, text: str, places: list[Place], known: str) -> str:
    """One of the places by its number, or any other as it is written."""
    taken = {where_of(d.get("transport", {})) for lane in setup.lanes for d in devices_of(lane)}
    free = [place for place in places if place.where == known or place.where not in taken]
    for number, place in enumerate(free, 1):
        setup.dialogue.say(f"  {number}  {place.where}  {place.note}".rstrip())
    default = known or (free[0].where if free else None)
    told = _("{text} (number, serial port, or address:port)").format(text=text)
    given = setup.dialogue.ask(key, told, default).strip()
    if given.isdigit() and 1 <= int(given) <= len(free):
        return free[int(given) - 1].where
    if not given:
        raise SetupStopped(_("{key}: no place was given").format(key=key))
    return given
