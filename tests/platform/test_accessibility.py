"""axe on every page of the router, light and dark; the list of pages is that of `every_page.py`.

The pages come from Django's test client with a few rows of everything in them, and are opened in
Chromium, which gets styles and scripts from the static files.
"""

from __future__ import annotations

import mimetypes
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, sync_playwright

from scripts.build import main as build
from scripts.chromium import launch_options
from tests.platform.every_page import ANONYMOUS, Page, Scene
from tests.platform.test_every_page import PAGES, _ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ORIGIN = "http://hengyuan.invalid"
# What the theme can change: the page is the same, its colours are others. Asked alone in the dark,
# where all rules once more would find nothing else.
OF_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# dark on every screen, whatever a person has chosen
ALWAYS_DARK = {"board:wall"}
BAD = {"serious", "critical"}
FILES = {
    "documents:default_word",
    "documents:preview_pdf",
    "documents:preview_word",
    "documents:used_word",
    "ledger:import_problems",
    "ledger:template",
    "portal:picture",
    "portal:robots",
    "publication:document",
    "publication:excel",
    "publication:overview_excel",
    "publication:preview_pdf",
    "publication:preview_word",
    "weighing:evidence",
}
PARTS = {
    "ledger:import_progress",
    "publication:findings",
    "publication:row",
    "video:clip_state",
    "video:live_state",
}
"""Pieces that a page fetches: checked with the page that holds them from the start."""
NO_PAGES = FILES | PARTS


def _content(page: Page, cast: Any) -> str | None:
    """The page as its reader gets it, a few rows in it; None for what is no page of HTML."""
    made = transaction.savepoint()
    try:
        answer = _answer(page, Scene(cast))
    finally:
        transaction.savepoint_rollback(made)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return None
    content: str = answer.content.decode()
    # a part of a page has no language and no title of its own; it is checked within its page
    return content if "<html" in content else None


def _answer(page: Page, scene: Scene) -> Any:
    client = Client()
    page.args(scene)
    if page.grow is not None:
        page.grow(scene)
    if page.reader != ANONYMOUS:
        client.force_login(scene.cast.people()[page.reader])
    return _ask(client, page, scene, method="get")


def _serve(route: Route, pages: dict[str, str]) -> None:
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    if path in pages:
        route.fulfill(body=pages[path], content_type="text/html; charset=utf-8")
    elif path.startswith("/static/") and (found := finders.find(path.removeprefix("/static/"))):
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        route.fulfill(path=found, content_type=kind)
    else:
        route.fulfill(status=404, body="")


def _violations(tab: Tab, name: str, theme: str, all_rules: bool) -> list[str]:
    tab.evaluate("theme => document.documentElement.dataset.bsTheme = theme", theme)
    found: list[dict[str, Any]] = (
        Axe().run(tab, options=None if all_rules else OF_COLOURS).response["violations"]
    )
    return [
        f"{name} {theme} {each['id']}: {node['target']} {node['failureSummary']}"
        for each in found
        if each["impact"] in BAD
        for node in each["nodes"]
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_no_page_has_a_serious_violation(cast, theme):
    build()
    entries = {f"/{number}/{page.route}": page for number, page in enumerate(PAGES)}
    contents = {path: _content(page, cast) for path, page in entries.items()}
    pages = {path: content for path, content in contents.items() if content is not None}
    read = {page.route for page in PAGES if page.max_queries is not None}
    checked = {entries[path].route for path in pages}
    assert len(checked) > 60
    assert read - checked == NO_PAGES, "whatever costs queries is a page, unless listed here"
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        context = browser.new_context(
            viewport={"width": 1366, "height": 768}, locale="zh-CN", reduced_motion="reduce"
        )
        tab = context.new_page()
        tab.route(f"{ORIGIN}/**", lambda route: _serve(route, pages))
        for path in pages:
            always_dark = entries[path].route in ALWAYS_DARK
            if always_dark and theme == "dark":
                continue  # seen with the light ones
            tab.goto(f"{ORIGIN}{path}", wait_until="load")
            shown = "dark" if always_dark else theme
            wrong += _violations(tab, entries[path].name, shown, theme == "light")
        browser.close()
    assert not wrong, "\n".join(wrong)
