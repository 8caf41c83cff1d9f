"""The tables of the configuration file and their bounds. Every key is written up in
docs/terminal.md. Masses are whole kg, times end in `_ms` or `_s`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from hengyuan.law.verdict import JudgeSettings
from hengyuan.record.model import PlateColourName
from hengyuan.terminal.config_base import Milliseconds, Seconds
from hengyuan.terminal.config_base import Table as Table
from hengyuan.terminal.config_video import VideoStreamTable


class PlatformTable(Table, frozen=True, kw_only=True):
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
    footage_kbit_s: Annotated[int, Meta(ge=64, le=1_000_000)] = 8000
    """What live pictures and clips that the county asks for may take of the line, all together."""


class ScreenTable(Table, frozen=True, kw_only=True):
    """`[screen]`: the web server of the gate; cameras push to it, displays and people look."""

    host: Annotated[str, Meta(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535)] = 8300
    """0 lets the system choose; the log says which."""
    pin: str | None = None
    """Digest of the gatekeeper's PIN (`hengyuan terminal pin`). Without one, the gatekeeper's page
    is for this machine alone."""
    session_h: Annotated[float, Meta(gt=0, le=72)] = 12.0


class JudgeTable(Table, frozen=True, kw_only=True):
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
        more: dict[str, Any] = {} if self.bands is None else {"bands": self.bands}
        return JudgeSettings(
            tolerance_kg=self.tolerance_kg,
            tolerance_bp=self.tolerance_bp,
            tolerance_basis=self.tolerance_basis,
            **more,
        )


class StabilityTable(Table, frozen=True, kw_only=True):
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


class JoiningTable(Table, frozen=True, kw_only=True):
    """`[lanes.joining]`: which camera and axle events belong to the truck on the scale."""

    wait_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """How long a settled weight waits for them."""
    before_s: Seconds = 60.0
    """How long before the truck's arrival they may have come."""
    resume_before_s: Seconds = 600.0
    """The same for a truck that was found on the scale after a restart."""
    resume_wait_ms: Annotated[int, Meta(ge=0, le=60_000)] = 5000
    """How long such a truck waits: a camera that found no one needs time to send again."""
    return_s: Annotated[float, Meta(ge=0, le=600)] = 20.0
    """A truck that left unweighed may come again: so long what was seen of it waits for it."""


class PositionTable(Table, frozen=True, kw_only=True):
    """`[lanes.position]`: how the sensors at the edges of the scale are believed."""

    lost_s: Annotated[float, Meta(ge=0, le=600)] = 5.0
    """Of a beam that is not heard of, the edge counts as covered for so long, then as unwatched."""
    stuck_s: Seconds = 300.0
    """A beam that is covered for so long although the scale is free counts as faulty."""


class HoldTable(Table, frozen=True, kw_only=True):
    """`[lanes.hold]`: whom the exit barrier does not let out by itself."""

    over: bool = True
    """Who is over the limit."""
    unknown: bool = True
    """Who has no verdict, for want of axles."""
    reweigh_h: Annotated[float, Meta(gt=0, le=72)] = 4.0
    """A truck that was held and comes back within this time is weighed anew; then its hold ends."""


class TareTable(Table, frozen=True, kw_only=True):
    """`[lanes.tares]`: what a truck weighed when it came in, for when it drives out."""

    valid_h: Annotated[float, Meta(gt=0, le=720)] = 24.0
    """A tare counts for so long."""
    keep_days: Annotated[int, Meta(ge=0, le=366)] = 0
    """A tare of an earlier visit serves for so long where this visit has none; 0: not at all."""
    least_net_kg: Annotated[int, Meta(ge=100, le=20_000)] = 500
    """In a lane for both, so much more than its tare weighs a truck that drives out."""


class ControlTable(Table, frozen=True, kw_only=True):
    """`[lanes.control]`: how barriers are moved."""

    clear_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """Nothing has been under the arm for so long before it closes behind a truck."""
    close_after_s: Seconds = 15.0
    """The same where no truck was seen under the arm since it opened, from the scale's being free.
    """
    move_s: Seconds = 10.0
    """An arm that was ordered to move and is not there by then is a fault."""
    retry_s: Seconds = 2.0
    """So long after a failure the order is given again."""


class ExitTable(Table, frozen=True, kw_only=True):
    """`[lanes.exits]`: when a truck that an `exit` camera saw has skipped the scale."""

    within_s: Seconds = 1800.0
    """Its weighing is at most so old."""
    wait_s: Annotated[float, Meta(ge=0, le=600)] = 30.0
    """A plate that comes late may still name its weighing: so long is waited for it."""
    ignore_plates: tuple[str, ...] = ()
    """Vehicles that need no weighing: the unit's own loaders, water carts, buses."""
    ignore_colours: tuple[PlateColourName, ...] = ()
    """Plates that no heavy truck has where only those are weighed, `blue` for instance."""


class ClipTable(Table, frozen=True, kw_only=True):
    """`[lanes.clips]`: which seconds are kept of a truck that was over, overridden or skipped."""

    look_back_s: Annotated[float, Meta(ge=0, le=120)] = 10.0
    """Before its weight stood, or the exit camera saw it."""
    after_s: Annotated[float, Meta(ge=0, le=120)] = 5.0
    """After it left."""
    most_s: Annotated[float, Meta(ge=5, le=600)] = 60.0
    """So much together: of a longer stay, how it began and how it ended."""


class DisplayTable(Table, frozen=True, kw_only=True):
    """`[lanes.texts]`: when a display says what is not a verdict."""

    wait_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 800
    """A truck that is still not at rest by then is asked to stop."""
    unload_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 4000
    """So long after its verdict a truck that is held is told how much to unload."""
    idle_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """A scale that is free for so long invites the next truck."""


class LaneTable(Table, frozen=True, kw_only=True):
    """`[[lanes]]`: one scale with what stands around it. The devices are tables of drivers."""

    number: Annotated[int, Meta(ge=1, le=99)]
    name: Annotated[str, Meta(max_length=40)] = ""
    kind: Literal["exit", "entry", "both"] = "exit"
    """Entering trucks are weighed and told their weight; leaving ones are judged."""
    drives_out: Literal["forward", "reverse"] | None = None
    """What the cameras say of a truck that drives out, in a lane for both; without it they are not
    asked, and the tare book decides."""
    scale: dict[str, Any]
    axles: dict[str, Any] | None = None
    cameras: list[dict[str, Any]] = []
    displays: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    barriers: list[dict[str, Any]] = []
    lamps: list[dict[str, Any]] = []
    sensors: dict[str, Any] | None = None
    videos: list[VideoStreamTable] = []
    stability: StabilityTable = StabilityTable()
    joining: JoiningTable = JoiningTable()
    texts: DisplayTable = DisplayTable()
    position: PositionTable = PositionTable()
    hold: HoldTable = HoldTable()
    tares: TareTable = TareTable()
    control: ControlTable = ControlTable()
    exits: ExitTable = ExitTable()
    clips: ClipTable = ClipTable()
