"""What the platform answers, and what a heartbeat says."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.model import DigestHex

DeviceStateName = Literal["fault", "offline", "ok", "stale", "unknown"]
DeviceName = Annotated[str, Meta(min_length=1, max_length=40)]


class Watermark(msgspec.Struct, frozen=True):
    """The last seq durably stored, and its digest; seq 0 is the genesis digest."""

    seq: int
    digest: DigestHex


class Stored(msgspec.Struct, frozen=True):
    """The answer to a batch that is stored (or was stored before)."""

    watermark: Watermark
    stored: int


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sent every 30 s. `seq` is the last record made, `queue` records and files not yet acked."""

    clock_ms: int
    clock_offset_ms: int | None = None
    devices: Annotated[dict[DeviceName, DeviceStateName], Meta(max_length=64)]
    disk_free_mb: Annotated[int, Meta(ge=0)]
    queue: Annotated[int, Meta(ge=0)]
    rule_pack: Annotated[str, Meta(max_length=32)]
    seq: Annotated[int, Meta(ge=0)]
    software: Annotated[str, Meta(max_length=40)]


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something the platform asks of a terminal, e.g. {"resend_files": {"digests": [...]}}."""

    id: str
    name: str
    arguments: dict[str, Any] = {}


class HeartbeatAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Platform time for the clock check, the watermark, and what waits to be done."""

    time_ms: int
    watermark: Watermark
    commands: list[Command] = []


class FileProgress(msgspec.Struct, frozen=True):
    """How much of a file is stored; `complete` once its digest was checked."""

    received: int
    complete: bool
