"""F1: a frame whose checksum does not hold is never a weight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.f1.codec import decode, encode
from tests.terminal.drivers.independent import f1_mass
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def readings(stream: bytes) -> list[Reading]:
    return [item for item in decode(stream) if isinstance(item, Reading)]


@given(st.lists(MASSES, min_size=1, max_size=6))
def test_what_an_indicator_shows_is_what_is_read(masses: list[int]) -> None:
    stream = b"".join(encode(mass) for mass in masses)
    assert [reading.mass_kg for reading in readings(stream)] == masses


@given(MASSES, st.integers(0, 3))
def test_tonnes_with_three_decimals_are_kg(mass: int, decimals: int) -> None:
    from hengyuan.terminal.drivers.catalogue import load_settings
    from hengyuan.terminal.drivers.f1.settings import Settings
    from tests.terminal.drivers.at_hand import tcp

    table = {"driver": "f1", "name": "s", "unit": "t", "transport": tcp()}
    settings = load_settings(table)
    assert isinstance(settings, Settings)
    (item,) = decode(encode(mass, decimals, "t"), settings)
    step = 10 ** (3 - decimals)
    assert isinstance(item, Reading) and item.mass_kg is not None
    assert abs(item.mass_kg - mass) * 2 <= step and item.mass_kg % step == 0


@given(bad_lines(MASSES.map(encode)))
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f1_mass(reading.raw)
        assert reading.raw in stream


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f1_mass(reading.raw)


@pytest.mark.parametrize("lost", range(12))
def test_one_byte_lost_costs_one_frame(lost: int) -> None:
    torn = bytearray(encode(31_200))
    del torn[lost]
    assert [r.mass_kg for r in readings(bytes(torn) + encode(31_220) + encode(31_240))] == [
        31_220,
        31_240,
    ]


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("position", range(12))
def test_every_single_flipped_bit_is_noticed(position: int, bit: int) -> None:
    frame = bytearray(encode(49_360))
    frame[position] ^= 1 << bit
    assert readings(bytes(frame)) == []


@pytest.mark.parametrize(("mass_kg", "decimals", "unit"), [(1_000_000, 0, "kg"), (1000, 4, "kg")])
def test_what_six_digits_do_not_hold_is_not_encoded(mass_kg: int, decimals: int, unit: str) -> None:
    with pytest.raises(ValueError, match="six digits"):
        encode(mass_kg, decimals, unit)  # type: ignore[arg-type]
