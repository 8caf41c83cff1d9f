"""Who may see what: a person's scope, and the filter that every query of scoped data goes through.

An office sees the regions whose codes begin with its own prefix, a source unit only itself;
whoever is not logged in, has no office or has left sees nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from hengyuan.law.regions import scope_prefix
from hengyuan.platform.regions.models import Region, RegionQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

_NOTHING = Q(pk__in=[])


@dataclass(frozen=True, slots=True)
class Scope:
    """Either a region prefix, or one source unit, or (both None) nothing at all."""

    region_prefix: str | None = None
    unit_id: int | None = None

    @property
    def is_empty(self) -> bool:
        return self.region_prefix is None and self.unit_id is None

    @property
    def code_range(self) -> tuple[int, int] | None:
        """The six-digit codes of the region as numbers, both ends included; None without region.

        For tables that keep the county as an integer: a range uses their index, a prefix cannot.
        """
        if self.region_prefix is None:
            return None
        county = self.region_prefix[:6]
        return int(county.ljust(6, "0")), int(county.ljust(6, "9"))

    def covers(self, region_code: str, unit_id: int | None = None) -> bool:
        """True when something in that region, of that unit, may be seen."""
        if self.unit_id is not None:
            return self.unit_id == unit_id
        return self.region_prefix is not None and region_code.startswith(self.region_prefix)


def scope_of(user: User | AnonymousUser | None) -> Scope:
    """The scope of a person; empty for anonymous, inactive and office-less ones."""
    if user is None or not user.is_authenticated or not user.is_active:
        return Scope()
    office = user.office
    if office is None or not office.is_active:
        return Scope()
    if office.source_unit_id is not None:
        return Scope(unit_id=office.source_unit_id)
    return Scope(region_prefix=scope_prefix(office.region_id))


def scope_q(
    user: User | AnonymousUser | None, region: str = "region", unit: str | None = None
) -> Q:
    """The filter of what `user` may see.

    `region` is the lookup path of the foreign key to Region, `unit` that of the one to the source
    unit (`"pk"` on the unit itself); without `unit` a source unit's people see nothing.
    """
    scope = scope_of(user)
    if scope.unit_id is not None:
        return Q(**{unit: scope.unit_id}) if unit else _NOTHING
    if scope.region_prefix is not None:
        return Q(**{f"{region}__code__startswith": scope.region_prefix})
    return _NOTHING


def people_q(
    user: User | AnonymousUser | None,
    office: str = "office",
    region: str = "office__region",
    person: str | None = None,
) -> Q:
    """The filter of what tells of people: particulars, writes, logins; for heads, and of oneself.

    The head of an overload-control office reads those of its region, heads of departments and
    managers of source units those of their own office; everybody else their own (`person` is the
    lookup path of whom a row is about), others are names to them.
    """
    if scope_of(user).is_empty:
        return _NOTHING
    assert user is not None and user.is_authenticated
    own = Q(**{person: user.pk}) if person else _NOTHING
    at: Any = user.office
    if not user.is_head:
        return own
    if at.is_control_office:
        return own | Q(**{f"{region}__code__startswith": scope_prefix(at.region_id)})
    return own | Q(**{office: at.pk})


def visible_regions(user: User | AnonymousUser | None) -> RegionQuerySet:
    """The regions of a person's scope; for a source unit's people the county they lie in."""
    scope = scope_of(user)
    if scope.region_prefix is not None:
        return Region.objects.filter(code__startswith=scope.region_prefix)
    if scope.unit_id is not None:
        return Region.objects.filter(source_units=scope.unit_id)
    return Region.objects.none()
