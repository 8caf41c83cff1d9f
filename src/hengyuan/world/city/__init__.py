"""The simulated city: offices, people, source units, papers, entered by the platform's own ways.

plan       which units there are, in which county, and what stands at them
people     offices and who works there
workbook   a county's survey as the workbook that its clerk imports
ledger     the imports, and who is responsible in the townships
papers     publication lists, objections, reports from the public, invitations
terminals  which units have terminals
keys       the keys of terminals without a program of their own
remote     terminals without simulated devices: weeks of records behind them, and heartbeats
pulse      keeps these alive while the city runs
counts     what the database holds of the city
running    a platform with the city in it, for pictures, tests and benchmarks

What runs inside the platform (Django is set up) is `enter_city`. Entering the city twice changes
nothing but the password, where it is another one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hengyuan.world.city.entered import CityCounts, EnteredCity, EnteredTerminal, Login

if TYPE_CHECKING:
    from hengyuan.world.city.plan import PlannedUnit

__all__ = [
    "CityCounts",
    "EnteredCity",
    "EnteredTerminal",
    "Login",
    "enter_city",
]

PASSWORD_BYTES = 9


def enter_city(
    terminals: int,
    password: str | None = None,
    remote: int = 0,
    more_units: Sequence[PlannedUnit] = (),
) -> EnteredCity:
    """Enter the whole city with one password for all; of chance where none is given.

    `terminals` for which simulated devices are put up stand over three units in turn; `remote`
    further ones over the counties. `more_units` stand in the surveys beside those of the plan.
    CityFailed and ValidationError say what the platform refused.
    """
    from hengyuan.platform.home import home_dir
    from hengyuan.world.city import keys, ledger, papers, people
    from hengyuan.world.city import terminals as standing

    given = password or secrets.token_urlsafe(PASSWORD_BYTES)
    staff = people.Staff(given)
    province, city, counties, below = people.people()
    staff.enter(province, None)
    staff.enter(city, staff.by_name["province"])
    staff.enter(counties, staff.by_name["city-head"])
    staff.enter_below(below)
    ledger.enter_units(staff.by_name, more_units)
    ledger.enter_leads(staff.by_name)
    staff.enter_below(people.unit_people())
    live = standing.live(terminals, staff.by_name)
    standing.suspended(staff.by_name)
    others = standing.remote(remote, home_dir() / keys.FOLDER, staff.by_name)
    notes = papers.enter(staff.by_name)
    staff.renew_passwords()
    return EnteredCity(live, others, staff.logins(people.MAIN), notes)
