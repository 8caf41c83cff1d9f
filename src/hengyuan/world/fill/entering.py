"""The city of a fill, entered by the platform's own services: people, units, terminals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hengyuan.world.city.entered import Login
from hengyuan.world.city.plan import PlannedUnit
from hengyuan.world.fill.preparing import StandingTerminal
from hengyuan.world.fill.units import Habits, chosen_units, habits_of

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User


@dataclass(frozen=True, slots=True)
class Entered:
    """Who and what is there."""

    habits: list[Habits]
    terminals: list[StandingTerminal]
    logins: list[Login]
    notes: list[str]


def enter(
    units: int, seed: int, scale: float, password: str | None, say: Callable[[str], None]
) -> Entered:
    """Enter what is missing; a second time it changes nothing.

    CityFailed and ValidationError say what the platform refused, KeyGone which key is missing.
    """
    from hengyuan.world.city import enter_city

    planned, more = chosen_units(units)
    habits = habits_of(planned, seed, scale)
    say("录入城市：机构、人员、源头单位")
    city = enter_city(0, password, more_units=more)
    say("录入终端")
    terminals = _stand_up(planned, habits)
    return Entered(habits, terminals, city.logins, city.notes)


def _stand_up(planned: list[PlannedUnit], habits: list[Habits]) -> list[StandingTerminal]:
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.home import home_dir
    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.world.city import keys
    from hengyuan.world.city.terminals import enrolled, stand_up

    folder = home_dir() / keys.FOLDER
    clerks: dict[str, User] = {user.username: user for user in User.objects.all()}
    places: dict[str, tuple[int, int]] = {}
    for at, (unit, habit) in enumerate(zip(planned, habits, strict=True)):
        for number in range(habit.terminals):
            entered = enrolled(stand_up(unit, f"{number + 1}号磅", clerks), folder)
            places[entered.code] = (at, number)
    found = Terminal.objects.filter(code__in=places).select_related("unit").order_by("code")
    standing = []
    for terminal in found:
        key = keys.load_key(folder, terminal.code)
        at, number = places[terminal.code]
        standing.append(
            StandingTerminal(
                id=terminal.pk,
                code=terminal.code,
                unit=at,
                unit_id=terminal.unit_id,
                county=int(str(terminal.unit.region_id)),
                number=number,
                secret=key.secret_bytes(),
                public_key=key.public_bytes(),
            )
        )
    return standing
