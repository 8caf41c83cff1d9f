"""Writes about offices and people: what pages, commands and other apps use."""

from __future__ import annotations

from hengyuan.platform.accounts.access import note, unlock
from hengyuan.platform.accounts.establishing import (
    WrongState,
    change_office,
    close_office,
    create_office,
    office_of_region,
    office_of_unit,
    reopen_office,
    usual_name,
)
from hengyuan.platform.accounts.handover import Holding
from hengyuan.platform.accounts.inviting import (
    INVITATION_VALID_FOR,
    RESET_VALID_FOR,
    LinkSpent,
    accept,
    invite,
    issue_reset,
    renew_invitation,
    reset_password,
    revoke_invitation,
    spent_because,
)
from hengyuan.platform.accounts.leads import appoint_lead, change_lead, release_lead
from hengyuan.platform.accounts.models import AccessKind, User
from hengyuan.platform.accounts.staffing import (
    LastHead,
    change_person,
    create_user,
    leave,
    note_password_changed,
    set_password,
    take_back,
)

__all__ = [
    "INVITATION_VALID_FOR",
    "RESET_VALID_FOR",
    "Holding",
    "LastHead",
    "LinkSpent",
    "WrongState",
    "accept",
    "appoint_lead",
    "change_lead",
    "change_office",
    "change_person",
    "close_office",
    "create_office",
    "create_user",
    "invite",
    "issue_reset",
    "leave",
    "note",
    "note_export",
    "note_password_changed",
    "office_of_region",
    "office_of_unit",
    "release_lead",
    "renew_invitation",
    "reopen_office",
    "reset_password",
    "revoke_invitation",
    "set_password",
    "spent_because",
    "take_back",
    "unlock",
    "usual_name",
]


def note_export(by: User | None, description: str) -> None:
    """Write into the access log that somebody takes data out; before the first byte leaves."""
    note(AccessKind.EXPORT, by, detail=description)
