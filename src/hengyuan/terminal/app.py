"""The terminal at work: everything that runs at a gate, started and stopped as one."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NoReturn, cast

import httpx
import structlog

import hengyuan
from hengyuan.law.limits import RULE_PACK, NotInForce, pack_for
from hengyuan.record.answers import Command, DeviceStateName, Heartbeat, HeartbeatAnswer
from hengyuan.record.commands import Camera
from hengyuan.record.model import MAX_TIME_MS
from hengyuan.terminal.board import NEWEST, Board, Weighed
from hengyuan.terminal.clock import CheckedClock, Clock, SystemClock, utc
from hengyuan.terminal.config import Config
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.base import (
    AxleDriver,
    BarrierDriver,
    CameraDriver,
    Device,
    DisplayDriver,
    LampDriver,
    PullCameraDriver,
    ScaleDriver,
    SensorDriver,
)
from hengyuan.terminal.drivers.catalogue import create, kind_of
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.judging import CHINA
from hengyuan.terminal.lane.emergency import weighing_plans
from hengyuan.terminal.lane.recorder import Surroundings
from hengyuan.terminal.lane.recording import finding_of
from hengyuan.terminal.lane.service import LaneService
from hengyuan.terminal.messages import Messages
from hengyuan.terminal.panel import Panel
from hengyuan.terminal.retention import Retention
from hengyuan.terminal.store import EvidenceFiles, Store, StoreWorker
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.upkeep.lanes import LaneScale
from hengyuan.terminal.upkeep.service import Surroundings as UpkeepSurroundings
from hengyuan.terminal.upkeep.service import Upkeep
from hengyuan.terminal.upkeep.settings import plans_of
from hengyuan.terminal.uplink.client import PlatformClient
from hengyuan.terminal.uplink.commands import Commands
from hengyuan.terminal.uplink.files import FileUplink
from hengyuan.terminal.uplink.footage import Footage
from hengyuan.terminal.uplink.heartbeat import HeartbeatLoop
from hengyuan.terminal.uplink.journal import JournalUplink
from hengyuan.terminal.uplink.records import RecordUplink
from hengyuan.terminal.uplink.state import UplinkState
from hengyuan.terminal.uplink.tls import tls_context
from hengyuan.terminal.words import translations

if TYPE_CHECKING:
    from hengyuan.terminal.video.video import Video

log = structlog.get_logger(__name__)

TICK_S = 0.05
_MOST = 2**31 - 1
LONG_RUN_S = 60.0
"""A part that ran for so long and failed is begun again at once."""


class Terminal:
    """All parts of one terminal, joined. `open` makes one; `run` works until `stop`."""

    def __init__(
        self,
        config: Config,
        identity: Identity,
        worker: StoreWorker,
        clock: Clock,
        offset_ms: int,
    ) -> None:
        self.config = config
        self.identity = identity
        self.worker = worker
        self.clock = clock
        newest = worker.store.newest(NEWEST)
        self.board = Board(
            Weighed(record, finding_of(record, config.judge_settings)) for record in newest
        )
        self.words = translations(config.language)
        self.uplink = UplinkState()
        self.checked = CheckedClock(clock, offset_ms)
        self.lanes: dict[int, LaneService] = {}
        self.devices: dict[str, Device] = {}
        self.upkeep: Upkeep
        self.video: Video | None = None
        """Recordings and live pictures, where a lane has streams."""
        self.retention = Retention(config, worker, self.checked)
        self._stop = asyncio.Event()
        self._http = httpx.AsyncClient(
            base_url=config.platform.url.rstrip("/"),
            verify=tls_context(config.platform.ca_file),
            timeout=httpx.Timeout(
                config.platform.timeout_s, connect=min(10.0, config.platform.timeout_s)
            ),
            trust_env=False,
            headers={"user-agent": f"hengyuan-terminal/{hengyuan.__version__}"},
        )
        client = PlatformClient(self._http, identity, clock, self.checked)
        ring = self.board.ring
        self.records = RecordUplink(
            config.platform, identity, client, worker, clock, self.uplink, ring
        )
        self.files = FileUplink(config.platform, identity, client, worker, self.uplink, ring)
        self.journal = JournalUplink(config.platform, client, worker, self.uplink, ring)
        self._client = client
        self.commands = Commands(config.platform, client, worker, clock, self._cameras)
        self.heartbeat = HeartbeatLoop(
            config.platform.heartbeat_s,
            client,
            clock,
            self.uplink,
            self._report,
            self._answered,
            {"resend_files": self._resend_files},
            self.commands.take,
        )

    @classmethod
    async def open(cls, config: Config, identity: Identity, clock: Clock | None = None) -> Terminal:
        """Open the store and the lanes. UnusableStore if the store cannot be worked with."""
        store = Store(config.data_dir, identity.terminal, identity.suite, identity.genesis)
        files = EvidenceFiles(config.data_dir / "evidence", identity.suite)
        offset_ms = store.clock_offset_ms()
        if offset_ms is None:
            offset_ms = identity.enrolment.clock_offset_ms
        worker = StoreWorker(store, files)
        terminal = cls(config, identity, worker, clock or SystemClock(), offset_ms)
        terminal.uplink.head_seq, _ = store.head()
        terminal.uplink.acked_seq, _ = store.watermark()
        terminal.uplink.files_waiting = store.files_waiting()
        if any(lane.table.videos for lane in config.lanes):
            # FFmpeg's libraries take 25 MB: only where there is a stream
            from hengyuan.terminal.video.video import Video

            terminal.video = Video.open(config, worker, terminal.checked)
        terminal._offer_footage()
        await terminal._open_lanes()
        return terminal

    def _offer_footage(self) -> None:
        """The county may ask for pictures."""
        cameras = [
            Camera(name=stream.name, lane=lane.table.number, place=stream.view)
            for lane in self.config.lanes
            for stream in lane.table.videos
        ]
        suite = self.identity.suite
        self.footage = Footage(
            self.config.platform, self._client, suite, self.clock, self.video, cameras, self._note
        )
        self.footage.register(self.commands)

    async def _note(self, what: str, detail: str) -> None:
        """Into the journal, about the terminal as a whole."""
        at_ms = self.checked.record_ms(None)[0]
        try:
            await self.worker.do(self.worker.store.note, at_ms, 0, what, detail)
        except (sqlite3.Error, OSError) as error:
            log.error("journal.not_stored", what=what, error=str(error))
            return
        self.journal.wake()

    def _cameras(self) -> tuple[Camera, ...]:
        return self.footage.cameras()

    async def _open_lanes(self) -> None:
        messages = Messages(self.words)
        around = Surroundings(
            terminal=self.identity.terminal,
            store=self.worker,
            clock=self.clock,
            checked=self.checked,
            judge_settings=self.config.judge_settings,
            judge=self.config.judge,
            messages=messages,
            board=self.board,
            recorded=self._recorded,
            weighing_plans=weighing_plans(plans_of(self.config.upkeep, self.words.gettext)),
            clips=self.video,
        )
        for config in self.config.lanes:
            self.devices |= {settings.name: create(settings) for settings in config.devices}
            displays = [cast("DisplayDriver", self.devices[s.name]) for s in config.displays]
            panel = Panel(displays, self.clock)
            lane = await LaneService.open(config, panel, around, self.devices)
            self.lanes[config.table.number] = lane
        self.upkeep = Upkeep(self.config.upkeep, self._around_upkeep())
        await self.upkeep.load()

    def _around_upkeep(self) -> UpkeepSurroundings:
        def written() -> None:
            self.journal.wake()
            self.board.ring()

        return UpkeepSurroundings(
            worker=self.worker,
            clock=self.clock,
            checked=self.checked,
            states=self.device_states,
            kinds={s.name: kind_of(s) for lane in self.config.lanes for s in lane.devices}
            | {s.name: "video" for lane in self.config.lanes for s in lane.table.videos},
            scales=tuple(LaneScale(lane) for lane in self.lanes.values()),
            words=self.words,
            written=written,
        )

    def _recorded(self, seq: int, settled_at: float) -> None:
        self.board.recorded(seq, settled_at)
        self.records.recorded(seq, settled_at)

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stop.set()

    async def run(self, serve_screen: Callable[[], Awaitable[None]] | None = None) -> None:
        """Work until `stop`; `serve_screen` is the web server of the gate."""
        log.info("terminal.started", terminal=self.identity.terminal, seq=self.uplink.head_seq)
        tasks = [asyncio.create_task(work) for work in self._work()]
        if serve_screen is not None:
            tasks.append(asyncio.create_task(_supervised("screen", serve_screen)))
        try:
            await self._stop.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()
            log.info("terminal.stopped", seq=self.uplink.head_seq, acked=self.uplink.acked_seq)

    async def close(self) -> None:
        """Finish what the lanes have under way and let go of files and connections."""
        for lane in self.lanes.values():
            await lane.close()
        if self.video is not None:
            await self.video.close()
        await self._http.aclose()
        self.worker.close()

    def _work(self) -> list[Any]:
        work = [
            _supervised("ticks", self._tick),
            _supervised("records", self.records.run),
            _supervised("files", self.files.run),
            _supervised("file queue", self._follow_records),
            _supervised("heartbeat", self.heartbeat.run),
            _supervised("commands", self.commands.run),
            _supervised("journal", self.journal.run),
            _supervised("upkeep", self.upkeep.run),
            _supervised("retention", self.retention.run),
        ]
        if self.video is not None:
            work.append(_supervised("video", self.video.run))
        for lane in self.lanes.values():
            work += [self._device_work(lane, self.devices[s.name]) for s in lane.config.devices]
        return work

    def _device_work(self, lane: LaneService, device: Device) -> Any:
        async def run() -> None:
            match device:
                case ScaleDriver():
                    await device.run(lane.reading)
                case AxleDriver():
                    await device.run(lane.axles)
                case PullCameraDriver():
                    await device.pull(lane.plate_event)
                case CameraDriver():
                    await device.run(lambda event: None)
                case SensorDriver():
                    await device.run(lane.sensed)
                case DisplayDriver() | BarrierDriver() | LampDriver():
                    await device.run()

        return _supervised(device.name, run)

    async def _tick(self) -> NoReturn:
        told = self.device_states()
        while True:
            for lane in self.lanes.values():
                lane.tick()
            states = self.device_states()
            if states != told:
                told = states
                self.heartbeat.soon()
                self.board.ring()
            await asyncio.sleep(TICK_S)

    async def _follow_records(self) -> NoReturn:
        """A record brings files along; its acknowledgement lets them go."""
        while True:
            self.files.wake()
            await self.files.count()
            await self.records.moved.wait()
            self.records.moved.clear()

    # heartbeats

    def _report(self) -> Heartbeat:
        offset_ms = self.checked.offset_ms
        return Heartbeat(
            clock_ms=min(max(self.clock.now_ms(), 0), MAX_TIME_MS),
            clock_offset_ms=None if offset_ms is None else min(max(offset_ms, -_MOST), _MOST),
            devices=self.device_states(),
            disk_free_mb=shutil.disk_usage(self.config.data_dir).free // 1_000_000,
            queue=self.uplink.records_waiting + self.uplink.files_waiting,
            rule_pack=self._rule_pack(),
            seq=self.uplink.head_seq,
            software=f"hengyuan {hengyuan.__version__}",
        )

    def _rule_pack(self) -> str:
        """The table by which a truck would be judged today."""
        now_ms = min(max(self.clock.now_ms(), 0), MAX_TIME_MS)
        today = utc(now_ms).astimezone(CHINA).date()
        try:
            return pack_for(today, self.config.judge_settings.packs).version
        except NotInForce:
            return RULE_PACK

    def device_states(self) -> dict[str, DeviceStateName]:
        """Every device and stream, and under `uplink`, `journal`, `disk` and `lane …` what the
        terminal itself cannot do."""
        states: dict[str, DeviceStateName] = {
            name: device.state.value for name, device in self.devices.items()
        }
        for lane in self.lanes.values():
            scale = lane.config.scale.name
            if states[scale] == "ok" and lane.lane.scale is DeviceState.STALE:
                states[scale] = "stale"
            elif states[scale] == "ok" and lane.lane.scale is DeviceState.FAULT:
                states[scale] = "fault"
            if lane.view.faults:
                states[f"lane {lane.config.table.number}"] = "fault"
        if self.video is not None:
            states |= {name: state.value for name, state in self.video.states().items()}
        if self.retention.too_little_room or (self.video and self.video.too_little_room):
            states["disk"] = "fault"
        if self.uplink.diverged or self.uplink.refused:
            states["uplink"] = "fault"
        if self.uplink.journal_diverged or self.uplink.journal_refused:
            states["journal"] = "fault"
        return states

    async def _answered(self, answer: HeartbeatAnswer) -> None:
        self.records.reachable(answer.watermark)
        self.commands.wake()
        self.files.wake()
        self.journal.wake()
        offset_ms = self.checked.offset_ms
        if offset_ms is not None:
            try:
                await self.worker.do(self.worker.store.keep_clock_offset, offset_ms)
            except (sqlite3.Error, OSError) as error:
                log.error("clock.offset_not_stored", error=str(error))
        self.board.ring()

    async def _resend_files(self, command: Command) -> None:
        digests = command.arguments.get("digests", [])
        log.info("command.resend_files", files=len(digests), id=command.id)
        await self.files.resend([str(digest) for digest in digests])


async def _supervised(name: str, work: Callable[[], Awaitable[None]]) -> NoReturn:
    """Begin `work` again whenever it ends or fails: no part takes the others down."""
    backoff = Backoff(0.2, 30.0)
    loop = asyncio.get_running_loop()
    while True:
        begun = loop.time()
        try:
            await work()
            log.error("terminal.part_ended", part=name)
        except Exception:
            log.exception("terminal.part_failed", part=name)
        if loop.time() - begun > LONG_RUN_S:
            backoff.reset()
        await asyncio.sleep(backoff.next_s())


def stop_on_signals(terminal: Terminal) -> None:
    """Ctrl-C and a service manager's stop end the run cleanly, on Windows too."""
    loop = asyncio.get_running_loop()
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
        try:
            loop.add_signal_handler(number, terminal.stop)
        except NotImplementedError:
            # Windows has no such handlers in its event loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(terminal.stop))
