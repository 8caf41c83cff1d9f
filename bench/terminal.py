"""A terminal with ten scales, four cameras and four streams: what it costs, and how quick it is.

    python -m bench.terminal --json

The platform, the terminal and all devices are programs of this machine: ten indicators that send
twenty frames a second each over TCP, ten axle identifiers, ten displays, four plate cameras that
push an event with a picture of a real size for each truck, four RTSP streams (H.264, 25 pictures a
second), which the terminal records. The minute at rest has no trucks, but everything else. Resident
memory and processor time are the terminal process's own (/proc); the verdict's time is read from
the terminal's store: from the frame that completed the stable weight until a display acknowledged.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hengyuan.cli._long_work import log_to_stderr
from hengyuan.terminal.store.timings import percentile, read_timings
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.loss.lane import LossLane
from hengyuan.world.loss.site import Site, table_text, tcp
from hengyuan.world.motion import Pace
from hengyuan.world.processes import hengyuan_command
from hengyuan.world.trucks import Truck, trucks

SCALES, CAMERAS = 10, 4
PICTURE_BYTES = 300_000
PACE = Pace(frame_hz=20.0, roll_on_s=1.0, settle_s=0.8, leave_s=0.5, roll_off_s=1.0, gap_s=1.0)
VIDEO_SIZE, VIDEO_KBIT, VIDEO_S = (1280, 720), 2000, 4
SETTLE_S = 5.0
TRUCK_WITHIN_S = 60.0
GOALS = {"verdict_ms_p99": 100.0, "resident_mb": 200.0, "cpu_percent_at_rest": 15.0}
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class BenchSite(Site):
    """As the loss test's, on a good line, with the terminal's usual settings."""

    def __init__(self, home: Path, streams: list[str]) -> None:
        super().__init__(home, 0, 1, None, lambda step: print(step, file=sys.stderr))
        self.lanes = [
            LossLane(number, number, PACE, has_camera=number <= CAMERAS)
            for number in range(1, SCALES + 1)
        ]
        for lane in self.lanes:
            lane.picture = _picture
        self._streams = streams
        self.line.mend()
        self.terminal.command = hengyuan_command("terminal", "run", str(self.config_file))

    def configuration(self) -> str:
        """One lane a scale; the first have a camera and a stream each."""
        tables: list[tuple[str, dict[str, Any]]] = [
            ("", {"data_dir": str(self.data_dir)}),
            ("platform", {"url": f"http://127.0.0.1:{self.line.port}"}),
            ("screen", {"host": "127.0.0.1", "port": self.screen_port}),
        ]
        for lane in self.lanes:
            number = lane.number
            tables += [
                ("[lanes]", {"number": number, "name": f"{number}号磅"}),
                ("lanes.scale", {"driver": lane.family, "name": f"scale-{number}"}),
                ("lanes.scale.transport", self._scale(lane)),
                ("lanes.axles", {"driver": "wanji", "name": f"axles-{number}"}),
                ("lanes.axles.transport", tcp(lane.axle_wire.port)),
            ]
            if lane.has_camera:
                camera = {"driver": "hikvision", "name": lane.camera_name, "host": "127.0.0.1"}
                tables.append(("[lanes.cameras]", camera))
            tables += [
                ("[lanes.displays]", {"driver": "onbon", "name": f"led-{number}"}),
                ("lanes.displays.transport", tcp(lane.led.port)),
            ]
            if number <= len(self._streams):
                stream = {
                    "name": f"video-{number}",
                    "url": self._streams[number - 1],
                    "view": "front",
                }
                tables.append(("[lanes.videos]", stream))
        return "\n".join(table_text(name, values) for name, values in tables)

    @staticmethod
    def _scale(lane: LossLane) -> dict[str, Any]:
        path = getattr(lane.scale_wire, "path", None)
        if path:
            return {"kind": "serial", "port": path, "baudrate": 9600}
        return tcp(lane.scale_wire.port)  # type: ignore[union-attr]


def _picture(plate: str) -> bytes:
    """As large as a camera's, and another one for each plate."""
    noise = random.Random(plate).randbytes(PICTURE_BYTES)
    return b"\xff\xd8\xff\xfe" + (2 + 4).to_bytes(2, "big") + b"seen" + noise + b"\xff\xd9"


@contextlib.contextmanager
def streams(folder: Path, wanted: bool) -> Iterator[list[str]]:
    """Addresses of four cameras' streams; none where video is not wanted."""
    if not wanted:
        yield []
        return
    from tests.terminal.video.pictures import write_units
    from tests.terminal.video.streams import cameras

    file = write_units(folder / "camera.au", VIDEO_SIZE, seconds=VIDEO_S, kbit=VIDEO_KBIT)
    with cameras({f"camera{n}": file for n in range(CAMERAS)}) as serving:
        yield [serving.url(f"camera{n}") for n in range(CAMERAS)]


class Meter:
    """Processor time and memory of a process, from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._cpu_s = self._spent_s()
        self._at = time.monotonic()

    def cpu_percent(self) -> float:
        """Of one core, since this meter was made."""
        return round((self._spent_s() - self._cpu_s) / (time.monotonic() - self._at) * 100, 1)

    def memory_mb(self, what: str = "VmRSS") -> float:
        """Resident now; `VmHWM` is the most that it ever was."""
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(f"{what}:"):
                return round(int(line.split()[1]) / 1024, 1)
        raise RuntimeError(f"/proc/{self._pid}/status has no {what}")

    def _spent_s(self) -> float:
        fields = Path(f"/proc/{self._pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


async def drive(site: BenchSite, seconds: float, seed: int) -> int:
    """Trucks over all scales for so long; how many passed."""
    source: Iterator[Truck] = trucks(load_axle_records(None), seed, 0.1)
    until = time.monotonic() + seconds
    passed = 0

    async def one_lane(lane: LossLane) -> None:
        nonlocal passed
        await asyncio.sleep(lane.number * 0.37)
        while time.monotonic() < until:
            truck = next(source)
            passage = await asyncio.wait_for(
                lane.pass_truck(passed, truck, True, lambda _: None), TRUCK_WITHIN_S
            )
            if passage.problems:
                raise RuntimeError("; ".join(passage.problems))
            passed += 1

    await asyncio.gather(*(one_lane(lane) for lane in site.lanes))
    return passed


async def measure(rest_s: float, work_s: float, video: bool, seed: int) -> dict[str, Any]:
    """The figures."""
    folder = Path(tempfile.mkdtemp(prefix="hengyuan-bench-terminal-"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        with streams(folder, video) as addresses:
            async with BenchSite(folder / "site", addresses) as site:
                await asyncio.sleep(SETTLE_S)
                assert site.terminal.pid is not None
                rest = Meter(site.terminal.pid)
                await asyncio.sleep(rest_s)
                figures: dict[str, Any] = {
                    "scales": SCALES,
                    "frames_per_s": SCALES * PACE.frame_hz,
                    "cameras": CAMERAS,
                    "streams": len(addresses),
                    "cpu_percent_at_rest": rest.cpu_percent(),
                    "resident_mb": rest.memory_mb(),
                }
                work = Meter(site.terminal.pid)
                figures["trucks"] = await drive(site, work_s, seed)
                figures["cpu_percent_at_work"] = work.cpu_percent()
                figures["resident_mb_at_work"] = work.memory_mb()
                figures["resident_mb_most"] = work.memory_mb("VmHWM")
                await site.status()
                verdict_ms = read_timings(site.data_dir).verdict_ms
            for percent in (50, 99):
                found = percentile(verdict_ms, percent)
                figures[f"verdict_ms_p{percent}"] = None if found is None else round(found, 1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures["goals"] = GOALS
    figures["met"] = {name: figures[name] <= goal for name, goal in GOALS.items()}
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rest", type=float, default=60.0, help="seconds at rest")
    parser.add_argument("--work", type=float, default=90.0, help="seconds with trucks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-video", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    log_to_stderr(logging.ERROR)
    figures = asyncio.run(measure(given.rest, given.work, not given.no_video, given.seed))
    print(json.dumps(figures, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
