"""A request's number is the same everywhere, and what is counted names nobody."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import structlog
from django.conf import settings as django_settings
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, get_resolver, path
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hengyuan.platform import metrics
from hengyuan.platform.asgi import application
from hengyuan.platform.intake.lane import DOORS, PREFIX
from hengyuan.platform.urls import handler404, handler500
from hengyuan.record.refusal import STATUS
from tests.platform.records import running_lane

PLATE, UNIT, TERMINAL = "晋L98765", "14102451001", "14102451001-01"
log = structlog.get_logger("hengyuan.test")


@login_not_required
def failing(request: Any) -> Any:
    log.warning("view.speaks")
    raise RuntimeError("our own fault")


urlpatterns = [path("failing/", failing)]
__all__ = ["handler404", "handler500"]


def ask(method: str, address: str, headers: dict[str, str] | None = None) -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, address, headers=headers)

    return asyncio.run(once())


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What is logged, line by line, in the platform's own form."""
    form = dict(django_settings.LOGGING["formatters"]["event"])
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(form.pop("()")(**form))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before)


@pytest.mark.urls("tests.platform.operations.test_observing")
def test_a_fault_is_found_by_the_number_that_its_page_shows(logged):
    page = ask("GET", "/failing/", {"x-request-id": "proxy-0123456789"})
    assert page.status_code == 500
    assert page.headers["x-request-id"] == "proxy-0123456789"
    assert "proxy-0123456789" in page.text
    lines = logged()
    assert {line["event"] for line in lines} >= {"view.speaks", "Internal Server Error: /failing/"}
    assert {line["request_id"] for line in lines} == {"proxy-0123456789"}


@pytest.mark.parametrize(
    "given",
    ["short", "a" * 65, "has space in it", 'quote"quote"quote', "-leading-1"],
)
def test_a_number_that_is_none_is_replaced(given):
    answer = ask("GET", "/nothing/here/", {"x-request-id": given})
    number = answer.headers["x-request-id"]
    assert number != given
    assert len(number) == 16
    assert int(number, 16) >= 0


def test_each_request_has_its_own():
    numbers = {ask("GET", "/healthz").headers["x-request-id"] for _ in range(5)}
    assert len(numbers) == 5


def test_a_terminal_gets_the_number_with_its_refusal():
    answer = ask("POST", f"{PREFIX}nothing", {"x-request-id": "terminal-00000001"})
    assert answer.json()["error"] == "not_found"
    assert answer.headers["x-request-id"] == "terminal-00000001"


def templates(patterns: list[Any], before: str = "/") -> set[str]:
    """Every route as the router writes it."""
    found: set[str] = set()
    for each in patterns:
        written = before + str(each.pattern)
        if isinstance(each, URLResolver):
            found |= templates(each.url_patterns, written)
        elif isinstance(each, URLPattern):
            found.add(written)
    return found


def labels() -> dict[str, set[str]]:
    """Every value of every label of our own figures."""
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(metrics.REGISTRY).decode()):
        if family.name.startswith("hengyuan_"):
            for sample in family.samples:
                for name, value in sample.labels.items():
                    found.setdefault(name, set()).add(value)
    return found


def test_no_label_names_a_plate_a_unit_or_an_address():
    for address in (
        f"/units/{UNIT}/",
        f"/weighing/{TERMINAL}/7/",
        f"/weighing/?plate={PLATE}",
        f"/terminals/{TERMINAL}/",
        f"/nothing/{PLATE}/",
        f"/static/{PLATE}.css",
        f"{PREFIX}files/{'ab' * 32}",
        f"{PREFIX}{PLATE}",
        "/account/login/",
    ):
        ask("GET", address)
        ask("PLATE" if address.endswith("login/") else "PUT", address)
    found = labels()
    doors = {PREFIX + door for door in DOORS}
    routes = templates(get_resolver().url_patterns) | templates(urlpatterns) | doors
    assert found["route"] <= routes | {metrics.NO_ROUTE, "/static/", "/readyz"}
    assert {f"{PREFIX}files", "/units/<str:code>/", metrics.NO_ROUTE, "/static/"} <= found["route"]
    assert found["method"] <= {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "other"}
    assert "other" in found["method"]
    assert found["reason"] <= set(STATUS) | {"database_away"}
    assert found["door"] <= DOORS
    values = set().union(*found.values())
    assert not [v for v in values if any(name in v for name in (PLATE, UNIT, TERMINAL, "ab" * 32))]


def test_every_kind_of_label_is_known():
    """A new label is looked at by somebody: what could stand in it?"""
    known = {"route", "method", "status", "door", "reason", "state", "place", "code", "le"}
    assert set(labels()) <= known


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def test_what_is_stored_and_what_is_refused_is_counted(enrolled):
    enrolled.weigh(7)
    names = ("records_total", "batches_total", "group_records_count", "commit_seconds_count")

    def figures() -> list[float]:
        found = [counted(f"hengyuan_intake_{name}") for name in names]
        found.append(counted("hengyuan_intake_body_bytes_total", door="batches"))
        found.append(counted("hengyuan_intake_refused_total", reason="gap"))
        return found

    body, gap = enrolled.batch(1, 5), enrolled.batch(7, 7)
    before = figures()

    async def send() -> list[int]:
        async with running_lane() as client:
            answers = [await client.post(f"{PREFIX}batches", content=each) for each in (body, gap)]
            assert counted("hengyuan_intake_waiting_records") == 0
            assert counted("hengyuan_intake_oldest_waiting_seconds") == 0
            return [answer.status_code for answer in answers]

    assert asyncio.run(send()) == [200, STATUS["gap"]]
    grown = [after - then for after, then in zip(figures(), before, strict=True)]
    # the gap was tried, too: a group of its own in which nothing was stored
    assert grown == [5, 1, 2, 2, len(body) + len(gap), 1]
