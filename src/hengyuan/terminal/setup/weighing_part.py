"""A test weighing with a known weight, and what the scale may be off by.

Bounds are those for scales in use after JJG 539-2016 (数字指示秤), class III, as in OIML R 76: up
to 500 e one division e, up to 2,000 e two, above it three.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec

from hengyuan.terminal.clock import utc
from hengyuan.terminal.devices import Reading
from hengyuan.terminal.drivers.base import ScaleDriver
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.enrolment import ENROLMENT_FILE, NotEnrolled, load_identity
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import ask_number
from hengyuan.terminal.setup.displays_part import lit
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.texts import come_on, thanks
from hengyuan.terminal.store.schema import UnusableStore
from hengyuan.terminal.store.store import Store
from hengyuan.terminal.words import installer_text as _

FILE_NAME = "test-weighings.jsonl"
EMPTY_S = 10.0
THERE_KG = 400
STANDS_S = 2.0
_BOUNDS = ((500, 1), (2_000, 2))
_LARGEST = 3


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a test weighing found. Masses in kg."""

    at: str
    lane: int
    scale: str
    known_kg: int
    read_kg: int
    empty_kg: int | None
    division_kg: int
    allowed_kg: int
    passed: bool


def allowed_kg(known_kg: int, division_kg: int) -> int:
    """What a scale in use may be off by at this load."""
    steps = known_kg / division_kg
    return division_kg * next((times for most, times in _BOUNDS if steps <= most), _LARGEST)


def weighing_part(setup: Setup) -> None:
    """For each lane whose installer has a known weight at hand."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Test weighing, {lane}").format(lane=lane_title(lane)))
        key = f"lanes.{place}.weighing"
        question = _("Is a known weight at hand (test weights, or a truck from a verified scale)?")
        if not setup.dialogue.confirm(f"{key}.now", question, default=True):
            setup.dialogue.warn(_("not weighed: run `setup --only weighing` when there is one"))
            continue
        _weigh(setup, key, lane)


def _weigh(setup: Setup, key: str, lane: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    known = ask_number(dialogue, f"{key}.kg", _("Known weight in kg"), 20_000, 100, 200_000)
    division = ask_number(dialogue, f"{key}.division_kg", _("Scale division e in kg"), 20, 1, 200)
    empty, read = asyncio.run(_measured(setup, lane))
    if empty is not None:
        dialogue.say(_("empty: {mass} kg").format(mass=empty))
        if abs(empty) > division:
            dialogue.warn(_("the empty scale does not show zero: zero it at the indicator"))
    if read is None:
        dialogue.warn(
            _("no weight came to rest within {seconds:.0f} s").format(seconds=setup.wait_s)
        )
        return
    allowed = allowed_kg(known, division)
    result = Weighed(
        at=utc(setup.clock.now_ms()).isoformat(timespec="seconds"),
        lane=int(lane["number"]),
        scale=str(lane["scale"]["name"]),
        known_kg=known,
        read_kg=read,
        empty_kg=empty,
        division_kg=division,
        allowed_kg=allowed,
        passed=abs(read - known) <= allowed,
    )
    told = _("known {known} kg, scale {read} kg, off by {off:+d} kg, allowed ±{allowed} kg").format(
        known=known, read=read, off=read - known, allowed=allowed
    )
    if result.passed:
        dialogue.say(f"✓ {told}")
    else:
        dialogue.warn(f"✗ {told}")
        dialogue.warn(
            _("check unit and decimals, and that nothing touches the deck; else call the maker")
        )
    _keep(setup, result)


async def _measured(setup: Setup, lane: dict[str, Any]) -> tuple[int | None, int | None]:
    """What the empty deck shows, and what the known weight does; None where nothing stood."""
    driver = cast("ScaleDriver", create(load_settings(lane["scale"])))
    newest: deque[Reading] = deque(maxlen=1000)
    running = asyncio.create_task(driver.run(newest.append))
    shown = [raw for raw in lane.get("displays", []) if raw["driver"] != "html"]
    try:
        async with lit(shown) as displays:
            setup.dialogue.say(_("looking at the empty scale …"))
            empty = await _rest(newest, EMPTY_S, lambda kg: abs(kg) < THERE_KG)
            setup.dialogue.say(
                _("now the known weight onto the scale; waiting up to {seconds:.0f} s …").format(
                    seconds=setup.wait_s
                )
            )
            for display in displays:
                await display.show(come_on())
            read = await _rest(newest, setup.wait_s, lambda kg: kg >= THERE_KG)
            for display in displays:
                await display.show(thanks())
            return empty, read
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _rest(
    newest: deque[Reading], within_s: float, wanted: Callable[[int], bool]
) -> int | None:
    """The weight that is `wanted` and has stood for some seconds; None where none does."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while loop.time() < end:
        standing = [r.mass_kg for r in newest if loop.time() - r.at <= STANDS_S]
        since = loop.time() - newest[0].at if newest else 0.0
        known = [kg for kg in standing if kg is not None]
        if (
            since >= STANDS_S
            and len(known) == len(standing) >= 3
            and max(known) - min(known) <= 40
            and all(map(wanted, known))
        ):
            return sorted(known)[len(known) // 2]
        await asyncio.sleep(0.1)
    return None


def _keep(setup: Setup, result: Weighed) -> None:
    """In a file of its own, and in the journal where there is a store that nobody else holds."""
    line = msgspec.json.encode(result)
    file = setup.data_dir / FILE_NAME
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("ab") as out:
        out.write(line + b"\n")
    setup.dialogue.say(_("kept in {file}").format(file=file))
    if (setup.data_dir / ENROLMENT_FILE).exists():
        try:
            _into_journal(setup.data_dir, setup.clock.now_ms(), result.lane, line.decode())
        except (NotEnrolled, UnusableStore, sqlite3.Error, OSError) as problem:
            setup.dialogue.warn(_("not written into the journal: {why}").format(why=problem))


def _into_journal(data_dir: Path, at_ms: int, lane: int, detail: str) -> None:
    identity = load_identity(data_dir)
    store = Store(data_dir, identity.terminal, identity.suite, identity.genesis)
    try:
        store.note(at_ms, lane, "test_weighing", detail)
    finally:
        store.close()
