"""The configuration that the world writes is one that the terminal accepts."""

import asyncio
from pathlib import Path

import pytest

from hengyuan.terminal.config import load_config
from hengyuan.world.gate import Gate, GatePlan
from hengyuan.world.installation import QUICK, USUAL, Tuning, camera_url, configuration
from hengyuan.world.motion import FAST


@pytest.mark.parametrize("tuning", [QUICK, USUAL], ids=["quick", "usual"])
@pytest.mark.parametrize(("family", "cable"), [("f1", "tcp"), ("f1", "serial"), ("f4", "tcp")])
def test_a_terminal_accepts_its_configuration(
    tmp_path: Path, tuning: Tuning, family: str, cable: str
) -> None:
    async def write() -> str:
        plan = GatePlan("14102451001-01", '一号"磅"\\', family, cable, camera_url(8301))  # type: ignore[arg-type]
        gate = Gate(plan, FAST)
        await gate.open()
        try:
            return configuration(gate, "http://127.0.0.1:8000", 8301, tmp_path / "data", tuning)
        finally:
            await gate.close()

    file = tmp_path / "terminal.toml"
    file.write_text(asyncio.run(write()))
    config = load_config(file)
    assert config.data_dir == tmp_path / "data"
    assert config.screen.port == 8301
    [lane] = config.lanes
    assert lane.title == '一号"磅"\\'
    assert lane.table.stability.window_ms == tuning.window_ms
    assert [device.name for device in lane.devices] == ["scale", "axles", "front-camera", "led"]
