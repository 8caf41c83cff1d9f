"""Offices of the overload-control scheme and the people who work in them."""

from hengyuan.platform.accounts.models.access import AccessEntry, AccessKind, LoginSession
from hengyuan.platform.accounts.models.links import Invitation, OneTimeLink, ResetLink
from hengyuan.platform.accounts.models.offices import (
    Department,
    Office,
    OfficeKind,
    OfficeQuerySet,
)
from hengyuan.platform.accounts.models.people import (
    OFFICE_ROLES,
    UNIT_ROLES,
    PeopleManager,
    RecoveryCode,
    Role,
    User,
    head_role,
    roles_of,
)
from hengyuan.platform.accounts.models.phones import PHONE
from hengyuan.platform.accounts.models.townships import TownshipLead

__all__ = [
    "OFFICE_ROLES",
    "PHONE",
    "UNIT_ROLES",
    "AccessEntry",
    "AccessKind",
    "Department",
    "Invitation",
    "LoginSession",
    "Office",
    "OfficeKind",
    "OfficeQuerySet",
    "OneTimeLink",
    "PeopleManager",
    "RecoveryCode",
    "ResetLink",
    "Role",
    "TownshipLead",
    "User",
    "head_role",
    "roles_of",
]
