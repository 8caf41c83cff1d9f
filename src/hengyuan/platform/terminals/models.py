"""Terminals at the gates of source units, the one-time codes by which they are enrolled, and what
the county asks of them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.ledger.models import Gate, SourceUnit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

HEARTBEAT_EVERY = timedelta(seconds=30)
ONLINE_WITHIN = 3 * HEARTBEAT_EVERY


class TerminalState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    ENROLLED = "enrolled", _("Enrolled")
    SUSPENDED = "suspended", _("Suspended")
    RETIRED = "retired", _("Retired")


class SuiteName(models.TextChoices):
    """The signature suites of the record format, as they are named in an enrolment."""

    SM2_SM3 = "SM2-SM3", "SM2-SM3"
    ED25519_SHA256 = "Ed25519-SHA256", "Ed25519-SHA256"


DEVICE_STATES = {
    "ok": _("Sound"),
    "fault": _("Faulty"),
    "offline": _("Not connected"),
    "stale": _("Data out of date"),
    "unknown": _("Unknown"),
}
"""What a heartbeat says of a device, as it is shown."""


class TerminalQuerySet(models.QuerySet["Terminal"]):
    def visible_to(self, user: User | AnonymousUser) -> TerminalQuerySet:
        return self.filter(scope_q(user, region="unit__region", unit="unit"))

    def enrolled(self) -> TerminalQuerySet:
        return self.filter(state=TerminalState.ENROLLED)

    def online(self, at: datetime | None = None) -> TerminalQuerySet:
        """Enrolled ones that were heard within three heartbeats before `at` (default now)."""
        since = (at or timezone.now()) - ONLINE_WITHIN
        return self.enrolled().filter(last_seen_at__gte=since)


class Terminal(models.Model):
    """One terminal: one PC, one key, one chain. A PC that is replaced is a new terminal."""

    code = models.CharField(
        _("terminal code"),
        max_length=14,
        unique=True,
        editable=False,
        validators=[RegexValidator(r"^[0-9]{6}51[0-9]{3}-[0-9]{2}$")],
    )
    unit = models.ForeignKey(
        SourceUnit, models.PROTECT, related_name="terminals", verbose_name=_("source unit")
    )
    gate = models.ForeignKey(
        Gate,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="terminals",
        verbose_name=_("gate"),
    )
    name = models.CharField(_("name"), max_length=60)
    state = models.CharField(
        _("state"), max_length=10, choices=TerminalState.choices, default=TerminalState.PLANNED
    )
    suite = models.CharField(
        _("signature suite"), max_length=16, choices=SuiteName.choices, blank=True
    )
    public_key = models.CharField(_("public key"), max_length=130, blank=True)
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True, blank=True)
    created_at = models.DateTimeField(_("entered at"), auto_now_add=True)

    # what the last heartbeat said
    last_seen_at = models.DateTimeField(_("last heard"), null=True, blank=True)
    device_states = models.JSONField(_("devices"), default=dict, blank=True)
    queue_depth = models.PositiveIntegerField(_("records waiting"), null=True, blank=True)
    clock_offset_ms = models.IntegerField(_("clock offset (ms)"), null=True, blank=True)
    software_version = models.CharField(_("software"), max_length=40, blank=True)
    disk_free_mb = models.PositiveIntegerField(_("free disk (MB)"), null=True, blank=True)

    # what it said when it last asked for commands; null: it never did, its software cannot
    asked_at = models.DateTimeField(_("last asked for commands"), null=True, blank=True)
    cameras = models.JSONField(_("cameras"), null=True, blank=True)

    history = HistoricalRecords(
        excluded_fields=[
            "last_seen_at",
            "device_states",
            "queue_depth",
            "clock_offset_ms",
            "software_version",
            "disk_free_mb",
            "asked_at",
            "cameras",
        ]
    )
    objects = TerminalQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("terminal")
        verbose_name_plural = _("terminals")
        constraints = [
            models.CheckConstraint(
                name="terminal_key_iff_enrolled_once",
                condition=Q(enrolled_at__isnull=True, public_key="", suite="")
                | (Q(enrolled_at__isnull=False) & ~Q(public_key="") & ~Q(suite="")),
            ),
            models.UniqueConstraint(
                name="terminal_public_key_once",
                fields=["public_key"],
                condition=~Q(public_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("terminals:terminal", args=[self.code])

    @property
    def is_online(self) -> bool:
        """Heard within three heartbeats, and allowed to speak."""
        return (
            self.state == TerminalState.ENROLLED
            and self.last_seen_at is not None
            and timezone.now() - self.last_seen_at <= ONLINE_WITHIN
        )


class EnrolmentCode(models.Model):
    """A one-time code of a terminal. Only its digest is kept; the text is shown once."""

    terminal = models.ForeignKey(Terminal, models.CASCADE, related_name="enrolment_codes")
    code_hash = models.CharField(max_length=64, unique=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("enrolment code")
        verbose_name_plural = _("enrolment codes")

    def __str__(self) -> str:
        return f"{self.terminal} {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        """Can still be used."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > timezone.now()


class CommandState(models.TextChoices):
    WAITING = "waiting", _("Waiting for the terminal")
    DELIVERED = "delivered", _("Delivered")
    WORKING = "working", _("In progress")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


OPEN_STATES = (CommandState.WAITING, CommandState.DELIVERED, CommandState.WORKING)


class CommandQuerySet(models.QuerySet["Command"]):
    def visible_to(self, user: User | AnonymousUser) -> CommandQuerySet:
        return self.filter(
            scope_q(user, region="terminal__unit__region", unit="terminal__unit"),
        )

    def open(self) -> CommandQuerySet:
        """Not ended and not expired: what the terminal is still given."""
        return self.filter(state__in=OPEN_STATES, expires_at__gt=timezone.now())


class Command(models.Model):
    """Something asked of a terminal: durable, handed over until it is answered or expires.

    The intake lane writes `state` and what follows it, in SQL.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    terminal = models.ForeignKey(
        Terminal, models.CASCADE, related_name="commands", verbose_name=_("terminal")
    )
    name = models.CharField(_("command"), max_length=40)
    arguments: Any = models.JSONField(_("arguments"), default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    state = models.CharField(
        _("state"), max_length=10, choices=CommandState.choices, default=CommandState.WAITING
    )
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)
    deliveries = models.PositiveIntegerField(_("deliveries"), default=0)
    percent = models.PositiveSmallIntegerField(_("progress (%)"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = CommandQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("command")
        verbose_name_plural = _("commands")
        indexes = [
            models.Index(
                name="command_open",
                fields=["terminal", "asked_at"],
                condition=Q(state__in=["waiting", "delivered", "working"]),
            ),
            models.Index(name="command_newest", fields=["terminal", "-asked_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.name}"

    @property
    def has_ended(self) -> bool:
        """Answered for good."""
        return self.state in (CommandState.DONE, CommandState.FAILED)

    @property
    def has_expired(self) -> bool:
        """Never answered, and not handed over any more. A late answer is still taken."""
        return not self.has_ended and self.expires_at <= timezone.now()


class DirectiveKind(models.TextChoices):
    CONFIGURATION = "configuration", _("Settings")
    RULE_PACK = "rule_pack", _("Rule pack")
    SOFTWARE = "software", _("Software")


class DirectiveQuerySet(models.QuerySet["Directive"]):
    def visible_to(self, user: User | AnonymousUser) -> DirectiveQuerySet:
        return self.filter(
            scope_q(user, region="terminal__unit__region", unit="terminal__unit"),
        )


class Directive(models.Model):
    """An order to one terminal, signed: never changed, and numbered so that none is played twice.

    What became of it stands in its command and, later, in the terminal's journal.
    """

    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="directives", verbose_name=_("terminal")
    )
    kind = models.CharField(_("kind"), max_length=13, choices=DirectiveKind.choices)
    version = models.PositiveBigIntegerField(_("version"))
    body: Any = models.JSONField(_("content"))
    text = models.TextField(_("as written"))
    document = models.TextField(_("signed text"))
    signature = models.CharField(_("signature"), max_length=128)
    suite = models.CharField(_("signature suite"), max_length=16, choices=SuiteName.choices)
    reason = models.CharField(_("reason"), max_length=200)
    command = models.ForeignKey(
        Command, models.PROTECT, related_name="directives", verbose_name=_("command")
    )
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("ordered by")
    )
    ordered_at = models.DateTimeField(_("ordered at"), default=timezone.now)

    objects = DirectiveQuerySet.as_manager()

    class Meta:
        ordering = ["-ordered_at"]
        verbose_name = _("order to a terminal")
        verbose_name_plural = _("orders to terminals")
        constraints = [
            models.UniqueConstraint(
                name="directive_version_once", fields=["terminal", "kind", "version"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind} {self.version}"
