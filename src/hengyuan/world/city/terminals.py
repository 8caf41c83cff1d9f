"""Which units have terminals: with simulated devices, without, and one that was suspended."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hengyuan.record.suites import SM2_SM3
from hengyuan.world.city.entered import EnteredTerminal
from hengyuan.world.city.keys import make_key
from hengyuan.world.city.plan import (
    COUNTIES,
    LIVE_UNITS,
    XIANGFEN,
    PlannedUnit,
    units,
    units_of,
)

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.terminals.models import Terminal

REMOTE_NAME = "2号门磅房"
"""What the terminal without devices is called at a unit that has one with devices, too."""
_PLANNED = 2


def live(count: int, by: dict[str, User]) -> list[EnteredTerminal]:
    """So many terminals over the three units with simulated devices, in turn."""
    found = []
    for number in range(count):
        name = LIVE_UNITS[number % len(LIVE_UNITS)]
        unit = next(unit for unit in units() if unit.name == name)
        found.append(stand_up(unit, f"{number // len(LIVE_UNITS) + 1}号磅", by))
    return found


def remote(count: int, keys: Path, by: dict[str, User]) -> list[EnteredTerminal]:
    """So many at working units with equipment, county by county; and two that are planned only.

    They are enrolled here, with keys that are left in that folder.
    """
    if not count:
        return []
    entered = [
        stand_up(unit, REMOTE_NAME if unit.name in LIVE_UNITS else "1号磅", by)
        for unit in islice(equipped(), count + _PLANNED)
    ]
    return [enrolled(terminal, keys) for terminal in entered[:count]]


def enrolled(terminal: EnteredTerminal, keys: Path) -> EnteredTerminal:
    """The terminal with a key of its own in that folder; one that has one stays as it is."""
    from hengyuan.platform.terminals.services import enrol

    if terminal.enrolment_code is not None:
        public = make_key(keys, terminal.code).public_bytes()
        enrol(terminal.enrolment_code, SM2_SM3.name, public.hex(), terminal.code)
    return msgspec.structs.replace(terminal, enrolment_code=None)


def suspended(by: dict[str, User]) -> None:
    """One of Xiangfen's was enrolled, and is refused since its scale is being rebuilt."""
    from hengyuan.platform.terminals.models import Terminal, TerminalState
    from hengyuan.platform.terminals.services import enrol, suspend

    unit = next(unit for unit in units_of(XIANGFEN) if unit.name in LIVE_UNITS)
    entered = stand_up(unit, "旧磅", by)
    if entered.enrolment_code is not None:
        # nobody keeps its key: it will never speak again
        key = SM2_SM3.generate().public_bytes().hex()
        enrol(entered.enrolment_code, SM2_SM3.name, key)
    terminal = Terminal.objects.get(code=entered.code)
    if terminal.state == TerminalState.ENROLLED:
        suspend(terminal, by["xiangfen"], "秤台改造，暂停使用")


def equipped() -> Iterator[PlannedUnit]:
    """Working units with all that a terminal needs: the first of each county, then the second …"""
    columns = [
        [
            unit
            for unit in units_of(county.code)
            if unit.state == "working"
            and unit.has_camera
            and unit.has_display
            and unit.certificate_days[0] >= 0
        ]
        for county in COUNTIES
    ]
    for row in zip_longest(*columns):
        yield from (unit for unit in row if unit is not None)


def stand_up(planned: PlannedUnit, name: str, by: dict[str, User]) -> EnteredTerminal:
    """The unit's terminal of that name, made where it is missing; a code while it has no key."""
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.terminals.models import TerminalState
    from hengyuan.platform.terminals.services import create_terminal, issue_enrolment_code

    clerk = by[planned.county.pinyin]
    unit: SourceUnit = SourceUnit.objects.get(region=planned.county.code, name=planned.name)
    terminal: Terminal | None = unit.terminals.filter(name=name).first()
    if terminal is None:
        terminal = create_terminal(clerk, unit, name, gate=unit.gates.first())
    code = None
    if terminal.state == TerminalState.PLANNED:
        code = issue_enrolment_code(terminal, clerk)
    return EnteredTerminal(terminal.code, terminal.name, unit.name, code)
