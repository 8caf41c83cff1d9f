"""Searching over months: nothing is lost or shown twice, in a bounded time, by the right index."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate, now

from hengyuan.platform.weighing import queries, remarkable, search
from hengyuan.platform.weighing.filters import matching, search_for
from hengyuan.platform.weighing.models import Weighing
from tests.conftest import Cast
from tests.platform.stored import plates_in, today_ms, upload, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates

DAY_S = 86_400
EVERYTHING: dict[str, Any] = {}


def followed(records: search.Search, oldest_first: bool = False, size: int = 4) -> list[str]:
    """The plates of all pages, one after the other by their links, and back again the same."""
    pages, cursor = [], None
    while True:
        page = queries.page(records, after=cursor, oldest_first=oldest_first, size=size)
        pages.append([str(row.plate) for row in page.rows])
        if page.after is None:
            break
        cursor = queries.Cursor.parse(page.after)
    back, before = [], page.before
    while before is not None:
        page = queries.page(
            records, before=queries.Cursor.parse(before), oldest_first=oldest_first, size=size
        )
        back.append([str(row.plate) for row in page.rows])
        before = page.before
    there = list(itertools.chain(*pages))
    assert list(itertools.chain(*reversed(back))) == there[: len(there) - len(pages[-1])]
    return there


@pytest.fixture
def months(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> Gates:
    """Records of some months, of a clock that runs ahead, and of one that stood still in 2001."""
    # other tests leave months of many years behind; here the platform is four months old
    born = (now() - timedelta(days=110)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    monkeypatch.setattr(search, "_first_month", lambda ahead: born)
    for number, days in enumerate((-100, -70, -69, -40, -31, -8, -1, 0, 0)):
        weigh_today(gates.own, days * DAY_S + number, plate=f"晋L1000{number}")
    weigh_today(gates.own, 400 * DAY_S, plate="晋L10009", flags=["clock_unsynced"])
    gates.other.weigh(1, weighed_at=1_000_000_000_000, plate="晋L20000", flags=["clock_unsynced"])
    upload_all(gates.own, gates.other)
    return gates


@pytest.mark.parametrize("oldest_first", [False, True])
@pytest.mark.parametrize("budget_ms", [0, 120])
def test_pages_follow_each_other_over_months_however_little_time_there_is(
    months: Gates, monkeypatch: pytest.MonkeyPatch, oldest_first: bool, budget_ms: int
) -> None:
    monkeypatch.setattr(search, "SEARCH_MS", budget_ms)
    everything = [str(row.plate) for row in Weighing.objects.order_by(*queries.NEWEST_FIRST)]
    assert len(everything) == 11
    for wanted in (EVERYTHING, {"from_day": localdate() - timedelta(days=80)}):
        rows = matching(Weighing.objects.all(), wanted).order_by(*queries.NEWEST_FIRST)
        expected = [str(row.plate) for row in rows]
        found = followed(search_for(Weighing.objects.all(), wanted), oldest_first)
        assert found == (expected[::-1] if oldest_first else expected)


def test_a_page_that_ran_out_of_time_says_how_far_it_looked_and_goes_on(
    clerk: Client, months: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCH_MS", 0)
    query, seen, said = "?from_day=&to_day=&plate=1000", [], 0
    while query:
        page = clerk.get(f"/weighing/{query}").content.decode()
        seen += plates_in(page)
        said += "已查至" in page
        query = _after(page)
    assert sorted(set(seen)) == [f"晋L1000{number}" for number in range(10)]
    assert len(seen) == 10
    assert said > 2


def _after(page: str) -> str:
    for part in page.split('href="?')[1:]:
        address = part.split('"')[0].replace("&amp;", "&")
        if "&after=" in address:
            return f"?{address}"
    return ""


def test_records_that_come_in_between_displace_none(months: Gates) -> None:
    wanted = search_for(Weighing.objects.all(), EVERYTHING)
    first = queries.page(wanted, size=4)
    weigh_today(months.own, 60, plate="晋L33333")
    weigh_today(months.own, -39 * DAY_S, plate="晋L44444")
    upload((months.own, len(months.own.lines) - 1, len(months.own.lines)))
    cursor = queries.Cursor.parse(first.after)
    second = queries.page(wanted, after=cursor, size=20)
    together = [str(row.plate) for row in [*first.rows, *second.rows]]
    assert len(together) == len(set(together)) == 12
    assert "晋L44444" in together  # weighed behind the cursor, so it belongs there
    assert "晋L33333" not in together


REMARKABLE: list[dict[str, Any]] = [
    {"verdict": "over"},
    {"verdict": "unknown"},
    {"band": "10-30"},
    {"flag": "any"},
    {"flag": "override"},
    {"differs": "any"},
    {"differs": "limit"},
    {"heavy": "90t"},
    {"kind": "reweigh"},
    {"kind": "correction"},
    {"kind": "exit", "verdict": "over"},
    {"verdict": "over", "hour": 0},
    {"verdict": "over", "plate": "晋L2"},
    {"flag": "any", "q": "zx-0"},
]


@pytest.fixture
def mixed(gates: Gates) -> Gates:
    """Records of every remarkable sort at two gates, among ordinary ones."""
    sorts: list[dict[str, Any]] = [
        {"gross_kg": 58_800, "verdict": "over"},
        {"gross_kg": 95_000, "verdict": "over"},
        {"flags": ["plate_typed"], "note_no": "ZX-0815"},
        {"flags": ["override"], "reason": "x", "witness": "y"},
        {"limit_kg": 46_000, "verdict": "over"},
        {"limit_kg": 48_000},
        {"kind": "reweigh", "corrects": 1},
        {"corrects": 1},
        {"axles": None, "combination": None, "layout": None, "group_kg": (), "drive_axles": None,
         "limit_kg": None, "verdict": "unknown", "rule_pack": None},
        {"kind": "entry", "verdict": None, "limit_kg": None, "gross_kg": 15_000},
    ]  # fmt: skip
    for gate, letter in ((gates.own, "1"), (gates.neighbour, "2")):
        weigh_today(gate, 0, plate=f"晋L{letter}9999")
        for number in range(3 * len(sorts)):
            day = -20 * (number // len(sorts))
            fields = {"plate": f"晋L{letter}{number:04d}"} | sorts[number % len(sorts)]
            weigh_today(gate, day * DAY_S + 10 + number, **fields)
            weigh_today(gate, day * DAY_S + 10 + number, plate=f"晋L{letter}5{number:03d}")
    upload_all(gates.own, gates.neighbour)
    return gates


@pytest.mark.parametrize("who", ["city_clerk", "county_clerk", "gatekeeper"])
def test_the_index_of_remarkable_records_finds_what_the_filter_says(
    mixed: Gates, cast: Cast, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_MOMENTS_AT_ONCE", 3)
    visible = Weighing.objects.visible_to(cast.people()[who])
    for wanted in REMARKABLE:
        expected = [
            str(row.plate) for row in matching(visible, wanted).order_by(*queries.NEWEST_FIRST)
        ]
        asked = search_for(visible, wanted)
        assert (asked.index is not None) == remarkable.is_asked_for(wanted)
        assert followed(asked) == expected, wanted
        assert search.count(asked, float("inf")) == search.Counted(len(expected), False), wanted


def test_a_record_is_remarkable_to_the_index_exactly_when_a_filter_may_ask_for_it(
    mixed: Gates,
) -> None:
    by_index = set(
        Weighing.objects.filter(remarkable.IS_REMARKABLE).values_list("plate", flat=True)
    )
    asked: set[str | None] = set()
    for wanted in REMARKABLE:
        asked |= set(matching(Weighing.objects.all(), wanted).values_list("plate", flat=True))
    assert by_index == asked


# of the plans

ROWS = 20_000
_MANY = """
INSERT INTO weighing (terminal_id, seq, weighed_at, county, unit_id, gross_kg, platform_limit_kg,
    limit_kg, flags, kind, lane, verdict, platform_verdict, assumed, digest, plate)
SELECT %(terminal)s, i, %(end)s - i * interval '1 minute', %(county)s, %(unit)s, 48000, 49000,
    49000, CASE WHEN i %% 200 = 0 THEN 2 ELSE 0 END, 1, 1, 0, 0, false, '\\x00',
    '晋L' || lpad((i %% 700)::text, 5, '0')
FROM generate_series(1, %(rows)s) AS i
"""


@pytest.fixture
def many(cast: Cast) -> Cast:
    """Two weeks of a busy gate: a record a minute, one in two hundred with a flag."""
    from hengyuan.platform.terminals.services import create_terminal
    from hengyuan.platform.weighing import partitions

    terminal = create_terminal(cast.county_clerk, cast.unit, "一号终端")
    end = now()
    values: dict[str, Any] = {
        "terminal": terminal.pk,
        "county": int(cast.unit.region_id),
        "unit": cast.unit.pk,
        "rows": ROWS,
        "end": end,
    }
    with connection.cursor() as cursor:
        for month in {partitions.month_of(end - timedelta(minutes=i)) for i in (0, ROWS)}:
            cursor.execute(partitions.create_statement(month))
        cursor.execute(_MANY, values)
        cursor.execute("ANALYZE weighing")
    return cast


def _statements(ask: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return [query["sql"] for query in captured if 'FROM "weighing"' in query["sql"]]


def _plan(sql: str, *options: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({', '.join(['FORMAT JSON', *options])}) {sql}")
        found = cursor.fetchone()[0]
    plans = json.loads(found) if isinstance(found, str) else found
    return dict(plans[0]["Plan"])


def _buffers(ask: Any) -> int:
    plans = [_plan(sql, "ANALYZE", "BUFFERS") for sql in _statements(ask)]
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)


def _index_only_scans(plan: dict[str, Any]) -> set[str]:
    own = {plan["Index Name"]} if plan["Node Type"] == "Index Only Scan" else set()
    return own.union(*(_index_only_scans(part) for part in plan.get("Plans", ())))


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["city_clerk", "county_clerk", "gatekeeper"])
def test_the_thousandth_page_touches_no_more_of_the_table_than_the_first(
    many: Cast, who: str
) -> None:
    size = ROWS // 1_000
    visible = Weighing.objects.visible_to(many.people()[who])
    records = search_for(visible, EVERYTHING)
    row = visible.order_by(*queries.NEWEST_FIRST)[ROWS - size - 1]
    cursor = queries.Cursor.of(row)
    first = _buffers(lambda: queries.page(records, size=size))
    thousandth = _buffers(lambda: queries.page(records, after=cursor, size=size))
    assert 0 < first < 100
    # the last page is at the end of what there is, so that one more slice may be asked for
    assert thousandth <= first + 30


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["city_clerk", "county_clerk"])
@pytest.mark.parametrize(
    "wanted", [wanted for wanted in REMARKABLE if not {"plate", "q"} & {*wanted}]
)
def test_the_index_of_remarkable_records_serves_such_a_filter_alone(
    many: Cast, who: str, wanted: dict[str, Any]
) -> None:
    records = search_for(Weighing.objects.visible_to(many.people()[who]), wanted)
    asked = _statements(lambda: queries.page(records))[:1]
    counted = _statements(lambda: search.count(records))[:1]
    with connection.cursor() as cursor:
        # what a planner prefers depends on how full the table is; this is what it may choose
        cursor.execute("DROP INDEX weighing_time, weighing_unit")
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'weighing_remarkable'::regclass"
        )
        names = {name for (name,) in cursor.fetchall()}
    for sql in asked + counted:
        scans = _index_only_scans(_plan(sql))
        assert scans, (wanted, sql)
        assert scans <= names


@pytest.mark.django_db
def test_no_month_is_asked_behind_the_one_that_filled_the_page(many: Cast) -> None:
    statements = _statements(lambda: queries.page(search_for(Weighing.objects.all(), EVERYTHING)))
    tables = [set(_tables(_plan(sql))) for sql in statements]
    oldest = f"weighing_{now() - timedelta(minutes=ROWS):%Y_%m}"
    this = f"weighing_{now():%Y_%m}"
    assert any(this in names for names in tables)
    if oldest != this:
        assert all(oldest not in names for names in tables)


def _tables(plan: dict[str, Any]) -> list[str]:
    own = [plan["Relation Name"]] if "Relation Name" in plan else []
    return own + [name for part in plan.get("Plans", ()) for name in _tables(part)]


@pytest.mark.django_db
def test_every_statement_of_a_search_says_whose_records_it_is_for(many: Cast) -> None:
    """The scope stands in each of them, also in those that only count or look at an index."""
    unit, county = many.unit.pk, int(many.unit.region_id)
    for who, said in (
        ("gatekeeper", f'"unit_id" = {unit}'),
        ("county_clerk", f'"county" = {county}'),
        ("city_clerk", '"county" BETWEEN 141000 AND 141099'),
    ):
        visible = Weighing.objects.visible_to(many.people()[who])
        for wanted in (EVERYTHING, {"flag": "any"}, {"plate": "晋L0"}, {"hour": 3}):
            asked = search_for(visible, wanted, of_one_unit=who == "gatekeeper")
            statements = _statements(lambda asked=asked: queries.page(asked))
            statements += _statements(lambda asked=asked: search.count(asked))
            assert statements
            assert all(said in sql for sql in statements), (who, wanted)


def test_a_period_in_the_far_past_or_future_costs_few_statements(
    months: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SEARCH_MS", 60_000)
    for wanted in (
        {"from_day": date(1970, 1, 2)},
        {"to_day": date(2999, 1, 1)},
        {"from_day": date(1970, 1, 2), "to_day": date(2999, 1, 1)},
    ):
        for oldest_first in (False, True):
            asked = search_for(Weighing.objects.all(), wanted)
            statements = _statements(
                lambda asked=asked, way=oldest_first: queries.page(asked, oldest_first=way)
            )
            assert len(statements) < 40, wanted
            assert len(queries.page(asked, oldest_first=oldest_first).rows) == 11


def test_today_is_asked_for_in_few_statements(months: Gates) -> None:
    wanted = {"from_day": localdate(), "to_day": localdate()}
    asked = search_for(Weighing.objects.all(), wanted)
    assert len(_statements(lambda: queries.page(asked))) <= 2
    assert today_ms() <= queries.page(asked).rows[0].weighed_at.timestamp() * 1000
