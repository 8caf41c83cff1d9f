"""A workbook between its dry run and its confirmation."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import Office
from hengyuan.platform.accounts.scope import scope_of, scope_q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

SILENT_AFTER = timedelta(minutes=2)
"""Without a sign of life for so long, the process that was at work is taken for dead."""


class ImportState(models.TextChoices):
    CHECKING = "checking", _("Being checked")
    READY = "ready", _("To be confirmed")
    REFUSED = "refused", _("Refused")
    APPLYING = "applying", _("Being imported")
    DONE = "done", _("Imported")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")
    FAILED = "failed", _("Failed")


AT_WORK = frozenset({ImportState.CHECKING, ImportState.APPLYING})


class ImportSessionQuerySet(models.QuerySet["ImportSession"]):
    def visible_to(self, user: User | AnonymousUser) -> ImportSessionQuerySet:
        """One's own; and those that were imported by the offices in scope."""
        if scope_of(user).is_empty:
            return self.none()
        done = Q(state=ImportState.DONE) & scope_q(user, region="office__region")
        return self.filter(Q(by=user.pk) | done)

    def overdue(self) -> ImportSessionQuerySet:
        """Those whose time has run out before somebody confirmed or cancelled them."""
        waiting = [ImportState.READY, ImportState.REFUSED, ImportState.FAILED, *AT_WORK]
        return self.filter(state__in=waiting, expires_at__lt=timezone.now())


class ImportSession(models.Model):
    """One uploaded workbook: what is in it, what it would change, what became of it.

    The bytes are kept only until it is decided. `report` is the dry run's in plain JSON, see
    `importing.report`; `fingerprint` is of everything that the import would write, so that a
    ledger that has changed since the dry run is noticed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    office = models.ForeignKey(
        Office, models.PROTECT, related_name="+", verbose_name=_("office"), null=True
    )
    created_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"))
    file_name = models.CharField(_("file"), max_length=200)
    size_bytes = models.PositiveIntegerField(_("size (bytes)"))
    digest = models.CharField(_("SHA-256 of the file"), max_length=64)
    content = models.BinaryField(null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState.choices, default=ImportState.CHECKING
    )
    report = models.JSONField(default=dict)
    fingerprint = models.CharField(max_length=64, blank=True)
    ledger_changed = models.BooleanField(
        default=False, help_text="the plan shown is not the one of the first dry run"
    )
    rows_done = models.PositiveIntegerField(default=0)
    rows_total = models.PositiveIntegerField(default=0)
    alive_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = ImportSessionQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("ledger:import", args=[self.pk])

    @property
    def is_at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def is_stuck(self) -> bool:
        """At work by its state, but nothing has been heard of it for long."""
        return self.is_at_work and timezone.now() - self.alive_at > SILENT_AFTER

    @property
    def is_ready(self) -> bool:
        return self.state == ImportState.READY and self.expires_at > timezone.now()
