"""F2: without a checksum, a weight is what came twice; what differs wildly is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Notice, Reading, Refused
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f2.codec import decode, encode
from hengyuan.terminal.drivers.f2.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f2_mass
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "f2", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, **more: Any) -> list[Reading]:
    return [item for item in decode(stream, settings(**more)) if isinstance(item, Reading)]


def masses(stream: bytes, **more: Any) -> list[int | None]:
    return [reading.mass_kg for reading in readings(stream, **more)]


@given(MASSES, st.integers(1, 5))
def test_what_an_indicator_shows_often_enough_is_what_is_read(mass: int, repeats: int) -> None:
    stream = encode(mass) * repeats
    *moving, still = readings(stream, repeats=repeats)
    assert (still.mass_kg, still.stable) == (mass, None)
    assert all(reading.stable is False for reading in moving)


@given(MASSES, st.integers(1, 3))
def test_tonnes_with_decimals_are_kg(mass: int, decimals: int) -> None:
    (reading,) = readings(encode(mass, decimals, "t"), unit="t", repeats=1)
    step = 10 ** (3 - decimals)
    assert reading.mass_kg is not None
    assert abs(reading.mass_kg - mass) * 2 <= step and reading.mass_kg % step == 0


@given(bad_lines(MASSES.map(lambda mass: encode(mass) * 2)))
def test_a_weight_that_may_be_weighed_came_twice_on_end(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f2_mass(reading.raw)
        assert reading.stable is False or reading.raw * 2 in stream


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    for item in decode(b"=" + stream):
        assert isinstance(item, Refused | Notice | Reading)


def test_one_damaged_digit_that_matters_never_becomes_a_weight() -> None:
    good = encode(31_200)
    for position in range(1, 9):
        for bit in range(8):
            bad = bytearray(good)
            bad[position] ^= 1 << bit
            seen = masses(good * 3 + bytes(bad) + good * 3)
            assert all(mass is not None and abs(mass - 31_200) <= 500 for mass in seen)
            still = [
                r.mass_kg for r in readings(good * 3 + bytes(bad) + good * 3) if r.stable is None
            ]
            assert still == [31_200] * 4


def test_a_truck_rolling_on_is_shown_as_in_motion() -> None:
    stream = b"".join(encode(mass) for mass in range(1_000, 5_000, 400))
    assert {reading.stable for reading in readings(stream)} == {False}
    assert masses(stream) == list(range(1_400, 5_000, 400))


def test_a_jump_is_not_shown_until_it_is_there_again() -> None:
    assert masses(encode(0) * 2 + encode(30_000) + encode(30_000)) == [0, 30_000]


def test_what_seven_characters_do_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="7 characters"):
        encode(10_000_000)
    with pytest.raises(ValueError, match="7 characters"):
        encode(10_000, 3)
