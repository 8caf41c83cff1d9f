"""Dahua pushes: what was pushed is what is read; every answer says that it was taken."""

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.dahua.codec import (
    build_keep_alive,
    build_push,
    decode,
    parse_push,
)
from hengyuan.terminal.drivers.plate_events import MAX_PICTURE, MalformedEvent, jpeg_problem
from tests.terminal.drivers.mutations import mutated
from tests.terminal.drivers.push_cameras import EVENT, JPEG, NOW, any_json, camera, taken_once


@given(
    colour=st.sampled_from([None, "blue", "yellow", "green", "gradient_green", "yellow_green"]),
    plate=st.sampled_from([None, "晋L00001", "黑A0001D", "晋L00001挂", "晋L00001D"]),
    confidence=st.none() | st.integers(0, 100),
    lane=st.none() | st.integers(0, 9),
    direction=st.sampled_from([None, "forward", "reverse"]),
    late=st.booleans(),
)
def test_what_a_camera_pushed_is_what_is_read(
    colour: str | None,
    plate: str | None,
    confidence: int | None,
    lane: int | None,
    direction: str | None,
    late: bool,
) -> None:
    event = replace(
        EVENT,
        plate=plate,
        colour=colour if plate else None,
        confidence=confidence,
        lane=lane,
        direction=direction,
        retransmission=late,
    )
    read = parse_push(build_push(event), NOW)
    assert replace(read, event_id="") == event


def test_repeats_are_dropped_and_the_next_truck_is_not() -> None:
    other = replace(EVENT, plate="晋L00002")
    got = taken_once("dahua", build_push(EVENT), build_push(other), "application/json")
    assert [event.plate for event in got] == ["晋L00001", "晋L00002"]
    assert got[0].camera == "camera-1"


def test_every_answer_holds_the_result_that_stops_it_from_sending_again() -> None:
    device = camera("dahua")
    for body in (build_push(EVENT), build_keep_alive("DEMO0001")):
        device.receive("application/json", body, NOW)
        assert json.loads(device.reply(body).body)["result"] == "true"
    assert device.counters.notices == 1
    assert device.state is DeviceState.OK
    assert "/NotificationInfo/TollgateInfo" in device.paths


def test_a_push_from_elsewhere_is_refused() -> None:
    device = camera("dahua", host="192.0.2.10")
    with pytest.raises(MalformedEvent, match=r"192\.0\.2\.66"):
        device.receive("application/json", build_push(EVENT), NOW, "192.0.2.66")
    assert device.state is DeviceState.UNKNOWN


def test_a_picture_too_large_is_named_and_left_out() -> None:
    large = JPEG[:4] + bytes(MAX_PICTURE) + JPEG[-2:]
    pictures = (replace(EVENT.pictures[0], data=large),)
    read = parse_push(build_push(replace(EVENT, pictures=pictures)), NOW)
    assert read.pictures == ()
    assert "over the limit" in read.picture_faults[0]


@given(st.randoms(use_true_random=False))
def test_a_damaged_push_is_refused_or_read_but_never_raises(random: Random) -> None:
    for item in decode(mutated(random, build_push(EVENT))):
        if isinstance(item, PlateEvent):
            assert all(jpeg_problem(picture.data) is None for picture in item.pictures)


JSON = any_json("Picture", "Plate", "SnapInfo", "PlateNumber", "NormalPic", "Content")


@given(JSON | st.binary(max_size=60))
def test_no_json_at_all_raises_anything_else(value: object) -> None:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    assert len(decode(body)) == 1


def test_a_nested_bomb_is_refused() -> None:
    (item,) = decode(b'{"Picture":' * 100_000)
    assert getattr(item, "reason", None) == "json"
