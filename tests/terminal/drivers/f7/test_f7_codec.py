"""F7: a frame whose checksum does not hold is never a weight, and a tare hides nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f7.codec import decode, encode, encode_display
from hengyuan.terminal.drivers.f7.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f7_sum_holds
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)
FRAMES = st.one_of(
    st.builds(encode, MASSES),
    st.builds(encode, MASSES, tare_kg=st.integers(0, 20_000)),
    st.builds(encode_display, st.integers(-9_999, 99_999)),
)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "f7", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, **more: Any) -> list[Reading]:
    return [item for item in decode(stream, settings(**more)) if isinstance(item, Reading)]


@given(st.lists(MASSES, min_size=1, max_size=5))
def test_what_an_indicator_shows_is_what_is_read(masses: list[int]) -> None:
    stream = b"".join(encode(mass) for mass in masses)
    assert [reading.mass_kg for reading in readings(stream)] == masses


@given(st.integers(-9_999, 99_999))
def test_what_a_display_shows_is_what_is_read(mass: int) -> None:
    (reading,) = readings(encode_display(mass))
    assert reading.mass_kg == mass


@given(st.integers(0, 100_000), st.integers(1, 20_000))
def test_a_tare_hides_nothing(net: int, tare: int) -> None:
    frame = encode(net, tare_kg=tare)
    assert readings(frame) == []
    (reading,) = readings(frame, weight="net")
    assert (reading.mass_kg, reading.tare_kg) == (net + tare, tare)
    (reading,) = readings(frame, weight="gross")
    assert (reading.mass_kg, reading.tare_kg) == (net, 0)


@given(bad_lines(FRAMES), st.sampled_from(["unknown", "net"]))
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(stream: bytes, weight: str) -> None:
    for reading in readings(stream, weight=weight):
        assert f7_sum_holds(reading.raw)
        assert reading.raw in stream


@given(st.binary(max_size=200), st.sampled_from([b"\x02AA", b"\x02Ac"]))
def test_no_bytes_at_all_raise_anything(stream: bytes, start: bytes) -> None:
    for reading in readings(start + stream):
        assert f7_sum_holds(reading.raw)


@pytest.mark.parametrize("frame", [encode(49_360), encode_display(49_360)])
def test_no_single_flipped_bit_yields_another_weight(frame: bytes) -> None:
    for position in range(len(frame)):
        for bit in range(8):
            bad = bytearray(frame)
            bad[position] ^= 1 << bit
            assert {r.mass_kg for r in readings(bytes(bad))} <= {None, 49_360}


def test_an_error_of_the_indicator_is_no_weight() -> None:
    (reading,) = readings(encode(31_200, error=b"1"))
    assert (reading.mass_kg, reading.fault) == (None, "device_error")


def test_what_the_digits_do_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="six digits"):
        encode(1_000_000)
    with pytest.raises(ValueError, match="five digits"):
        encode_display(100_000)
