"""What the platform answers, and what a heartbeat says."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.model import MAX_SEQ, MAX_TIME_MS, DigestHex

DeviceStateName = Literal["fault", "offline", "ok", "stale", "unknown"]
# No control characters: a NUL would not fit into a database text, the others into a table cell.
PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*\Z"
# What a heartbeat counts fits into 32 bits: 2 million GB, 24 days.
_MAX_COUNT = 2**31 - 1
DeviceName = Annotated[str, Meta(min_length=1, max_length=40, pattern=PRINTABLE)]
Count = Annotated[int, Meta(ge=0, le=_MAX_COUNT)]


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

    clock_ms: Annotated[int, Meta(ge=0, le=MAX_TIME_MS)]
    clock_offset_ms: Annotated[int, Meta(ge=-_MAX_COUNT, le=_MAX_COUNT)] | None = None
    devices: Annotated[dict[DeviceName, DeviceStateName], Meta(max_length=64)]
    disk_free_mb: Count
    queue: Count
    rule_pack: Annotated[str, Meta(max_length=32, pattern=PRINTABLE)]
    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)]
    software: Annotated[str, Meta(max_length=40, pattern=PRINTABLE)]


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
