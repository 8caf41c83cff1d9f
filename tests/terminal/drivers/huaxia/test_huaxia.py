"""华夏智信 pushes: what was pushed is what is read, in both encodings and as both kinds of form."""

import base64
import json
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.hikvision.parts import Part, join
from hengyuan.terminal.drivers.huaxia.codec import (
    FORM,
    build_heartbeat,
    build_push,
    decode,
    parse_push,
)
from hengyuan.terminal.drivers.plate_events import jpeg_problem
from tests.terminal.drivers.mutations import mutated
from tests.terminal.drivers.push_cameras import EVENT, JPEG, NOW, camera, taken_once


@given(
    colour=st.sampled_from([None, "blue", "yellow", "black", "green", "gradient_green"]),
    plate=st.sampled_from([None, "晋L00001", "黑A0001D", "晋L00001挂", "晋L00001D"]),
    confidence=st.none() | st.integers(0, 100),
    late=st.booleans(),
    encoding=st.sampled_from(["utf-8", "gb18030"]),
)
def test_what_a_camera_pushed_is_what_is_read(
    colour: str | None, plate: str | None, confidence: int | None, late: bool, encoding: str
) -> None:
    event = replace(
        EVENT,
        plate=plate,
        colour=colour if plate else None,
        confidence=confidence,
        lane=None,
        direction=None,
        retransmission=late,
    )
    read = parse_push(FORM, build_push(event, encoding), NOW)
    assert replace(read, event_id="") == event


def test_a_multipart_form_is_read_alike() -> None:
    picture = base64.b64encode(JPEG).translate(bytes.maketrans(b"+/=", b"-_."))
    values = {"type": b"online", "plate_num": "晋L00001".encode(), "picture": picture}
    parts = [Part(name, "", "text/plain", value) for name, value in values.items()]
    read = parse_push(*join(parts, "b"), NOW)
    assert read.plate == "晋L00001"
    assert [picture.data for picture in read.pictures] == [JPEG]


def test_repeats_are_dropped_and_the_next_truck_is_not() -> None:
    other = replace(EVENT, plate="晋L00002")
    got = taken_once("huaxia", build_push(EVENT), build_push(other), FORM)
    assert [event.plate for event in got] == ["晋L00001", "晋L00002"]


def test_every_answer_says_that_there_is_no_error() -> None:
    device = camera("huaxia")
    for body in (build_push(EVENT), build_heartbeat("gate-1")):
        device.receive(FORM, body, NOW)
        assert json.loads(device.reply(body).body) == {"error_num": 0, "error_str": ""}
    assert (device.counters.frames, device.counters.notices) == (1, 1)
    assert device.state is DeviceState.OK


@given(st.randoms(use_true_random=False))
def test_a_damaged_push_is_refused_or_read_but_never_raises(random: Random) -> None:
    for item in decode(mutated(random, build_push(EVENT))):
        if isinstance(item, PlateEvent):
            assert all(jpeg_problem(picture.data) is None for picture in item.pictures)


@given(st.binary(max_size=80))
def test_no_bytes_at_all_raise_anything_else(body: bytes) -> None:
    for data in (body, b"type=online&" + body, b"--b\r\n" + body):
        assert len(decode(data)) == 1


def test_a_form_of_thousands_of_fields_is_refused() -> None:
    (item,) = decode(b"type=online&" + b"a=b&" * 5000)
    assert getattr(item, "reason", None) == "form"
