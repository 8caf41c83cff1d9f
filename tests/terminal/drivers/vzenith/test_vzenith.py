"""臻识 pushes: what was pushed is what is read; answers open no barrier unless they are to."""

import base64
import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.plate_events import MalformedEvent, jpeg_problem
from hengyuan.terminal.drivers.vzenith.codec import build_answer, build_push, decode, parse_push
from tests.terminal.drivers.mutations import mutated
from tests.terminal.drivers.push_cameras import EVENT, NOW, any_json, camera, taken_once

HEARTBEAT = b"device_name=gate&user_name=admin&pass_wd=secret&serialno=0a1b2c3d-00000001"


@given(
    colour=st.sampled_from([None, "blue", "yellow", "black", "green", "yellow_green"]),
    plate=st.sampled_from([None, "晋L00001", "黑A0001D", "晋L00001挂", "晋L00001D"]),
    confidence=st.none() | st.integers(0, 100),
    direction=st.sampled_from([None, "forward", "reverse"]),
    late=st.booleans(),
    number=st.integers(0, 10**6),
)
def test_what_a_camera_pushed_is_what_is_read(
    colour: str | None,
    plate: str | None,
    confidence: int | None,
    direction: str | None,
    late: bool,
    number: int,
) -> None:
    event = replace(
        EVENT,
        plate=plate,
        colour=colour if plate else None,
        confidence=confidence,
        lane=None,
        direction=direction,
        retransmission=late,
    )
    read = parse_push(build_push(event, number), NOW)
    assert replace(read, event_id="") == event
    assert read.event_id.split("-")[2] == str(number)


def test_repeats_are_dropped_and_the_next_truck_is_not() -> None:
    got = taken_once("vzenith", build_push(EVENT, 1), build_push(EVENT, 2), "application/json")
    assert len({event.event_id for event in got}) == 2


def test_a_push_is_answered_without_opening_the_barrier() -> None:
    device, body = camera("vzenith"), build_push(EVENT, 1)
    device.receive("application/json", body, NOW)
    assert json.loads(device.reply(body).body) == {"Response_AlarmInfoPlate": {"info": "no"}}


def test_an_answer_can_open_the_barrier_and_write_to_the_serial_port() -> None:
    said = json.loads(build_answer(build_push(EVENT, 1), open_gate=True, serial_data=b"\0d\xff"))
    answer = said["Response_AlarmInfoPlate"]
    assert answer["info"] == "ok"
    assert base64.b64decode(answer["serialData"][0]["data"]) == b"\0d\xff"


def test_a_heartbeat_is_a_sign_of_life_and_its_password_goes_nowhere(
    capfd: pytest.CaptureFixture[str],
) -> None:
    device = camera("vzenith")
    assert device.receive("application/x-www-form-urlencoded", HEARTBEAT, NOW) is None
    assert json.loads(device.reply(HEARTBEAT).body) == {"status": "ok"}
    assert device.state is DeviceState.OK
    assert "secret" not in str(device.counters.as_dict()) + str(decode(HEARTBEAT))
    out = capfd.readouterr()
    assert "secret" not in out.out + out.err


def test_a_push_without_a_result_is_refused() -> None:
    with pytest.raises(MalformedEvent, match="PlateResult"):
        camera("vzenith").receive("application/json", b'{"AlarmInfoPlate":{}}', NOW)


@given(st.randoms(use_true_random=False))
def test_a_damaged_push_is_refused_or_read_but_never_raises(random: Random) -> None:
    for item in decode(mutated(random, build_push(EVENT, 1))):
        if isinstance(item, PlateEvent):
            assert all(jpeg_problem(picture.data) is None for picture in item.pictures)


KEYS = ("AlarmInfoPlate", "result", "PlateResult", "license", "timeStamp", "sec", "imageFile")


@given(any_json(*KEYS) | st.binary(max_size=60))
def test_no_json_at_all_raises_anything_else(value: object) -> None:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    assert len(decode(body)) == 1
    nested = json.dumps({"AlarmInfoPlate": {"result": {"PlateResult": {"license": "x"}}}})
    assert len(decode(nested.replace('"x"', "1e999").encode() + body)) == 1
