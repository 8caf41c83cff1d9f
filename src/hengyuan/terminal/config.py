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
from hengyuan.terminal.drivers.catalogue import Kind, catalogue, load_settings
from hengyuan.terminal.drivers.settings import DeviceSettings
from hengyuan.terminal.screen.pin import check_digest
from hengyuan.terminal.words import installer_text as _

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Milliseconds = Annotated[int, Meta(ge=1, le=600_000)]
Kg = Annotated[int, Meta(ge=0, le=50_000)]
MAX_DEVICE_NAME = 40


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables of the file have in common: an unknown key is an error."""


class PlatformTable(_Table, frozen=True, kw_only=True):
    """`[platform]`: where records go."""

    url: Annotated[str, Meta(pattern=r"^https?://[^/\s]+/?$")]
    """Scheme, host and port; https wherever the line is not inside the house."""
    ca_file: str | None = None
    """Certificates to trust beside the usual ones (PEM), for a county with its own authority."""
    heartbeat_s: Annotated[float, Meta(ge=0.2, le=600)] = 30.0
    batch_records: Annotated[int, Meta(ge=1, le=1000)] = 200
    timeout_s: Seconds = 30.0
    """An answer that takes longer counts as none: the records are sent again."""
    retry_first_s: Annotated[float, Meta(gt=0, le=60)] = 1.0
    retry_last_s: Annotated[float, Meta(gt=0, le=3600)] = 300.0
    """Waits between attempts double from the first to the last."""
    file_connections: Annotated[int, Meta(ge=1, le=8)] = 3
    file_part_kb: Annotated[int, Meta(ge=16, le=8192)] = 1024


class ScreenTable(_Table, frozen=True, kw_only=True):
    """`[screen]`: the web server of the gate; cameras push to it, displays and people look."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8300
    """0 lets the system choose; the log says which."""
    pin: str | None = None
    """Digest of the gatekeeper's PIN (`hengyuan terminal pin`). Without one, the gatekeeper's page
    is for this machine alone."""
    session_h: Annotated[float, Meta(gt=0, le=72)] = 12.0


class JudgeTable(_Table, frozen=True, kw_only=True):
    """`[judge]`: what an authority may set about judging; the limits themselves are not here."""

    tolerance_kg: Annotated[int, Meta(ge=0, le=10_000)] = 0
    tolerance_bp: Annotated[int, Meta(ge=0, le=2_000)] = 0
    tolerance_basis: str = ""
    bands: tuple[int, ...] | None = None
    axle_mass_differs_percent: Annotated[int, Meta(ge=1, le=100)] = 25
    """An axle reading whose sum is further from the scale's weight is flagged."""
    count_tyres: bool = False
    """Whether single tyres that the axle identifier reports lower the limit (note 2). It cannot
    tell a wide single tyre, which note 3 exempts, from a narrow one."""

    driven_bogie: bool = False
    """Whether two axles behind a tractor's steering axle count as two drive axles: 49 t instead
    of an assumed 46 t for six axles. True of most tractors in coal and ore haulage and of no
    law: the county decides it for a gate."""

    def settings(self) -> JudgeSettings:
        """For `hengyuan.law`. Raises ValueError for settings that contradict each other."""
        more = {} if self.bands is None else {"bands": self.bands}
        return JudgeSettings(
            tolerance_kg=self.tolerance_kg,
            tolerance_bp=self.tolerance_bp,
            tolerance_basis=self.tolerance_basis,
            **more,
        )


class StabilityTable(_Table, frozen=True, kw_only=True):
    """`[lanes.stability]`: when a weight stands still, and when a truck is there."""

    window_ms: Milliseconds = 1500
    tolerance_kg: Annotated[int, Meta(ge=0, le=2_000)] = 40
    min_frames: Annotated[int, Meta(ge=2, le=1_000)] = 5
    arrive_kg: Annotated[int, Meta(ge=100, le=20_000)] = 1_000
    leave_kg: Annotated[int, Meta(ge=50, le=20_000)] = 500
    change_kg: Annotated[int, Meta(ge=100, le=20_000)] = 500
    """A smaller change under a truck that was weighed is a person, not a load."""
    same_kg: Annotated[int, Meta(ge=0, le=5_000)] = 100
    """After a restart, a weight that close to the recorded one is the same truck."""
    stale_after_ms: Milliseconds = 2000


class JoiningTable(_Table, frozen=True, kw_only=True):
    """`[lanes.joining]`: which camera and axle events belong to the truck on the scale."""

    wait_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """How long a settled weight waits for them."""
    before_s: Seconds = 60.0
    """How long before the truck's arrival they may have come."""
    resume_before_s: Seconds = 600.0
    """The same for a truck that was found on the scale after a restart."""
    resume_wait_ms: Annotated[int, Meta(ge=0, le=60_000)] = 5000
    """How long such a truck waits: a camera that found no one needs time to send again."""


class DisplayTable(_Table, frozen=True, kw_only=True):
    """`[lanes.texts]`: when a display says what is not a verdict."""

    wait_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 800
    """A truck that is still not at rest by then is asked to stop."""
    idle_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """A scale that is free for so long invites the next truck."""


class LaneTable(_Table, frozen=True, kw_only=True):
    """`[[lanes]]`: one scale with what stands around it. The devices are tables of drivers."""

    number: Annotated[int, Meta(ge=1, le=99)]
    name: Annotated[str, Meta(max_length=40)] = ""
    kind: Literal["exit", "entry"] = "exit"
    """Entering trucks are weighed and told their weight; leaving ones are judged."""
    scale: dict[str, Any]
    axles: dict[str, Any] | None = None
    cameras: list[dict[str, Any]] = []
    displays: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    stability: StabilityTable = StabilityTable()
    joining: JoiningTable = JoiningTable()
    texts: DisplayTable = DisplayTable()


class _File(_Table, frozen=True, kw_only=True):
    platform: PlatformTable
    data_dir: Annotated[str, Meta(min_length=1)]
    lanes: Annotated[list[LaneTable], Meta(min_length=1, max_length=16)]
    screen: ScreenTable = ScreenTable()
    judge: JudgeTable = JudgeTable()
    language: Literal["zh_Hans", "en"] = "zh_Hans"


@dataclass(frozen=True, slots=True)
class LaneConfig:
    """A lane and the settings of its devices."""

    table: LaneTable
    scale: DeviceSettings
    axles: DeviceSettings | None
    cameras: tuple[DeviceSettings, ...]
    displays: tuple[DeviceSettings, ...]

    @property
    def title(self) -> str:
        """Its name for people."""
        return self.table.name or str(self.table.number)

    @property
    def devices(self) -> tuple[DeviceSettings, ...]:
        """All of them, scale first."""
        axles = () if self.axles is None else (self.axles,)
        return (self.scale, *axles, *self.cameras, *self.displays)


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
    language: str


_KINDS: dict[Kind, Callable[[], str]] = {
    "scale": lambda: _("scale"),
    "axle": lambda: _("axle identifier"),
    "camera": lambda: _("camera"),
    "display": lambda: _("display"),
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
        language=file.language,
    )


def _lane(table: LaneTable, where: str, problems: list[Problem]) -> LaneConfig | None:
    def devices(raws: list[dict[str, Any]], kind: Kind, at: str) -> list[DeviceSettings | None]:
        return [_device(raw, kind, f"{at}[{n}]", problems) for n, raw in enumerate(raws)]

    _check_thresholds(table.stability, f"{where}.stability", problems)
    before = len(problems)
    scale = _device(table.scale, "scale", f"{where}.scale", problems)
    axles = None
    if table.axles is not None:
        axles = _device(table.axles, "axle", f"{where}.axles", problems)
    cameras = devices(table.cameras, "camera", f"{where}.cameras")
    displays = devices(table.displays, "display", f"{where}.displays")
    if len(problems) > before:
        return None
    return LaneConfig(
        table=table,
        scale=cast("DeviceSettings", scale),
        axles=axles,
        cameras=tuple(cast("list[DeviceSettings]", cameras)),
        displays=tuple(cast("list[DeviceSettings]", displays)),
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
    names = Counter(device.name for lane in lanes for device in lane.devices)
    remedy = _("give each its own")
    for number, times in numbers.items():
        if times > 1:
            what = _("two lanes have the number {number}").format(number=number)
            problems.append(Problem("lanes", what, remedy))
    for name, times in names.items():
        if times > 1:
            what = _("two devices are called {name}").format(name=repr(name))
            problems.append(Problem("lanes", what, remedy))
