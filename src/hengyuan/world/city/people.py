"""Offices of the city and who works there. Names are plainly invented: all of them hold 演示."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hengyuan.world.city.entered import Login
from hengyuan.world.city.plan import COUNTIES, HONGTONG, LIVE_UNITS, XIANGFEN, units, units_of

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import Office, User

PROVINCE, CITY = "140000", "141000"
DEPARTMENTS = (
    "transport", "development", "public_security", "finance", "natural_resources", "housing",
    "emergency", "market", "approval",
)  # fmt: skip
"""Those that the work plan names beside the overload-control offices."""
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张"
_WHICH = "甲乙丙丁戊己"
MAIN = (
    "province", "city-head", "linfen", "city-inspector", "city-reader", "city-transport",
    "hongtong-head", "hongtong", "hongtong-inspector", "hongtong-reader", "hongtong-transport",
    "hongtong-market", "xiangfen-head", "xiangfen", "manager1", "gate1",
)  # fmt: skip
"""User names that the demo shows: one of each kind, from the province down to the gate."""


@dataclass(frozen=True, slots=True)
class Place:
    """An office: of a region, of a department of a region, or of a source unit."""

    region: str
    department: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can log in."""

    username: str
    role: str
    place: Place


def people() -> tuple[list[Person], ...]:
    """Everybody, in tiers: each tier is entered by the heads of the one before."""
    province = [Person("province", "head", Place(PROVINCE))]
    city = [
        Person("city-head", "head", Place(CITY)),
        Person("linfen", "clerk", Place(CITY)),
        Person("city-inspector", "inspector", Place(CITY)),
        Person("city-reader", "readonly", Place(CITY)),
    ]
    counties = [*_departments("city", CITY, DEPARTMENTS)]
    below = []
    for county in COUNTIES:
        place = Place(county.code)
        counties.append(Person(f"{county.pinyin}-head", "head", place))
        below.append(Person(county.pinyin, "clerk", place))
        # elsewhere it is the transport department alone that takes part already
        named = DEPARTMENTS if county.code == HONGTONG else DEPARTMENTS[:1]
        below += _departments(county.pinyin, county.code, named)
    below += [
        Person("hongtong-inspector", "inspector", Place(HONGTONG)),
        Person("hongtong-reader", "readonly", Place(HONGTONG)),
        Person("xiangfen-inspector", "inspector", Place(XIANGFEN)),
    ]
    return province, city, counties, below


def unit_people() -> list[Person]:
    """Managers and gatekeepers: of the units with simulated devices, and of one in each county.

    Those of the former are numbered: manager1, gate1, gate2, gate3.
    """
    found = []
    for number, name in enumerate(LIVE_UNITS, start=1):
        unit = next(unit for unit in units() if unit.name == name)
        place = Place(unit.county.code, unit=name)
        found.append(Person(f"manager{number}", "manager", place))
        found.append(Person(f"gate{number}", "gatekeeper", place))
    for county in COUNTIES:
        name = units_of(county.code)[0].name
        if name not in LIVE_UNITS:
            place = Place(county.code, unit=name)
            found.append(Person(f"{county.pinyin}-manager", "manager", place))
            found.append(Person(f"{county.pinyin}-gate", "gatekeeper", place))
    return found


def _departments(prefix: str, region: str, names: Iterable[str]) -> list[Person]:
    return [
        Person(f"{prefix}-{name.replace('_', '-')}", "head", Place(region, name)) for name in names
    ]


class Staff:
    """Enters offices and people, and knows them by place and by user name."""

    def __init__(self, password: str) -> None:
        from django.contrib.auth.password_validation import validate_password

        from hengyuan.platform.accounts.models import User

        validate_password(password)
        self._password = password
        self._encoded: str | None = None
        self._offices: dict[Place, Office] = {}
        self.by_name: dict[str, User] = {
            user.username: user for user in User.objects.select_related("office__region")
        }

    def enter(self, persons: Iterable[Person], by: User | None) -> None:
        """Enter those who are not there yet, as `services.create_user` would, in one statement.

        It is one password for all, so that its slow hash is made once.
        """
        from django.utils.translation import gettext
        from simple_history.utils import bulk_create_with_history

        from hengyuan.platform.accounts.models import User

        new: list[User] = []
        for person in persons:
            office = self.office(person.place, by)
            if person.username in self.by_name:
                continue
            user = User(
                username=person.username,
                display_name=_name(len(self.by_name) + len(new)),
                office=office,
                role=person.role,
                password=self._hash(),
            )
            user.clean_fields(exclude=["office", "successor"])
            user.clean()
            new.append(user)
        reason = str(gettext("entered"))
        entered = bulk_create_with_history(new, User, default_user=by, default_change_reason=reason)
        self.by_name |= {user.username: user for user in entered}

    def enter_below(self, persons: Iterable[Person]) -> None:
        """The same for people of counties, by the head of each county."""
        heads = {county.code: self.by_name[f"{county.pinyin}-head"] for county in COUNTIES}
        by_county: dict[str, list[Person]] = {}
        for person in persons:
            by_county.setdefault(person.place.region, []).append(person)
        for county, of_it in by_county.items():
            self.enter(of_it, heads[county])

    def logins(self, names: Iterable[str]) -> list[Login]:
        """Who these are and how they log in."""
        return [
            Login(
                username=user.username,
                password=self._password,
                name=user.display_name,
                office=str(user.office),
                role=str(user.get_role_display()),
            )
            for user in (self.by_name[name] for name in names)
        ]

    def office(self, place: Place, by: User | None) -> Office:
        """The office at that place; made where it is missing."""
        if place not in self._offices:
            self._offices[place] = _office(place, by)
        return self._offices[place]

    def renew_passwords(self) -> None:
        """Give everybody of the city this password, unless the city's clerk has it already."""
        from django.utils.translation import gettext
        from simple_history.utils import bulk_update_with_history

        from hengyuan.platform.accounts import sessions
        from hengyuan.platform.accounts.models import User

        if self.by_name["linfen"].check_password(self._password):
            return
        known = [user for user in self.by_name.values() if user.office_id and user.is_active]
        for user in known:
            user.password = self._hash()
            user.step()
        reason = str(gettext("new password given"))
        bulk_update_with_history(known, User, ["password", "version"], default_change_reason=reason)
        sessions.end_all(known)

    def _hash(self) -> str:
        from django.contrib.auth.hashers import make_password

        self._encoded = self._encoded or make_password(self._password)
        return self._encoded


def _office(place: Place, by: User | None) -> Office:
    from hengyuan.platform.accounts.models import Office, OfficeKind
    from hengyuan.platform.accounts.services import create_office, office_of_unit, usual_name
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.regions.models import Region

    if place.unit:
        return office_of_unit(by, SourceUnit.objects.get(region=place.region, name=place.unit))
    region = Region.objects.get(pk=place.region)
    kind = OfficeKind.DEPARTMENT if place.department else OfficeKind(region.level)
    found = Office.objects.active().filter(region=region, kind=kind, department=place.department)
    return found.first() or create_office(
        by,
        kind=kind,
        region=region,
        department=place.department,
        name=f"{usual_name(region, place.department)}（演示）",
        duty_phone="0357-0000000",
    )


def _name(number: int) -> str:
    """The name of the so many-th person: 赵演示甲, 钱演示甲, …"""
    which, surname = divmod(number, len(_SURNAMES))
    return f"{_SURNAMES[surname]}演示{_WHICH[which % len(_WHICH)]}"
