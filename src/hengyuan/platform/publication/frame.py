"""What all pages of one list share: finding it, its tabs, and the steps open to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import OfficeKind, User
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.publication.models import Objection, PublicationList
from hengyuan.platform.publication.transitions import TRANSITIONS, Transition


@dataclass(frozen=True, slots=True)
class Step:
    """A button for a step that the list can take now and that the person may take."""

    transition: Transition
    icon: str
    css: str
    url: str


@dataclass(frozen=True, slots=True)
class _Look:
    icon: str
    css: str = ""


UNITS, LEFT_OUT, CHANGES = "publication:list", "publication:left_out", "publication:changes"
OBJECTIONS, DOCUMENTS = "publication:objections", "publication:documents"
HISTORY = "publication:history"
# who objected and who wrote what is the scheme's own affair
INTERNAL = {OBJECTIONS, HISTORY}

_LOOKS = {
    "submit": _Look(icon="send", css=" btn-primary"),
    "recall": _Look(icon="arrow-back-up"),
    "send_back": _Look(icon="arrow-back-up"),
    "publish": _Look(icon="speakerphone", css=" btn-primary"),
    "finalise": _Look(icon="circle-check", css=" btn-primary"),
    "report": _Look(icon="mail-forward", css=" btn-primary"),
    "discard": _Look(icon="trash", css=" btn-grave"),
    "withdraw": _Look(icon="archive", css=" btn-grave"),
}


def person(request: HttpRequest) -> User:
    """Who asks; only behind a permission check."""
    user = request.user
    assert isinstance(user, User)
    return user


def visible_list(request: HttpRequest, pk: int) -> PublicationList:
    """The list, or 404 where it is outside the person's scope or not for their eyes yet."""
    lists = PublicationList.objects.visible_to(request.user).select_related(
        "region", "supersedes", "drafted_by", "submitted_by", "published_by", "reported_by"
    )
    return get_object_or_404(lists, pk=pk)


def may_edit(request: HttpRequest, found: PublicationList) -> bool:
    """True for a draft before somebody who may change it."""
    return found.is_draft and may(request.user, "publication.draft")


def sees_internal(request: HttpRequest) -> bool:
    """True for the overload-control offices; a department reads what is public only."""
    office = person(request).office
    return office is not None and office.kind != OfficeKind.DEPARTMENT


def forbid_to_departments(request: HttpRequest) -> None:
    """403 on a page that is internal."""
    if not sees_internal(request):
        raise PermissionDenied(request.path)


def frame(request: HttpRequest, found: PublicationList, tab: str) -> dict[str, Any]:
    """The context that every tab needs; three counting queries."""
    open_objections = found.objections.filter(state=Objection.State.OPEN).count()
    entries: list[tuple[str, Any, int | None]] = [
        (UNITS, _("Units"), found.units.filter(struck_by__isnull=True).count()),
        (LEFT_OUT, _("Left out"), None),
        (CHANGES, _("Changes"), None),
        (OBJECTIONS, _("Objections"), open_objections or None),
        (DOCUMENTS, _("Documents"), None),
        (HISTORY, _("History"), None),
    ]
    tabs = [
        {
            "label": label,
            "url": reverse(name, args=[found.pk]),
            "count": count,
            "is_here": name == tab,
        }
        for name, label, count in entries
        if name not in INTERNAL or sees_internal(request)
    ]
    return {
        "list": found,
        "tabs": tabs,
        "steps": steps_for(request, found),
        "editable": may_edit(request, found),
    }


def steps_for(request: HttpRequest, found: PublicationList) -> list[Step]:
    """The steps that this person could take with the list now."""
    user = person(request)
    steps = []
    for step in TRANSITIONS.values():
        look = _LOOKS.get(step.name)
        if look is None or found.state not in step.sources:
            continue
        if not may(user, step.action) or _is_pointless(step, found, user):
            continue
        url = reverse(f"publication:{step.name}", args=[found.pk])
        steps.append(Step(step, look.icon, look.css, url))
    return steps


def _is_pointless(step: Transition, found: PublicationList, user: User) -> bool:
    if step.name == "report":
        return found.reported_to_city_at is not None
    if step.name == "recall":
        return found.submitted_by_id != user.pk
    if step.name == "send_back":
        return found.submitted_by_id == user.pk
    return False
