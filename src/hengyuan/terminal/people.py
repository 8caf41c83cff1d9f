"""Who works at the gate, and whether somebody is who they say.

The configuration names them, each with the digest of a PIN. An override takes two of them: whoever
works there and a supervisor who looks at it, so that nobody lets a truck out alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_base import Table
from hengyuan.terminal.config_errors import Problem
from hengyuan.terminal.screen.pin import Tries, check_digest, pin_matches
from hengyuan.terminal.words import installer_text as _

Role = Literal["gatekeeper", "supervisor"]
MAX_NAME = 40


class PersonTable(Table, frozen=True, kw_only=True):
    """`[[people]]`: one person of the gate."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    pin: str
    """Digest of the person's PIN (`hengyuan terminal pin`)."""
    role: Role = "gatekeeper"
    """Only a supervisor may be the second person of an override."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whose PIN was right."""

    name: str
    role: Role

    @property
    def is_supervisor(self) -> bool:
        """Whether this one may be the second person of an override."""
        return self.role == "supervisor"


class People:
    """The people of the configuration. False where it names nobody."""

    def __init__(self, tables: Sequence[PersonTable], clock: Clock) -> None:
        self._tables = {table.name: table for table in tables}
        self._tries = Tries(clock)
        self._one_at_a_time = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._tables)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, in the order of the configuration."""
        return tuple(self._tables)

    @property
    def supervisors(self) -> tuple[str, ...]:
        """Those who may be the second person of an override."""
        return tuple(name for name, table in self._tables.items() if table.role == "supervisor")

    @property
    def locked(self) -> bool:
        """Too many wrong PINs of late, whosever: nobody is known for some minutes."""
        return self._tries.locked

    def check(self, name: str, pin: str) -> Person | None:
        """Who gave this PIN; None where it is not that person's, and for everybody while locked.

        Takes some 50 ms on purpose: to be called in a thread of its own.
        """
        with self._one_at_a_time:
            if self.locked:
                return None
            table = self._tables.get(name)
            if table is None or not pin_matches(pin, table.pin):
                self._tries.failed()
                return None
        return Person(table.name, table.role)


def check_people(tables: Sequence[PersonTable]) -> list[Problem]:
    """What is wrong with the people of a configuration."""
    problems: list[Problem] = []
    seen: set[str] = set()
    for index, table in enumerate(tables):
        where = f"people[{index}]"
        if table.name != " ".join(table.name.split()) or not table.name.isprintable():
            what = _("has blanks at its ends or characters that cannot be seen")
            problems.append(Problem(f"{where}.name", what, _("correct the value")))
        if table.name in seen:
            what = _("two people are called {name}").format(name=repr(table.name))
            problems.append(Problem(f"{where}.name", what, _("give each its own")))
        seen.add(table.name)
        try:
            check_digest(table.pin)
        except ValueError:
            remedy = _("put there what `hengyuan terminal pin` prints")
            problems.append(Problem(f"{where}.pin", _("is no digest of a PIN"), remedy))
    return problems
