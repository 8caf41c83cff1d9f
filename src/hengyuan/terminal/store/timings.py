"""How long verdicts and acknowledgements took, read from the store."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from hengyuan.terminal.store.schema import connect_for_reading
from hengyuan.terminal.store.store import FILE_NAME


@dataclass(frozen=True, slots=True)
class Timings:
    """Durations in ms, one per record that has them.

    `verdict_ms`: from the frame that completed the stable weight until a display acknowledged
    the verdict. `stored_ms`: from the verdict until the platform acknowledged the record.
    """

    verdict_ms: tuple[float, ...]
    stored_ms: tuple[float, ...]

    def summary(self) -> dict[str, float | int | None]:
        """Counts and percentiles."""
        return asdict(
            Summary(
                told=len(self.verdict_ms),
                verdict_ms_p50=percentile(self.verdict_ms, 50),
                verdict_ms_p99=percentile(self.verdict_ms, 99),
                acked=len(self.stored_ms),
                stored_ms_p50=percentile(self.stored_ms, 50),
                stored_ms_p99=percentile(self.stored_ms, 99),
            )
        )


@dataclass(frozen=True, slots=True)
class Summary:
    """Percentiles in ms; None where nothing was measured yet."""

    told: int
    verdict_ms_p50: float | None
    verdict_ms_p99: float | None
    acked: int
    stored_ms_p50: float | None
    stored_ms_p99: float | None


def percentile(values: Sequence[float], percent: int) -> float | None:
    """The smallest value that `percent` of all do not exceed (nearest rank)."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def timings_of(connection: sqlite3.Connection, newest: int = 10_000) -> Timings:
    """The timings of the newest records."""
    rows = connection.execute(
        "SELECT judged_us, told_us, acked_us FROM timing ORDER BY seq DESC LIMIT ?", (newest,)
    ).fetchall()
    return Timings(
        verdict_ms=tuple(told / 1000 for _, told, _ in rows if told is not None),
        stored_ms=tuple((acked - judged) / 1000 for judged, _, acked in rows if acked is not None),
    )


def read_timings(data_dir: Path, newest: int = 1_000_000) -> Timings:
    """The timings in the store of a terminal, running or not."""
    connection = connect_for_reading(data_dir / FILE_NAME)
    try:
        return timings_of(connection, newest)
    finally:
        connection.close()
