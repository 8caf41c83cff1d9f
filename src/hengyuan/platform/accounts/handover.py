"""What a person holds in trust, and who takes it over when they leave.

An app that gives people things to answer for has a module `handover.py` with a tuple `HOLDINGS`;
they are found by themselves. Nothing here knows what they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import Invitation, User
from hengyuan.platform.accounts.signing import signed_save
from hengyuan.platform.discovery import modules_named


@dataclass(frozen=True, slots=True)
class Holding:
    """One kind of thing that people answer for.

    `count(person)` is how many the person holds now; `transfer(by, person, successor)` gives all
    of them to the successor, within the caller's transaction, and says how many there were.
    """

    name: str
    label: str | Promise
    count: Callable[[User], int]
    transfer: Callable[[User | None, User, User], int]


def holdings() -> list[Holding]:
    """Those of every app."""
    return [holding for module in modules_named("handover") for holding in module.HOLDINGS]


def held_by(person: User) -> list[tuple[Holding, int]]:
    """What the person holds, with how many of each; without those of which there are none."""
    counted = [(holding, holding.count(person)) for holding in holdings()]
    return [(holding, count) for holding, count in counted if count]


def hand_over(by: User | None, person: User, successor: User) -> dict[str, int]:
    """Give everything to the successor; how many of each kind."""
    return {
        holding.name: holding.transfer(by, person, successor) for holding, _count in held_by(person)
    }


def _open_invitations(person: User) -> int:
    return Invitation.objects.open().filter(created_by=person).count()


def _take_over_invitations(by: User | None, person: User, successor: User) -> int:
    taken = list(Invitation.objects.open().filter(created_by=person).select_for_update())
    for invitation in taken:
        invitation.created_by = successor
        signed_save(invitation, by, _("taken over from %s") % person)
    return len(taken)


HOLDINGS = (
    Holding(
        "accounts.invitations",
        _("Invitations that are not accepted yet"),
        _open_invitations,
        _take_over_invitations,
    ),
)
