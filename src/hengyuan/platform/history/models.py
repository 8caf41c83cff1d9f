"""Months of the record table that are closed, and what must not be thrown away."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.models import Terminal


class SealState(models.TextChoices):
    """Where the records of a seal are, and whether they are what was sealed."""

    WANTED = "wanted", _("to be sealed")
    SEALING = "sealing", _("being sealed")
    SEALED = "sealed", _("sealed")
    REOPENED = "reopened", _("reopened")
    HANDING = "handing", _("being archived")
    ARCHIVED = "archived", _("archived")
    EXPIRED = "expired", _("retention ended")


class MonthSeal(models.Model):
    """A month's records as they were when it was sealed.

    A month whose records come late has several, numbered by `part`: a later one holds what came
    behind the one before (if that was archived) or all of it again (if that was reopened). As
    long as it is SEALED the partition holds the records, once it is ARCHIVED the file does.
    """

    month = models.DateField(_("month"))
    part = models.PositiveSmallIntegerField(_("part"))
    state = models.CharField(_("state"), max_length=8, choices=SealState, default=SealState.SEALING)
    records = models.BigIntegerField(_("records"), default=0)
    over = models.BigIntegerField(_("over the limit"), default=0)
    gross_kg = models.BigIntegerField(_("gross (kg)"), default=0)
    terminals = models.IntegerField(_("terminals"), default=0)
    first_at = models.DateTimeField(_("first record"), null=True)
    last_at = models.DateTimeField(_("last record"), null=True)
    digest = models.BinaryField(_("digest"), null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )
    asked_at = models.DateTimeField(_("asked for"), auto_now_add=True)
    sealed_at = models.DateTimeField(_("sealed at"), null=True)
    reopened_at = models.DateTimeField(_("reopened at"), null=True)
    file_name = models.CharField(_("file"), max_length=40, blank=True)
    file_bytes = models.BigIntegerField(_("bytes"), default=0)
    file_digest = models.BinaryField(_("digest of the file"), null=True)
    written_at = models.DateTimeField(_("written at"), null=True)
    verified_at = models.DateTimeField(_("verified at"), null=True)
    archived_at = models.DateTimeField(_("archived at"), null=True)
    expired_at = models.DateTimeField(_("retention ended at"), null=True)

    class Meta:
        ordering = ["-month", "-part"]
        verbose_name = _("sealed month")
        verbose_name_plural = _("sealed months")
        constraints = [
            models.UniqueConstraint(fields=["month", "part"], name="history_seal_once"),
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(state__in=["wanted", "sealing", "sealed", "handing"]),
                name="history_seal_of_partition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}" + (f" ({self.part})" if self.part > 1 else "")

    @property
    def digest_hex(self) -> str:
        return bytes(self.digest or b"").hex()

    @property
    def file_digest_hex(self) -> str:
        return bytes(self.file_digest or b"").hex()


class HoldQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scope_q(user, region="region", unit="terminal__unit"))

    def in_force(self) -> Self:
        return self.filter(lifted_at__isnull=True)


class EvidenceHold(models.Model):
    """Records that must be kept, whatever the retention: evidence in an open case.

    A hold names a terminal, or all terminals of its region; a stretch of numbers or days narrows
    it. While it is in force no month that holds one of these records is thrown away.
    """

    region = models.ForeignKey(Region, models.PROTECT, related_name="+", verbose_name=_("region"))
    terminal = models.ForeignKey(
        Terminal,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("terminal"),
    )
    first_seq = models.BigIntegerField(
        _("from number"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    last_seq = models.BigIntegerField(
        _("to number"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    from_day = models.DateField(_("from day"), null=True, blank=True)
    to_day = models.DateField(_("to day"), null=True, blank=True)
    case = models.CharField(_("case or file number"), max_length=64)
    reason = models.CharField(_("reason"), max_length=500)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("set by"),
    )
    set_at = models.DateTimeField(_("set at"), auto_now_add=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lift_reason = models.CharField(_("why it was lifted"), max_length=500, blank=True)

    history = HistoricalRecords()
    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-set_at"]
        verbose_name = _("evidence hold")
        verbose_name_plural = _("evidence holds")

    def __str__(self) -> str:
        return f"{self.case} ({self.terminal.code if self.terminal else self.region})"

    def get_absolute_url(self) -> str:
        return reverse("history:hold", args=[self.pk])

    @property
    def is_in_force(self) -> bool:
        return self.lifted_at is None


def month_label(month: date) -> str:
    """A month as it is written everywhere here."""
    return f"{month:%Y-%m}"
