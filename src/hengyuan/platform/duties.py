"""What a person must do today, gathered from the apps; the home page shows it first.

An app that gives people something to do has a module `duties.py` with a function
`duties(user)`; one that has figures for the home page a function `figures(user)`. Both give few
rows at the cost of a fixed number of queries, and only what the person may see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import wraps
from typing import Any, TypeVar

from django.utils.functional import Promise
from django.utils.timezone import localdate

from hengyuan.platform.discovery import modules_named

T = TypeVar("T")


class Urgency(IntEnum):
    """How long something can wait; the order of the home page."""

    NOW = 1
    TODAY = 2
    SOON = 3


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of the list: so many things of one kind, and where they are dealt with.

    `is_mine` False: the person only watches how others deal with it. `detail` names the first few
    or says what to do; `due` is the day of the first of them.
    """

    title: str | Promise
    count: int
    url: str
    urgency: Urgency = Urgency.TODAY
    due: date | None = None
    detail: str | Promise = ""
    is_mine: bool = True
    icon: str = "checklist"

    @property
    def is_late(self) -> bool:
        return self.due is not None and self.due < localdate()


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the home page that leads to what it counts. `tone` is "", "warn" or "over"."""

    label: str | Promise
    value: int
    url: str
    note: str | Promise = ""
    tone: str = ""
    of: int | None = None


def duties_of(user: Any) -> list[Duty]:
    """Everything that is to do or to watch, what cannot wait first."""
    found = [
        duty
        for module in modules_named("duties")
        if hasattr(module, "duties")
        for duty in module.duties(user)
        if duty.count
    ]
    return sorted(found, key=lambda duty: (duty.urgency, duty.due or date.max))


def figures_of(user: Any) -> list[Figure]:
    """The figures of all apps, in the order of the settings."""
    return [
        figure
        for module in modules_named("duties")
        if hasattr(module, "figures")
        for figure in module.figures(user)
    ]


def once(ask: Callable[[Any], T]) -> Callable[[Any], T]:
    """For what both duties and figures need: asked once for a user object, which lives as long
    as its request."""

    @wraps(ask)
    def remembered(user: Any) -> T:
        known: dict[Any, Any] = user.__dict__.setdefault("_asked_for_home", {})
        if ask not in known:
            known[ask] = ask(user)
        return known[ask]  # type: ignore[no-any-return]

    return remembered


def some(names: Iterable[Any], most: int = 3) -> str:
    """The first few names, and a sign that there are more."""
    first = [str(name) for name in names][: most + 1]
    return "、".join(first[:most]) + (" …" if len(first) > most else "")
