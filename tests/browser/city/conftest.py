"""A city to look at and a browser to look with; both started once for all browser tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from hengyuan.world.city.remote import Past
from hengyuan.world.city.running import PASSWORD, City, running_city
from scripts.build import main as build
from scripts.chromium import launch_options
from scripts.walk import Visited, anonymous, log_in, walk

# user name, theme → a browser context with that person's session
OpenAs = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def city() -> Iterator[City]:
    """A platform with a city in it: offices, people of every role, terminals, weighings."""
    build()
    with running_city(remote=8, past=Past(days=3, trucks_per_day=8)) as found:
        yield found


@pytest.fixture(scope="session")
def sessions(city: City) -> Callable[[str], str]:
    """The session cookie of a person by user name; each logs in once."""
    known: dict[str, str] = {}

    def session(username: str) -> str:
        if username not in known:
            with log_in(city.address, username, PASSWORD) as http:
                known[username] = http.cookies["hengyuan_session"]
        return known[username]

    return session


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        yield browser
        browser.close()


@pytest.fixture
def open_as(city: City, chromium: Browser, sessions: Callable[[str], str]) -> Iterator[OpenAs]:
    """Browser contexts of 1366×768, closed behind the test; without a name nobody is logged in."""
    opened: list[BrowserContext] = []

    def make(username: str | None = None, theme: str = "light") -> BrowserContext:
        context = chromium.new_context(
            base_url=city.address,
            viewport={"width": 1366, "height": 768},
            locale="zh-CN",
            # nothing fades, so that what is measured is what is there
            reduced_motion="reduce",
        )
        cookies = [{"name": "hengyuan_theme", "value": theme, "url": city.address}]
        if username is not None:
            session = sessions(username)
            cookies.append({"name": "hengyuan_session", "value": session, "url": city.address})
        context.add_cookies(cookies)  # type: ignore[arg-type]
        opened.append(context)
        return context

    yield make
    for context in opened:
        context.close()


@pytest.fixture(scope="session")
def walks(city: City) -> dict[str | None, list[Visited]]:
    """What each person comes to, by user name; None is who is not logged in."""
    found: dict[str | None, list[Visited]] = {}
    with anonymous(city.address) as http:
        found[None] = walk(http)
    for person in city.entered.logins:
        with log_in(city.address, person.username, PASSWORD) as http:
            found[person.username] = walk(http)
    return found


@pytest.fixture(scope="session")
def pages(walks: dict[str | None, list[Visited]]) -> list[tuple[str | None, Visited]]:
    """Who and what: each route once for each set of parts that somebody gets to see there."""
    seen: set[tuple[str, frozenset[str]]] = set()
    chosen = []
    for username, visited in walks.items():
        for page in visited:
            if page.is_page and (page.route, page.parts) not in seen:
                seen.add((page.route, page.parts))
                chosen.append((username, page))
    return chosen
