"""The list of source units that a county government publishes and updates (T2, decree 301)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import (
    MaxLengthValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models import Department, OfficeKind
from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.documents.models import IssuedDocument
from hengyuan.platform.ledger.models import Grade, SourceUnit, SupervisionMode, UnitKind
from hengyuan.platform.regions.models import Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


TEXT_MAX_CHARS = 4000


class ListState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    PUBLISHED = "published", _("Open to objections")
    FINAL = "final", _("Final")
    SUPERSEDED = "superseded", _("Superseded")
    WITHDRAWN = "withdrawn", _("Withdrawn")


IN_PREPARATION = frozenset({ListState.DRAFT, ListState.IN_REVIEW})
IN_PUBLIC = frozenset({ListState.PUBLISHED, ListState.FINAL, ListState.SUPERSEDED})


class DayCounting(models.TextChoices):
    CALENDAR = "calendar", _("Calendar days")
    WEEKDAYS = "weekdays", _("Monday to Friday")


class PublicationRulesQuerySet(models.QuerySet["PublicationRules"]):
    def visible_to(self, user: User | AnonymousUser) -> PublicationRulesQuerySet:
        return self.filter(scope_q(user, region="region"))


class PublicationRules(models.Model):
    """What a city asks of its counties' publications; without a row `DEFAULT_RULES` hold."""

    region = models.OneToOneField(
        Region, models.PROTECT, primary_key=True, related_name="publication_rules"
    )
    objection_days = models.PositiveSmallIntegerField(
        _("objection period (days)"),
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(90)],
        help_text=_("The day of publication is not counted. A county may grant more."),
    )
    counting = models.CharField(
        _("days counted"),
        max_length=10,
        choices=DayCounting.choices,
        default=DayCounting.CALENDAR,
        help_text=_("Public holidays are not known here: set a later end where they fall in it."),
    )
    own_review = models.BooleanField(
        _("one person may draft and publish"),
        default=False,
        help_text=_("For offices with a single officer. Otherwise a second person publishes."),
    )
    publish_by = models.DateField(
        _("to be published by"),
        null=True,
        blank=True,
        help_text=_("The date by which every county is to have published."),
    )

    history = HistoricalRecords()
    objects = PublicationRulesQuerySet.as_manager()

    class Meta:
        verbose_name = _("rules of publication")
        verbose_name_plural = _("rules of publication")

    def __str__(self) -> str:
        return f"{self.region}"


class PublicationListQuerySet(models.QuerySet["PublicationList"]):
    def visible_to(self, user: User | AnonymousUser) -> PublicationListQuerySet:
        """Lists of the regions in scope; a department sees those that are public only."""
        visible = self.filter(scope_q(user, region="region"))
        office = getattr(user, "office", None)
        if office is not None and office.kind == OfficeKind.DEPARTMENT:
            return visible.in_public()
        return visible

    def in_public(self) -> PublicationListQuerySet:
        """Those that anybody may read: published, final and superseded ones."""
        return self.filter(state__in=IN_PUBLIC)


class PublicationList(models.Model):
    """One list of one county, from its draft to the list that supersedes it."""

    region = models.ForeignKey(
        Region, models.PROTECT, related_name="publication_lists", verbose_name=_("county")
    )
    title = models.CharField(_("title"), max_length=100)
    state = models.CharField(
        _("state"), max_length=10, choices=ListState.choices, default=ListState.DRAFT
    )
    supersedes = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successors",
        verbose_name=_("previous list"),
    )
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("drafted by")
    )
    drafted_at = models.DateTimeField(_("drafted at"), auto_now_add=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted at"), null=True, blank=True)
    document_no = models.CharField(_("document number"), max_length=40, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_on = models.DateField(_("published on"), null=True, blank=True)
    objection_until = models.DateField(_("objections until"), null=True, blank=True)
    final_document_no = models.CharField(
        _("number of the final document"), max_length=40, blank=True
    )
    final_on = models.DateField(_("final on"), null=True, blank=True)
    reported_to_city_at = models.DateTimeField(_("reported to the city at"), null=True, blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("reported by"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["version"])
    objects = PublicationListQuerySet.as_manager()

    class Meta:
        ordering = ["-drafted_at", "-pk"]
        verbose_name = _("publication list")
        verbose_name_plural = _("publication lists")
        constraints = [
            models.UniqueConstraint(
                name="publication_one_in_preparation",
                fields=["region"],
                condition=Q(state__in=["draft", "in_review"]),
            ),
            models.UniqueConstraint(
                name="publication_one_open_to_objections",
                fields=["region"],
                condition=Q(state="published"),
            ),
            models.UniqueConstraint(
                name="publication_one_final", fields=["region"], condition=Q(state="final")
            ),
            models.UniqueConstraint(
                name="publication_document_no_once",
                fields=["region", "document_no"],
                condition=~Q(document_no=""),
            ),
            models.CheckConstraint(
                name="publication_public_has_number_and_dates",
                condition=~Q(state__in=["published", "final", "superseded"])
                | (
                    ~Q(document_no="")
                    & Q(published_on__isnull=False, objection_until__gt=models.F("published_on"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.document_no}".strip()

    def get_absolute_url(self) -> str:
        return reverse("publication:list", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.state == ListState.DRAFT

    @property
    def is_in_public(self) -> bool:
        return self.state in IN_PUBLIC

    @property
    def is_open_to_objections(self) -> bool:
        return self.state == ListState.PUBLISHED


class OfListQuerySet(models.QuerySet):
    """What belongs to a list is seen by those who see the list."""

    def visible_to(self, user: User | AnonymousUser) -> OfListQuerySet:
        return self.filter(list__in=PublicationList.objects.visible_to(user))


class ObjectionQuerySet(OfListQuerySet):
    def visible_to(self, user: User | AnonymousUser) -> OfListQuerySet:
        """As the list, but for departments: who objects to what is the scheme's own affair."""
        office = getattr(user, "office", None)
        if office is not None and office.kind == OfficeKind.DEPARTMENT:
            return self.none()
        return super().visible_to(user)


class Objection(models.Model):
    """What somebody has against a published list. Who it was stays with the county."""

    class State(models.TextChoices):
        OPEN = "open", _("Not answered yet")
        UPHELD = "upheld", _("Upheld")
        REJECTED = "rejected", _("Not upheld")

    class Via(models.TextChoices):
        PORTAL = "portal", _("Public portal")
        LETTER = "letter", _("Letter")
        PHONE = "phone", _("Telephone")
        VISIT = "visit", _("In person")

    list = models.ForeignKey(
        PublicationList, models.PROTECT, related_name="objections", verbose_name=_("list")
    )
    receipt = models.CharField(_("receipt number"), max_length=20, unique=True, editable=False)
    unit: models.ForeignKey[PublishedUnit | None, PublishedUnit | None] = models.ForeignKey(
        "PublishedUnit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="objections",
        verbose_name=_("unit concerned"),
    )
    name = models.CharField(_("who objects"), max_length=60)
    contact = models.CharField(_("how to reach them"), max_length=100)
    text = models.TextField(_("objection"), validators=[MaxLengthValidator(TEXT_MAX_CHARS)])
    via = models.CharField(_("received by"), max_length=8, choices=Via.choices)
    received_on = models.DateField(_("received on"))
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    answer = models.TextField(
        _("answer"), validators=[MaxLengthValidator(TEXT_MAX_CHARS)], blank=True
    )
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    # who it was is kept once, for those who answer, and not in the trail that others read
    history = HistoricalRecords(excluded_fields=["name", "contact", "version"])
    objects = ObjectionQuerySet.as_manager()

    class Meta:
        ordering = ["received_on", "pk"]
        verbose_name = _("objection")
        verbose_name_plural = _("objections")
        constraints = [
            models.CheckConstraint(
                name="objection_answered_iff_decided",
                condition=Q(state="open", answered_at__isnull=True)
                | (~Q(state="open") & Q(answered_at__isnull=False) & ~Q(answer="")),
            )
        ]

    def __str__(self) -> str:
        return self.receipt

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class PublishedUnit(models.Model):
    """A unit on a list: what the ledger said of it then, and who supervises it how."""

    list = models.ForeignKey(
        PublicationList, models.CASCADE, related_name="units", verbose_name=_("list")
    )
    unit = models.ForeignKey(
        SourceUnit, models.PROTECT, related_name="publications", verbose_name=_("source unit")
    )
    unit_code = models.CharField(_("unit code"), max_length=11)
    name = models.CharField(_("name"), max_length=100)
    credit_code = models.CharField(_("unified social credit code"), max_length=18, blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    township_name = models.CharField(_("township"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind.choices)
    grade = models.CharField(_("grade"), max_length=8, choices=Grade.choices)
    mode = models.CharField(
        _("supervision mode"), max_length=10, choices=SupervisionMode.choices, blank=True
    )
    supervisor_name = models.CharField(_("responsible supervisor"), max_length=60, blank=True)
    supervisor_office = models.CharField(_("office of the supervisor"), max_length=100, blank=True)
    duty_telephone = models.CharField(
        _("duty telephone"),
        max_length=20,
        blank=True,
        validators=[RegexValidator(r"^[0-9+\- ]{5,20}$", _("Digits, spaces, + and - only."))],
    )
    department = models.CharField(
        _("responsible department"), max_length=20, choices=Department.choices, blank=True
    )
    struck_by = models.ForeignKey(
        Objection,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="struck_units",
        verbose_name=_("taken off after objection"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["version"])
    objects = OfListQuerySet.as_manager()

    class Meta:
        ordering = ["unit_code"]
        verbose_name = _("unit on the list")
        verbose_name_plural = _("units on the list")
        constraints = [
            models.UniqueConstraint(name="publication_unit_once", fields=["list", "unit"])
        ]

    def __str__(self) -> str:
        return self.name


class LeftOut(models.Model):
    """A unit of the ledger that is not on a list, and why (应公示尽公示)."""

    list = models.ForeignKey(
        PublicationList, models.CASCADE, related_name="left_out", verbose_name=_("list")
    )
    unit = models.ForeignKey(
        SourceUnit, models.PROTECT, related_name="left_out_of", verbose_name=_("source unit")
    )
    unit_code = models.CharField(_("unit code"), max_length=11)
    name = models.CharField(_("name"), max_length=100)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    history = HistoricalRecords(excluded_fields=["version"])
    objects = OfListQuerySet.as_manager()

    class Meta:
        ordering = ["unit_code"]
        verbose_name = _("unit left out")
        verbose_name_plural = _("units left out")
        constraints = [
            models.UniqueConstraint(name="publication_left_out_once", fields=["list", "unit"])
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    PUBLISHED = "published", _("Publication")
    FINAL = "final", _("Final list")


class Attachment(models.Model):
    """A document that a list went out with."""

    list = models.ForeignKey(
        PublicationList, models.PROTECT, related_name="attachments", verbose_name=_("list")
    )
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices)
    document = models.OneToOneField(
        IssuedDocument, models.PROTECT, related_name="publication", verbose_name=_("document")
    )

    objects = OfListQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return str(self.document)
