"""What is known of the city once it is entered: who can log in, which terminals wait."""

from __future__ import annotations

import msgspec


class EnteredTerminal(msgspec.Struct, frozen=True):
    """A terminal of the city. `enrolment_code` is None once it is enrolled."""

    code: str
    name: str
    unit_name: str
    enrolment_code: str | None


class Login(msgspec.Struct, frozen=True):
    """Somebody who can log in."""

    username: str
    password: str
    name: str
    office: str
    role: str


class EnteredCity(msgspec.Struct, frozen=True):
    """What the demo needs to know of the city.

    `terminals` are those for which the demo puts up simulated devices, `remote` those that weigh
    without any (see `remote`). `logins` are of the main roles; everybody in the city has the same
    password. `notes` say what this machine could not do.
    """

    terminals: list[EnteredTerminal]
    remote: list[EnteredTerminal]
    logins: list[Login]
    notes: list[str] = []


class CityCounts(msgspec.Struct, frozen=True):
    """What the database holds of the city.

    `counties` have a unit in the ledger; `published_lists` stand in public, open to objections or
    final; `draft_lists` are drafts, those in review not counted.
    """

    counties: int
    units: int
    users: int
    published_lists: int
    final_lists: int
    draft_lists: int
    open_objections: int
