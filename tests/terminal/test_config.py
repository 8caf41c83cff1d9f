"""A configuration that cannot be used is refused with what, where and what to do."""

import copy
from pathlib import Path

import pytest

from hengyuan.terminal.config import load_config, read_config
from hengyuan.terminal.config_errors import ConfigError

PATH = Path("/gate/gate.toml")
TCP = {"kind": "tcp", "host": "192.168.1.20", "port": 4001}
WHOLE = {
    "data_dir": "data",
    "platform": {"url": "https://platform.example"},
    "lanes": [
        {
            "number": 1,
            "scale": {"driver": "f1", "name": "scale", "transport": TCP},
            "axles": {"driver": "wanji", "name": "axles", "transport": TCP},
            "cameras": [{"driver": "hikvision", "name": "front"}],
            "displays": [{"driver": "html", "name": "page"}],
        }
    ],
}


def changed(where, value):
    """WHOLE with one key set, or taken out for None."""
    raw = copy.deepcopy(WHOLE)
    *path, last = [int(step) if step.isdigit() else step for step in where.split(".")]
    table = raw
    for step in path:
        table = table.setdefault(step, {}) if isinstance(table, dict) else table[step]
    if value is None:
        del table[last]
    else:
        table[last] = value
    return raw


def test_a_whole_one_is_read_with_its_defaults():
    config = read_config(PATH, WHOLE)
    assert config.data_dir == Path("/gate/data")
    (lane,) = config.lanes
    assert lane.title == "1"
    assert lane.table.stability.stale_after_ms == 2000
    assert [device.name for device in lane.devices] == ["scale", "axles", "front", "page"]
    assert config.judge_settings.tolerance_kg == 0


@pytest.mark.parametrize(
    ("where", "value", "said"),
    [
        ("platfrom", {}, ("platfrom", "没有这个配置项", "platform")),
        ("platform.url", None, ("platform.url", "缺少", "请补上")),
        ("platform.url", "platform.example", ("platform.url", "格式不符")),
        ("platform.url", "https://platform.example/api", ("platform.url", "格式不符")),
        ("platform.heartbeat_s", "30", ("platform.heartbeat_s", "应为数字", "实为文本")),
        ("platform.batch_records", 1001, ("platform.batch_records", "<= 1000")),
        ("data_dir", "", ("data_dir", ">= 1")),
        ("language", "fr", ("language", "'fr'", "不在可选值")),
        ("lanes", [], ("lanes", ">= 1")),
        ("lanes.0.number", 0, ("lanes[0].number", ">= 1")),
        ("lanes.0.number", 1.5, ("lanes[0].number", "应为整数")),
        ("lanes.0.kind", "way out", ("lanes[0].kind", "'way out'")),
        ("lanes.0.scal", {}, ("lanes[0].scal", "scale")),
        ("lanes.0.displays", [], ("lanes[0].displays", ">= 1")),
        ("lanes.0.stability", {"window": 5}, ("lanes[0].stability.window", "window_ms")),
        ("lanes.0.scale.driver", "f9", ("lanes[0].scale.driver", "'f9'", "f1, f2, f3, f4")),
        ("lanes.0.scale.driver", "html", ("lanes[0].scale.driver", "称重仪表")),
        ("lanes.0.scale.driver", None, ("lanes[0].scale.driver", "缺少", "f1, f2, f3, f4")),
        ("lanes.0.axles.driver", "f1", ("lanes[0].axles.driver", "轴型识别仪", "wanji")),
        ("lanes.0.scale.name", None, ("lanes[0].scale.name", "缺少")),
        ("lanes.0.scale.name", "秤" * 41, ("lanes[0].scale.name", "过长", "40")),
        ("lanes.0.scale.transport.port", 99999, ("lanes[0].scale.transport.port", "<= 65535")),
        ("lanes.0.scale.transport.prot", 1, ("lanes[0].scale.transport.prot", "port")),
        ("lanes.0.scale.transport.kind", "carrier pigeon", ("transport.kind", "pigeon")),
        ("lanes.0.cameras.0.view", "top", ("lanes[0].cameras[0].view", "'top'")),
        ("lanes.0.barriers", [{"driver": "f1"}], ("lanes[0].barriers[0].driver", "道闸")),
        ("lanes.0.lamps", [{"driver": "led"}], ("lanes[0].lamps[0].driver", "modbus_lamp")),
        ("lanes.0.sensors", {"driver": "modbus_lamp"}, ("lanes[0].sensors.driver", "modbus_se")),
        ("lanes.0.hold", {"overr": True}, ("lanes[0].hold.overr", "over")),
        ("lanes.0.exits", {"ignore_colours": ["pink"]}, ("exits.ignore_colours", "pink")),
        ("lanes.0.clips", {"most_s": 1}, ("lanes[0].clips.most_s", ">= 5")),
        ("lanes.0.cameras.0.colour", 1, ("lanes[0].cameras[0].colour", "没有这个配置项")),
        ("lanes.0.stability", {"leave_kg": 2000}, ("lanes[0].stability.leave_kg", "1000")),
        ("lanes.0.stability", {"tolerance_kg": 600}, ("stability.change_kg", "600")),
        ("judge", {"tolerance_kg": 100}, ("judge", "tolerance_basis")),
        ("judge", {"bands": [30, 20]}, ("judge", "请改正该表")),
        ("screen", {"pin": "246810"}, ("screen.pin", "hengyuan terminal pin")),
        ("screen", {"port": -1}, ("screen.port", ">= 0")),
    ],
)
def test_a_wrong_one_is_refused_with_place_and_remedy(where, value, said):
    with pytest.raises(ConfigError) as refused:
        read_config(PATH, changed(where, value))
    text = str(refused.value)
    assert str(PATH) in text
    assert [each for each in said if each not in text] == []


def test_all_devices_of_a_lane_are_read_and_must_have_names_of_their_own():
    relays = {"driver": "modbus_barrier", "transport": TCP}
    raw = copy.deepcopy(WHOLE)
    raw["lanes"][0] |= {
        "sensors": {"driver": "modbus_sensors", "name": "beams", "transport": TCP},
        "barriers": [relays | {"name": "out"}, relays | {"name": "in", "place": "entry"}],
        "lamps": [{"driver": "modbus_lamp", "name": "lamp", "transport": TCP}],
    }
    (lane,) = read_config(PATH, raw).lanes
    names = ["scale", "axles", "beams", "front", "page", "out", "in", "lamp"]
    assert [device.name for device in lane.devices] == names
    assert [barrier.place for barrier in lane.barriers] == ["exit", "entry"]
    raw["lanes"][0]["lamps"][0]["name"] = "in"
    with pytest.raises(ConfigError, match="'in'"):
        read_config(PATH, raw)


def test_all_devices_that_are_wrong_are_named_at_once():
    raw = changed("lanes.0.scale.driver", "f9")
    raw["lanes"][0]["displays"][0]["driver"] = "television"
    with pytest.raises(ConfigError) as refused:
        read_config(PATH, raw)
    assert len(refused.value.problems) == 2


def test_two_lanes_or_devices_of_one_name_are_refused():
    raw = copy.deepcopy(WHOLE)
    raw["lanes"].append(copy.deepcopy(raw["lanes"][0]))
    with pytest.raises(ConfigError) as refused:
        read_config(PATH, raw)
    text = str(refused.value)
    assert "两条车道编号相同：1" in text
    assert "两台设备同名：'scale'" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "请检查路径"),
        (b"\xff\xfe", "UTF-8"),
        (b"[platform", "不是 TOML"),
        (b"\xef\xbb\xbfdata_dir = 5", "data_dir"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(tmp_path, content, said):
    path = tmp_path / "gate.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        load_config(path)
    assert said in str(refused.value)
    assert str(path) in str(refused.value)
