"""A great many bad lines: nothing raises, and no value comes out that its checksum denies."""

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hengyuan.record.model import PLATE_COLOURS
from hengyuan.terminal.devices import (
    AxleReading,
    Notice,
    PlateEvent,
    Reading,
    Refused,
    SensorReading,
)
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.hikvision_gate import codec as gate
from hengyuan.terminal.drivers.html.codec import Shown
from hengyuan.terminal.drivers.modbus_barrier.codec import Inputs, Relay
from hengyuan.terminal.drivers.onbon.codec import Answer, TextFrame
from hengyuan.terminal.drivers.recorded import load_frames
from tests.terminal.drivers.at_hand import needed, tcp
from tests.terminal.drivers.independent import (
    crc_modbus,
    crc_xmodem,
    described_f1_mass,
    f1_mass,
    f2_mass,
    f3_mass,
    f4_sum_holds,
    f5_mass,
    f6_mass,
    f7_sum_holds,
    modbus_mass,
    onbon_frames,
)
from tests.terminal.drivers.mutations import mutated


def check_f1(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == f1_mass(item.raw)


def check_custom_scale(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == described_f1_mass(item.raw)


def check_f2(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == f2_mass(item.raw)
            assert item.stable is False or item.raw * 2 in stream


def check_f3(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == f3_mass(item.raw)


def check_f4(items: list[Any], stream: bytes) -> None:
    assert all(f4_sum_holds(item.raw) for item in items if isinstance(item, Reading))


def check_f5(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == f5_mass(item.raw)
            assert item.stable is False or item.raw * 2 in stream


def check_f6(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert item.mass_kg == f6_mass(item.raw)


def check_f7(items: list[Any], stream: bytes) -> None:
    assert all(f7_sum_holds(item.raw) for item in items if isinstance(item, Reading))


def check_wanji(items: list[Any], stream: bytes) -> None:
    assert all(crc_xmodem(item.raw) == 0 for item in items if isinstance(item, AxleReading))


def check_modbus_scale(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Reading):
            assert crc_modbus(item.raw) == 0
            assert item.mass_kg in (None, modbus_mass(item.raw))


def check_onbon(items: list[Any], stream: bytes) -> None:
    sound = sum(isinstance(item, Answer | TextFrame) for item in items)
    assert sound == 0 or sound <= onbon_frames(stream)


def check_relays(items: list[Any], stream: bytes) -> None:
    for item in items:
        if isinstance(item, Relay | Inputs):
            assert crc_modbus(item.raw) == 0


def check_sensors(items: list[Any], stream: bytes) -> None:
    if any(isinstance(item, SensorReading) for item in items):
        ends = range(len(stream) + 1)
        assert any(crc_modbus(stream[a:b]) == 0 for a in ends for b in ends[a + 5 :])


def check_events(items: list[Any], stream: bytes) -> None:
    """A body has no checksum: what is told of it must at least be possible."""
    for item in items:
        assert isinstance(item, PlateEvent | Notice | Refused)
        if isinstance(item, PlateEvent):
            assert item.confidence is None or 0 <= item.confidence <= 100
            assert item.camera_at is None or item.camera_at.tzinfo is not None
            assert item.colour is None or item.colour in PLATE_COLOURS
            assert all(picture.data for picture in item.pictures)


def check_gate(items: list[Any], stream: bytes) -> None:
    for item in items:
        assert isinstance(item, gate.Ordered | gate.Answer | gate.Status | Refused)


def check_page(items: list[Any], stream: bytes) -> None:
    for item in items:
        assert isinstance(item, Shown | Refused)


CHECKS: dict[str, Callable[[list[Any], bytes], None]] = {
    "custom_scale": check_custom_scale,
    "f1": check_f1,
    "f2": check_f2,
    "f3": check_f3,
    "f4": check_f4,
    "f5": check_f5,
    "f6": check_f6,
    "f7": check_f7,
    "modbus_scale": check_modbus_scale,
    "wanji": check_wanji,
    "onbon": check_onbon,
    "modbus_barrier": check_relays,
    "modbus_lamp": check_relays,
    "modbus_sensors": check_sensors,
    "dahua": check_events,
    "hikvision": check_events,
    "hikvision_stream": check_events,
    "huaxia": check_events,
    "vzenith": check_events,
    "hikvision_gate": check_gate,
    "html": check_page,
} | {
    # a driver's own check lies beside its tests
    path.parent.name: importlib.import_module(f"{__package__}.{path.parent.name}.fuzz").check
    for path in Path(__file__).parent.glob("*/fuzz.py")
}


def test_no_codec_goes_unfuzzed() -> None:
    assert set(catalogue()) == set(CHECKS)


def bad_lines(name: str, count: int) -> Iterator[bytes]:
    random = Random(f"{name}: a bad line")
    frames = [frame.data for frame in load_frames(catalogue()[name].folder)]
    for _ in range(count):
        yield mutated(random, random.choice(frames))


def fuzz(name: str, count: int) -> int:
    """How many lines still gave something."""
    table: dict[str, Any] = {"driver": name, "name": "fuzzed", **needed(name)}
    if "transport" in catalogue()[name].settings_type.__struct_fields__:
        table["transport"] = tcp()
    elif "address" in catalogue()[name].settings_type.__struct_fields__:
        table["address"] = "http://127.0.0.1:9"
    if name == "f4":
        table["checksum"] = "required"
    settings = load_settings(table)
    decode = catalogue()[name].module("codec").decode
    fruitful = 0
    for stream in bad_lines(name, count):
        items = decode(stream, settings)
        CHECKS[name](items, stream)
        fruitful += any(hasattr(item, "reason") is False for item in items)
    return fruitful


@pytest.mark.parametrize("name", CHECKS)
def test_five_thousand_bad_lines(name: str) -> None:
    assert 0 < fuzz(name, 5_000) < 5_000


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_a_million_bad_lines(name: str) -> None:
    assert 0 < fuzz(name, 1_000_000) < 1_000_000
