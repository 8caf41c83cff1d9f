"""F3: text with and without its checksum; net without its tare is no weight of a truck."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f3.codec import decode, encode, encode_out_of_range
from hengyuan.terminal.drivers.f3.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f3_mass
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "f3", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, **more: Any) -> list[Reading]:
    return [item for item in decode(stream, settings(**more)) if isinstance(item, Reading)]


@given(st.lists(MASSES, min_size=1, max_size=5), st.booleans())
def test_what_an_indicator_shows_is_what_is_read(masses: list[int], checked: bool) -> None:
    stream = b"".join(encode(mass, checked=checked) for mass in masses)
    assert [reading.mass_kg for reading in readings(stream)] == masses


@given(MASSES, st.booleans())
def test_tonnes_are_kg(mass: int, checked: bool) -> None:
    frame = encode(mass, decimals=2, unit="t", checked=checked)
    (reading,) = readings(frame)
    assert reading.mass_kg is not None
    assert abs(reading.mass_kg - mass) <= 5 and reading.mass_kg % 10 == 0


FRAMES = st.one_of(
    st.builds(encode, MASSES, checked=st.booleans()),
    st.builds(encode_out_of_range, under=st.booleans()),
)


@given(bad_lines(FRAMES))
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f3_mass(reading.raw)
        assert reading.raw in stream


@given(st.binary(max_size=200), st.sampled_from([b"WG", b"ww", b" " * 9]))
def test_no_bytes_at_all_raise_anything(stream: bytes, start: bytes) -> None:
    for reading in readings(start + stream):
        assert reading.mass_kg == f3_mass(reading.raw)


def test_every_single_flipped_bit_of_a_checked_frame_is_noticed() -> None:
    for position in range(15):
        for bit in range(8):
            bad = bytearray(encode(49_360))
            bad[position] ^= 1 << bit
            assert readings(bytes(bad)) == []


def test_out_of_range_is_no_weight() -> None:
    (over,) = readings(encode_out_of_range())
    (under,) = readings(encode_out_of_range(under=True))
    assert [(r.mass_kg, r.fault) for r in (over, under)] == [
        (None, "over_range"),
        (None, "under_range"),
    ]


@pytest.mark.parametrize("checked", [True, False])
def test_net_hides_a_tare_and_is_refused_unless_there_is_never_one(checked: bool) -> None:
    frame = encode(18_800, "net", checked=checked)
    assert readings(frame) == []
    assert [reading.mass_kg for reading in readings(frame, net="gross")] == [18_800]


def test_a_long_run_of_blanks_is_given_up_at_once() -> None:
    items = decode(b" " * 4_000 + encode(20))
    assert len(items) < 100
    assert isinstance(items[-1], Reading)


def test_what_cannot_be_shown_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="7 characters"):
        encode(10_000_000)
    with pytest.raises(ValueError, match="no tare"):
        encode(20, "tare")
