"""How much of the disk recordings may take: what goes, and whether any more may be written."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from hengyuan.terminal.config_video import VideoTable
from hengyuan.terminal.video.ring import DAY_MS, Ring

log = structlog.get_logger(__name__)

GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Room:
    """What was found after letting go of the oldest recordings."""

    free_bytes: int
    too_little: bool
    """Less is free than must stay free, and no recording is left to let go of."""


def make_room(rings: Sequence[Ring], table: VideoTable, folder: Path, now_ms: int | None) -> Room:
    """Let go of recordings until all bounds of the table are kept. `now_ms` is None where the time
    is not known for sure: then nothing is called too old. Blocks."""
    dropped = 0
    stuck: set[Ring] = set()
    while True:
        free = shutil.disk_usage(folder).free
        too_little = free < table.min_free_gb * GB
        over = table.max_gb is not None and sum(ring.size for ring in rings) > table.max_gb * GB
        dated = [
            (oldest_ms, number, ring)
            for number, ring in enumerate(rings)
            if ring not in stuck and (oldest_ms := ring.oldest_ms(now_ms)) is not None
        ]
        if not dated:
            break
        oldest_ms, _, ring = min(dated)
        old = now_ms is not None and oldest_ms < now_ms - table.keep_days * DAY_MS
        if not (too_little or over or old):
            break
        try:
            dropped += ring.drop_oldest()
        except OSError as error:
            # somebody is reading it: the next round takes it
            log.warning("video.not_deleted", why=error.strerror or str(error))
            stuck.add(ring)
    if dropped:
        log.info("video.let_go", bytes=dropped)
    return Room(free, too_little)
