"""What terminals report beside their records: the journal, and what it leaves standing.

Written by intake through `services.py`, on its own connections; pages read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.upkeep import words
from hengyuan.record.journal import MAX_DETAIL

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

VERIFICATION_WARNS = timedelta(days=30)
"""So long before its end a verification wants somebody (docs/protocol.md §12.1)."""


class OfTerminalQuerySet(models.QuerySet[Any]):
    """Rows that belong to a terminal."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(scope_q(user, region="terminal__unit__region", unit="terminal__unit"))


class JournalHead(models.Model):
    """The last entry of a terminal that is stored. Its row is locked while entries are added."""

    terminal = models.OneToOneField(Terminal, models.PROTECT, primary_key=True, related_name="+")
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.last}"


class JournalEntry(models.Model):
    """One thing that happened at a terminal. `lane` 0 is the terminal as a whole."""

    id = models.BigAutoField(primary_key=True)
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="journal", verbose_name=_("terminal")
    )
    number = models.BigIntegerField(_("number"))
    at = models.DateTimeField(_("time"))
    received_at = models.DateTimeField(_("received"))
    lane = models.PositiveSmallIntegerField(_("lane"))
    what = models.CharField(pgettext_lazy("journal", "what happened"), max_length=40)
    detail = models.CharField(_("detail"), max_length=MAX_DETAIL, blank=True)

    objects = OfTerminalQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        constraints = [
            models.UniqueConstraint(name="journal_number_once", fields=["terminal", "number"])
        ]
        indexes = [
            models.Index(name="journal_by_time", fields=["-at"]),
            models.Index(name="journal_by_what", fields=["what", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}/{self.number} {self.what}"

    @property
    def words(self) -> str:
        """What happened, as it is called."""
        return words.what_words(self.what)

    @property
    def detail_words(self) -> str:
        """The detail as a sentence."""
        return words.detail_words(self.detail)


class MatterKind(models.TextChoices):
    """What a journal can leave standing."""

    PLAN = "plan", _("Emergency plan running")
    TICKET = "ticket", _("Maintenance ticket open")
    DEVICE = "device", _("Device failed")
    VERIFICATION = "verification", _("Verification of a scale")
    ZERO = "zero", _("Zero of a scale")
    CLOCK = "clock", _("Clock off")
    PART = "part", _("Spare part below its minimum")


class Matter(models.Model):
    """Something that stands since an entry of the journal said so, and until another one ends it.

    `key` tells several of one kind apart: the ticket's number, the device's name. Verifications
    and zeros stand for good; `is_warning` says whether they want somebody.
    """

    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="matters", verbose_name=_("terminal")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=MatterKind.choices)
    key = models.CharField(pgettext_lazy("journal", "of"), max_length=80)
    title = models.CharField(_("what it is about"), max_length=300, blank=True)
    since = models.DateTimeField(_("since"))
    due = models.DateField(_("valid until"), null=True, blank=True)
    kg = models.IntegerField(pgettext_lazy("journal", "kg"), null=True, blank=True)
    is_warning = models.BooleanField(_("wants somebody"), default=True)
    number = models.BigIntegerField()

    objects = OfTerminalQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing matter")
        verbose_name_plural = _("standing matters")
        constraints = [
            models.UniqueConstraint(name="matter_once", fields=["terminal", "kind", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id} {self.kind} {self.key}"

    @property
    def words(self) -> str:
        """What it is about."""
        return words.matter_words(self)

    @property
    def due_words(self) -> str:
        """How long it still holds."""
        return words.due_words(self)

    @property
    def wants_somebody(self) -> bool:
        """The same as `queries.wanting`, for one that is read already."""
        if self.due is not None:
            return self.due <= localdate() + VERIFICATION_WARNS
        return self.is_warning
