"""The tables of the configuration file and their bounds. Every key is written up in
docs/terminal.md. Masses are whole kg, times end in `_ms` or `_s`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hengyuan.law.verdict import JudgeSettings

Seconds = Annotated[float, Meta(gt=0, le=86_400)]
Milliseconds = Annotated[int, Meta(ge=1, le=600_000)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables of the file have in common: an unknown key is an error."""


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
        more = {} if self.bands is None else {"bands": self.bands}
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


class DisplayTable(Table, frozen=True, kw_only=True):
    """`[lanes.texts]`: when a display says what is not a verdict."""

    wait_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 800
    """A truck that is still not at rest by then is asked to stop."""
    idle_after_ms: Annotated[int, Meta(ge=0, le=60_000)] = 1500
    """A scale that is free for so long invites the next truck."""


class LaneTable(Table, frozen=True, kw_only=True):
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
