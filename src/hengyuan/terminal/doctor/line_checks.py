"""The devices, one after the other: reached, speaking, understood. Only while no terminal runs."""

from __future__ import annotations

import asyncio
from typing import cast

from hengyuan.terminal.config import Config, LaneConfig
from hengyuan.terminal.devices import Notice, Reading, Refused
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.doctor.relay_checks import called_gate, on_module, shared_relays
from hengyuan.terminal.doctor.stream_checks import streams
from hengyuan.terminal.drivers.base import PullCameraDriver, PushCameraDriver
from hengyuan.terminal.drivers.catalogue import catalogue, create, kind_of
from hengyuan.terminal.drivers.polling import PolledScaleDriver
from hengyuan.terminal.drivers.settings import DeviceSettings, ModbusSettings, StreamSettings
from hengyuan.terminal.setup.camera_waiting import reached
from hengyuan.terminal.setup.listening import (
    Found,
    answering_axle_driver,
    first_reading,
    listen,
    search_serial,
)
from hengyuan.terminal.setup.recognition import shown
from hengyuan.terminal.transports.link import open_connection
from hengyuan.terminal.transports.settings import Serial, TcpServer
from hengyuan.terminal.words import installer_text as _

LISTEN_S = 2.0
CALL_S = 5.0
SOUND_SHARE = 0.9


def devices(config: Config, found: Findings) -> None:
    """Every device and every stream of every lane."""
    for lane in config.lanes:
        for settings in lane.devices:
            asyncio.run(_device(lane, settings, found))
    shared_relays(config, found)
    streams(config, found)


async def _device(lane: LaneConfig, settings: DeviceSettings, found: Findings) -> None:
    kind = kind_of(settings)
    if kind == "scale":
        await _scale(settings, found)
    elif kind == "camera":
        await _camera(settings, found)
    elif isinstance(settings, ModbusSettings) and kind in ("sensor", "barrier", "lamp"):
        await on_module(settings, lane, found)
    elif kind == "barrier":
        await called_gate(settings, found)
    elif isinstance(settings, StreamSettings):
        await _line(settings, kind, found)
    elif settings.__struct_config__.tag == "html":
        found.good("display", _("{name}: a browser's page").format(name=settings.name))
    else:
        found.good(
            kind,
            _("{name}: not tried, it does something when it is called").format(name=settings.name),
        )


async def _scale(settings: DeviceSettings, found: Findings) -> None:
    assert isinstance(settings, StreamSettings)
    driver = create(settings)
    name = settings.name
    if isinstance(driver, PolledScaleDriver) and driver.question() is not None:
        reading = await first_reading(settings, LISTEN_S)
        if reading is None:
            why = driver.counters.last_error or _("no answer")
            remedy = _("check cable, address and speed; `hengyuan terminal setup --only scale`")
            found.bad("scale", f"{name}: {why}", remedy)
        else:
            found.good("scale", f"{name}: {reading.mass_kg} kg")
        return
    heard = await listen(settings.transport, LISTEN_S)
    if heard.error is not None:
        found.bad(
            "scale",
            _("{name}: cannot be opened ({error})").format(name=name, error=heard.error),
            _open_remedy(settings),
        )
        return
    if not heard.data:
        remedy = _("switch the indicator on, set it to continuous output, check the cable")
        found.bad("scale", _("{name}: connected, and silent").format(name=name), remedy)
        return
    if not _understood(settings, heard, found):
        await _guess(settings, heard, found)


def _understood(settings: StreamSettings, heard: Found, found: Findings) -> bool:
    """Whether the configured driver reads it, which is said."""
    codec = catalogue()[str(settings.__struct_config__.tag)].module("codec")
    items = codec.Decoder(settings).feed(heard.data)
    sound = sum(len(item.raw) for item in items if isinstance(item, Reading | Notice))
    readings = [item for item in items if isinstance(item, Reading)]
    refused = [item for item in items if isinstance(item, Refused)]
    if not readings:
        return False
    share = sound / len(heard.data)
    text = _("{name}: {count} sound frames, {share:.0%} of the bytes, last {mass} kg").format(
        name=settings.name, count=len(readings), share=share, mass=readings[-1].mass_kg
    )
    if readings[-1].fault is not None:
        text += f" ({readings[-1].fault})"
        found.bad("scale", text, _("look at the indicator: it reports a fault itself"))
    elif share < SOUND_SHARE:
        reasons = ", ".join(sorted({item.reason for item in refused}))
        remedy = _("check shield, ground and length of the cable ({reasons})").format(
            reasons=reasons
        )
        found.warn("scale", text, remedy)
    else:
        found.good("scale", text)
    return True


async def _guess(settings: StreamSettings, heard: Found, found: Findings) -> None:
    """Bytes that the configured driver cannot read: who could?"""
    transport = settings.transport
    best = heard
    if not heard.heard and isinstance(transport, Serial):
        best = await search_serial(transport.port, lambda each: None)
    driver = str(settings.__struct_config__.tag)
    text = _("{name}: bytes come, and {driver} cannot read them: {bytes}").format(
        name=settings.name, driver=driver, bytes=shown(heard.data, 16)
    )
    if not best.heard:
        remedy = _("no known indicator speaks like this: check speed and wires, or describe its "
                   "frame (docs/drivers.md)")  # fmt: skip
        found.bad("scale", text, remedy)
        return
    speed = ""
    if isinstance(best.transport, Serial):
        t = best.transport
        speed = f" {t.baudrate} {t.bytesize}{t.parity}{t.stopbits}"
    remedy = _("it speaks like {driver}{speed}: `hengyuan terminal setup --only scale`").format(
        driver=best.heard[0].candidate.driver, speed=speed
    )
    found.bad("scale", text, remedy)


async def _camera(settings: DeviceSettings, found: Findings) -> None:
    driver = create(settings)
    if isinstance(driver, PushCameraDriver):
        host = getattr(settings, "host", None)
        text = _("{name}: pushes to us; nothing to be called").format(name=settings.name)
        found.good("camera", text if host is None else f"{text} ({host})")
        return
    why = await reached(cast("PullCameraDriver", driver), CALL_S)
    if why is None:
        found.good("camera", _("{name}: answers").format(name=settings.name))
    else:
        remedy = _("check address, user and password; a camera locks out who tries too often")
        found.bad("camera", f"{settings.name}: {why}", remedy)


async def _line(settings: StreamSettings, kind: str, found: Findings) -> None:
    if isinstance(settings.transport, TcpServer):
        found.good(kind, _("{name}: waits to be called").format(name=settings.name))
        return
    try:
        connection = await asyncio.wait_for(open_connection(settings.transport), CALL_S)
    except (OSError, TimeoutError, ValueError) as error:
        found.bad(
            kind,
            _("{name}: cannot be opened ({error})").format(
                name=settings.name, error=str(error) or type(error).__name__
            ),
            _open_remedy(settings),
        )
        return
    await connection.close()
    if kind == "axle" and await answering_axle_driver(settings.transport, LISTEN_S) is None:
        remedy = _("some never answer: pass a truck and look at its record")
        found.warn(
            kind,
            _("{name}: connected, no answer to the status question").format(name=settings.name),
            remedy,
        )
        return
    found.good(kind, _("{name}: reached").format(name=settings.name))


def _open_remedy(settings: StreamSettings) -> str:
    if isinstance(settings.transport, Serial):
        return _(
            "check that the port exists, that no other program has it open, and that this user "
            "may use it (on Linux: group dialout)"
        )
    return _("check power, cable, address and port of the device")
