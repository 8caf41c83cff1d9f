"""What the gatekeeper is told to do next: one sentence for each state, and what else is wrong."""

import msgspec
import pytest

from hengyuan.record.model import Record
from hengyuan.terminal.board import BarrierView, LaneView, Weighed
from hengyuan.terminal.devices import BarrierPosition, DeviceState
from hengyuan.terminal.judging import Finding
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.screen.advice import Adviser
from hengyuan.terminal.screen.vocabulary import Vocabulary
from hengyuan.terminal.uplink.state import UplinkState
from hengyuan.terminal.words import translations
from tests.terminal.county import CODE

WORDS = translations("zh_Hans")
ADVISER = Adviser(WORDS, Vocabulary(WORDS))
OVER = Finding("over", 25_000, 6_500, "26.00")
PASS = Finding("pass", 25_000)
UNKNOWN = Finding("unknown", why_unknown="axles")
RECORD = Record(
    v=1,
    terminal=CODE,
    seq=7,
    kind="exit",
    lane=1,
    weighed_at=1_790_000_000_000,
    gross_kg=31_500,
    plate="晋L12345",
    verdict="unknown",
)


def view(**more):
    return LaneView(1, "东门", "exit", scale=DeviceState.OK, **more)


def truck(finding, **more):
    return Weighed(msgspec.structs.replace(RECORD, **more), finding)


@pytest.mark.parametrize(
    ("shown", "said", "level"),
    [
        (view(next_step="drive_on"), "下一辆车可以上秤", "plain"),
        (view(next_step="wait", phase=Phase.SETTLING), "停稳", "wait"),
        (view(next_step="wait", phase=Phase.WEIGHED), "等待车牌和轴型", "wait"),
        (view(next_step="move_forward", phase=Phase.ARRIVED), "前移", "wait"),
        (view(next_step="move_back", phase=Phase.ARRIVED), "后退", "wait"),
        (view(next_step="too_long", phase=Phase.ARRIVED), "超过秤台", "wait"),
        (view(next_step="recording", phase=Phase.JUDGED), "正在记录", "wait"),
        (view(next_step="unload", hold="over", current=truck(OVER)), "卸载 6.50 吨", "over"),
        (view(next_step="gatekeeper", hold="unknown", current=truck(UNKNOWN)), "轴数未知", "wait"),
        (view(next_step="drive_off", phase=Phase.TOLD, current=truck(PASS)), "可以驶离", "ok"),
        (view(next_step="drive_off", phase=Phase.TOLD, current=truck(OVER)), "不得驶离", "over"),
        (view(next_step="drive_off", phase=Phase.TOLD, current=truck(UNKNOWN)), "勿放行", "wait"),
        (view(next_step="drive_off", phase=Phase.LEAVING), "正在驶离", "plain"),
        (view(next_step="scale_fault", scale_fault="no_frames"), "启动应急预案", "over"),
        (view(next_step="store_fault", faults={"store": "disk is full"}), "停止放行", "over"),
    ],
)
def test_every_state_has_its_sentence(shown, said, level):
    first = ADVISER.lane(shown)[0]
    assert said in first.text
    assert first.level == level


def test_a_released_truck_may_go_though_it_is_over():
    released = truck(OVER, flags=("override",), reason="抢险", witness="李四")
    first, *_ = ADVISER.lane(view(next_step="drive_off", phase=Phase.TOLD, current=released))
    assert "已人工放行" in first.text


def test_a_barrier_that_did_not_open_is_said():
    closed = BarrierView("exit", BarrierPosition.CLOSED, "open")
    shown = view(
        next_step="drive_off", phase=Phase.TOLD, current=truck(PASS), barriers={"道闸": closed}
    )
    assert "道闸尚未打开" in ADVISER.lane(shown)[0].text
    closed.trouble = "没有应答"
    assert "没有应答" in ADVISER.lane(shown)[1].text


def test_what_is_wrong_with_a_truck_comes_after_what_is_to_be_done():
    shown = view(
        next_step="drive_off",
        phase=Phase.TOLD,
        current=truck(PASS, plate=None, flags=("axles_disagree", "rear_plate_differs")),
    )
    _, plate, rear, axles = ADVISER.lane(shown)
    assert ("补录" in plate.text, plate.url) == (True, "/records/7/plate")
    assert "不一致" in rear.text
    assert "不符" in axles.text


def test_dark_displays_are_said_once():
    shown = view(next_step="recording", phase=Phase.JUDGED, faults={"displays": "no answer"})
    assert [each.text for each in ADVISER.lane(shown)] == ["显示屏未显示结果：请口头告知驾驶员"]


def gate(uplink=None, silent=None, oldest=None, disk=100_000, devices=()):
    return ADVISER.gate(uplink or UplinkState(), silent, oldest, disk, devices)


def test_a_gate_in_order_needs_nothing():
    assert gate(devices=[("秤", "scale", DeviceState.OK), ("x", "lamp", DeviceState.UNKNOWN)]) == []


def test_a_county_that_is_away_is_said_with_what_waits_and_since_when():
    uplink = UplinkState(head_seq=9_000, acked_seq=1_000, error="no route")
    (first,) = gate(uplink, 1_790_000_000_000, 1_787_500_000_000)
    assert "自 2026-09-21 22:13:20 起连不上县平台" in first.text
    assert "8000 条记录待上传，最早为 2026-08-23 23:46:40" in first.text
    (first,) = gate(UplinkState(error="no route"))
    assert first.text == "启动以来未连上县平台，请照常称重。"
    (refused,) = gate(UplinkState(refused="suspended"))
    assert (refused.level, "拒收" in refused.text) == ("over", True)
    (diverged,) = gate(UplinkState(diverged="…"))
    assert (diverged.level, "不一致" in diverged.text) == ("over", True)


def test_a_disk_that_fills_is_said_in_time():
    assert gate(disk=4_900)[0].level == "wait"
    assert "0.9 GB" in gate(disk=900)[0].text
    assert gate(disk=900)[0].level == "over"
    assert gate(disk=None) == []


@pytest.mark.parametrize(
    "kind",
    ["scale", "axle", "camera", "display", "voice", "barrier", "lamp", "sensor", "video", "other"],
)
def test_every_kind_of_device_has_words_for_its_being_away(kind):
    for state in (DeviceState.OFFLINE, DeviceState.STALE, DeviceState.FAULT):
        (advice,) = gate(devices=[("设备甲", kind, state)])
        assert "设备甲" in advice.text
        assert advice.level == ("over" if kind == "scale" else "wait")
