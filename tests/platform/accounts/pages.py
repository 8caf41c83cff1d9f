"""Entries of the pages of offices, people, logins, histories. See tests/platform/every_page.py."""

from __future__ import annotations

import itertools
from typing import Any

from tests.platform.every_page import (
    ELSEWHERE,
    EVERYBODY,
    KEEPERS,
    NEIGHBOUR,
    OFFICES,
    OUTSIDER,
    OWN_UNIT,
    Page,
    Scene,
    who,
)

WITH_OFFICE = EVERYBODY - OUTSIDER
COUNTY_STAFF = {"county_head", "county_clerk"}
HEADS = {"province_head", "county_head", "unit_manager"}
TOWNSHIP = "141024100"


def _kept(scene: Scene, name: str, make: Any) -> Any:
    """Made once for a scene."""
    kept = scene.__dict__.setdefault("_of_accounts", {})
    if name not in kept:
        kept[name] = make()
    return kept[name]


def _numbers(scene: Scene, count: int) -> list[int]:
    """The next numbers that nothing of this scene has yet."""
    numbers = _kept(scene, "numbers", lambda: itertools.count(2))
    return [next(numbers) for _ in range(count)]


def _department(scene: Scene) -> list[Any]:
    return [scene.cast.department_clerk.office.pk]


def _clerk(scene: Scene) -> list[Any]:
    return [scene.cast.county_clerk.pk]


def _invitation(scene: Scene) -> Any:
    from hengyuan.platform.accounts.services import invite

    head = scene.cast.county_head
    return _kept(
        scene, "invitation", lambda: invite(head, head.office, display_name="某人", role="clerk")
    )


def _reset(scene: Scene) -> Any:
    from hengyuan.platform.accounts.services import issue_reset

    cast = scene.cast
    return _kept(scene, "reset", lambda: issue_reset(cast.county_head, cast.county_clerk))


def _session(scene: Scene) -> list[Any]:
    from django.utils.timezone import now

    from hengyuan.platform.accounts.models import LoginSession

    made = _kept(
        scene,
        "session",
        lambda: LoginSession.objects.create(
            person=scene.cast.county_clerk, session_key="elsewhere", began_at=now(), seen_at=now()
        ),
    )
    return [made.pk]


def _lead(scene: Scene) -> list[Any]:
    return [_kept(scene, "lead", lambda: _appoint(scene, 1)).pk]


def _appoint(scene: Scene, number: int) -> Any:
    from datetime import date

    from hengyuan.platform.accounts.services import appoint_lead
    from hengyuan.platform.regions.models import Region

    return appoint_lead(
        scene.cast.county_clerk,
        Region.objects.get(pk=TOWNSHIP),
        name=f"负责人{number}",
        duty_phone="0357-0000000",
        since=date(2026, 1, number),
    )


def _more_offices(scene: Scene) -> None:
    from hengyuan.platform.accounts.services import create_user, office_of_unit

    for unit in scene.more_units(3):
        office = office_of_unit(scene.cast.county_clerk, unit)
        for number in (1, 2):
            create_user(
                None,
                username=f"{unit.code}-{number}",
                password=scene.cast.PASSWORD,
                display_name=f"{unit.name} {number}",
                office=office,
                role="manager",
            )


def _more_people(scene: Scene) -> None:
    """In the department: with somebody who has left, and somebody who is invited."""
    from hengyuan.platform.accounts.services import create_user, invite, leave

    cast, office = scene.cast, scene.cast.department_clerk.office
    made = [
        create_user(
            None,
            username=f"department-{number}",
            password=cast.PASSWORD,
            display_name=f"某人{number}",
            office=office,
            role="head",
        )
        for number in _numbers(scene, 3)
    ]
    leave(cast.county_head, made[0], "调离", made[1])
    invite(cast.county_head, office, display_name="将来的人", role="clerk")


def _more_writes(scene: Scene) -> None:
    """By the clerk and about the clerk, about their office, and what the access log keeps."""
    from hengyuan.platform.accounts.models import AccessKind
    from hengyuan.platform.accounts.services import change_office, change_person, note
    from hengyuan.platform.ledger.services import change_unit

    cast = scene.cast
    for number in _numbers(scene, 4):
        change_unit(cast.county_clerk, cast.unit, address=f"{number}号")
        change_person(cast.county_head, cast.county_clerk, phone=f"0357-000000{number}")
        change_office(cast.county_head, cast.county_clerk.office, address=f"{number}号")
        note(AccessKind.LOGIN, cast.county_clerk)
        note(AccessKind.UNLOCKED, cast.county_head, about=cast.county_clerk)


def _more_terms(scene: Scene) -> None:
    for number in _numbers(scene, 3):
        _appoint(scene, number)


PARTICULARS = who(
    open_to={"province_head", "county_head", "county_clerk"},
    hidden_from=ELSEWHERE | OWN_UNIT | OUTSIDER,
)
"""Of the county's clerk: for heads above, and for the clerk."""


def _appointing(route: str, **more: Any) -> Page:
    """A page on which a head does something about the county's clerk."""
    return Page(
        route,
        who(open_to={"county_head"}, hidden_from={"unit_manager"}, status=more.pop("status", 200)),
        args=_clerk,
        reader="county_head",
        **more,
    )


PAGES = [
    # oneself; whoever is logged in already is sent on
    Page("accounts:login", who(open_to=EVERYBODY, status=302, anonymous=200)),
    Page("accounts:second_step", who(open_to=EVERYBODY, status=302, anonymous=302)),
    Page("accounts:logout", who(open_to=EVERYBODY, status=302, anonymous=302), method="post"),
    Page("accounts:password", who(open_to=EVERYBODY), max_queries=5, fixed="shows one form"),
    Page("accounts:profile", who(open_to=EVERYBODY), max_queries=8, fixed="is about oneself"),
    Page(
        "accounts:sessions",
        who(open_to=EVERYBODY),
        max_queries=8,
        fixed="lists the browsers of one person",
    ),
    Page(
        "accounts:end_session",
        who(hidden_from=EVERYBODY) | {"county_clerk": 302},
        args=_session,
        method="post",
    ),
    Page("accounts:end_others", who(open_to=EVERYBODY, status=302), method="post"),
    Page("accounts:two_step", who(open_to=EVERYBODY), max_queries=8, fixed="shows one form"),
    Page("accounts:two_step_off", who(open_to=EVERYBODY), method="post"),
    Page("accounts:recovery_codes", who(open_to=EVERYBODY, status=302), method="post"),
    # what a link opens, for whoever has it
    Page(
        "accounts:invitation",
        who(open_to=EVERYBODY, anonymous=200),
        args=lambda scene: [_invitation(scene)[1]],
        max_queries=6,
        fixed="shows one form",
    ),
    Page(
        "accounts:reset",
        who(open_to=EVERYBODY, anonymous=200),
        args=lambda scene: [_reset(scene)[1]],
        max_queries=6,
        fixed="shows one form",
    ),
    # offices
    Page("offices:offices", who(open_to=WITH_OFFICE), max_queries=10, grow=_more_offices),
    Page("offices:offices_excel", who(open_to=WITH_OFFICE), method="post"),
    Page(
        "offices:new_office",
        who(open_to=COUNTY_STAFF | NEIGHBOUR | {"city_clerk", "province_head"}),
        args=lambda scene: ["department"],
        max_queries=6,
        fixed="shows one form",
    ),
    Page(
        "offices:office",
        who(open_to=OFFICES, hidden_from=ELSEWHERE | OWN_UNIT),
        args=_department,
        reader="county_head",
        max_queries=13,
        grow=_more_people,
    ),
    Page(
        "offices:edit_office",
        who(open_to=COUNTY_STAFF, hidden_from=ELSEWHERE | OWN_UNIT),
        args=_department,
        max_queries=6,
        fixed="shows one form",
    ),
    Page(
        "offices:close_office",
        who(open_to=COUNTY_STAFF, hidden_from=NEIGHBOUR),
        args=_department,
        max_queries=6,
        fixed="asks for a reason",
    ),
    Page(
        "offices:reopen_office",
        who(open_to=COUNTY_STAFF, hidden_from=NEIGHBOUR),
        args=_department,
        max_queries=6,
        fixed="asks for a reason",
    ),
    Page(
        "offices:invite",
        who(open_to={"county_head"}, hidden_from={"unit_manager"}),
        args=_department,
        reader="county_head",
        max_queries=8,
        grow=_more_people,
    ),
    # people
    Page("people:people", who(open_to=WITH_OFFICE), max_queries=10, grow=_more_offices),
    Page("people:people_excel", who(open_to=WITH_OFFICE), method="post"),
    Page(
        "people:person",
        PARTICULARS,
        args=_clerk,
        reader="county_head",
        max_queries=13,
        grow=_more_writes,
    ),
    Page(
        "people:writes",
        PARTICULARS,
        args=_clerk,
        reader="county_head",
        # one for each kind of thing that is written, whatever was
        max_queries=60,
        grow=_more_writes,
    ),
    Page("people:writes_excel", PARTICULARS, args=_clerk, method="post"),
    Page(
        "people:access",
        PARTICULARS,
        args=_clerk,
        reader="county_head",
        max_queries=8,
        grow=_more_writes,
    ),
    _appointing("people:edit_person", max_queries=6, fixed="shows one form"),
    _appointing("people:leave", max_queries=10, grow=_more_people),
    _appointing("people:take_back", max_queries=6, fixed="asks for a reason"),
    _appointing("people:unlock", method="post", status=302),
    _appointing("people:issue_reset", method="post"),
    _appointing("people:reset_two_step", method="post", status=302),
    Page(
        "people:renew_invitation",
        who(open_to={"county_head"}, hidden_from={"unit_manager"}),
        args=lambda scene: [_invitation(scene)[0].pk],
        method="post",
    ),
    Page(
        "people:revoke_invitation",
        who(open_to={"county_head"}, hidden_from={"unit_manager"}, status=302),
        args=lambda scene: [_invitation(scene)[0].pk],
        method="post",
    ),
    # townships
    Page(
        "townships:townships",
        who(open_to=WITH_OFFICE),
        max_queries=8,
        fixed="lists the townships that there are",
    ),
    Page("townships:townships_excel", who(open_to=WITH_OFFICE), method="post"),
    Page(
        "townships:township",
        who(open_to=OFFICES, hidden_from=ELSEWHERE | OWN_UNIT),
        args=lambda scene: [TOWNSHIP],
        max_queries=12,
        grow=_more_terms,
    ),
    Page(
        "townships:appoint_lead",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=lambda scene: [TOWNSHIP],
        max_queries=7,
        grow=_more_terms,
    ),
    Page(
        "townships:edit_lead",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=_lead,
        max_queries=6,
        fixed="shows one form",
    ),
    Page(
        "townships:release_lead",
        who(open_to=KEEPERS, hidden_from=NEIGHBOUR),
        args=_lead,
        max_queries=6,
        fixed="shows one form",
    ),
    # what was done
    Page("audit:log", who(open_to=HEADS), reader="county_head", max_queries=9, grow=_more_writes),
    Page("audit:log_excel", who(open_to=HEADS), method="post"),
    Page(
        "audit:object",
        who(
            open_to={"province_head", "county_head"},
            hidden_from={
                "city_clerk",
                "county_clerk",
                "county_inspector",
                "county_readonly",
                "neighbour_clerk",
                "unit_manager",
            },
        ),
        args=lambda scene: ["accounts.office", scene.cast.county_head.office.pk],
        reader="county_head",
        max_queries=9,
        grow=_more_writes,
    ),
    Page(
        "audit:object",
        who(open_to=OFFICES | {"unit_manager"}, hidden_from=NEIGHBOUR)
        | dict.fromkeys(["department_clerk"], 403),
        args=lambda scene: ["ledger.sourceunit", scene.cast.unit.pk],
        query="?of=unit",
        max_queries=9,
        grow=_more_writes,
    ),
    Page("permissions", who(open_to=OFFICES | NEIGHBOUR), max_queries=4, fixed="is a table"),
]
