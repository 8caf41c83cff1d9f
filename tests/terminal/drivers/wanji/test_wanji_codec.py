"""万集: the axles of a vehicle, or the reason why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import AxleReading, Notice
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.wanji.codec import (
    STATUS,
    SYNC,
    codes_for,
    decode,
    encode,
    encode_status,
    host_frame,
)
from hengyuan.terminal.drivers.wanji.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import crc_xmodem
from tests.terminal.drivers.mutations import bad_lines


@st.composite
def vehicles(draw: st.DrawFn) -> AxleReading:
    layout = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=5)))
    axles = sum(layout)
    spacings = st.lists(st.integers(60, 1500), min_size=axles - 1, max_size=axles - 1)
    sends_spacings = draw(st.booleans()) or axles == 1
    sends_speeds = sends_spacings and draw(st.booleans())
    return AxleReading(
        axle_count=axles,
        group_kg=tuple(draw(st.integers(0, 6_000)) * 10 for _ in layout),
        group_codes=codes_for(layout),
        layout=layout,
        spacings_mm=tuple(cm * 10 for cm in draw(spacings)) if sends_spacings else (),
        speed_kmh_x10=draw(st.integers(0, 2_000)),
        at=0.0,
        axle_speeds_kmh=tuple(draw(st.integers(0, 200)) for _ in range(axles * sends_speeds)),
        over_limit=draw(st.booleans()),
    )


@given(vehicles())
def test_what_a_controller_measured_is_what_is_read(vehicle: AxleReading) -> None:
    (item,) = decode(encode(vehicle))
    assert isinstance(item, AxleReading)
    assert encode(item) == encode(vehicle)
    for field in ("group_kg", "group_codes", "layout", "spacings_mm", "axle_speeds_kmh"):
        assert getattr(item, field) == getattr(vehicle, field)
    assert item.gross_kg == sum(vehicle.group_kg)


@given(bad_lines(vehicles().map(encode)))
def test_no_bad_line_yields_axles_whose_crc_is_wrong(stream: bytes) -> None:
    for item in decode(stream):
        if isinstance(item, AxleReading):
            assert crc_xmodem(item.raw) == 0
            assert item.raw in stream


@given(st.binary(max_size=300))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    for item in decode(b"\xff\x00" + stream):
        if isinstance(item, AxleReading | Notice):
            assert crc_xmodem(item.raw) == 0


def test_questions_to_the_controller_are_those_of_its_manual() -> None:
    assert host_frame(STATUS) == bytes.fromhex("FF00050000B15F")
    assert host_frame(SYNC) == bytes.fromhex("FF00070000DF3F")


def test_a_status_answer_is_no_vehicle() -> None:
    (item,) = decode(encode_status())
    assert isinstance(item, Notice) and item.what == "status"


def test_spacings_come_in_the_unit_that_the_settings_name() -> None:
    table = {"driver": "wanji", "name": "a", "spacing_unit_mm": 50, "transport": tcp()}
    settings = load_settings(table)
    assert isinstance(settings, Settings)
    two_axles = AxleReading(2, (5_000, 9_000), (1, 2), (1, 1), (3_600,), 0, 0.0)
    (item,) = decode(encode(two_axles, spacing_unit_mm=50), settings)
    assert isinstance(item, AxleReading) and item.spacings_mm == (3_600,)


@pytest.mark.parametrize(
    ("layout", "singles", "codes"),
    [
        ((1, 2, 3), 1, (1, 5, 7)),
        ((1, 1, 2), 2, (1, 1, 5)),
        ((1, 1), 1, (1, 2)),
        ((2, 2), 1, (5, 5)),
    ],
)
def test_codes_say_axles_and_tyres(
    layout: tuple[int, ...], singles: int, codes: tuple[int, ...]
) -> None:
    assert codes_for(layout, singles) == codes


def test_what_does_not_fit_together_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="spacings"):
        encode(AxleReading(3, (1, 2), (1, 5), (1, 2), (3_600,), 0, 0.0))
    with pytest.raises(ValueError, match="codes"):
        encode(AxleReading(3, (1, 2), (1,), (1, 2), (), 0, 0.0))
    with pytest.raises(ValueError, match="layout"):
        codes_for((1, 4))
