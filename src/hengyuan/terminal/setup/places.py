"""Where a device is: a serial port of this machine, or an address on the network.

Written in one word: `COM3`, `192.168.1.20:4001`, `listen:4001` (the device calls),
`udp://192.168.1.20:4001`, `mqtt://192.168.1.9:1883/gate/scale-1`, `mqtts://…` with TLS.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from hengyuan.terminal.setup.context import Setup, devices_of
from hengyuan.terminal.setup.dialogue import SetupStopped
from hengyuan.terminal.setup.listening import serial_ports
from hengyuan.terminal.words import installer_text as _

_HOST = r"(?P<host>[^:\s/\\]+|\[[0-9a-fA-F:]+\])"
_ADDRESS = re.compile(rf"(?P<udp>udp://)?{_HOST}:(?P<port>\d{{1,5}})")
_CALLED = re.compile(r"listen:(?P<port>\d{1,5})")
_BROKER = re.compile(rf"mqtt(?P<tls>s)?://{_HOST}(?::(?P<port>\d{{1,5}}))?/(?P<topic>\S+)")
_MQTT_PORT, _MQTTS_PORT = 1883, 8883


@dataclass(frozen=True, slots=True)
class Place:
    """`COM3`, `/dev/ttyUSB0` or `192.168.1.20:4001`, and what is known of it."""

    where: str
    note: str = ""


def transport_of(where: str) -> dict[str, Any]:
    """The transport of a place, as the configuration writes it; 9600 8N1 for a serial port."""
    if (broker := _BROKER.fullmatch(where)) and _sound(broker["port"] or "1"):
        usual = _MQTTS_PORT if broker["tls"] else _MQTT_PORT
        tls = {"tls": True} if broker["tls"] else {}
        host, port = broker["host"].strip("[]"), int(broker["port"] or usual)
        return {"kind": "mqtt", "host": host, "port": port, "topic": broker["topic"], **tls}
    if (called := _CALLED.fullmatch(where)) and _sound(called["port"]):
        return {"kind": "tcp_server", "port": int(called["port"])}
    if (found := _ADDRESS.fullmatch(where)) and _sound(found["port"]):
        kind = "udp" if found["udp"] else "tcp"
        return {"kind": kind, "host": found["host"].strip("[]"), "port": int(found["port"])}
    return {"kind": "serial", "port": where, "baudrate": 9600}


def _sound(port: str) -> bool:
    return 1 <= int(port) <= 65535


def where_of(transport: dict[str, Any]) -> str:
    """A transport's place as an installer writes it; empty for a recording that is replayed."""
    kind = transport.get("kind")
    if kind == "serial":
        return str(transport.get("port", ""))
    if kind == "tcp_server":
        return f"listen:{transport['port']}"
    if kind not in ("tcp", "udp", "mqtt"):
        return ""
    host = transport["host"]
    host = f"[{host}]" if ":" in host else host
    if kind == "mqtt":
        scheme = "mqtts" if transport.get("tls") else "mqtt"
        return f"{scheme}://{host}:{transport.get('port', _MQTT_PORT)}/{transport['topic']}"
    return f"{'udp://' if kind == 'udp' else ''}{host}:{transport['port']}"


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


def pick_place(
    setup: Setup, key: str, text: str, places: list[Place], known: str, *, shared: bool = False
) -> str:
    """One of the places by its number, or any other as it is written. Where another device is,
    none is proposed, unless the line is `shared`, as one of Modbus is."""
    taken = {
        where_of(device.get("transport", {}))
        for lane in setup.lanes
        for device in devices_of(lane)
        if not (shared and str(device.get("driver")).startswith("modbus_"))
    }
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
