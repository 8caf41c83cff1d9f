"""Which way a list can go: the whole table, and nothing beside it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.publication.models import IN_PREPARATION, ListState, PublicationList


class WrongState(ValueError):
    """The list is in a state in which this cannot be done."""


@dataclass(frozen=True, slots=True)
class Transition:
    """A step: from which states, into which (None: stays), and the action that it needs."""

    name: str
    label: str | Promise
    sources: frozenset[ListState]
    target: ListState | None
    action: str


_STEPS = (
    Transition(
        "submit",
        _("Submit for review"),
        frozenset({ListState.DRAFT}),
        ListState.IN_REVIEW,
        "publication.draft",
    ),
    Transition(
        "recall",
        _("Take back"),
        frozenset({ListState.IN_REVIEW}),
        ListState.DRAFT,
        "publication.draft",
    ),
    Transition(
        "send_back",
        _("Send back"),
        frozenset({ListState.IN_REVIEW}),
        ListState.DRAFT,
        "publication.review",
    ),
    Transition(
        "publish",
        _("Publish"),
        frozenset({ListState.IN_REVIEW}),
        ListState.PUBLISHED,
        "publication.review",
    ),
    Transition(
        "finalise",
        _("Make final"),
        frozenset({ListState.PUBLISHED}),
        ListState.FINAL,
        "publication.review",
    ),
    Transition(
        "report",
        _("Report to the city"),
        frozenset({ListState.PUBLISHED, ListState.FINAL}),
        None,
        "publication.report",
    ),
    Transition(
        "supersede",
        _("Supersede"),
        frozenset({ListState.FINAL}),
        ListState.SUPERSEDED,
        "publication.review",
    ),
    Transition(
        "discard",
        _("Discard"),
        IN_PREPARATION,
        ListState.WITHDRAWN,
        "publication.draft",
    ),
    Transition(
        "withdraw",
        _("Withdraw"),
        frozenset({ListState.PUBLISHED, ListState.FINAL}),
        ListState.WITHDRAWN,
        "publication.review",
    ),
)
TRANSITIONS: dict[str, Transition] = {step.name: step for step in _STEPS}


def check(found: PublicationList, name: str) -> Transition:
    """The step, where the list may take it now; WrongState otherwise, KeyError for no step."""
    step = TRANSITIONS[name]
    if found.state not in step.sources:
        raise WrongState(
            gettext("“%(step)s” is not possible: the list is in the state “%(state)s”.")
            % {"step": step.label, "state": ListState(found.state).label}
        )
    return step
