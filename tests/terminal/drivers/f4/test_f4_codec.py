"""F4: with or without its checksum byte, and never a weight that the checksum denies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Reading, Refused
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f4.codec import Decoder, decode, encode
from hengyuan.terminal.drivers.f4.settings import Settings
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import f4_sum_holds
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-5_000, 200_000)
STEPS = st.sampled_from([1, 2, 5, 10, 20, 50, 100])

ENDING_IN_02 = [
    frame for mass in range(0, 200_000, 100) if (frame := encode(mass, True, step_kg=1))[-1] == 0x02
]


def settings(checksum: str) -> Settings:
    made = load_settings({"driver": "f4", "name": "s", "checksum": checksum, "transport": tcp()})
    assert isinstance(made, Settings)
    return made


def readings(stream: bytes, checksum: str = "auto") -> list[Reading]:
    return [item for item in decode(stream, settings(checksum)) if isinstance(item, Reading)]


@given(MASSES, st.booleans(), STEPS)
def test_what_an_indicator_shows_is_what_is_read(mass: int, stable: bool, step: int) -> None:
    (reading,) = readings(encode(mass, stable, step_kg=step))
    assert reading.stable is stable
    assert reading.mass_kg is not None
    assert reading.mass_kg % step == 0 and abs(reading.mass_kg - mass) * 2 <= step


@given(st.integers(0, 100_000), st.integers(1, 2_000))
def test_a_tare_at_the_indicator_hides_nothing(gross: int, tare_steps: int) -> None:
    gross, tare = gross // 20 * 20, tare_steps * 20
    (reading,) = readings(encode(gross, True, tare_kg=tare))
    assert (reading.mass_kg, reading.tare_kg) == (gross, tare)


@given(bad_lines(st.builds(encode, MASSES, st.booleans(), step_kg=STEPS)))
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(stream: bytes) -> None:
    for reading in readings(stream, "required"):
        assert f4_sum_holds(reading.raw)
        assert reading.raw in stream


@given(bad_lines(st.builds(encode, MASSES, st.booleans())))
def test_an_indicator_known_to_send_checksums_is_never_believed_without(stream: bytes) -> None:
    decoder = Decoder()
    decoder.feed(encode(20, True) * 3)
    items = decoder.feed(stream) + decoder.flush()
    assert all(f4_sum_holds(item.raw) for item in items if isinstance(item, Reading))


@given(st.binary(max_size=300), st.sampled_from(["auto", "required", "absent"]))
def test_no_bytes_at_all_raise_anything(stream: bytes, checksum: str) -> None:
    for reading in readings(stream, checksum):
        assert len(reading.raw) in (17, 18)


def test_a_stream_without_checksums_is_read_from_its_second_frame_on() -> None:
    stream = b"".join(encode(n * 20, True, with_checksum=False) for n in range(1, 6))
    assert [reading.mass_kg for reading in readings(stream)] == [40, 60, 80, 100]


def test_noise_in_a_stream_without_checksums_makes_no_checksum_of_itself() -> None:
    decoder = Decoder()
    frame = encode(20, True, with_checksum=False)
    sum_byte = encode(20, True)[-1:]
    decoder.feed(frame * 3 + frame + sum_byte)
    items = decoder.feed(frame * 4)
    assert [item for item in items if isinstance(item, Reading)]


def test_a_checksum_of_02_is_not_taken_for_the_next_frame() -> None:
    assert len(ENDING_IN_02) > 20
    assert len(readings(b"".join(ENDING_IN_02))) == len(ENDING_IN_02)


def test_a_lone_frame_that_ends_in_02_is_read_when_the_line_falls_silent() -> None:
    decoder = Decoder()
    assert decoder.feed(ENDING_IN_02[0]) == []
    (reading,) = decoder.flush()
    assert isinstance(reading, Reading)


def test_every_single_flipped_bit_is_noticed() -> None:
    frame = encode(49_360, True)
    for position in range(17):
        for bit in range(8):
            bad = bytearray(frame)
            bad[position] ^= 1 << bit
            if bit == 7:
                continue  # the sum has seven bits; the eighth is caught where digits are expected
            assert readings(bytes(bad), "required") == []


@pytest.mark.parametrize("position", range(1, 17))
def test_an_eighth_bit_is_noticed_though_the_sum_has_seven(position: int) -> None:
    bad = bytearray(encode(49_360, True))
    bad[position] |= 0x80
    (refused, *_) = decode(bytes(bad), settings("required"))
    assert isinstance(refused, Refused)


def test_over_and_under_range_are_no_weights() -> None:
    (over,) = readings(encode(99_980, True, out_of_range=True))
    (under,) = readings(encode(-400, True, out_of_range=True))
    (cold,) = readings(encode(400, True, not_zeroed=True))
    assert [(r.mass_kg, r.fault) for r in (over, under, cold)] == [
        (None, "over_range"),
        (None, "under_range"),
        (None, "not_zeroed"),
    ]


def test_what_cannot_be_shown_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="step_kg"):
        encode(1000, True, step_kg=3)
    with pytest.raises(ValueError, match="six digits"):
        encode(1_000_000, True, step_kg=1)
