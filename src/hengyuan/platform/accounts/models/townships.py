"""Who answers for overload control at the source in a township (乡镇源头治超负责人)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models.phones import PHONE
from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.versioning import Versioned

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models.people import User


class TownshipLeadQuerySet(models.QuerySet["TownshipLead"]):
    def visible_to(self, user: User | AnonymousUser) -> TownshipLeadQuerySet:
        """Those of the townships in scope; a source unit sees who answers for its own."""
        return self.filter(scope_q(user, region="township", unit="township__township_units"))

    def in_office(self) -> TownshipLeadQuerySet:
        return self.filter(until__isnull=True)


class TownshipLead(Versioned):
    """One person's term in one township. The township's terms are its history."""

    township = models.ForeignKey(
        Region, models.PROTECT, related_name="leads", verbose_name=_("township")
    )
    name = models.CharField(_("full name"), max_length=60)
    position = models.CharField(
        pgettext_lazy("of a person", "position"),
        max_length=60,
        blank=True,
        help_text=_("Such as: deputy head of the town."),
    )
    duty_phone = models.CharField(_("duty telephone"), max_length=20, validators=[PHONE])
    since = models.DateField(_("in office since"))
    until = models.DateField(_("in office until"), null=True, blank=True, editable=False)

    history = HistoricalRecords()
    objects = TownshipLeadQuerySet.as_manager()

    class Meta:
        ordering = ["township_id", "-since", "-pk"]
        verbose_name = _("person responsible in a township")
        verbose_name_plural = _("persons responsible in townships")
        constraints = [
            models.UniqueConstraint(
                name="township_one_lead", fields=["township"], condition=Q(until__isnull=True)
            ),
            models.CheckConstraint(
                name="township_lead_term",
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.township} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("townships:township", args=[self.township_id])

    def clean(self) -> None:
        if self.township_id and self.township.level != Level.TOWNSHIP:
            raise ValidationError({"township": _("This is no township.")})
