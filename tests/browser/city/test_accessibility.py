"""axe on every page that a link leads to, as everybody who sees it differently, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from scripts.walk import Visited, routes

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

THEMES = ("light", "dark")

# Routes that no link leads to, each with the reason; whatever else is not reached fails.
UNLINKED = {
    "accounts:logout": "a write",
    "theme": "a write",
    "set_language": "a write",
    "terminals-enrol": "terminals speak to it",
    "terminals:enrolment_code": "a write",
    "weighing:excel": "a write: the export is noted",
    "weighing:chain_file": "a write: the export is noted",
    "board:events": "the stream of a board",
    "documents:save_texts": "a write",
    "documents:save_word": "a write",
    "documents:reset": "a write",
    "publication:findings": "part of a page, tried with it",
    "publication:row": "part of a page, tried with it",
    "publication:give_reason": "a write",
    "publication:put_on": "a write",
    "publication:refresh": "a write",
    "publication:set_rows": "a write",
    "portal:contact": "a write: the look is noted",
    "portal:robots": "for search engines",
}


def test_every_link_leads_somewhere(walks):
    broken = [
        f"{username}: {page.path} {page.status}"
        for username, visited in walks.items()
        for page in visited
        if page.status != 200
    ]
    assert broken == []


def test_every_page_is_reached_by_its_links(walks):
    reached = {page.route for visited in walks.values() for page in visited}
    assert sorted(set(routes()) - reached - set(UNLINKED)) == []
    assert sorted(set(UNLINKED) - set(routes())) == []
    assert sorted(set(UNLINKED) & reached) == []


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
