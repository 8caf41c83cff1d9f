"""People of an office: entered, changed, given another role, let go, taken back."""

from __future__ import annotations

from typing import Any

from axes.utils import reset
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts import handover, second_factor, sessions
from hengyuan.platform.accounts.establishing import WrongState
from hengyuan.platform.accounts.models import Office, ResetLink, User, head_role
from hengyuan.platform.accounts.signing import checked_save, signed_save
from hengyuan.platform.versioning import locked


class LastHead(ValueError):
    """An office keeps one person who leads it."""

    def __init__(self, office: Office | None) -> None:
        super().__init__(
            _("“%s” would be left without anybody who leads it. Appoint another one first.")
            % office
        )


@transaction.atomic
def create_user(
    by: User | None,
    *,
    username: str,
    password: str,
    display_name: str,
    office: Office | None,
    role: str,
    **fields: Any,
) -> User:
    """A new person with a login. The password is held to the rules (ValidationError)."""
    user = User(username=username, display_name=display_name, office=office, role=role, **fields)
    user.set_password(password)
    user.full_clean()
    validate_password(password, user)
    signed_save(user, by, gettext_lazy("entered"))
    return user


@transaction.atomic
def set_password(by: User | None, user: User, password: str, must_change: bool = True) -> None:
    """Give a person a new password, which they change at their next login unless said otherwise.

    For the command line; people are given a link instead, so that nobody else knows the password.
    """
    validate_password(password, user)
    stored = locked(User.objects.all(), user.pk)
    for one in (stored, user):
        one.set_password(password)
        one.must_change_password = must_change
    signed_save(stored, by, gettext_lazy("new password given"))
    user.version = stored.version
    sessions.end_all([user])


@transaction.atomic
def note_password_changed(user: User) -> None:
    """The person has chosen a password of their own."""
    if not user.must_change_password:
        return
    stored = locked(User.objects.all(), user.pk)
    stored.must_change_password = user.must_change_password = False
    signed_save(stored, user, gettext_lazy("own password chosen"))
    user.version = stored.version


@transaction.atomic
def change_person(
    by: User, person: User, version: int | None = None, *, reason: Any = "", **fields: Any
) -> User:
    """Change name, telephone or role. Stale, LastHead, ValidationError.

    The office is not among what can be changed: see User.
    """
    if "office" in fields:
        raise TypeError("an account stays with its office")
    office = _locked_office(person)
    person = locked(User.objects.all(), person.pk, version)
    if fields.get("role", person.role) != person.role:
        if by.pk == person.pk:
            raise ValidationError({"role": _("Nobody changes their own role.")})
        _keep_a_head(person, office)
    for name, value in fields.items():
        setattr(person, name, value)
    checked_save(person, by, reason or gettext_lazy("changed"))
    return person


@transaction.atomic
def leave(by: User, person: User, reason: str, successor: User | None = None) -> dict[str, int]:
    """Close the account and hand over what the person answers for; how many of each kind.

    Their sessions end, their password, second factor and links are worth nothing from now on.
    Raises LastHead, WrongState, and ValidationError where a successor is needed or not possible.
    """
    office = _locked_office(person)
    person = locked(User.objects.all(), person.pk)
    if not person.is_active:
        raise WrongState(_("%s has left already.") % person)
    if by.pk == person.pk:
        raise WrongState(_("Nobody closes their own account: another head does it."))
    _keep_a_head(person, office)
    held = handover.held_by(person)
    if held and successor is None:
        raise ValidationError({"successor": _("Say who takes over what is still open.")})
    if successor is not None and (
        successor.pk == person.pk
        or not successor.is_active
        or successor.office_id != person.office_id
    ):
        raise ValidationError({"successor": _("The successor works in the same office.")})
    handed = handover.hand_over(by, person, successor) if successor else {}
    person.is_active = False
    person.left_at = timezone.now()
    person.successor = successor
    person.set_unusable_password()
    signed_save(person, by, reason)
    ResetLink.objects.filter(person=person).revoke()
    second_factor.remove(person)
    sessions.end_all([person])
    reset(username=person.username)
    return handed


@transaction.atomic
def take_back(by: User, person: User, reason: str) -> User:
    """Open the account of somebody who had left. They need a link for a new password."""
    person = locked(User.objects.all(), person.pk)
    if person.is_active:
        raise WrongState(_("%s has not left.") % person)
    person.is_active, person.left_at, person.successor = True, None, None
    checked_save(person, by, reason)
    return person


def _locked_office(person: User) -> Office | None:
    """Taken before the person's own row, so that two who let each other go wait for each other."""
    if person.office_id is None:
        return None
    return locked(Office.objects.all(), person.office_id)


def _keep_a_head(person: User, office: Office | None) -> None:
    """LastHead if nobody else leads the person's office, which is locked."""
    if office is None or person.role != head_role(office.kind):
        return
    others = office.people.exclude(pk=person.pk).filter(is_active=True)
    if not others.filter(role=head_role(office.kind)).exists():
        raise LastHead(office)
