"""Offices of the overload-control scheme and the people who work in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AbstractUser, AnonymousUser, UserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_of, scope_q
from hengyuan.platform.regions.models import Level, Region

if TYPE_CHECKING:
    from hengyuan.platform.ledger.models import SourceUnit


class OfficeKind(models.TextChoices):
    PROVINCE = "province", _("Provincial overload-control office")
    CITY = "city", _("City overload-control office")
    COUNTY = "county", _("County overload-control office")
    DEPARTMENT = "department", _("Department")
    SOURCE_UNIT = "source_unit", _("Source unit")


class Department(models.TextChoices):
    """The departments that the scheme names beside the overload-control offices."""

    TRANSPORT = "transport", _("Transport")
    DEVELOPMENT = "development", _("Development and reform")
    PUBLIC_SECURITY = "public_security", _("Public security")
    FINANCE = "finance", _("Finance")
    NATURAL_RESOURCES = "natural_resources", _("Planning and natural resources")
    HOUSING = "housing", _("Housing and urban-rural development")
    EMERGENCY = "emergency", _("Emergency management")
    MARKET = "market", _("Market regulation")
    APPROVAL = "approval", _("Administrative approval service")


class Role(models.TextChoices):
    HEAD = "head", _("Head")
    CLERK = "clerk", _("Clerk")
    INSPECTOR = "inspector", _("Inspector")
    READONLY = "readonly", _("Read-only")
    MANAGER = "manager", _("Unit manager")
    GATEKEEPER = "gatekeeper", _("Gatekeeper")


OFFICE_ROLES = frozenset({Role.HEAD, Role.CLERK, Role.INSPECTOR, Role.READONLY})
UNIT_ROLES = frozenset({Role.MANAGER, Role.GATEKEEPER})

_LEVEL_OF_KIND = {
    OfficeKind.PROVINCE: Level.PROVINCE,
    OfficeKind.CITY: Level.CITY,
    OfficeKind.COUNTY: Level.COUNTY,
}


def roles_of(kind: str) -> frozenset[Role]:
    """The roles that people of an office of that kind can have."""
    return UNIT_ROLES if kind == OfficeKind.SOURCE_UNIT else OFFICE_ROLES


class OfficeQuerySet(models.QuerySet["Office"]):
    def visible_to(self, user: User | AnonymousUser) -> OfficeQuerySet:
        return self.filter(scope_q(user, region="region", unit="source_unit"))


class Office(models.Model):
    """Where a person works; its region, or its source unit, is what its people may see."""

    kind = models.CharField(_("kind"), max_length=12, choices=OfficeKind.choices)
    name = models.CharField(_("name"), max_length=100, unique=True)
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="offices", verbose_name=_("region")
    )
    department = models.CharField(
        _("department"), max_length=20, choices=Department.choices, blank=True
    )
    source_unit: models.OneToOneField[SourceUnit | None, SourceUnit | None] = models.OneToOneField(
        "ledger.SourceUnit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="office",
        verbose_name=_("source unit"),
    )
    is_active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords()
    objects = OfficeQuerySet.as_manager()

    class Meta:
        ordering = ["region_id", "kind", "name"]
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        constraints = [
            models.CheckConstraint(
                name="office_unit_iff_source_unit",
                condition=Q(kind="source_unit", source_unit__isnull=False)
                | (~Q(kind="source_unit") & Q(source_unit__isnull=True)),
            ),
            models.CheckConstraint(
                name="office_department_iff_department",
                condition=(Q(kind="department") & ~Q(department=""))
                | (~Q(kind="department") & Q(department="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        level = _LEVEL_OF_KIND.get(OfficeKind(self.kind)) if self.kind else None
        if level is not None and self.region.level != level:
            raise ValidationError({"region": _("The region is not of the office's level.")})
        if self.source_unit is not None and self.source_unit.region_id != self.region_id:
            raise ValidationError({"region": _("The region is not the one of the source unit.")})


class PeopleManager(UserManager["User"]):
    def visible_to(self, user: User | AnonymousUser) -> models.QuerySet[User]:
        """People of the offices in scope. Those without an office are seen by nobody."""
        if scope_of(user).is_empty:
            return self.none()
        return self.filter(scope_q(user, region="office__region", unit="office__source_unit"))


class User(AbstractUser):
    """A person with a login; the office gives the scope, office and role the permissions."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("full name"), max_length=60)
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("office"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, blank=True)
    phone = models.CharField(
        _("telephone"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^[0-9+\- ]{5,20}$", _("Digits, spaces, + and - only."))],
    )
    must_change_password = models.BooleanField(_("must change the password"), default=False)

    history = HistoricalRecords(excluded_fields=["password", "last_login"])
    objects = PeopleManager()  # type: ignore[misc]

    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    def clean(self) -> None:
        super().clean()
        if self.office is not None and self.role not in roles_of(self.office.kind):
            raise ValidationError(
                {"role": _("This role does not exist in an office of that kind.")}
            )
