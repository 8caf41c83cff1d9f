"""Every page that a person comes to by its links, with the router's name for it.

Used for pictures and for accessibility: a page that is linked anywhere is found without anybody
writing it down. Addresses are grouped by route, and of each route only the first few are visited,
since a hundred pages of units differ in nothing that an eye or a checker would mind.
"""

from __future__ import annotations

import logging
import os
import re
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

PER_ROUTE = 2
_SENDS = ("action", "formaction", "hx-post")
_SKIPPED = ("/static/", "/account/logout/")


@dataclass(frozen=True, slots=True)
class Visited:
    """One address as one person got it."""

    route: str
    """The router's name of it: "ledger:unit"."""
    path: str
    """With its query, where it has one."""
    status: int
    content_type: str
    main: str
    """What stands in <main>, to tell whether two people see the same."""
    parts: frozenset[str]
    """The kinds of element it is made of, to tell whether two pages differ in more than text."""
    writes: frozenset[str] = frozenset()
    """The router's names of what its forms and buttons are sent to."""

    @property
    def is_page(self) -> bool:
        return self.content_type.startswith("text/html")


def routes() -> dict[str, str]:
    """Every route of the platform by its name, with its pattern."""
    _set_up()
    from django.urls import URLPattern, URLResolver, get_resolver

    found: dict[str, str] = {}

    def go_through(resolver: URLResolver, spaces: tuple[str, ...], prefix: str) -> None:
        for entry in resolver.url_patterns:
            pattern = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                inner = (*spaces, entry.namespace) if entry.namespace else spaces
                go_through(entry, inner, pattern)
            elif isinstance(entry, URLPattern):
                found[":".join((*spaces, entry.name or f"/{pattern}"))] = f"/{pattern}"

    go_through(get_resolver(), (), "")
    return found


def route_of(path: str) -> str | None:
    """The name of the route that answers this address; None where none does."""
    _set_up()
    from django.urls import Resolver404, resolve

    try:
        return resolve(path).view_name
    except Resolver404:
        return None


@contextmanager
def log_in(address: str, username: str, password: str) -> Iterator[httpx.Client]:
    """A client with this person's session. RuntimeError where the login is refused."""
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
        _log_in(http, username, password)
        yield http


def _log_in(http: httpx.Client, username: str, password: str) -> None:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', _page(http, "/account/login/"))
    form = {
        "username": username,
        "password": password,
        "csrfmiddlewaretoken": token[1] if token else "",
        "next": "/",
    }
    answer = http.post("/account/login/", data=form, headers={"referer": str(http.base_url)})
    if answer.status_code != 302:
        raise RuntimeError(f"{username} cannot log in at {http.base_url}: {answer.status_code}")


@contextmanager
def anonymous(address: str) -> Iterator[httpx.Client]:
    """A client of somebody who is not logged in."""
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
        yield http


def walk(http: httpx.Client, starts: tuple[str, ...] = ("/",)) -> list[Visited]:
    """Follow every link from the start pages; each address once, `PER_ROUTE` of each route."""
    waiting = deque(starts)
    seen: set[str] = set()
    per_route: Counter[str] = Counter()
    visited = []
    while waiting:
        address = waiting.popleft()
        path = urlsplit(address).path
        route = route_of(path)
        if path in seen or path.startswith(_SKIPPED) or route is None:
            continue
        if per_route[route] >= PER_ROUTE:
            continue
        seen.add(path)
        per_route[route] += 1
        found, links = _visit(http, route, address)
        visited.append(found)
        waiting.extend(links)
    return visited


def _visit(http: httpx.Client, route: str, address: str) -> tuple[Visited, list[str]]:
    # streamed, so that an endless stream of events is left again at once
    with http.stream("GET", address, follow_redirects=True) as answer:
        content_type = answer.headers.get("content-type", "")
        text = ""
        if content_type.startswith("text/html"):
            answer.read()
            text = answer.text
        final = str(answer.url)
    if urlsplit(final).path != urlsplit(address).path:
        # it only leads elsewhere, and there it is looked at
        there = urlsplit(final)._replace(scheme="", netloc="").geturl()
        return Visited(route, address, answer.status_code, "", "", frozenset()), [there]
    reader = _Reader()
    reader.feed(text)
    here = urlsplit(str(http.base_url)).netloc
    links = [urljoin(final, link) for link in reader.links]
    own = [
        parts.path + (f"?{parts.query}" if parts.query else "")
        for parts in map(urlsplit, links)
        if parts.netloc == here and parts.scheme in {"http", "https"}
    ]
    main = text.partition("<main")[2].partition("</main>")[0]
    main = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", main)
    sent_to = {route_of(urlsplit(urljoin(final, action)).path) for action in reader.actions}
    found = Visited(
        route,
        address,
        answer.status_code,
        content_type,
        main,
        frozenset(reader.parts),
        frozenset(name for name in sent_to if name),
    )
    return found, own


class _Reader(HTMLParser):
    """Gathers the addresses that links lead to, what is sent where, and the kinds of element."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.actions: list[str] = []
        self.parts: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = " ".join(sorted(name for name, _ in attrs))
        self.parts.add(f"{tag} {dict(attrs).get('class')} {names}")
        self.actions += [value for name, value in attrs if name in _SENDS and value]
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]


def _page(http: httpx.Client, path: str) -> str:
    answer = http.get(path)
    answer.raise_for_status()
    return answer.text


def _set_up() -> None:
    """The router needs Django's settings, and nothing of the database."""
    from django.apps import apps

    if not apps.ready:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")
        django.setup()
    logging.getLogger("httpx").setLevel(logging.WARNING)
