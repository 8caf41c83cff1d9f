"""The source unit: a place where trucks are loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models.choices import (
    Grade,
    SupervisionMode,
    UnitKind,
    WorkingState,
)
from hengyuan.platform.regions.models import Level, Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


class SourceUnitQuerySet(models.QuerySet["SourceUnit"]):
    def visible_to(self, user: User | AnonymousUser) -> SourceUnitQuerySet:
        """Units of the regions in scope; a unit's own people see it alone."""
        return self.filter(scope_q(user, region="region", unit="pk"))

    def kept(self) -> SourceUnitQuerySet:
        """Those that are not closed: what the scheme watches."""
        return self.exclude(state=WorkingState.CLOSED)


class SourceUnit(models.Model):
    """A place where trucks are loaded: mine, quarry, works, freight station.

    `code` is county(6) + 51 + sequence(3), given once and never again. A unit is never deleted:
    its records name it. It is closed, and when it was one with another, points to that one.
    """

    code = models.CharField(
        _("unit code"),
        max_length=11,
        unique=True,
        editable=False,
        validators=[RegexValidator(r"^[0-9]{6}51[0-9]{3}$")],
    )
    name = models.CharField(
        _("name"),
        max_length=100,
        help_text=_("As on the business licence; with the site where a company has several."),
    )
    credit_code = models.CharField(
        _("unified social credit code"),
        max_length=18,
        blank=True,
        validators=[
            RegexValidator(
                r"^[0-9A-HJ-NPQRTUWXY]{18}$",
                _("18 characters: digits and capital letters without I, O, S, V, Z."),
            )
        ],
    )
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices)
    grade = models.CharField(_("grade"), max_length=8, choices=Grade.choices, default=Grade.GENERAL)
    state = models.CharField(
        _("working state"),
        max_length=10,
        choices=WorkingState.choices,
        default=WorkingState.WORKING,
    )
    supervision_mode = models.CharField(
        _("supervision mode (suggested)"),
        max_length=10,
        choices=SupervisionMode.choices,
        blank=True,
        help_text=_("What the survey proposes; the published list decides."),
    )
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="source_units", verbose_name=_("county")
    )
    township = models.ForeignKey(
        Region,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="township_units",
        verbose_name=_("township"),
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(73), MaxValueValidator(136)],
        help_text=_("Degrees, CGCS2000, such as 111.672300."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(3), MaxValueValidator(54)],
        help_text=_("Degrees, CGCS2000, such as 36.253400."),
    )
    legal_person = models.CharField(_("legal person"), max_length=60, blank=True)
    contact_name = models.CharField(_("contact"), max_length=60, blank=True)
    contact_phone = models.CharField(
        _("contact telephone"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^[0-9+\- ]{5,20}$", _("Digits, spaces, + and - only."))],
    )
    cargo_codes = ArrayField(
        models.CharField(max_length=4), verbose_name=_("cargo"), default=list, blank=True
    )
    annual_throughput_t = models.PositiveIntegerField(
        _("annual throughput (t)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(500_000_000)],
        help_text=_("Tonnes that leave by road in a year, not ten thousands of tonnes."),
    )
    closed_on = models.DateField(_("closed on"), null=True, blank=True, editable=False)
    closed_reason = models.CharField(
        _("reason of closing"), max_length=200, blank=True, editable=False
    )
    merged_into: models.ForeignKey[SourceUnit | None, SourceUnit | None] = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_units",
        verbose_name=_("merged into"),
    )
    created_at = models.DateTimeField(_("entered at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed at"), auto_now=True)

    history = HistoricalRecords()
    objects = SourceUnitQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("source unit")
        verbose_name_plural = _("source units")
        constraints = [
            models.CheckConstraint(
                name="unit_position_whole",
                condition=Q(longitude__isnull=True, latitude__isnull=True)
                | Q(longitude__isnull=False, latitude__isnull=False),
            ),
            models.CheckConstraint(
                name="unit_closed_facts_iff_closed",
                condition=Q(state="closed")
                | Q(closed_on__isnull=True, closed_reason="", merged_into__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("ledger:unit", args=[self.code])

    @property
    def is_closed(self) -> bool:
        return self.state == WorkingState.CLOSED

    def clean(self) -> None:
        problems = {}
        if self.region_id and self.region.level != Level.COUNTY:
            problems["region"] = _("A unit belongs to a county.")
        if self.township is not None and self.township.parent_id != self.region_id:
            problems["township"] = _("The township does not lie in this county.")
        if (self.longitude is None) != (self.latitude is None):
            problems["latitude"] = _("Longitude and latitude are given together or not at all.")
        if problems:
            raise ValidationError(problems)
