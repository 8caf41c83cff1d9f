"""What an installer writes for a terminal of the simulated city: its configuration file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hengyuan.world.devices import relay_module
from hengyuan.world.devices.wires import PtyWire
from hengyuan.world.gate import Gate

LANE = 1
CAMERA_NAME = "front-camera"


@dataclass(frozen=True, slots=True)
class Tuning:
    """How quick a terminal is to believe that a weight stands, and how often it reports."""

    window_ms: int
    min_frames: int
    join_wait_ms: int
    idle_after_ms: int
    heartbeat_s: float
    poll_s: float
    """How often relays and beams are asked."""


USUAL = Tuning(
    window_ms=1_500,
    min_frames=5,
    join_wait_ms=3_000,
    idle_after_ms=1_500,
    heartbeat_s=5.0,
    poll_s=0.1,
)
QUICK = Tuning(
    window_ms=80, min_frames=5, join_wait_ms=6_000, idle_after_ms=20, heartbeat_s=2.0, poll_s=0.02
)
"""For scales that send a hundred frames a second to trucks that settle in a twentieth."""


def camera_url(screen_port: int) -> str:
    """Where the camera of a terminal is told to push to."""
    return f"http://127.0.0.1:{screen_port}/camera/{CAMERA_NAME}"


def configuration(
    gate: Gate, platform_url: str, screen_port: int, data_dir: Path, tuning: Tuning
) -> str:
    """The configuration file (TOML) of the terminal that serves `gate`, whose devices are on."""
    tables: list[tuple[str, dict[str, Any]]] = [
        ("", {"data_dir": str(data_dir)}),
        (
            "platform",
            {
                "url": platform_url,
                "heartbeat_s": tuning.heartbeat_s,
                "timeout_s": 10.0,
                "retry_first_s": 0.2,
                "retry_last_s": 2.0,
            },
        ),
        ("screen", {"host": "127.0.0.1", "port": screen_port}),
        ("[lanes]", {"number": LANE, "name": gate.plan.caption, "kind": "exit"}),
        ("lanes.scale", {"driver": gate.plan.family, "name": "scale"}),
        ("lanes.scale.transport", _scale_transport(gate)),
        ("lanes.axles", {"driver": "wanji", "name": "axles"}),
        ("lanes.axles.transport", _tcp(gate.axle_wire.port)),
        ("[lanes.cameras]", {"driver": gate.plan.camera, "name": CAMERA_NAME, "host": "127.0.0.1"}),
        ("[lanes.displays]", {"driver": gate.plan.display, "name": "led"}),
        ("lanes.displays.transport", _tcp(gate.led.port)),
        *_voice(gate),
        *_controls(gate, tuning),
        (
            "lanes.stability",
            {
                "window_ms": tuning.window_ms,
                "min_frames": tuning.min_frames,
                # a truck that stands has one weight here: a swing is not to be taken for it
                "tolerance_kg": gate.plan.division_kg // 2,
                "arrive_kg": 400,
                "leave_kg": 200,
            },
        ),
        ("lanes.joining", {"wait_ms": tuning.join_wait_ms}),
        ("lanes.texts", {"idle_after_ms": tuning.idle_after_ms}),
    ]
    return "\n".join(_table(name, values) for name, values in tables)


def _voice(gate: Gate) -> list[tuple[str, dict[str, Any]]]:
    if gate.speaker is None:
        return []
    return [
        ("[lanes.displays]", {"driver": "syn6288", "name": "voice"}),
        ("lanes.displays.transport", _tcp(gate.speaker.wire.port)),
    ]


def _controls(gate: Gate, tuning: Tuning) -> list[tuple[str, dict[str, Any]]]:
    """Barrier, lamp and beams, all on one module, and the camera in the weigh room."""
    if gate.module is None or gate.room is None:
        return []
    line = _tcp(gate.module.wire.port)
    room = gate.room.server.device
    seen = {
        "front_edge": relay_module.FRONT_EDGE,
        "rear_edge": relay_module.REAR_EDGE,
        "barrier": relay_module.UNDER_ARM,
    }
    barrier = {
        "driver": "modbus_barrier",
        "name": "barrier",
        "open_relay": relay_module.OPEN_RELAY,
        "close_relay": relay_module.CLOSE_RELAY,
        "open_input": relay_module.ARM_UP,
        "closed_input": relay_module.ARM_DOWN,
        "blocked_input": relay_module.UNDER_ARM,
        "pulse_ms": 100,
        "poll_s": tuning.poll_s,
    }
    lamp = {
        "driver": "modbus_lamp",
        "name": "lamp",
        "red_relay": relay_module.RED_RELAY,
        "green_relay": relay_module.GREEN_RELAY,
        "yellow_relay": relay_module.YELLOW_RELAY,
    }
    sensors = {"driver": "modbus_sensors", "name": "beams", "poll_s": tuning.poll_s}
    camera = {
        "driver": "hikvision_stream",
        "name": "room-camera",
        "view": "weigh_room",
        "address": room.address,
    }
    return [
        ("[lanes.cameras]", camera),
        ("lanes.cameras.login", room.login),
        ("[lanes.barriers]", barrier),
        ("lanes.barriers.transport", line),
        ("[lanes.lamps]", lamp),
        ("lanes.lamps.transport", line),
        ("lanes.sensors", sensors | {"settle_ms": round(tuning.poll_s * 1000)}),
        ("lanes.sensors.transport", line),
        *((f"lanes.sensors.inputs.{place}", {"number": number}) for place, number in seen.items()),
        (
            "lanes.control",
            {"clear_ms": round(tuning.poll_s * 5000), "close_after_s": tuning.poll_s * 50},
        ),
    ]


def _scale_transport(gate: Gate) -> dict[str, Any]:
    wire = gate.scale_wire
    if isinstance(wire, PtyWire):
        return {"kind": "serial", "port": wire.path, "baudrate": 9600}
    return _tcp(wire.port)


def _tcp(port: int) -> dict[str, Any]:
    return {"kind": "tcp", "host": "127.0.0.1", "port": port}


def _table(name: str, values: dict[str, Any]) -> str:
    # what JSON writes of texts, numbers and truth values, TOML reads the same
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(([f"[{name}]"] if name else []) + lines) + "\n"
