"""Coming in, being refused, taking data out: what leaves no trace in any history of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.devices import device_name
from hengyuan.platform.accounts.models.offices import Office
from hengyuan.platform.accounts.scope import people_q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models.people import User


class AccessKind(models.TextChoices):
    LOGIN = "login", _("logged in")
    LOGOUT = "logout", _("logged out")
    FAILED = "failed", _("failed login")
    LOCKED = "locked", _("login locked")
    UNLOCKED = "unlocked", _("lock lifted")
    CODE_FAILED = "code_failed", _("wrong verification code")
    RECOVERY_USED = "recovery_used", _("logged in with a recovery code")
    PASSWORD = "password", _("own password changed")
    RESET_ISSUED = "reset_issued", _("link for a new password issued")
    RESET_USED = "reset_used", _("new password by a link")
    TWO_STEP_ON = "two_step_on", _("two-step login turned on")
    TWO_STEP_OFF = "two_step_off", _("two-step login turned off")
    TWO_STEP_RESET = "two_step_reset", _("two-step login reset by a head")
    RECOVERY_MADE = "recovery_made", _("recovery codes made")
    SESSION_ENDED = "session_ended", _("session ended")
    EXPORT = "export", _("export")
    REFUSED = "refused", _("refused")


class AppendOnly(TypeError):
    """An entry of the access log is written once; it is neither changed nor removed."""


class AccessEntryQuerySet(models.QuerySet["AccessEntry"]):
    def visible_to(self, user: User | AnonymousUser) -> AccessEntryQuerySet:
        """Entries of the offices whose people's particulars this person may read, and one's own.

        A try with a name that nobody has belongs to no office: whoever looks after the whole
        platform sees those (`queries.access_log`).
        """
        return self.filter(
            people_q(user, office="office", region="office__region", person="person")
        )

    def update(self, **_fields: Any) -> int:
        raise AppendOnly

    def delete(self) -> tuple[int, dict[str, int]]:
        raise AppendOnly


class AccessEntry(models.Model):
    """Who, when, what, from where. The database itself refuses to change an entry."""

    at = models.DateTimeField(_("time"), auto_now_add=True)
    kind = models.CharField(_("what"), max_length=16, choices=AccessKind.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="access_entries",
        verbose_name=_("who"),
    )
    username = models.CharField(_("user name as typed"), max_length=150, blank=True)
    office = models.ForeignKey(
        Office, models.PROTECT, null=True, related_name="+", verbose_name=_("office")
    )
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="entries_about",
        verbose_name=_("whose account"),
    )
    address = models.GenericIPAddressField(_("from address"), null=True)
    agent = models.CharField(_("browser"), max_length=300, blank=True)
    detail = models.CharField(_("detail"), max_length=300, blank=True)

    objects = AccessEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = _("entry of the access log")
        verbose_name_plural = _("entries of the access log")
        indexes = [
            models.Index(fields=["-at", "-id"], name="access_at"),
            models.Index(fields=["office", "-at"], name="access_office_at"),
            models.Index(fields=["person", "-at"], name="access_person_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.kind} {self.username}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly

    @property
    def device(self) -> str:
        """Browser and system in words."""
        return device_name(self.agent)


class LoginSession(models.Model):
    """A browser in which somebody is logged in, with when and where it was last seen."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="login_sessions"
    )
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField(_("logged in at"))
    seen_at = models.DateTimeField(_("last seen"))
    address = models.GenericIPAddressField(_("from address"), null=True)
    agent = models.CharField(_("browser"), max_length=300, blank=True)

    class Meta:
        ordering = ["-seen_at"]
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return f"{self.person} {self.seen_at:%Y-%m-%d %H:%M}"

    @property
    def device(self) -> str:
        """Browser and system in words."""
        return device_name(self.agent)
