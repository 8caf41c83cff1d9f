"""The person: a login that belongs to an office and has a role in it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, AnonymousUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.models.offices import Office, OfficeKind
from hengyuan.platform.accounts.models.phones import PHONE
from hengyuan.platform.accounts.scope import people_q, scope_of, scope_q
from hengyuan.platform.versioning import Versioned

# what is written on every login, or when a hash is made anew: no act of anybody
_NO_ACT = (frozenset({"last_login"}), frozenset({"password"}))


class Role(models.TextChoices):
    HEAD = "head", _("Head")
    CLERK = "clerk", _("Clerk")
    INSPECTOR = "inspector", _("Inspector")
    READONLY = "readonly", _("Read-only")
    MANAGER = "manager", _("Unit manager")
    GATEKEEPER = "gatekeeper", _("Gatekeeper")


OFFICE_ROLES = frozenset({Role.HEAD, Role.CLERK, Role.INSPECTOR, Role.READONLY})
UNIT_ROLES = frozenset({Role.MANAGER, Role.GATEKEEPER})


def roles_of(kind: str) -> frozenset[Role]:
    """The roles that people of an office of that kind can have."""
    return UNIT_ROLES if kind == OfficeKind.SOURCE_UNIT else OFFICE_ROLES


def head_role(kind: str) -> Role:
    """The role that leads an office of that kind."""
    return Role.MANAGER if kind == OfficeKind.SOURCE_UNIT else Role.HEAD


class PeopleRecords(HistoricalRecords):
    """The history of people, without an entry for each login."""

    def post_save(self, instance: Any, created: bool, using: Any = None, **kwargs: Any) -> None:
        if kwargs.get("update_fields") in _NO_ACT:
            return
        super().post_save(instance, created, using=using, **kwargs)


class PeopleQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User | AnonymousUser) -> PeopleQuerySet:
        """People of the offices in scope, by name. Those without an office are seen by nobody."""
        if scope_of(user).is_empty:
            return self.none()
        return self.filter(scope_q(user, region="office__region", unit="office__source_unit"))

    def in_detail_to(self, user: User | AnonymousUser) -> PeopleQuerySet:
        """People whose particulars may be read: heads' own and inferior offices, and oneself."""
        return self.filter(people_q(user, office="office", region="office__region", person="pk"))

    audited_by = in_detail_to

    def active(self) -> PeopleQuerySet:
        return self.filter(is_active=True)


class PeopleManager(UserManager["User"].from_queryset(PeopleQuerySet)):  # type: ignore[misc]
    """Django's manager of users, with our scopes."""


class User(Versioned, AbstractUser):
    """A person with a login; the office gives the scope, office and role the permissions.

    An account stays with its office: who goes to another one is given an account there, so that
    what an account has written was always written for one office.
    """

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("full name"), max_length=60)
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("office"),
    )
    role = models.CharField(_("role"), max_length=12, choices=Role.choices, blank=True)
    phone = models.CharField(_("telephone"), max_length=20, blank=True, validators=[PHONE])
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True, editable=False)
    successor: models.ForeignKey[User | None, User | None] = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="predecessors",
        verbose_name=_("successor"),
    )

    history = PeopleRecords(excluded_fields=["password", "last_login"])
    objects = PeopleManager()  # type: ignore[misc]

    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_absolute_url(self) -> str:
        return reverse("people:person", args=[self.pk])

    def get_full_name(self) -> str:
        return self.display_name or self.username

    def get_short_name(self) -> str:
        return self.get_full_name()

    @property
    def is_head(self) -> bool:
        """Leads the office: its head, or a source unit's manager."""
        return self.office is not None and self.role == head_role(self.office.kind)

    def clean(self) -> None:
        super().clean()
        if self.office is not None and self.role not in roles_of(self.office.kind):
            raise ValidationError(
                {"role": _("This role does not exist in an office of that kind.")}
            )


class RecoveryCode(models.Model):
    """A code that lets its person in once where the second factor is lost. Only its digest."""

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes"
    )
    code_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return f"{self.person} {self.created_at:%Y-%m-%d}"
