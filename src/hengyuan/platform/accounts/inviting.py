"""One-time links: the invitation to an office, and the way back in with a new password."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.utils import reset
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts import access, sessions
from hengyuan.platform.accounts.models import (
    AccessKind,
    Invitation,
    Office,
    ResetLink,
    User,
    roles_of,
)
from hengyuan.platform.accounts.models.links import hash_of, new_token
from hengyuan.platform.accounts.signing import checked_save, sign, signed_save
from hengyuan.platform.versioning import locked

INVITATION_VALID_FOR = timedelta(days=7)
RESET_VALID_FOR = timedelta(hours=24)


class LinkSpent(ValueError):
    """The link was used, withdrawn or has run out. The text says which, and what to do."""


# invitations


@transaction.atomic
def invite(by: User, office: Office, **fields: Any) -> tuple[Invitation, str]:
    """A place in the office for somebody, and the secret part of the link, this once.

    ValidationError names what is wrong.
    """
    if fields.get("role") not in roles_of(office.kind):
        raise ValidationError({"role": _("This role does not exist in an office of that kind.")})
    if not office.is_active:
        raise ValidationError(_("“%s” is closed: nobody can be invited to it.") % office)
    token = new_token()
    invitation = Invitation(
        office=office,
        token_hash=hash_of(token),
        created_by=by,
        expires_at=timezone.now() + INVITATION_VALID_FOR,
        **fields,
    )
    checked_save(invitation, by, gettext_lazy("invited"))
    return invitation, token


@transaction.atomic
def renew_invitation(by: User, invitation: Invitation) -> str:
    """A new link in place of the one before, which is worth nothing from now on."""
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if invitation.used_at is not None:
        raise LinkSpent(_("This invitation has been accepted already."))
    token = new_token()
    invitation.token_hash = hash_of(token)
    invitation.revoked_at = None
    invitation.expires_at = timezone.now() + INVITATION_VALID_FOR
    signed_save(invitation, by, gettext_lazy("new link"))
    return token


@transaction.atomic
def revoke_invitation(by: User, invitation: Invitation) -> None:
    """Withdraw it. LinkSpent where it was accepted."""
    invitation = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
    if invitation.used_at is not None:
        raise LinkSpent(_("This invitation has been accepted already."))
    invitation.revoked_at = timezone.now()
    signed_save(invitation, by, gettext_lazy("withdrawn"))


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a link belongs to; None for a link that was never given out."""
    found = Invitation.objects.select_related("office__region", "created_by")
    return found.filter(token_hash=hash_of(token)).first()


@transaction.atomic
def accept(invitation: Invitation, username: str, password: str, **fields: Any) -> User:
    """The invited person's account. LinkSpent; ValidationError leaves the link good."""
    if not invitation.office.is_active or not Invitation.objects.claim(invitation.pk):
        raise LinkSpent(spent_because(invitation))
    person = User(
        username=username,
        office=invitation.office,
        role=invitation.role,
        **{"display_name": invitation.display_name, "phone": invitation.phone} | fields,
    )
    person.set_password(password)
    person.full_clean()
    validate_password(password, person)
    try:
        with transaction.atomic():
            signed_save(person, invitation.created_by, gettext_lazy("invitation accepted"))
    except IntegrityError as error:  # somebody else has taken the name since it was checked
        raise ValidationError({"username": _("This user name is taken.")}) from error
    invitation.refresh_from_db(fields=["used_at"])
    invitation.person = person
    sign(invitation, person, gettext_lazy("accepted"))
    invitation.save()
    return person


def spent_because(link: Invitation | ResetLink) -> str:
    """Why a link is worth nothing, and what to do."""
    link.refresh_from_db()
    if link.used_at is not None:
        return _("This link has been used already. If it was not you, tell the head of the office.")
    if link.revoked_at is not None:
        return _("This link was withdrawn or replaced by a newer one. Ask who gave it to you.")
    if link.is_expired:
        return _("This link has run out. Ask who gave it to you for a new one.")
    if isinstance(link, ResetLink):
        return _("This account is closed. Ask the head of your office.")
    return _("The office is closed. Ask who gave you the link.")


# a new password


@transaction.atomic
def issue_reset(by: User, person: User) -> tuple[ResetLink, str]:
    """A link with which the person chooses a new password; those issued before are worth nothing.

    The password that there is stays good until then. Returns the link and its secret, this once.
    """
    ResetLink.objects.filter(person=person).revoke()
    token = new_token()
    link = ResetLink.objects.create(
        person=person,
        token_hash=hash_of(token),
        created_by=by,
        expires_at=timezone.now() + RESET_VALID_FOR,
    )
    access.note(AccessKind.RESET_ISSUED, by, about=person)
    return link, token


def reset_link_of(token: str) -> ResetLink | None:
    """The link that a token belongs to; None for one that was never given out."""
    found = ResetLink.objects.select_related("person__office", "created_by")
    return found.filter(token_hash=hash_of(token)).first()


@transaction.atomic
def reset_password(link: ResetLink, password: str) -> User:
    """The person's new password; locks are lifted, every session ends. LinkSpent, ValidationError.

    The second factor stays: whoever has got hold of the link alone does not get in.
    """
    person: User = locked(User.objects.all(), link.person_id)
    if not person.is_active or not ResetLink.objects.claim(link.pk):
        raise LinkSpent(spent_because(link))
    validate_password(password, person)
    person.set_password(password)
    person.must_change_password = False
    signed_save(person, person, gettext_lazy("new password by a link"))
    reset(username=person.username)
    sessions.end_all([person])
    access.note(AccessKind.RESET_USED, person)
    return person
