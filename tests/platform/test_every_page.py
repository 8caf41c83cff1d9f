"""Every page, from the router: who gets what there, and how many SQL queries it costs.

A new route without an entry in a `pages.py` fails here; `every_page.py` says how to write one.
"""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from scripts.walk import routes
from tests.platform.every_page import ANONYMOUS, EVERYBODY, LOGIN, Page, Scene

HERE = Path(__file__).parent


def _collected() -> list[Page]:
    found: list[Page] = []
    for path in sorted(HERE.glob("*/pages.py")):
        found += import_module(f"tests.platform.{path.parent.name}.pages").PAGES
    return found


PAGES = _collected()
COUNTED = [page for page in PAGES if page.max_queries is not None]


@pytest.fixture
def scene(cast) -> Scene:
    return Scene(cast)


def _ask(client: Client, page: Page, scene: Scene, method: str | None = None) -> Any:
    address = reverse(page.route, args=list(page.args(scene))) + page.query
    data = page.data(scene) if page.method == "post" and method is None else None
    # a stream is looked at, not followed: its body is never asked for
    return getattr(client, method or page.method)(address, data)


def _log_in(scene: Scene, part: str) -> Client:
    client = Client()
    if part != ANONYMOUS:
        client.force_login(scene.cast.people()[part])
    return client


def test_every_route_of_the_platform_has_its_entry():
    assert sorted(set(routes()) - {page.route for page in PAGES}) == []


def test_no_entry_is_left_for_a_route_that_is_gone():
    assert sorted({page.route for page in PAGES} - set(routes())) == []


def test_no_two_entries_are_for_the_same():
    doubled = [name for name, count in Counter(page.name for page in PAGES).items() if count > 1]
    assert doubled == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_entry_speaks_of_everybody(page):
    assert set(page.expected) == EVERYBODY | {ANONYMOUS}
    shown = page.method == "get" and page.expected[page.reader] == 200
    if shown and page.max_queries is not None:
        assert bool(page.grow) != bool(page.fixed), "say what can become more, or why nothing can"


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_of_the_cast_gets_what_is_theirs(page, scene):
    page.args(scene)
    got = {}
    for part in page.expected:
        with transaction.atomic():  # what one of them writes, the next one must not find
            got[part] = _ask(_log_in(scene, part), page, scene).status_code
            transaction.set_rollback(True)
    assert got == page.expected


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_who_may_not_see_a_page_may_not_write_to_it_either(page, scene):
    refused = {part for part, status in page.expected.items() if status in (403, 404, LOGIN)}
    if page.expected[page.reader] == LOGIN or page.expected[ANONYMOUS] != LOGIN:
        refused.discard(ANONYMOUS)
    page.args(scene)
    for part in sorted(refused & ({ANONYMOUS} | _who_never_writes(page))):
        with transaction.atomic():
            answer = _ask(_log_in(scene, part), page, scene, method="post")
            transaction.set_rollback(True)
        is_sent_to_login = answer.status_code == 302 and answer.url.startswith("/account/login/")
        assert answer.status_code in (403, 404, 405) or is_sent_to_login, part


def _who_never_writes(page: Page) -> set[str]:
    return {part for part, status in page.expected.items() if status in (403, 404)}


@pytest.mark.django_db
@pytest.mark.parametrize("page", COUNTED, ids=lambda page: page.name)
def test_a_page_costs_a_bounded_number_of_queries_however_many_rows(page, scene):
    client = _log_in(scene, page.reader)
    assert _ask(client, page, scene).status_code == 200  # fills what is kept in the process
    if page.grow is not None:
        page.grow(scene)  # an empty list asks for less than a list of one
        _ask(client, page, scene)  # names of what is in its rows are read once, too
    few = _queries(client, page, scene)
    assert len(few) <= page.max_queries, "\n".join(few)
    if page.grow is None:
        return
    page.grow(scene)
    more = _queries(client, page, scene)
    assert len(more) == len(few), "\n".join(sorted((Counter(more) - Counter(few)).elements()))


def _queries(client: Client, page: Page, scene: Scene) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        _ask(client, page, scene)
    return [query["sql"] for query in captured]
