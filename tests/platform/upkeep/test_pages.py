"""Who sees which terminals' journals and matters, in which words, with which filters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from hengyuan.platform.accounts.models import AccessEntry
from hengyuan.platform.duties import duties_of
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import create_terminal
from hengyuan.platform.upkeep import queries, words
from tests.conftest import Cast
from tests.platform.upkeep.stories import tell

pytestmark = pytest.mark.django_db

STORY = [
    ("device_failed", {"device": "称重仪表", "state": "offline"}),
    ("plan_begun", {"plan": 1, "title": "称重设备故障", "cause": "称重仪表", "steps": 5}),
    ("ticket_opened", {"ticket": 3, "device": "LED", "problem": "无显示", "by": "门卫甲"}),
    ("an_event_of_next_year", "原样显示"),
]


@pytest.fixture
def terminal(cast: Cast) -> Terminal:
    made = create_terminal(cast.county_clerk, cast.unit, "一号终端")
    tell(made, STORY)
    return made


def page(person: Any, name: str, query: str = "") -> str:
    client = Client()
    client.force_login(person)
    answer = client.get(reverse(f"upkeep:{name}") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_only_the_own_county_s_and_the_own_unit_s_terminals_are_shown(
    cast: Cast, terminal: Terminal
) -> None:
    see = {"province_head", "city_clerk", "county_head", "county_clerk", "county_inspector",
           "county_readonly", "department_clerk", "unit_manager", "gatekeeper"}  # fmt: skip
    for part, person in cast.people().items():
        for rows in (queries.matters(person), queries.entries(person)):
            assert rows.exists() == (part in see), part
    assert terminal.code in page(cast.gatekeeper, "matters")
    for name in ("matters", "journal"):
        assert terminal.code not in page(cast.neighbour_clerk, name)
        assert terminal.code not in page(cast.other_gatekeeper, name)


def test_the_journal_says_in_words_what_happened_and_shows_the_unknown_as_it_is(
    cast: Cast, terminal: Terminal
) -> None:
    shown = page(cast.county_clerk, "journal")
    assert "设备故障" in shown
    assert "设备：称重仪表；状态：未连接" in shown.replace(": ", "：").replace("; ", "；")
    assert "an_event_of_next_year" in shown
    assert "原样显示" in shown


def test_the_journal_is_narrowed_down_by_what_and_by_words(cast: Cast, terminal: Terminal) -> None:
    by_what = page(cast.county_clerk, "journal", "?what=ticket_opened")
    assert "无显示" in by_what
    assert "原样显示" not in by_what
    by_text = page(cast.county_clerk, "journal", "?search=原样")
    assert "原样显示" in by_text
    assert "无显示" not in by_text
    for query, shows in (
        ("?from_day=2026-09-21&to_day=2026-09-21", True),
        ("?from_day=2026-09-22", False),
        ("?to_day=2026-09-20", False),
    ):
        assert ("无显示" in page(cast.county_clerk, "journal", query)) is shows, query


def test_an_export_has_the_rows_and_is_noted(cast: Cast, terminal: Terminal) -> None:
    client = Client()
    client.force_login(cast.county_clerk)
    answer = client.post(reverse("upkeep:journal_excel") + "?what=ticket_opened")
    assert answer.status_code == 200
    assert answer.content.startswith(b"PK")
    assert AccessEntry.objects.filter(person=cast.county_clerk, kind="export").exists()


def test_what_wants_somebody_is_shown_first_and_the_rest_on_demand(
    cast: Cast, terminal: Terminal
) -> None:
    later = [("zero_daily", {"scale": "安静的磅", "kg": 4})]
    tell(terminal, later, first=10)
    assert "安静的磅" not in page(cast.county_clerk, "matters")
    assert "安静的磅" in page(cast.county_clerk, "matters", "?shown=all")


@pytest.mark.parametrize(("days", "wants"), [(31, False), (30, True), (0, True), (-5, True)])
def test_a_verification_wants_somebody_thirty_days_before_it_ends(
    days: int, wants: bool, cast: Cast, terminal: Terminal
) -> None:
    until = localdate() + timedelta(days=days)
    tell(terminal, [("scale_verified", {"scale": "东磅", "valid_until": str(until)})], first=10)
    [matter] = [m for m in queries.matters_of(terminal) if m.kind == "verification"]
    assert matter.wants_somebody is wants
    listed = queries.matters(cast.county_clerk).filter(queries.wanting())
    assert (matter in listed) is wants


def test_counties_are_compared_within_the_scope(cast: Cast, terminal: Terminal) -> None:
    first, *others = queries.by_county(cast.city_clerk)
    assert first.region.pk == cast.unit.region_id
    assert first.counts == {"device": 1, "plan": 1, "ticket": 1}
    assert {row.total for row in others} == {0}
    assert len(others) > 10
    assert [row.region.pk for row in queries.by_county(cast.neighbour_clerk)] == ["141023"]
    shown = page(cast.city_clerk, "counties")
    assert f"?county={cast.unit.region_id}&amp;kind=plan" in shown


def test_the_terminal_s_page_shows_both(cast: Cast, terminal: Terminal) -> None:
    client = Client()
    client.force_login(cast.gatekeeper)
    shown = client.get(terminal.get_absolute_url()).content.decode()
    assert "称重设备故障" in shown
    assert "原样显示" in shown


def test_the_county_and_the_unit_are_told_what_to_do(cast: Cast, terminal: Terminal) -> None:
    def told(person: Any) -> dict[str, bool]:
        lists = reverse("upkeep:matters")
        duties = [duty for duty in duties_of(person) if duty.url.startswith(lists)]
        return {duty.url.partition("kind=")[2]: duty.is_mine for duty in duties}

    assert told(cast.county_clerk) == {"plan": True, "ticket": True}
    assert told(cast.gatekeeper) == {"plan": True, "ticket": True}
    assert told(cast.city_clerk) == {"plan": False, "ticket": False}
    assert told(cast.neighbour_clerk) == {}


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("backed_off", "倒车驶离"),
        ("{broken", "{broken"),
        ("[1]", "[1]"),
        ('{"unknown_member":1}', "unknown_member: 1"),
        ('{"by":"","device":"LED"}', "设备: LED"),
    ],
)
def test_a_detail_is_put_into_words_whatever_it_is(detail: str, expected: str) -> None:
    assert words.detail_words(detail) == expected
