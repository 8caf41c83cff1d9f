"""Pairs of units that look like one and are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models.units import SourceUnit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


class NotDuplicateQuerySet(models.QuerySet["NotDuplicate"]):
    def visible_to(self, user: User | AnonymousUser) -> NotDuplicateQuerySet:
        """Pairs of which both units are in scope."""
        return self.filter(
            scope_q(user, region="first__region", unit="first"),
            scope_q(user, region="second__region", unit="second"),
        )


class NotDuplicate(models.Model):
    """Somebody has looked at two units and said why they are two. `first` is the older entry."""

    first = models.ForeignKey(SourceUnit, models.CASCADE, related_name="+")
    second = models.ForeignKey(SourceUnit, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=200)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("said by"),
    )
    said_at = models.DateTimeField(_("said at"), auto_now_add=True)

    history = HistoricalRecords()
    objects = NotDuplicateQuerySet.as_manager()

    class Meta:
        ordering = ["-said_at"]
        verbose_name = _("pair that is no duplicate")
        verbose_name_plural = _("pairs that are no duplicates")
        constraints = [
            models.UniqueConstraint(name="not_duplicate_once", fields=["first", "second"]),
            models.CheckConstraint(
                name="not_duplicate_ordered", condition=models.Q(first__lt=F("second"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"
