"""Live sessions, clips that were asked for, and who saw which camera when.

The intake lane writes, in SQL, what comes from terminals: segments, digests, ends.
"""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import scope_q
from hengyuan.platform.terminals.models import Command, Terminal


class Purpose(models.TextChoices):
    """What somebody looks for; pictures of people and plates are not looked at without one."""

    PATROL = "patrol", _("Routine inspection")
    ALERT = "alert", _("Following up an alert")
    REPORT = "report", _("Following up a report from the public")
    CASE = "case", _("Evidence for a case")
    EQUIPMENT = "equipment", _("Checking the equipment")


class Ending(models.TextChoices):
    """Why a live session ended."""

    UNWATCHED = "unwatched", _("Nobody watched any more")
    TIME = "time", _("Its time was over")
    TERMINAL = "terminal", _("The terminal ended it")
    LOST = "lost", _("The terminal sent nothing more")


class _Scoped(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(scope_q(user, region="terminal__unit__region", unit="terminal__unit"))


class LiveSession(models.Model):
    """One camera sending to the platform for a while, however many watch it."""

    command = models.OneToOneField(
        Command, models.PROTECT, primary_key=True, related_name="live_session"
    )
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="+")
    camera = models.CharField(_("camera"), max_length=40)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    ends_at = models.DateTimeField(_("ends at"))
    watched_at = models.DateTimeField(_("last watched"), default=timezone.now)
    begun_at = models.DateTimeField(_("first picture"), null=True)
    last_segment_at = models.DateTimeField(_("last picture"), null=True)
    segments = models.PositiveIntegerField(_("segments"), default=0)
    bytes = models.BigIntegerField(_("bytes"), default=0)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    ending = models.CharField(_("ending"), max_length=10, choices=Ending.choices, blank=True)

    objects = _Scoped.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        verbose_name = _("live session")
        verbose_name_plural = _("live sessions")
        constraints = [
            models.UniqueConstraint(
                name="live_session_once_a_camera",
                fields=["terminal", "camera"],
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.camera}"

    def get_absolute_url(self) -> str:
        return reverse("video:live", args=[self.pk])


class Clip(models.Model):
    """Footage of the past that somebody asked for; kept for some days, not evidence of a record."""

    command = models.OneToOneField(Command, models.PROTECT, primary_key=True, related_name="clip")
    terminal = models.ForeignKey(Terminal, models.PROTECT, related_name="+")
    camera = models.CharField(_("camera"), max_length=40)
    from_at = models.DateTimeField(_("recorded from"))
    to_at = models.DateTimeField(_("recorded until"))
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    note = models.CharField(_("note"), max_length=200, blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked at"), default=timezone.now)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    size_bytes = models.BigIntegerField(_("size (bytes)"), null=True)
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    keep_until = models.DateTimeField(_("kept until"))
    removed_at = models.DateTimeField(_("removed at"), null=True)

    objects = _Scoped.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("clip")
        verbose_name_plural = _("clips")
        indexes = [models.Index(name="clip_newest", fields=["terminal", "-asked_at"])]
        constraints = [
            models.CheckConstraint(
                name="clip_has_a_span", condition=Q(to_at__gt=models.F("from_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.terminal_id}: {self.camera} {self.from_at:%Y-%m-%d %H:%M:%S}"

    def get_absolute_url(self) -> str:
        return reverse("video:clip", args=[self.pk])

    @property
    def seconds(self) -> int:
        """Length of what was asked for."""
        return round((self.to_at - self.from_at).total_seconds())

    @property
    def is_here(self) -> bool:
        """Arrived, and its days are not over."""
        return self.arrived_at is not None and self.removed_at is None


class ViewingKind(models.TextChoices):
    LIVE = "live", _("Watched live")
    ASKED = "asked", _("Asked for a clip")
    PLAYED = "played", _("Played a clip")
    TAKEN = "taken", _("Downloaded a clip")


class Viewing(models.Model):
    """That somebody saw, or took, pictures of a gate: written always, removed by nobody."""

    kind = models.CharField(_("what"), max_length=10, choices=ViewingKind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who")
    )
    terminal = models.ForeignKey(
        Terminal, models.PROTECT, related_name="+", verbose_name=_("terminal")
    )
    camera = models.CharField(_("camera"), max_length=40)
    session = models.ForeignKey(LiveSession, models.PROTECT, null=True, related_name="viewings")
    clip = models.ForeignKey(Clip, models.PROTECT, null=True, related_name="viewings")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose.choices)
    begun_at = models.DateTimeField(_("begun at"), default=timezone.now)
    last_at = models.DateTimeField(_("last at"), default=timezone.now)

    objects = _Scoped.as_manager()

    class Meta:
        ordering = ["-begun_at", "-pk"]
        verbose_name = _("viewing")
        verbose_name_plural = _("viewings")
        indexes = [models.Index(name="viewing_newest", fields=["-begun_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.person} {self.kind} {self.terminal_id} {self.camera}"
