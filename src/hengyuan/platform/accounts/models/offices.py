"""The office: where a person works. Its kind and region say what its people may see and do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models.phones import PHONE
from hengyuan.platform.accounts.scope import people_q, scope_q
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.versioning import Versioned

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models.people import User
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


LEVEL_OF_KIND = {
    OfficeKind.PROVINCE: Level.PROVINCE,
    OfficeKind.CITY: Level.CITY,
    OfficeKind.COUNTY: Level.COUNTY,
}
"""The level that an overload-control office works at."""


class OfficeQuerySet(models.QuerySet["Office"]):
    def visible_to(self, user: User | AnonymousUser) -> OfficeQuerySet:
        return self.filter(scope_q(user, region="region", unit="source_unit"))

    def audited_by(self, user: User | AnonymousUser) -> OfficeQuerySet:
        """Offices whose history may be read: it names people, so heads read it."""
        return self.filter(people_q(user, office="pk", region="region"))

    def active(self) -> OfficeQuerySet:
        return self.filter(is_active=True)


class Office(Versioned):
    """Where a person works; its region, or its source unit, is what its people may see."""

    kind = models.CharField(_("kind"), max_length=12, choices=OfficeKind.choices)
    name = models.CharField(_("name"), max_length=100)
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
    duty_phone = models.CharField(
        _("duty telephone"), max_length=20, blank=True, validators=[PHONE]
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    is_active = models.BooleanField(pgettext_lazy("office", "active"), default=True)

    history = HistoricalRecords()
    objects = OfficeQuerySet.as_manager()

    class Meta:
        ordering = ["region_id", "kind", "name"]
        verbose_name = pgettext_lazy("in itself", "office")
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
            # a closed office keeps its name and place in the history, and frees both
            models.UniqueConstraint(
                name="office_name_once",
                fields=["name"],
                condition=Q(is_active=True),
                violation_error_message=_("There is an office of this name already."),
            ),
            models.UniqueConstraint(
                name="office_control_once",
                fields=["region"],
                condition=Q(is_active=True, kind__in=["province", "city", "county"]),
                violation_error_message=_("This region has its overload-control office already."),
            ),
            models.UniqueConstraint(
                name="office_department_once",
                fields=["region", "department"],
                condition=Q(is_active=True, kind="department"),
                violation_error_message=_("This region has this department already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("offices:office", args=[self.pk])

    @property
    def is_control_office(self) -> bool:
        """One of province, city or county: those that run the scheme."""
        return self.kind in LEVEL_OF_KIND

    def clean(self) -> None:
        level = LEVEL_OF_KIND.get(OfficeKind(self.kind)) if self.kind else None
        if level is not None and self.region.level != level:
            raise ValidationError({"region": _("The region is not of the office's level.")})
        if self.kind == OfficeKind.DEPARTMENT and self.region.level == Level.TOWNSHIP:
            raise ValidationError({"region": _("A department is one of a county, city, province.")})
        if self.source_unit is not None and self.source_unit.region_id != self.region_id:
            raise ValidationError({"region": _("The region is not the one of the source unit.")})
