"""The people and places of the simulated city, entered through the platform's own services.

Runs inside the platform (Django is set up). Entering the city twice changes nothing but the
passwords, which are given anew each time, since nobody keeps them.
"""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import Office, User
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.terminals.models import Terminal

PASSWORD_BYTES = 9


class EnteredTerminal(msgspec.Struct, frozen=True):
    """A terminal of the city. `enrolment_code` is None once it is enrolled."""

    code: str
    name: str
    unit_name: str
    enrolment_code: str | None


class Login(msgspec.Struct, frozen=True):
    """Somebody who can log in."""

    username: str
    password: str
    name: str
    office: str


class EnteredCity(msgspec.Struct, frozen=True):
    """What the demo needs to know of the city."""

    terminals: list[EnteredTerminal]
    logins: list[Login]


@dataclass(frozen=True, slots=True)
class _Unit:
    name: str
    county: str
    kind: str
    cargo: str


@dataclass(frozen=True, slots=True)
class _Person:
    username: str
    name: str
    office: str
    role: str


UNITS = (
    _Unit("洪洞县示例一号煤矿", "141024", "coal", "0100"),
    _Unit("洪洞县示例二号石料厂", "141024", "sand-stone", "0500"),
    _Unit("襄汾县示例三号钢铁厂", "141023", "steel", "0400"),
)
CITY_OFFICE = "临汾市治超办(演示)"
COUNTY_OFFICES = {"141024": "洪洞县治超办(演示)", "141023": "襄汾县治超办(演示)"}
PEOPLE = (
    _Person("hongtong", "洪洞县办事员(演示)", COUNTY_OFFICES["141024"], "clerk"),
    _Person("xiangfen", "襄汾县办事员(演示)", COUNTY_OFFICES["141023"], "clerk"),
    _Person("linfen", "临汾市办事员(演示)", CITY_OFFICE, "clerk"),
    _Person("gate1", "一号煤矿磅房(演示)", UNITS[0].name, "gatekeeper"),
)


def enter_city(terminals: int, password: str | None = None) -> EnteredCity:
    """Enter offices, units, `terminals` terminals over the units in turn, and people.

    One password for all where one is given, else one of chance for each.
    """
    from django.db import transaction

    from hengyuan.platform.accounts.services import office_of_unit

    with transaction.atomic():
        offices = _offices()
        logins = [
            _login(person, offices, password) for person in PEOPLE if person.office in offices
        ]
        clerks = {user.office.region_id: user for user, _ in logins if user.office is not None}
        units = [_unit(unit, clerks[unit.county]) for unit in UNITS]
        offices |= {unit.name: office_of_unit(clerks[unit.region_id], unit) for unit in units}
        known = {login.username for _, login in logins}
        logins += [
            _login(person, offices, password) for person in PEOPLE if person.username not in known
        ]
        entered = []
        for number in range(terminals):
            unit = units[number % len(units)]
            entered.append(_terminal(unit, number // len(units) + 1, clerks[unit.region_id]))
    return EnteredCity(terminals=entered, logins=[login for _, login in logins])


def _offices() -> "dict[str, Office]":
    from hengyuan.platform.accounts.models import Office, OfficeKind
    from hengyuan.platform.accounts.services import create_office

    wanted = [(CITY_OFFICE, OfficeKind.CITY, "141000")]
    wanted += [(name, OfficeKind.COUNTY, code) for code, name in COUNTY_OFFICES.items()]
    return {
        name: Office.objects.filter(name=name).first()
        or create_office(None, name=name, kind=kind, region_id=code)
        for name, kind, code in wanted
    }


def _login(
    person: _Person, offices: "dict[str, Office]", password: str | None
) -> "tuple[User, Login]":
    from hengyuan.platform.accounts.models import User
    from hengyuan.platform.accounts.services import create_user, set_password

    given = password or secrets.token_urlsafe(PASSWORD_BYTES)
    office = offices[person.office]
    user = User.objects.filter(username=person.username).first()
    if user is None:
        user = create_user(
            None,
            username=person.username,
            password=given,
            display_name=person.name,
            office=office,
            role=person.role,
        )
    else:
        set_password(None, user, given, must_change=False)
    return user, Login(person.username, given, person.name, person.office)


def _unit(unit: _Unit, by: "User") -> "SourceUnit":
    from hengyuan.platform.ledger.models import Direction, SourceUnit
    from hengyuan.platform.ledger.services import add_gate, add_lane, register_unit
    from hengyuan.platform.regions.models import Region

    found = SourceUnit.objects.filter(name=unit.name, region_id=unit.county).first()
    if found is not None:
        return found
    entered = register_unit(
        by,
        region=Region.objects.get(pk=unit.county),
        name=unit.name,
        kind=unit.kind,
        cargo_codes=[unit.cargo],
    )
    gate = add_gate(by, entered, name="1号门", direction=Direction.OUT)
    add_lane(by, gate, name="1号磅", direction=Direction.OUT)
    return entered


def _terminal(unit: "SourceUnit", number: int, by: "User") -> EnteredTerminal:
    from hengyuan.platform.terminals.models import TerminalState
    from hengyuan.platform.terminals.services import create_terminal, issue_enrolment_code

    name = f"{number}号磅"
    terminal: Terminal | None = unit.terminals.filter(name=name).first()
    if terminal is None:
        terminal = create_terminal(by, unit, name, gate=unit.gates.first())
    code = None
    if terminal.state == TerminalState.PLANNED:
        code = issue_enrolment_code(terminal, by)
    return EnteredTerminal(terminal.code, terminal.name, unit.name, code)
