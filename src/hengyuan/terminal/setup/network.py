"""Which known ports answer on a network segment: only the one that was told, a few at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hengyuan.terminal.words import installer_text as _

MOST_ADDRESSES = 1024
AT_ONCE = 32
"""Connections under way: a gate's switch has small tables."""
ANSWER_S = 0.6
PAUSE_S = 0.01
"""Between one attempt and the next: an office router takes a flood for an attack."""

PORTS: Mapping[int, tuple[str, ...]] = {
    4001: ("wanji", "scale"),
    4002: ("scale", "wanji"),
    5005: ("onbon",),
    8131: ("vzenith_tcp",),
    80: ("hikvision", "hikvision_stream", "dahua", "huaxia", "vzenith"),
    554: ("video",),
    8557: ("video",),
    502: ("modbus_scale", "modbus_barrier", "modbus_lamp", "modbus_sensors"),
}
"""Known ports, and what mostly stands behind them: drivers, `scale` for a serial device server with
a scale of any family, `video` for a stream."""


class BadSegment(ValueError):
    """What was told is no segment that may be scanned."""


@dataclass(frozen=True, slots=True)
class Answering:
    """A port that took a connection."""

    host: str
    port: int

    @property
    def likely(self) -> tuple[str, ...]:
        """What mostly stands behind this port."""
        return PORTS.get(self.port, ())


def segment(text: str) -> list[str]:
    """The addresses of `192.168.1.0/24` or of one address. BadSegment for none, or too many."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise BadSegment(
            _("{text} is no network; write it like 192.168.1.0/24").format(text=text)
        ) from None
    if network.num_addresses > MOST_ADDRESSES:
        raise BadSegment(
            _("{text} has {count} addresses, at most {most} are looked at").format(
                text=text, count=network.num_addresses, most=MOST_ADDRESSES
            )
        )
    if not (network.is_private or network.is_loopback or network.is_link_local):
        raise BadSegment(
            _("{text} is no network of the house; others are not looked at").format(text=text)
        )
    return [str(address) for address in network.hosts()]


async def scan(
    hosts: list[str],
    told: Callable[[Answering], None] = lambda found: None,
    ports: Mapping[int, tuple[str, ...]] = PORTS,
) -> list[Answering]:
    """The known ports that answer there. Connects and hangs up; nothing is sent."""
    turn = asyncio.Semaphore(AT_ONCE)
    found: list[Answering] = []

    async def knock(host: str, port: int) -> None:
        async with turn:
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    _reader, writer = await asyncio.open_connection(host, port)
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
                answering = Answering(host, port)
                found.append(answering)
                told(answering)

    await asyncio.gather(*(knock(host, port) for host in hosts for port in ports))
    return sorted(found, key=lambda each: (ipaddress.ip_address(each.host), each.port))
