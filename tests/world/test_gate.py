"""A gate and a real terminal, no platform to be reached: drivers wait for their verdict."""

import asyncio
import json
import os
import socket
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.enrolment import ENROLMENT_FILE, KEY_FILE
from hengyuan.terminal.store.store import FILE_NAME
from hengyuan.world import gate as gate_module
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.devices.scale import Family
from hengyuan.world.gate import Cable, Gate, GatePlan, GateProblem
from hengyuan.world.installation import QUICK, camera_url, configuration
from hengyuan.world.motion import FAST
from hengyuan.world.processes import Child, hengyuan_command
from hengyuan.world.trucks import Truck, trucks

TERMINAL = "14102451001-01"
PATIENCE_S = 90
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def fleet() -> list[Truck]:
    """Five trucks, two of them over their limit."""
    coming = list(islice(trucks(load_axle_records(), seed=4, made_share=0.1), 200))
    today = datetime.now(UTC).date()
    over = [truck for truck in coming if truck.judged(20, today).over][:2]
    return [*[truck for truck in coming if not truck.judged(20, today).over][:3], *over]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def enrol_by_hand(data_dir: Path) -> None:
    """An enrolment without a platform: what its answer leaves on the terminal's disk."""
    data_dir.mkdir(parents=True)
    secret = SM2_SM3.generate().secret_bytes().hex()
    (data_dir / KEY_FILE).write_text(json.dumps({"suite": "SM2-SM3", "secret": secret}))
    enrolment = {
        "terminal": TERMINAL,
        "suite": "SM2-SM3",
        "unit": "14102451001",
        "county": "141024",
        "platform_time": 0,
    }
    (data_dir / ENROLMENT_FILE).write_text(json.dumps(enrolment))


def stored(folder: Path) -> list[Record]:
    """What the terminal has written down, in order."""
    connection = sqlite3.connect(f"file:{folder / 'data' / FILE_NAME}?mode=ro", uri=True)
    try:
        lines = connection.execute("SELECT line FROM record ORDER BY seq").fetchall()
    finally:
        connection.close()
    return [read_line(bytes(line)) for (line,) in lines]


@asynccontextmanager
async def gate_and_terminal(
    folder: Path, family: Family = "f1", cable: Cable = "tcp", **stands_there: Any
) -> AsyncIterator[tuple[Gate, Child]]:
    port = free_port()
    plan = GatePlan(TERMINAL, "示例磅房", family, cable, camera_url(port), seed=7, **stands_there)
    gate = Gate(plan, FAST)
    await gate.open()
    enrol_by_hand(folder / "data")
    config = folder / "terminal.toml"
    config.write_text(configuration(gate, NOWHERE, port, folder / "data", QUICK))
    child = Child(
        "terminal",
        hengyuan_command("terminal", "run", str(config)),
        folder / "terminal.log",
        os.environ,
    )
    child.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield gate, child
    finally:
        child.kill()
        await gate.close()


async def until(happened: Callable[[], bool]) -> None:
    while not happened():
        await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("family", "cable", "stands_there"),
    [
        ("f1", "tcp", {}),
        ("f4", "serial", {}),
        ("f6", "tcp", {"camera": "dahua", "display": "parking485", "voice": True}),
        ("f7", "serial", {"camera": "vzenith"}),
        ("f3", "tcp", {"camera": "huaxia", "voice": True}),
    ],
)
def test_every_driver_reads_the_laws_verdict_though_no_platform_answers(
    tmp_path: Path,
    fleet: list[Truck],
    family: Family,
    cable: Cable,
    stands_there: dict[str, Any],
) -> None:
    pictures = set()

    async def drive() -> None:
        async with gate_and_terminal(tmp_path, family, cable, **stands_there) as (gate, child):
            for truck in fleet:
                passage = await gate.pass_truck(truck)
                child.check()
                truth = truck.judged(20, datetime.now(UTC).date())
                assert passage.problems == []
                assert passage.shown is not None
                assert passage.shown.lines[0] == truck.plate
                assert passage.shown_over == truth.over
                assert passage.standing_to_display_ms is not None
                assert passage.camera_tries == 1
                pictures.add(passage.picture_digests)
                if gate.speaker is not None:
                    assert truck.plate in gate.speaker.said[-1]

    asyncio.run(drive())
    today = datetime.now(UTC).date()
    records = stored(tmp_path)
    assert [record.plate for record in records] == [truck.plate for truck in fleet]
    for record, truck in zip(records, fleet, strict=True):
        truth = truck.judged(20, today)
        assert record.gross_kg == truth.gross_kg
        assert (record.limit_kg, record.verdict) == (truth.limit_kg, truth.verdict)
        assert {file.digest for file in record.files} in pictures


@pytest.mark.parametrize("after_s", [0.0, 0.08, 0.16, 0.24])
def test_a_truck_whose_terminal_dies_waits_on_the_scale_and_is_recorded_once(
    tmp_path: Path, fleet: list[Truck], after_s: float
) -> None:
    async def drive() -> None:
        async with gate_and_terminal(tmp_path) as (gate, child):
            await gate.pass_truck(fleet[0])
            passing = asyncio.create_task(gate.pass_truck(fleet[1]))
            await until(lambda: gate.deck.occupied)
            await asyncio.sleep(after_s)
            child.kill()
            await asyncio.sleep(0.3)
            child.start()
            passage = await passing
            assert passage.problems == []
            assert passage.shown is not None
            await gate.pass_truck(fleet[2])

    asyncio.run(drive())
    records = stored(tmp_path)
    assert [record.plate for record in records] == [truck.plate for truck in fleet[:3]]
    assert all(len(record.files) == 3 for record in records)
    assert all(record.verdict in ("pass", "over") for record in records)


def test_no_truck_drives_up_to_a_dark_display(
    monkeypatch: pytest.MonkeyPatch, fleet: list[Truck]
) -> None:
    monkeypatch.setattr(gate_module, "LIT_WITHIN_S", 0.2)

    async def drive() -> None:
        gate = Gate(GatePlan(TERMINAL, "x", "f1", "tcp", camera_url(9)), FAST)
        await gate.open()
        try:
            with pytest.raises(GateProblem, match="no terminal came to its display"):
                await gate.pass_truck(fleet[0])
            assert not gate.deck.occupied
        finally:
            await gate.close()

    asyncio.run(drive())


def test_a_verdict_that_does_not_come_is_a_problem_of_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fleet: list[Truck]
) -> None:
    monkeypatch.setattr(gate_module, "VERDICT_WITHIN_S", 0.3)
    monkeypatch.setattr(gate_module, "PUSHED_WITHIN_S", 0.3)

    async def drive() -> None:
        gate = Gate(GatePlan(TERMINAL, "x", "f1", "tcp", camera_url(9)), FAST)
        await gate.open()
        scale, led = [
            await asyncio.open_connection("127.0.0.1", port)
            for port in (gate.scale_wire.port, gate.led.port)  # type: ignore[union-attr]
        ]
        try:
            await until(lambda: gate.led.connected)
            passage = await gate.pass_truck(fleet[0])
            assert passage.shown is None
            assert passage.shown_over is None
            assert len(passage.problems) == 2
            assert fleet[0].plate in passage.problems[0]
            assert "camera" in passage.problems[1]
            assert not gate.deck.occupied
        finally:
            for _, writer in (scale, led):
                writer.close()
            await gate.close()

    asyncio.run(drive())


def test_the_barrier_opens_for_who_may_go_and_stays_down_for_who_is_over(
    tmp_path: Path, fleet: list[Truck]
) -> None:
    orders: list[list[str]] = []

    async def drive() -> None:
        async with gate_and_terminal(tmp_path, relays=True) as (gate, child):
            assert gate.module is not None and gate.room is not None
            arm, loop = gate.module.arm, asyncio.get_running_loop()
            for truck in fleet:
                passage = await gate.pass_truck(truck)
                child.check()
                assert passage.problems == []
                await until(lambda: arm.raised(loop.time()) == 0)
                orders.append(list(arm.orders))
                arm.orders.clear()
            assert arm.struck == 0
            assert gate.room.pictures >= len(fleet)

    asyncio.run(drive())
    over = [truck.judged(20, datetime.now(UTC).date()).over for truck in fleet]
    assert {True, False} == set(over)
    assert orders == [[] if each else ["open", "close"] for each in over]
    records = stored(tmp_path)
    assert [record.plate for record in records] == [truck.plate for truck in fleet]
    for record in records:
        assert "weigh_room" in {file.kind for file in record.files}
