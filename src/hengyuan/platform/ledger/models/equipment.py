"""What stands at a unit's gates: scales with their certificates, cameras, displays, the rest.

Terminals have an app of their own.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models.choices import AccuracyClass, EquipmentKind
from hengyuan.platform.ledger.models.gates import Gate, Lane
from hengyuan.platform.ledger.models.units import SourceUnit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


class DeviceQuerySet(models.QuerySet):
    def visible_to(self, user: User | AnonymousUser) -> DeviceQuerySet:
        return self.filter(scope_q(user, region="unit__region", unit="unit"))


class UnitDevice(models.Model):
    """A thing that stands at a unit. Its number is unique among its unit's things of that table."""

    unit = models.ForeignKey(SourceUnit, models.CASCADE, verbose_name=_("source unit"))
    number = models.PositiveSmallIntegerField(
        _("number"), validators=[MinValueValidator(1), MaxValueValidator(99)]
    )
    gate = models.ForeignKey(Gate, models.SET_NULL, null=True, blank=True, verbose_name=_("gate"))
    lane = models.ForeignKey(Lane, models.SET_NULL, null=True, blank=True, verbose_name=_("lane"))
    manufacturer = models.CharField(_("manufacturer"), max_length=100, blank=True)
    model = models.CharField(_("model"), max_length=60, blank=True)
    serial = models.CharField(_("serial number"), max_length=60, blank=True)
    installed_on = models.DateField(_("installed on"), null=True, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        abstract = True

    def clean(self) -> None:
        problems: dict[str, object] = {}
        if self.gate is not None and self.gate.unit_id != self.unit_id:
            problems["gate"] = _("The gate is not one of this unit.")
        if self.lane is not None and self.lane.gate.unit_id != self.unit_id:
            problems["lane"] = _("The lane is not one of this unit.")
        elif self.lane is not None and self.gate is None:
            self.gate = self.lane.gate
        elif self.lane is not None and self.lane.gate_id != self.gate_id:
            problems["lane"] = _("The lane is not one of this gate.")
        if problems:
            raise ValidationError(problems)


class Scale(UnitDevice):
    """A scale, with what its type plate and its verification certificate (检定证书) say."""

    accuracy_class = models.CharField(
        _("accuracy class"), max_length=4, choices=AccuracyClass.choices, blank=True
    )
    e_kg = models.PositiveIntegerField(
        _("verification interval e (kg)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_000)],
        help_text=_("On the type plate: e = …"),
    )
    max_kg = models.PositiveIntegerField(
        _("maximum capacity (kg)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1_000), MaxValueValidator(500_000)],
        help_text=_("On the type plate: Max = …"),
    )
    certificate_no = models.CharField(_("verification certificate"), max_length=60, blank=True)
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    certificate_expires_on = models.DateField(_("valid until"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["unit", "number"]
        default_related_name = "scales"
        verbose_name = _("scale")
        verbose_name_plural = _("scales")
        constraints = [
            models.UniqueConstraint(name="scale_number_in_unit", fields=["unit", "number"])
        ]

    def __str__(self) -> str:
        return str(_("Scale %(number)s") % {"number": self.number})

    @property
    def days_left(self) -> int | None:
        """Days until the certificate ends, 0 on its last day; None where none is known."""
        if self.certificate_expires_on is None:
            return None
        return (self.certificate_expires_on - timezone.localdate()).days

    def clean(self) -> None:
        super().clean()
        ends: date | None = self.certificate_expires_on
        if ends is not None and self.verified_on is not None and ends <= self.verified_on:
            raise ValidationError(
                {"certificate_expires_on": _("The certificate ends before it begins.")}
            )


class Equipment(UnitDevice):
    """A camera, a display, an axle identifier or another thing that the scheme asks for."""

    kind = models.CharField(_("kind of equipment"), max_length=16, choices=EquipmentKind.choices)
    position = models.CharField(
        _("where it stands"),
        max_length=100,
        blank=True,
        help_text=_("Such as: front of lane 1, weigh room, pole by the exit."),
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["unit", "number"]
        default_related_name = "equipment"
        verbose_name = _("equipment")
        verbose_name_plural = _("equipment")
        constraints = [
            models.UniqueConstraint(name="equipment_number_in_unit", fields=["unit", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}"
