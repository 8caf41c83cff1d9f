"""The city as everybody walks through it by its links: all reached, nothing broken or blocked.

axe on every page is in tests/platform/test_accessibility.py; here, among the slow ones, it goes
over the pages of a whole city as everybody who sees them differently gets them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scripts.walk import Visited, routes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

THEMES = ("light", "dark")
# asked too often by so many people from one address
LIMITED = {"portal:ticket"}

# Routes that no link or form leads to, by the reason; whatever else is not reached fails. Those
# that wait for something are opened, with it, by tests/platform/test_accessibility.py.
UNLINKED = {
    "machines speak to it": {
        "terminals-enrol",
        "board:events",
        "board:wall_events",
        "portal:robots",
        "terminals-newest-software",
        "terminals-software",
    },
    "fetched by a page's script": {
        "publication:findings",
        "publication:give_reason",
        "publication:put_on",
        "publication:row",
        "video:clip_state",
        "video:live_part",
        "video:live_state",
    },
    "its address is sent to somebody": {
        "accounts:invitation",
        "accounts:reset",
        "portal:check",
        "portal:answer",
        "portal:picture",
    },
    "waits for something that the city does not have": {
        "history:hold",
        "history:seal",
        "video:clip",
        "video:clip_file",
        "video:live",
        "video:take",
        "video:watch",
        "accounts:end_others",
        "accounts:end_session",
        "accounts:recovery_codes",
        "accounts:second_step",
        "accounts:two_step_off",
        "documents:reset",
        "ledger:cancel_import",
        "ledger:check_import",
        "ledger:confirm_import",
        "ledger:edit_scale",
        "ledger:edit_thing",
        "ledger:import",
        "ledger:import_problems",
        "ledger:import_progress",
        "ledger:merge",
        "ledger:not_duplicate",
        "ledger:pair",
        "ledger:remove_scale",
        "ledger:remove_thing",
        "ledger:reopen_unit",
        "offices:reopen_office",
        "people:renew_invitation",
        "people:reset_two_step",
        "people:revoke_invitation",
        "people:take_back",
        "people:unlock",
        "portal:contact",
        "terminals:enrolment_code",
        "townships:edit_lead",
        "townships:release_lead",
    },
}


@pytest.mark.slow
def test_every_link_leads_somewhere(walks):
    broken = [
        f"{username}: {page.path} {page.status}"
        for username, visited in walks.items()
        for page in visited
        if page.status != 200 and not (page.route in LIMITED and page.status == 429)
    ]
    assert broken == []


@pytest.mark.slow
def test_every_page_is_reached_by_its_links(walks):
    pages = [page for visited in walks.values() for page in visited]
    reached = {page.route for page in pages}.union(*(page.writes for page in pages))
    unlinked = set[str]().union(*UNLINKED.values())
    assert set(routes()) - reached - unlinked == set()
    assert unlinked - set(routes()) == set()


@pytest.mark.slow
def test_no_page_has_a_serious_violation(pages, open_as):
    found: list[str] = []
    by_person: dict[str | None, list[Visited]] = {}
    for username, page in pages:
        by_person.setdefault(username, []).append(page)
    for username, visited in by_person.items():
        tab = open_as(username).new_page()
        for page in visited:
            tab.goto(page.path, wait_until="load")
            for theme in THEMES:
                tab.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
                found += [f"{username} {theme} {line}" for line in _violations(tab)]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("theme", THEMES)
def test_nor_has_a_page_that_says_no(theme, city, open_as):
    tab = open_as(city.entered.logins[0].username, theme=theme).new_page()
    tab.goto("/nothing/of/that/name/", wait_until="load")
    assert tab.locator("html").get_attribute("data-bs-theme") == theme
    assert _violations(tab) == []


@pytest.mark.slow
def test_pages_obey_the_policy_that_they_are_sent_with(pages, open_as):
    """No inline script or style is blocked, no script fails, nothing is missing."""
    said: list[str] = []
    checked: set[str] = set()
    for username, page in pages:
        if page.route in checked:
            continue
        checked.add(page.route)
        tab = open_as(username).new_page()
        _listen(tab, page.path, said.append)
        tab.goto(page.path, wait_until="load")
        tab.close()
    assert said == []


def _listen(tab: Page, path: str, tell: Callable[[str], Any]) -> None:
    tab.on("console", lambda line: line.type == "error" and tell(f"{path}: {line.text}"))
    tab.on("pageerror", lambda error: tell(f"{path}: {error}"))


def _violations(tab: Page) -> list[str]:
    """Serious and critical ones: which rule, where, and what is wrong."""
    found: list[dict[str, Any]] = Axe().run(tab).response["violations"]
    return [
        f"{tab.url} {each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
        for node in each["nodes"]
    ]
