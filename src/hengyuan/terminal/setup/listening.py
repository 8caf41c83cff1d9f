"""Bytes from a line: listen, at one speed after another; ask those that do not speak unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.base import AxleDriver
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from hengyuan.terminal.drivers.polling import PolledScaleDriver
from hengyuan.terminal.drivers.settings import DeviceSettings
from hengyuan.terminal.setup.recognition import Heard, recognise
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import open_connection
from hengyuan.terminal.transports.settings import Serial, TcpServer, Transport
from hengyuan.terminal.words import installer_text as _

BAUDRATES = (9600, 4800, 2400, 19200, 1200, 38400, 57600, 115200)
FRAMINGS = ((8, "N", 1), (7, "E", 1), (8, "E", 1), (7, "O", 1))
"""Bits, parity, stop bits; the usual ones first."""
LISTEN_S = 1.5
CALLED_S = 15.0
ENOUGH_SOUND = 5
"""So many sound frames that hardly anything disturbs end the search."""

ASKED: tuple[dict[str, Any], ...] = (
    {"driver": "f1", "mode": "command"},
    {"driver": "modbus_scale", "protocol": "rtu"},
    {"driver": "modbus_scale", "protocol": "tcp"},
)
"""Scales that speak when they are asked. Every question is a reading one: nothing changes."""


@dataclass(slots=True)
class Found:
    """What came over a line."""

    transport: Transport
    data: bytes = b""
    heard: list[Heard] = field(default_factory=list)
    """Who may have said it, the likeliest first."""
    error: str | None = None
    """Why nothing could be heard."""
    asked: dict[str, Any] | None = None
    """Settings of an asked scale that has answered."""
    read_kg: int | None = None

    @property
    def certain(self) -> bool:
        """Whether there is no need to listen at another speed."""
        if self.asked is not None:
            return True
        best = self.heard[0] if self.heard else None
        return best is not None and best.sound >= ENOUGH_SOUND and best.explained > 0.9


async def listen(
    transport: Transport, seconds: float | None = None, *, called_within_s: float | None = None
) -> Found:
    """All that comes within so long, and who may have said it. Never raises for a line's faults. A
    device that calls has to do so within `called_within_s`."""
    found = Found(transport)
    patience_s = CALLED_S if called_within_s is None else called_within_s
    waits = isinstance(transport, TcpServer)
    try:
        async with asyncio.timeout(patience_s if waits else None):
            connection = await open_connection(transport)
    except TimeoutError as error:
        found.error = _("nobody has called") if waits else str(error) or type(error).__name__
        return found
    except (OSError, ValueError) as error:
        found.error = str(error) or type(error).__name__
        return found
    try:
        found.data = await _hear(connection, LISTEN_S if seconds is None else seconds)
    finally:
        await connection.close()
    found.heard = recognise(found.data)
    return found


async def _hear(connection: Connection, seconds: float) -> bytes:
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    parts: list[bytes] = []
    while (left_s := end - loop.time()) > 0:
        try:
            parts.append(await connection.read(left_s))
        except (OSError, TimeoutError):
            break
    return b"".join(parts)


def speeds(port: str) -> Iterator[Serial]:
    """Every way that a serial line may be set, the usual ones first."""
    for bytesize, parity, stopbits in FRAMINGS:
        for baudrate in BAUDRATES:
            yield Serial(
                port=port,
                baudrate=baudrate,
                bytesize=bytesize,  # type: ignore[arg-type]
                parity=parity,  # type: ignore[arg-type]
                stopbits=stopbits,  # type: ignore[arg-type]
            )


async def search_serial(
    port: str, told: Callable[[Found], None], seconds: float | None = None
) -> Found:
    """Try speeds until somebody is understood; the best that was heard, sound or not.

    A port that says nothing at the first four speeds is silent: a wrong speed gives rubbish, not
    silence, and rubbish is what the other settings are tried for.
    """
    best: Found | None = None
    silent = 0
    for tried, transport in enumerate(speeds(port), 1):
        found = await listen(transport, seconds)
        told(found)
        if found.error:
            return found
        silent += not found.data
        if best is None or _score(found) > _score(best):
            best = found
        if found.certain or (tried == 4 and silent == tried):
            break
    assert best is not None
    return best


def _score(found: Found) -> tuple[bool, float, int]:
    best = found.heard[0] if found.heard else None
    return (best is not None, best.explained if best else 0.0, len(found.data))


async def ask_around(transport: Transport, seconds: float | None = None) -> Found:
    """Put the reading questions of asked scales to a silent line."""
    found = Found(transport)
    where = msgspec.to_builtins(transport)
    for settings in ASKED:
        if settings.get("protocol") == "tcp" and isinstance(transport, Serial):
            continue
        raw = {**settings, "name": "?", "transport": where}
        reading = await first_reading(load_settings(raw), LISTEN_S if seconds is None else seconds)
        if reading is not None:
            found.asked, found.read_kg = dict(settings), reading.mass_kg
            return found
    return found


async def first_reading(settings: DeviceSettings, seconds: float) -> Reading | None:
    """What an asked scale answers first; None where it does not in time."""
    driver = create(settings)
    assert isinstance(driver, PolledScaleDriver)
    first: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

    def take(reading: Reading) -> None:
        if not first.done():
            first.set_result(reading)

    running = asyncio.create_task(driver.run(take))
    try:
        return await asyncio.wait_for(first, seconds)
    except TimeoutError:
        return None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def answering_axle_driver(transport: Transport, seconds: float | None = None) -> str | None:
    """The driver of the axle identifier that answers a status question there; None where none."""
    where = msgspec.to_builtins(transport)
    for name, entry in catalogue().items():
        if entry.manifest.kind == "axle" and await _axles_answer(
            {"driver": name, "name": "?", "transport": where},
            LISTEN_S if seconds is None else seconds,
        ):
            return name
    return None


async def _axles_answer(raw: dict[str, Any], seconds: float) -> bool:
    driver = create(load_settings(raw))
    assert isinstance(driver, AxleDriver)
    running = asyncio.create_task(driver.run(lambda reading: None))
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    try:
        while loop.time() < end:
            if driver.counters.notices or driver.counters.frames:
                return True
            await asyncio.sleep(0.05)
        return False
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def serial_ports() -> list[tuple[str, str]]:
    """Serial ports of this machine: name and what the system says of them."""
    from serial.tools import list_ports

    return sorted((port.device, port.description or "") for port in list_ports.comports())
