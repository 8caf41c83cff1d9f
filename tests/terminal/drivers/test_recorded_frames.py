"""Every recorded frame of every driver gives the values that stand beside it."""

from typing import Any

import pytest

from hengyuan.terminal.drivers.catalogue import DriverEntry, catalogue, load_settings
from hengyuan.terminal.drivers.recorded import Frame, facts, load_frames
from tests.terminal.drivers.at_hand import tcp

RECORDED = [
    pytest.param(entry, frame, id=f"{name}: {frame.name}")
    for name, entry in catalogue().items()
    for frame in load_frames(entry.folder)
]


def settings_of(entry: DriverEntry, frame: Frame) -> Any:
    if not frame.settings:
        return None
    table = {"driver": entry.manifest.name, "name": "recorded", **frame.settings}
    if "transport" in entry.settings_type.__struct_fields__:
        table["transport"] = tcp()
    return load_settings(table)


@pytest.mark.parametrize(("entry", "frame"), RECORDED)
def test_a_recorded_frame_says_what_is_written_beside_it(entry: DriverEntry, frame: Frame) -> None:
    items = entry.module("codec").decode(frame.data, settings_of(entry, frame))
    said = [facts(item) for item in items]
    assert len(said) == len(frame.expect), said
    for values, wanted in zip(said, frame.expect, strict=True):
        assert {key: values.get(key) for key in wanted} == wanted


def hex_of(name: str, origin: str) -> set[str]:
    return {
        frame.data.hex().upper()
        for frame in load_frames(catalogue()[name].folder)
        if frame.origin == origin
    }


def test_the_frames_captured_in_the_field_are_on_record_unchanged() -> None:
    assert {
        "022B303032303030323142" + "03",
        "022B303031353630303139" + "03",
        "022B303031363530303139" + "03",
        "022B303039343830303145" + "03",
        "0241422B30303838383033313303",
        "0241422B3030302E303030303603",
    } <= hex_of("f1", "captured")
    assert "57473030342E3133396B6733440D0A" in hex_of("f3", "captured")
    assert "02416330203020302030203820" + "3C307403" in hex_of("f7", "captured")
    assert b"=00.1000-".hex().upper() in hex_of("f2", "manual")
    assert "023130202020203230302020202030300D1E" in hex_of("f4", "captured")
    assert {
        "A5A5A5A5A5A5A5A5FEFF008000000000" + "0000FE022C00A306010000000123000000800000808020000000"
        "000A0000000002010100020A08000000BBB6D3ADB9E2C1D93C495A",
        "A5A5A5A5A5A5A5A50080FEFF000000000000FE020500A00000000014AC5A",
    } <= hex_of("onbon", "captured")
