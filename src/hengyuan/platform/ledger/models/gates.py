"""Ways in and out of a unit, and the weighing lanes at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models.choices import Direction
from hengyuan.platform.ledger.models.units import SourceUnit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


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
