"""Links that are good for once: an invitation, and a new password. Only their digests are kept."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models.offices import Office
from hengyuan.platform.accounts.models.people import Role
from hengyuan.platform.accounts.models.phones import PHONE
from hengyuan.platform.accounts.scope import people_q

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models.people import User

_TOKEN_BYTES = 32


def new_token() -> str:
    """The secret part of a link: 256 bits."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_of(token: str) -> str:
    """What is stored of it. As the token is random and long, a plain digest is safe."""
    return hashlib.sha256(token.encode()).hexdigest()


class LinkQuerySet(models.QuerySet[Any]):
    def open(self) -> Self:
        """Those that can still be used."""
        return self.filter(used_at=None, revoked_at=None, expires_at__gt=timezone.now())

    def claim(self, pk: int) -> bool:
        """Use a link up; of several who try at the same time one gets True."""
        # columns of its own row only: with a join the database would not look at them again
        return bool(self.model.objects.filter(pk=pk).open().update(used_at=timezone.now()))

    def revoke(self) -> int:
        """End the open ones; how many there were."""
        return self.filter(used_at=None, revoked_at=None).update(revoked_at=timezone.now())


class InvitationQuerySet(LinkQuerySet):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(people_q(user, office="office", region="office__region"))


class OneTimeLink(models.Model):
    """A link that somebody hands over to somebody, good once and not for long."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=pgettext_lazy("link", "issued by"),
    )
    created_at = models.DateTimeField(pgettext_lazy("link", "issued at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-created_at"]

    @property
    def is_open(self) -> bool:
        """Can still be used."""
        return self.used_at is None and self.revoked_at is None and not self.is_expired

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()


class Invitation(OneTimeLink):
    """A place in an office that waits for its person to choose a user name and a password."""

    office = models.ForeignKey(
        Office, models.PROTECT, related_name="invitations", verbose_name=_("office")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)
    display_name = models.CharField(_("full name"), max_length=60)
    phone = models.CharField(_("telephone"), max_length=20, blank=True, validators=[PHONE])
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="invitation",
        verbose_name=_("user"),
    )

    history = HistoricalRecords(excluded_fields=["token_hash"])
    objects = InvitationQuerySet.as_manager()  # type: ignore[misc]

    class Meta(OneTimeLink.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")

    def __str__(self) -> str:
        return self.display_name


class ResetLink(OneTimeLink):
    """A person's way back in: whoever has the link chooses that person's new password."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="reset_links",
        verbose_name=_("user"),
    )

    class Meta(OneTimeLink.Meta):
        verbose_name = _("link for a new password")
        verbose_name_plural = _("links for a new password")

    def __str__(self) -> str:
        return f"{self.person} {self.created_at:%Y-%m-%d %H:%M}"
