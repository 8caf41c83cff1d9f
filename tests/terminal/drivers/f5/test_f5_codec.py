"""F5: BCD without a checksum; the meaning of the status is set, not guessed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f5.codec import decode, encode
from hengyuan.terminal.drivers.f5.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f5_mass
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "f5", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, **more: Any) -> list[Reading]:
    return [item for item in decode(stream, settings(**more)) if isinstance(item, Reading)]


@given(MASSES, st.booleans(), st.sampled_from([4, 6]), st.integers(0, 1))
def test_what_an_indicator_shows_is_what_is_read(
    mass: int, stable: bool, bit: int, offset: int
) -> None:
    frame = encode(mass, stable, stable_bit=bit, decimals_offset=offset)
    (reading,) = readings(frame * 2, stable_bit=bit, decimals_offset=offset)
    assert (reading.mass_kg, reading.stable) == (mass, stable)


@given(st.integers(-999, 200_000), st.integers(0, 3))
def test_tonnes_with_decimals_are_kg(mass: int, decimals: int) -> None:
    frame = encode(mass, decimals=decimals, unit="t")
    (reading,) = readings(frame, unit="t", repeats=1)
    step = 10 ** (3 - decimals)
    assert reading.mass_kg is not None
    assert abs(reading.mass_kg - mass) * 2 <= step and reading.mass_kg % step == 0


@given(bad_lines(st.builds(lambda m, s: encode(m, s) * 2, MASSES, st.booleans())))
def test_a_weight_that_may_be_weighed_came_twice_on_end(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f5_mass(reading.raw)
        assert reading.stable is False or reading.raw * 2 in stream


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    for reading in readings(b"\xff" + stream, repeats=1):
        assert reading.mass_kg == f5_mass(reading.raw)


def test_an_overload_is_no_weight() -> None:
    (reading,) = readings(encode(99_980, overload=True) * 2)
    assert (reading.mass_kg, reading.fault) == (None, "over_range")


def test_without_a_known_bit_nothing_is_said_of_standing_still() -> None:
    assert {r.stable for r in readings(encode(20, True) * 2)} == {None}


def test_what_six_digits_do_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="six digits"):
        encode(1_000_000)
    with pytest.raises(ValueError, match="decimals"):
        encode(0, decimals=6)
