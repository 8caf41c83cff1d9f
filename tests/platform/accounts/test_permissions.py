"""What may be done follows the table: scope hides, the table forbids."""

import pytest
from django.contrib.auth.models import AnonymousUser

from hengyuan.platform.accounts.models import OfficeKind, Role, roles_of
from hengyuan.platform.accounts.permissions import ACTIONS, may, requires
from hengyuan.platform.terminals.services import create_terminal

pytestmark = pytest.mark.django_db

EDITORS = {"city_clerk", "county_head", "county_clerk"}


@pytest.mark.parametrize("action", ["units.edit", "terminals.manage"])
def test_heads_and_clerks_of_county_and_city_keep_the_ledger(cast, action):
    allowed = {name for name, person in cast.people().items() if may(person, action)}
    assert allowed == EDITORS | {"neighbour_clerk"}


def test_every_grant_names_roles_that_the_office_can_have():
    for action in ACTIONS.values():
        for kind, roles in action.grants.items():
            assert roles <= roles_of(kind), action.name


def test_every_view_action_is_open_to_each_kind_of_office():
    for name in ("units.view", "terminals.view", "records.view", "board.view"):
        assert set(ACTIONS[name].grants) == set(OfficeKind), name


def test_an_action_outside_the_table_is_an_error(cast):
    with pytest.raises(KeyError):
        may(cast.county_head, "units.burn")
    with pytest.raises(KeyError):
        requires("units.burn")


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_may_do_anything_without_login_or_office(cast, action):
    assert not may(AnonymousUser(), action)
    assert not may(cast.outsider, action)


@pytest.mark.parametrize("action", ACTIONS)
def test_who_has_left_may_do_nothing(cast, action):
    cast.city_clerk.is_active = False
    assert not may(cast.city_clerk, action)


def test_a_role_of_another_kind_of_office_gives_nothing(cast):
    cast.gatekeeper.role = Role.HEAD
    assert not may(cast.gatekeeper, "units.edit")


# 200 open, 403 forbidden by the table, 404 outside the scope
PAGES = {
    "/units/{unit}/": {
        "province_head": 200,
        "county_readonly": 200,
        "department_clerk": 200,
        "gatekeeper": 200,
        "other_gatekeeper": 404,
        "neighbour_clerk": 404,
        "outsider": 403,
    },
    "/units/new/": {"county_clerk": 200, "county_inspector": 403, "gatekeeper": 403},
    "/units/{unit}/edit/": {
        "county_clerk": 200,
        "city_clerk": 200,
        "neighbour_clerk": 404,
        "province_head": 403,
        "department_clerk": 403,
        "unit_manager": 403,
        "outsider": 403,
    },
    "/units/{unit}/gates/new/": {"county_clerk": 200, "neighbour_clerk": 404, "gatekeeper": 403},
    "/terminals/{terminal}/": {
        "county_inspector": 200,
        "gatekeeper": 200,
        "other_gatekeeper": 404,
        "neighbour_clerk": 404,
        "outsider": 403,
    },
    "/terminals/new/{unit}/": {"county_clerk": 200, "neighbour_clerk": 404, "unit_manager": 403},
    "/terminals/{terminal}/retire/": {
        "county_clerk": 200,
        "neighbour_clerk": 404,
        "county_readonly": 403,
        "unit_manager": 403,
    },
    "/units/": {"gatekeeper": 200, "outsider": 403},
    "/terminals/": {"gatekeeper": 200, "outsider": 403},
    "/": {"gatekeeper": 200, "outsider": 200},
    "/account/password/": {"gatekeeper": 200, "outsider": 200},
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_open_as_scope_and_table_say(client, cast, page):
    terminal = create_terminal(None, cast.unit, "终端")
    address = page.format(unit=cast.unit.code, terminal=terminal.code)
    for name, status in PAGES[page].items():
        client.force_login(cast.people()[name])
        assert client.get(address).status_code == status, name


def test_a_forbidden_post_changes_nothing(client, cast):
    terminal = create_terminal(None, cast.unit, "终端")
    for name in ("province_head", "unit_manager", "neighbour_clerk", "outsider"):
        client.force_login(cast.people()[name])
        for address in (
            f"/terminals/{terminal.code}/retire/",
            f"/terminals/{terminal.code}/enrolment-code/",
            f"/units/{cast.unit.code}/edit/",
        ):
            assert client.post(address, {"reason": "x", "name": "x"}).status_code in (403, 404)
    terminal.refresh_from_db()
    cast.unit.refresh_from_db()
    assert terminal.state == "planned"
    assert cast.unit.name == "测试甲煤矿"
    assert not terminal.enrolment_codes.exists()


# the table in words


def test_the_document_says_what_the_code_does():
    """`python -m scripts.permissions` writes it anew."""
    from scripts import permissions

    assert permissions.PAGE.read_text(encoding="utf-8") == permissions.page()


def test_the_document_has_every_action_with_its_roles():
    from scripts import permissions

    rows = dict(
        line.strip("| ").split(" | ", 1)
        for line in permissions.page().splitlines()
        if line.startswith("| `")
    )
    assert set(rows) == {f"`{name}`" for name in ACTIONS}
    assert rows["`publication.review`"].split(" | ")[1:] == ["–", "–", "H", "–", "–"]
    assert rows["`units.view`"].split(" | ")[1:] == [*["H C I R"] * 4, "M G"]


def test_the_page_shows_the_same_table(client, cast):
    client.force_login(cast.department_clerk)
    page = client.get("/permissions/")
    rows = [row for _section, rows in page.context["sections"] for row in rows]
    assert len(rows) == len(ACTIONS)
    granted = {str(label): marks for label, marks in rows}
    columns = [(kind, role) for kind in OfficeKind for role in Role if role in roles_of(kind)]
    for action in ACTIONS.values():
        expected = [role in action.grants.get(kind, ()) for kind, role in columns]
        assert granted[str(action.label)] == expected, action.name


def test_a_source_units_people_do_not_see_it(client, cast):
    client.force_login(cast.unit_manager)
    assert client.get("/permissions/").status_code == 403
