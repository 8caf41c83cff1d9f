"""The terminal's one configuration file (TOML): what may stand in it, and what is wrong with one.

Every key is written up in docs/terminal.md. Masses are whole kg, times end in `_ms` or `_s`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from hengyuan.law.verdict import JudgeSettings
from hengyuan.terminal.config_errors import ConfigError, Problem, explain
from hengyuan.terminal.config_tables import (
    JudgeTable,
    LaneTable,
    PlatformTable,
    ScreenTable,
    StabilityTable,
    Table,
)
from hengyuan.terminal.config_video import RetentionTable, VideoTable
from hengyuan.terminal.drivers.catalogue import Kind, catalogue, load_settings
from hengyuan.terminal.drivers.settings import DeviceSettings
from hengyuan.terminal.people import PersonTable, check_people
from hengyuan.terminal.screen.pin import check_digest
from hengyuan.terminal.screen.printing import PrinterTable
from hengyuan.terminal.upkeep.settings import UpkeepTable
from hengyuan.terminal.words import installer_text as _

MAX_DEVICE_NAME = 40


class _File(Table, frozen=True, kw_only=True):
    platform: PlatformTable
    data_dir: Annotated[str, Meta(min_length=1)]
    lanes: Annotated[list[LaneTable], Meta(min_length=1, max_length=16)]
    screen: ScreenTable = ScreenTable()
    judge: JudgeTable = JudgeTable()
    upkeep: UpkeepTable = UpkeepTable()
    language: Literal["zh_Hans", "en"] = "zh_Hans"
    printer: PrinterTable | None = None
    people: Annotated[list[PersonTable], Meta(max_length=100)] = []
    video: VideoTable = VideoTable()
    retention: RetentionTable = RetentionTable()


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """A lane and the settings of its devices."""

    table: LaneTable
    scale: DeviceSettings
    axles: DeviceSettings | None
    cameras: tuple[DeviceSettings, ...]
    displays: tuple[DeviceSettings, ...]
    barriers: tuple[DeviceSettings, ...] = ()
    lamps: tuple[DeviceSettings, ...] = ()
    sensors: DeviceSettings | None = None

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.table.name or str(self.table.number)

    @property
    def devices(self) -> tuple[DeviceSettings, ...]:
        """All of them, scale first."""
        single = tuple(each for each in (self.scale, self.axles, self.sensors) if each is not None)
        return (*single, *self.cameras, *self.displays, *self.barriers, *self.lamps)


@dataclass(frozen=True, slots=True)
class Config:
    """A whole configuration that holds."""

    path: Path
    platform: PlatformTable
    data_dir: Path
    lanes: tuple[LaneConfig, ...]
    screen: ScreenTable
    judge: JudgeTable
    judge_settings: JudgeSettings
    upkeep: UpkeepTable
    language: str
    people: tuple[PersonTable, ...]
    video: VideoTable
    retention: RetentionTable
    printer: PrinterTable | None = None

    @property
    def video_dir(self) -> Path:
        """Where recordings lie."""
        folder = self.video.folder
        return self.data_dir / "video" if folder is None else (self.path.parent / folder).resolve()


_KINDS: dict[Kind, Callable[[], str]] = {
    "scale": lambda: _("scale"),
    "axle": lambda: _("axle identifier"),
    "camera": lambda: _("camera"),
    "display": lambda: _("display"),
    "barrier": lambda: _("barrier"),
    "lamp": lambda: _("lamp"),
    "sensor": lambda: _("position sensor"),
}
_TAKEN_FOR: dict[Kind, tuple[Kind, ...]] = {"display": ("display", "voice")}
"""What is spoken is told like what is shown."""


def load_config(path: Path) -> Config:
    """Read and check a file. ConfigError names every problem found, where it is, what to do."""
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = Problem("", str(error.strerror), _("check the path"))
        raise ConfigError(path, [problem]) from None
    try:
        raw = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problem = Problem("", _("is not UTF-8"), _("save the file as UTF-8"))
        raise ConfigError(path, [problem]) from None
    except tomllib.TOMLDecodeError as error:
        what = _("is not TOML: {error}").format(error=error)
        raise ConfigError(path, [Problem("", what, _("correct that line"))]) from None
    return read_config(path, raw)


def read_config(path: Path, raw: dict[str, Any]) -> Config:
    """Check what a file holds; a relative `data_dir` is beside the file."""
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise ConfigError(path, [explain(error, _File)]) from None
    problems: list[Problem] = []
    lanes = tuple(
        _lane(table, f"lanes[{index}]", problems) for index, table in enumerate(file.lanes)
    )
    if not problems:
        _check_together(cast("tuple[LaneConfig, ...]", lanes), problems)
    settings = JudgeSettings()
    try:
        settings = file.judge.settings()
    except ValueError as error:
        problems.append(Problem("judge", str(error), _("correct the table")))
    if file.screen.pin is not None:
        try:
            check_digest(file.screen.pin)
        except ValueError:
            remedy = _("put there what `hengyuan terminal pin` prints")
            problems.append(Problem("screen.pin", _("is no digest of a PIN"), remedy))
    problems += check_people(file.people)
    if problems:
        raise ConfigError(path, problems)
    return Config(
        path=path,
        platform=file.platform,
        data_dir=(path.parent / file.data_dir).resolve(),
        lanes=cast("tuple[LaneConfig, ...]", lanes),
        screen=file.screen,
        judge=file.judge,
        judge_settings=settings,
        upkeep=file.upkeep,
        language=file.language,
        printer=file.printer,
        people=tuple(file.people),
        video=file.video,
        retention=file.retention,
    )


def _lane(table: LaneTable, where: str, problems: list[Problem]) -> LaneConfig | None:
    def devices(raws: list[dict[str, Any]], kind: Kind, at: str) -> list[DeviceSettings | None]:
        return [_device(raw, kind, f"{at}[{n}]", problems) for n, raw in enumerate(raws)]

    _check_thresholds(table.stability, f"{where}.stability", problems)
    before = len(problems)

    def device(raw: dict[str, Any] | None, kind: Kind, at: str) -> DeviceSettings | None:
        return None if raw is None else _device(raw, kind, at, problems)

    scale = device(table.scale, "scale", f"{where}.scale")
    axles = device(table.axles, "axle", f"{where}.axles")
    sensors = device(table.sensors, "sensor", f"{where}.sensors")
    cameras = devices(table.cameras, "camera", f"{where}.cameras")
    displays = devices(table.displays, "display", f"{where}.displays")
    barriers = devices(table.barriers, "barrier", f"{where}.barriers")
    lamps = devices(table.lamps, "lamp", f"{where}.lamps")
    if len(problems) > before:
        return None
    return LaneConfig(
        table=table,
        scale=cast("DeviceSettings", scale),
        axles=axles,
        cameras=tuple(cast("list[DeviceSettings]", cameras)),
        displays=tuple(cast("list[DeviceSettings]", displays)),
        barriers=tuple(cast("list[DeviceSettings]", barriers)),
        lamps=tuple(cast("list[DeviceSettings]", lamps)),
        sensors=sensors,
    )


def _device(
    raw: dict[str, Any], kind: Kind, where: str, problems: list[Problem]
) -> DeviceSettings | None:
    kinds = _TAKEN_FOR.get(kind, (kind,))
    known = sorted(name for name, entry in catalogue().items() if entry.manifest.kind in kinds)
    name = raw.get("driver")
    if name not in known:
        what = _("is missing")
        if name is not None:
            what = _("{name} is no driver for a {kind}")
            what = what.format(name=repr(name), kind=_KINDS[kind]())
        remedy = _("write one of: {names}").format(names=", ".join(known))
        problems.append(Problem(f"{where}.driver", what, remedy))
        return None
    try:
        settings = load_settings(raw)
    except msgspec.ValidationError as error:
        problems.append(explain(error, catalogue()[str(name)].settings_type, where))
        return None
    if len(settings.name) > MAX_DEVICE_NAME:
        remedy = _("use at most {count} characters").format(count=MAX_DEVICE_NAME)
        problems.append(Problem(f"{where}.name", _("is too long"), remedy))
    return settings


def _check_thresholds(table: StabilityTable, where: str, problems: list[Problem]) -> None:
    if table.leave_kg >= table.arrive_kg:
        what = _("is not below arrive_kg ({kg})").format(kg=table.arrive_kg)
        remedy = _("a truck must be lighter to have left than to have arrived: lower it")
        problems.append(Problem(f"{where}.leave_kg", what, remedy))
    if table.change_kg <= table.tolerance_kg:
        what = _("is not above tolerance_kg ({kg})").format(kg=table.tolerance_kg)
        remedy = _("raise it, or a swaying truck is taken for another one")
        problems.append(Problem(f"{where}.change_kg", what, remedy))


def _check_together(lanes: tuple[LaneConfig, ...], problems: list[Problem]) -> None:
    numbers = Counter(lane.table.number for lane in lanes)
    videos = [video.name for lane in lanes for video in lane.table.videos]
    names = Counter([*(device.name for lane in lanes for device in lane.devices), *videos])
    # folders are named after videos, and Windows takes `A` and `a` for one
    folders = Counter(name.casefold() for name in videos)
    remedy = _("give each its own")
    for number, times in numbers.items():
        if times > 1:
            what = _("two lanes have the number {number}").format(number=number)
            problems.append(Problem("lanes", what, remedy))
    for name, times in (names | folders).items():
        if times > 1:
            what = _("two devices are called {name}").format(name=repr(name))
            problems.append(Problem("lanes", what, remedy))
