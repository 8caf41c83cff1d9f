"""Writing without losing another clerk's work: what was read is what is written upon."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model
from django.utils.translation import gettext as _

from hengyuan.platform.accounts.models import User
from hengyuan.platform.publication.models import PublicationList
from hengyuan.platform.publication.transitions import WrongState

Versioned = TypeVar("Versioned", bound=Model)
_REASON_MAX = 100


class Conflict(ValueError):
    """Somebody else has written since this was read; nothing was changed."""


def locked_list(pk: int, version: int | None = None) -> PublicationList:
    """The list, its row locked until the transaction ends. Conflict on another version."""
    found = PublicationList.objects.select_for_update(of=("self",)).get(pk=pk)
    if version is not None:
        check_version(found, version)
    return found


def locked_draft(pk: int, version: int | None = None) -> PublicationList:
    """The same for what only a draft allows. WrongState for any other."""
    found = locked_list(pk, version)
    if not found.is_draft:
        raise WrongState(_("Only a draft can be changed."))
    return found


def check_version(record: Any, version: int) -> None:
    """Raise Conflict, with who wrote last, unless the record is still what was read."""
    if record.version == version:
        return
    last = record.history.select_related("history_user").first()
    raise Conflict(
        _("%(who)s has changed “%(what)s” meanwhile. Look at it once more, then repeat.")
        % {"who": (last and last.history_user) or _("Somebody"), "what": record}
    )


def save(record: Versioned, by: User | None, reason: Any) -> Versioned:
    """Write one version more, with who and why. The caller holds the lock."""
    versioned: Any = record
    if record.pk is not None:
        versioned.version += 1
    sign(record, by, reason)
    record.save()
    return record


def sign(record: Any, by: User | None, reason: Any) -> None:
    """Who and why, for the history."""
    record._history_user = by
    record._change_reason = str(reason)[:_REASON_MAX]
