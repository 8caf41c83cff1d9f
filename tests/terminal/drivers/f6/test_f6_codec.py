"""F6: lines of text, however a make writes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f6.codec import Decoder, decode, encode
from hengyuan.terminal.drivers.f6.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f6_mass
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "f6", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, **more: Any) -> list[Reading]:
    return [item for item in decode(stream, settings(**more)) if isinstance(item, Reading)]


@given(st.lists(st.tuples(MASSES, st.booleans()), min_size=1, max_size=5))
def test_what_an_indicator_shows_is_what_is_read(shown: list[tuple[int, bool]]) -> None:
    stream = b"".join(encode(mass, stable) for mass, stable in shown)
    assert [(reading.mass_kg, reading.stable) for reading in readings(stream)] == shown


@given(MASSES)
def test_tonnes_are_kg(mass: int) -> None:
    (reading,) = readings(encode(mass, True, decimals=3, unit="t"))
    assert reading.mass_kg == mass


@pytest.mark.parametrize(
    "line",
    [
        "ST,GS,+ 123.456 kg",
        "ST,GS,+123.456kg",
        "ST,GS, 123.456 KG ",
        "ST,GS,0000123kg",
        "ST,GS, +  123. kg",
        "ST,GS,  0.123 t",
        "ST,GS,+123456 g",
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_makes_write_the_same_in_many_ways(line: str, end: str) -> None:
    stream = (line + end).encode() * 2
    assert [reading.mass_kg for reading in readings(stream)] == [123, 123]


FRAMES = st.builds(
    encode, MASSES, st.booleans(), decimals=st.integers(0, 1), over_range=st.booleans()
)


@given(bad_lines(FRAMES))
def test_no_bad_line_yields_what_does_not_stand_in_it(stream: bytes) -> None:
    for reading in readings(stream):
        assert reading.mass_kg == f6_mass(reading.raw)
        assert reading.raw in stream


@given(st.binary(max_size=200), st.sampled_from([b"ST,GS,", b"US,GS,+ ", b"OL,"]))
def test_no_bytes_at_all_raise_anything(stream: bytes, start: bytes) -> None:
    for reading in readings(start + stream):
        assert reading.mass_kg == f6_mass(reading.raw)


def test_where_repeats_are_asked_for_a_damaged_digit_is_no_weight() -> None:
    good = encode(31_200, True)
    bad = good.replace(b"312", b"912")
    seen = readings(good * 2 + bad + good * 2, repeats=2)
    assert [reading.mass_kg for reading in seen] == [31_200, 31_200]


def test_net_hides_a_tare_and_is_refused_unless_there_is_never_one() -> None:
    line = encode(18_800, True, kind="NT")
    assert readings(line) == []
    assert [reading.mass_kg for reading in readings(line, net="gross")] == [18_800]


def test_a_line_is_not_read_before_it_ends() -> None:
    decoder = Decoder()
    assert decoder.feed(b"ST,GS,+   312") == []
    assert decoder.feed(b"00 k") == []
    (reading,) = decoder.feed(b"g\r\n")
    assert isinstance(reading, Reading) and reading.mass_kg == 31_200


def test_what_eight_characters_do_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="8 characters"):
        encode(100_000_000, True)
