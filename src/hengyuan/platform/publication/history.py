"""The trail of a whole list: its own writes and those to its units and objections."""

from __future__ import annotations

from typing import Any

from hengyuan.platform.audit import Entry, entries_of, history_of
from hengyuan.platform.publication.models import (
    LeftOut,
    Objection,
    PublicationList,
    PublishedUnit,
)

_LAST = 200


def list_trail(found: PublicationList, last: int = _LAST) -> list[Entry]:
    """The latest writes to the list and what belongs to it, newest first; a few queries."""
    versions: list[Any] = []
    for model, owner in (
        (PublicationList, {"id": found.pk}),
        (PublishedUnit, {"list": found.pk}),
        (LeftOut, {"list": found.pk}),
        (Objection, {"list": found.pk}),
    ):
        versions += history_of(model).filter(**owner).select_related("history_user")[:last]
    versions.sort(key=lambda version: (version.history_date, version.history_id), reverse=True)
    return entries_of(versions[:last], [found])
