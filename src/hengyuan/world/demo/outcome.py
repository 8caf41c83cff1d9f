"""The figures of a counted run, as one flat JSON object."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from hengyuan.terminal.store.timings import percentile, read_timings
from hengyuan.world.city import CityCounts
from hengyuan.world.demo.chaos import Killer
from hengyuan.world.demo.town import Station
from hengyuan.world.gate import Passage
from hengyuan.world.tally import Tally


def outcome(
    tally: Tally,
    passages: Sequence[Passage],
    stations: Iterable[Station],
    killer: Killer,
    city: CityCounts,
    seconds: float,
) -> dict[str, Any]:
    """All figures of a run.

    `verdict_ms`: from the frame that completed the stable weight until a display acknowledged the
    verdict; `stored_ms`: from the verdict until the platform had committed the record. Both are
    read from the terminals' stores, for the trucks of this run. `display_ms` is the world's own
    measure: from the moment the weight physically stood until the display showed the verdict, the
    time that a terminal needs to find it stable included.
    """
    verdict_ms: list[float] = []
    stored_ms: list[float] = []
    for station in stations:
        code = station.terminal.code
        trucks = sum(passage.terminal == code for passage in passages)
        if trucks:
            timings = read_timings(station.data_dir, newest=trucks)
            verdict_ms += timings.verdict_ms
            stored_ms += timings.stored_ms
    display_ms = [
        passage.standing_to_display_ms
        for passage in passages
        if passage.standing_to_display_ms is not None
    ]
    counted = asdict(tally)
    problems = counted.pop("problems")
    first = ("trucks", "stored", "lost", "duplicated", "over_limit")
    return {
        **{name: counted.pop(name) for name in first},
        **_percentiles("verdict_ms", verdict_ms),
        **_percentiles("stored_ms", stored_ms),
        **_percentiles("display_ms", display_ms),
        **counted,
        "chain_sound": tally.chain_sound,
        "made_overloads": sum(passage.truck.made for passage in passages),
        "camera_repeats": sum(max(0, passage.camera_tries - 1) for passage in passages),
        "platform_kills": killer.platform_kills,
        "database_kills": killer.database_kills,
        "terminal_kills": killer.terminal_kills,
        **msgspec.structs.asdict(city),
        "seconds": round(seconds, 1),
        "all_right": tally.all_right,
        "problems": problems,
    }


def _percentiles(name: str, values: Sequence[float]) -> dict[str, float | None]:
    return {f"{name}_p{percent}": _rounded(percentile(values, percent)) for percent in (50, 99)}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
