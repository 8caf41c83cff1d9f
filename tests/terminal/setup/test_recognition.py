"""A scale is known by what it says, whatever stands on the line before and after."""

import random

import pytest

from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.f2 import codec as f2
from hengyuan.terminal.drivers.f3 import codec as f3
from hengyuan.terminal.drivers.f4 import codec as f4
from hengyuan.terminal.drivers.f5 import codec as f5
from hengyuan.terminal.drivers.f6 import codec as f6
from hengyuan.terminal.drivers.f7 import codec as f7
from hengyuan.terminal.setup.recognition import (
    alike,
    candidates,
    distinct,
    matching,
    parse_shown,
    recognise,
    shown,
)

MASS_KG = 23_460
FRAMES = {
    "f1": f1.encode(MASS_KG),
    "f2": f2.encode(MASS_KG),
    "f3": f3.encode(MASS_KG),
    "f4": f4.encode(MASS_KG, True, step_kg=20),
    "f5": f5.encode(MASS_KG, True),
    "f6": f6.encode(MASS_KG, True),
    "f7": f7.encode(MASS_KG),
}


@pytest.mark.parametrize("family", FRAMES)
def test_a_family_is_recognised_in_the_middle_of_its_stream(family):
    frame = FRAMES[family]
    found = alike(recognise(frame[3:] + frame * 12 + frame[:4]))
    assert {each.candidate.driver for each in found} == {family}
    assert {each.last_kg for each in found} == {MASS_KG}


@pytest.mark.parametrize("family", FRAMES)
def test_noise_between_the_frames_hides_nobody(family):
    chance = random.Random(family)
    line = b"".join(
        FRAMES[family] * 3 + bytes(chance.choices(range(0x40, 0x60), k=2)) for _ in range(8)
    )
    assert recognise(line)[0].candidate.driver == family


def test_noise_is_nobody():
    chance = random.Random(7)
    for _ in range(50):
        noise = bytes(chance.choices(range(256), k=300))
        assert recognise(noise) == []


def test_silence_is_nobody():
    assert recognise(b"") == []


def test_a_wrong_speed_is_nobody():
    """Bytes of a line at half its speed: framing bits fall in the wrong places."""
    rubbish = bytes((octet * 37 + 11) & 0xFF for octet in FRAMES["f1"] * 20)
    assert [each.candidate.driver for each in recognise(rubbish)] == []


def test_the_table_of_models_is_listened_for():
    known = {model for each in candidates() for model in each.models}
    assert {"耀华 XK3190-A9", "HT9800", "Rinstrum R320", "MCGS"} <= known


def test_where_the_point_stands_is_settled_by_the_indicator():
    """A decimal place counted from 0 or from 1: two models, ten times apart."""
    frame = f5.encode(2_346)
    one_place = bytes([frame[0], frame[1] | 1, *frame[2:]])
    rivals = distinct(alike(recognise(one_place * 12)))
    assert len({each.last_kg for each in rivals}) == 2
    for wanted in rivals:
        assert wanted.last_kg is not None
        settled = matching(rivals, wanted.last_kg)
        assert settled == (wanted, "frame")


def test_tonnes_are_found_out_by_what_the_indicator_shows():
    found = recognise(f1.encode(23, decimals=0) * 12)
    settled = matching(found, 23_000)
    assert settled is not None
    assert settled[1] == "t"


def test_what_nobody_reads_matches_nobody():
    assert matching(recognise(FRAMES["f1"] * 12), 5_000) is None


@pytest.mark.parametrize(
    ("text", "kg"),
    [("23460", 23460), ("23460 kg", 23460), ("23.46 t", 23460), ("23.46吨", 23460), ("0", 0)],
)
def test_a_mass_is_read_as_it_is_written(text, kg):
    assert parse_shown(text) == pytest.approx(kg)


def test_what_is_no_mass_is_none():
    assert parse_shown("heavy") is None


def test_bytes_are_shown_as_in_a_manual():
    assert shown(b"\x02+00156001B\x03") == "02 2B 30 30 31 35 36 30 30 31 42 03   ·+00156001B·"
