"""What people report through the portal, and how the county dealt with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models import OfficeKind
from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.portal import receipts
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import Versioned

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

_OVERLOAD_CONTROL = {OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY}


class Topic(models.TextChoices):
    """What is reported: an overload, or one of the five prohibitions of decree 301."""

    LEFT_OVERLOADED = "left_overloaded", _("An overloaded truck left a source unit")
    NOT_WEIGHED = "not_weighed", _("A source unit lets trucks out without weighing them")
    UNFIT_VEHICLE = "unfit_vehicle", _("Loading of trucks without plate or papers, or rebuilt ones")
    FALSE_DATA = "false_data", _("False loading notes, or weighing data that were tampered with")
    ON_ROAD = "on_road", _("An overloaded truck on the road")
    OTHER = "other", pgettext_lazy("report", "Something else")


class ReportState(models.TextChoices):
    RECEIVED = "received", pgettext_lazy("report", "Received")
    ASSIGNED = "assigned", pgettext_lazy("report", "Being looked into")
    CHECKED = "checked", pgettext_lazy("report", "Checked")
    ANSWERED = "answered", pgettext_lazy("report", "Answered")
    CLOSED = "closed", pgettext_lazy("report", "Closed without a check")


UNFINISHED = frozenset({ReportState.RECEIVED, ReportState.ASSIGNED, ReportState.CHECKED})


class Outcome(models.TextChoices):
    CONFIRMED = "confirmed", pgettext_lazy("report", "Confirmed")
    PARTLY = "partly", pgettext_lazy("report", "Confirmed in part")
    NOT_CONFIRMED = "not_confirmed", pgettext_lazy("report", "Not confirmed")


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: User | AnonymousUser) -> ReportQuerySet:
        """Reports of the regions in scope, for overload-control offices alone.

        A department or a source unit sees none: the report may be about them.
        """
        office = getattr(user, "office", None)
        if office is None or office.kind not in _OVERLOAD_CONTROL:
            return self.none()
        return self.filter(scope_q(user, region="region"))

    def unfinished(self) -> ReportQuerySet:
        return self.filter(state__in=UNFINISHED)

    def overdue(self) -> ReportQuerySet:
        """Not finished within the days that an answer may take."""
        due_since = timezone.now() - timedelta(days=settings.PORTAL_REPORT_DAYS)
        return self.unfinished().filter(received_at__lt=due_since)


class Report(Versioned):
    """A report (举报) by anybody. Who sent it is in `ReportContact`, if they left that at all."""

    receipt = models.CharField(_("receipt number"), max_length=12, unique=True, editable=False)
    submission = models.CharField(max_length=32, unique=True, editable=False)
    region = models.ForeignKey(
        Region, models.PROTECT, related_name="reports", verbose_name=_("county")
    )
    topic = models.CharField(_("what happened"), max_length=16, choices=Topic.choices)
    unit: models.ForeignKey[SourceUnit | None, SourceUnit | None] = models.ForeignKey(
        SourceUnit,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="reports",
        verbose_name=_("source unit"),
    )
    place = models.CharField(_("where"), max_length=200)
    plate = models.CharField(_("plate"), max_length=16, blank=True)
    happened_at = models.DateTimeField(_("when"))
    description = models.TextField(pgettext_lazy("report", "description"), max_length=2000)
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    state = models.CharField(
        _("state"), max_length=8, choices=ReportState.choices, default=ReportState.RECEIVED
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("assigned to"),
    )
    assigned_at = models.DateTimeField(_("assigned at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=13, choices=Outcome.choices, blank=True)
    findings = models.TextField(_("findings"), max_length=4000, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    answer = models.TextField(_("public answer"), max_length=2000, blank=True)
    finished_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    finished_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    history = HistoricalRecords(excluded_fields=["submission"])
    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = pgettext_lazy("report", "report")
        verbose_name_plural = pgettext_lazy("report", "reports")
        indexes = [models.Index(fields=["region", "state"], name="portal_report_inbox")]
        constraints = [
            models.CheckConstraint(
                name="report_finished_iff_answered",
                condition=(
                    Q(state__in=["answered", "closed"], finished_at__isnull=False) & ~Q(answer="")
                )
                | (
                    Q(state__in=["received", "assigned", "checked"], finished_at__isnull=True)
                    & Q(answer="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.shown_receipt

    def get_absolute_url(self) -> str:
        return reverse("portal:report", args=[self.pk])

    @property
    def shown_receipt(self) -> str:
        return receipts.shown(self.receipt)

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def due_at(self) -> datetime:
        """When it should be answered."""
        return self.received_at + timedelta(days=settings.PORTAL_REPORT_DAYS)

    @property
    def is_overdue(self) -> bool:
        return not self.is_finished and timezone.now() > self.due_at


class ReportContact(models.Model):
    """How the person who reported can be reached: their own wish, and kept apart.

    It has no history and is in no export, and every look at it is noted.
    """

    report = models.OneToOneField(
        Report,
        models.CASCADE,
        primary_key=True,
        related_name="contact",
        verbose_name=pgettext_lazy("report", "report"),
    )
    name = models.CharField(pgettext_lazy("report", "name"), max_length=30, blank=True)
    reach = models.CharField(_("telephone or e-mail"), max_length=60)

    class Meta:
        verbose_name = _("contact of a report")
        verbose_name_plural = _("contacts of reports")

    def __str__(self) -> str:
        # ends up in logs and titles: says nothing about the person
        return f"contact of report {self.pk}"


class ContactView(models.Model):
    """Who looked at a contact, and when."""

    report = models.ForeignKey(
        Report,
        models.PROTECT,
        related_name="contact_views",
        verbose_name=pgettext_lazy("report", "report"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by")
    )
    at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("look at a contact")
        verbose_name_plural = _("looks at contacts")

    def __str__(self) -> str:
        return f"{self.by_id} {self.at:%Y-%m-%d %H:%M}"


class ReportPicture(models.Model):
    """A picture of a report as we have drawn it anew: pixels, and nothing that came with them."""

    report = models.ForeignKey(
        Report,
        models.CASCADE,
        related_name="pictures",
        verbose_name=pgettext_lazy("report", "report"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    content = models.BinaryField(_("content"))
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    digest = models.CharField(_("digest (SM3)"), max_length=64)

    class Meta:
        ordering = ["number"]
        verbose_name = _("picture of a report")
        verbose_name_plural = _("pictures of reports")
        constraints = [
            models.UniqueConstraint(name="report_picture_number", fields=["report", "number"])
        ]

    def __str__(self) -> str:
        return f"{self.report_id}/{self.number}"
