"""The ledger (企业信息台账): source units, their gates and lanes."""

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
from hengyuan.platform.regions.models import Level, Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


class UnitKind(models.TextChoices):
    """The kinds of `hengyuan.law.codes.SourceUnitKind`, with the names shown on screen."""

    COAL = "coal", _("Coal")
    STEEL = "steel", _("Steel")
    CEMENT = "cement", _("Cement")
    SAND_STONE = "sand-stone", _("Sand and stone")
    COKE = "coke", _("Coke")
    COMMERCIAL_VEHICLES = "commercial-vehicles", _("Commercial vehicles")
    FREIGHT_STATION = "freight-station", _("Freight station")
    LOGISTICS_PARK = "logistics-park", _("Logistics park")
    OTHER = "other", _("Other")


class Grade(models.TextChoices):
    KEY = "key", _("Key")
    GENERAL = "general", _("General")


class WorkingState(models.TextChoices):
    BUILDING = "building", _("Under construction")
    WORKING = "working", _("Working")
    PAUSED = "paused", _("Production paused")
    CLOSED = "closed", _("Closed")


class Direction(models.TextChoices):
    IN = "in", _("Inward")
    OUT = "out", _("Outward")
    BOTH = "both", _("Both ways")


class SourceUnitQuerySet(models.QuerySet["SourceUnit"]):
    def visible_to(self, user: User | AnonymousUser) -> SourceUnitQuerySet:
        """Units of the regions in scope; a unit's own people see it alone."""
        return self.filter(scope_q(user, region="region", unit="pk"))


class SourceUnit(models.Model):
    """A place where trucks are loaded: mine, quarry, works, freight station.

    `code` is county(6) + 51 + sequence(3), given once and never again.
    """

    code = models.CharField(
        _("unit code"),
        max_length=11,
        unique=True,
        editable=False,
        validators=[RegexValidator(r"^[0-9]{6}51[0-9]{3}$")],
    )
    name = models.CharField(_("name"), max_length=100)
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
        help_text=_("Degrees, CGCS2000."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=6,
        null=True,
        blank=True,
        validators=[MinValueValidator(3), MaxValueValidator(54)],
        help_text=_("Degrees, CGCS2000."),
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
        _("annual throughput (t)"), null=True, blank=True
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
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("ledger:unit", args=[self.code])

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


class GateQuerySet(models.QuerySet["Gate"]):
    def visible_to(self, user: User | AnonymousUser) -> GateQuerySet:
        return self.filter(scope_q(user, region="unit__region", unit="unit"))


class Gate(models.Model):
    """A way in or out of a unit that trucks use."""

    unit = models.ForeignKey(SourceUnit, models.CASCADE, related_name="gates")
    number = models.PositiveSmallIntegerField(
        _("number"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    name = models.CharField(_("name"), max_length=60)
    direction = models.CharField(
        _("direction"), max_length=4, choices=Direction.choices, default=Direction.BOTH
    )

    history = HistoricalRecords()
    objects = GateQuerySet.as_manager()

    class Meta:
        ordering = ["unit", "number"]
        verbose_name = _("gate")
        verbose_name_plural = _("gates")
        constraints = [
            models.UniqueConstraint(name="gate_number_in_unit", fields=["unit", "number"])
        ]

    def __str__(self) -> str:
        return self.name


class LaneQuerySet(models.QuerySet["Lane"]):
    def visible_to(self, user: User | AnonymousUser) -> LaneQuerySet:
        return self.filter(scope_q(user, region="gate__unit__region", unit="gate__unit"))


class Lane(models.Model):
    """A weighing lane of a gate; its number is the one that the records carry."""

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="lanes")
    number = models.PositiveSmallIntegerField(
        _("number"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    name = models.CharField(_("name"), max_length=60, blank=True)
    direction = models.CharField(
        _("direction"), max_length=4, choices=Direction.choices, default=Direction.OUT
    )

    history = HistoricalRecords()
    objects = LaneQuerySet.as_manager()

    class Meta:
        ordering = ["gate", "number"]
        verbose_name = _("lane")
        verbose_name_plural = _("lanes")
        constraints = [
            models.UniqueConstraint(name="lane_number_in_gate", fields=["gate", "number"])
        ]

    def __str__(self) -> str:
        return self.name or str(self.number)
