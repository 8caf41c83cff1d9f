"""The list of records: who sees what, what the filters find, how the pages follow each other."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from hengyuan.platform.weighing import queries, search, views
from hengyuan.platform.weighing.models import Weighing
from tests.conftest import Cast
from tests.platform.stored import plates_in, today_ms, upload, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates

LIST = "/weighing/"


def plates(client: Client, query: str = "", **headers: str) -> list[str]:
    """The plates in the list, in its order."""
    page = client.get(f"{LIST}{query}", headers=headers)
    assert page.status_code == 200
    return plates_in(page.content.decode())


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("province_head", {"晋L1", "晋L2", "晋L3"}),
        ("city_clerk", {"晋L1", "晋L2", "晋L3"}),
        ("county_clerk", {"晋L1", "晋L2"}),
        ("county_readonly", {"晋L1", "晋L2"}),
        ("department_clerk", {"晋L1", "晋L2"}),
        ("gatekeeper", {"晋L1"}),
        ("other_gatekeeper", {"晋L2"}),
        ("neighbour_clerk", {"晋L3"}),
    ],
)
def test_everybody_sees_the_records_of_their_scope(
    client: Client, cast: Cast, weighed: Gates, who: str, seen: set[str]
) -> None:
    client.force_login(cast.people()[who])
    assert {plate[:3] for plate in plates(client)} == seen


def test_who_has_no_office_may_not_see_records(client: Client, cast: Cast, weighed: Gates) -> None:
    client.force_login(cast.outsider)
    assert client.get(LIST).status_code == 403


def test_the_anonymous_are_sent_to_the_login(client: Client, db: None) -> None:
    answer = client.get(LIST)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/account/login/")


def test_the_newest_stands_first(clerk: Client, weighed: Gates) -> None:
    assert plates(clerk) == ["晋L20000", "晋L10009", "晋L10002", "晋L10001", "晋L10000"]
    assert plates(clerk, "?order=oldest")[0] == "晋L10000"


def test_without_a_period_the_list_is_todays(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, -60, plate="晋L10000")  # the minute before midnight
    weigh_today(gates.own, 60, plate="晋L10001")
    upload_all(gates.own)
    assert plates(clerk) == ["晋L10001"]
    assert plates(clerk, "?from_day=&to_day=") == ["晋L10001", "晋L10000"]


def filtered(client: Client, **wanted: str) -> list[str]:
    return plates(client, "?" + urlencode({"from_day": "", "to_day": ""} | wanted))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"verdict": "over"}, {"晋L10009"}),
        ({"band": "10-30"}, {"晋L10009"}),
        ({"band": "0-10"}, set()),
        ({"plate": "晋L1"}, {"晋L10000", "晋L10001", "晋L10002", "晋L10009"}),
        ({"plate": "L20"}, {"晋L20000"}),
        # as people write it: full-width, dots, small letters, a colour in front
        ({"plate": "黄晋l·２００００"}, {"晋L20000"}),
        ({"plate": "晋L10009"}, {"晋L10009"}),
        ({"unit": "14102451002"}, {"晋L20000"}),
        ({"terminal": "14102451002-01"}, {"晋L20000"}),
        ({"kind": "entry"}, set()),
        ({"heavy": "80t"}, set()),
    ],
)
def test_the_filters_find_what_was_asked_for(
    clerk: Client, weighed: Gates, wanted: dict[str, str], found: set[str]
) -> None:
    assert set(filtered(clerk, **wanted)) == found


def test_filters_of_what_only_some_records_have(clerk: Client, gates: Gates) -> None:
    own = gates.own
    weigh_today(own, 1, plate="晋L10001", trailer_plate="晋L1234挂", note_no="ZX-0815")
    weigh_today(own, 2, plate="晋L10002", flags=["clock_unsynced", "plate_typed"])
    weigh_today(own, 3, plate="晋L10003", kind="reweigh", corrects=1)
    weigh_today(own, 4, plate="晋L10004", limit_kg=46_000, verdict="over")
    weigh_today(own, 5, plate="晋L10005", limit_kg=48_000)
    weigh_today(own, 6, plate="晋L10006", gross_kg=95_000, verdict="over")
    weigh_today(own, 7, plate="晋L10007", gross_kg=101_000, verdict="over")
    weigh_today(own, 3 * 3600, plate="晋L10008", kind="entry", verdict=None, limit_kg=None)
    weigh_today(own, 9, plate="晋L10009", axles=None, combination=None, layout=None, group_kg=(),
                drive_axles=None, limit_kg=None, verdict="unknown", rule_pack=None)  # fmt: skip
    upload_all(own)
    assert filtered(clerk, plate="晋L1234挂") == ["晋L10001"]
    assert filtered(clerk, plate="1234") == ["晋L10001"]
    assert filtered(clerk, q="zx-08") == ["晋L10001"]
    assert filtered(clerk, flag="plate_typed") == ["晋L10002"]
    assert filtered(clerk, flag="any") == ["晋L10002"]
    assert filtered(clerk, flag="override") == []
    assert filtered(clerk, kind="reweigh") == ["晋L10003"]
    assert filtered(clerk, differs="verdict") == ["晋L10004"]
    assert filtered(clerk, differs="limit") == ["晋L10005", "晋L10004"]
    assert filtered(clerk, differs="any") == ["晋L10005", "晋L10004"]
    assert filtered(clerk, heavy="90t") == ["晋L10006"]
    assert filtered(clerk, heavy="100t") == ["晋L10007"]
    assert filtered(clerk, verdict="unknown") == ["晋L10009"]
    assert filtered(clerk, hour="3") == ["晋L10008"]
    assert plates(clerk, "?hour=3") == ["晋L10008"]


def test_a_record_that_replaces_another_is_no_truck_of_its_own(clerk: Client, gates: Gates) -> None:
    own = gates.own
    weigh_today(own, 1, plate="晋L10001")
    weigh_today(own, 2, plate="晋L10002", corrects=1)
    weigh_today(own, 3, plate="晋L10003", corrects=2, flags=["override"], reason="x", witness="y")
    weigh_today(own, 4, plate="晋L10004", corrects=3, kind="reweigh")
    upload_all(own)
    assert filtered(clerk, kind="exit") == ["晋L10001"]
    assert filtered(clerk, kind="correction") == ["晋L10003", "晋L10002"]
    assert filtered(clerk, kind="reweigh") == ["晋L10004"]
    assert len(filtered(clerk)) == 4


def test_a_band_holds_what_the_law_room_puts_into_it(clerk: Client, gates: Gates) -> None:
    from hengyuan.law.bands import DEFAULT_BANDS, band_of
    from hengyuan.law.verdict import overload_rate_bp

    limit = 49_000
    # about every bound, on both sides of it and on it
    masses = [limit] + [
        limit + limit * bound // 10_000 + step
        for bound in (0, 1_000, 3_000, 5_000, 10_000)
        for step in (-3, -2, -1, 0, 1, 2, 3, 4)
    ]
    expected: dict[str, set[int]] = {band.id: set() for band in DEFAULT_BANDS}
    for second, gross in enumerate(masses):
        over = max(0, gross - limit)
        expected[band_of(over, overload_rate_bp(over, limit))].add(gross)
        verdict = "over" if over else "pass"
        weigh_today(gates.own, second, gross_kg=gross, group_kg=(), verdict=verdict)
    upload_all(gates.own)
    from hengyuan.platform.weighing.filters import matching

    for band_id, wanted in expected.items():
        if band_id != "none":
            rows = matching(Weighing.objects.all(), {"band": band_id})
            assert set(rows.values_list("gross_kg", flat=True)) == wanted, band_id


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from_day=2026-11-05&to_day=2026-11-01", "截止日期早于起始日期"),
        ("from_day=yesterday", "请填写日期"),
        ("unit=14102351001", "请从所列选项中选择"),  # the neighbour's
        ("verdict=guilty", "请从所列选项中选择"),
    ],
)
def test_a_filter_that_makes_no_sense_says_so_and_shows_nothing(
    clerk: Client, weighed: Gates, query: str, said: str
) -> None:
    page = clerk.get(f"{LIST}?{query}").content.decode()
    assert said in page
    assert "筛选条件有误" in page
    assert plates_in(page) == []


def test_a_city_chooses_the_county_first_and_then_its_units(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    client.force_login(cast.city_clerk)
    everything = client.get(LIST).content.decode()
    assert "测试甲煤矿</option>" not in everything
    county = client.get(f"{LIST}?region=141023").content.decode()
    assert "测试邻县煤矿" in county
    assert plates(client, "?region=141023") == ["晋L30000"]
    # one's own region is what one sees anyway, and no error
    assert len(plates(client, "?region=141000")) == 6


def test_the_pages_follow_each_other_without_loss_or_repetition(
    clerk: Client, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    # thirds of one second at three gates: equal times must neither be lost nor doubled
    for second in range(12):
        weigh_today(gates.own, second // 3, plate=f"晋L1{second:04d}")
        weigh_today(gates.other, second // 3, plate=f"晋L2{second:04d}")
    upload_all(gates.own, gates.other)
    monkeypatch.setattr(queries.page, "__kwdefaults__", queries.page.__kwdefaults__ | {"size": 5})
    everything = [str(row.plate) for row in Weighing.objects.order_by(*queries.NEWEST_FIRST)]
    for order in ("", "&order=oldest"):
        query, seen, pages = f"?{order}", [], []
        while query:
            page = clerk.get(LIST + query)
            shown = plates(clerk, query)
            assert 0 < len(shown) <= 5
            seen += shown
            pages.append((query, shown))
            query = _link(page.content.decode(), "next")
        assert seen == (everything[::-1] if order else everything)
        # and back again, page by page
        query = _link(clerk.get(LIST + pages[-1][0]).content.decode(), "prev")
        for _, shown in reversed(pages[:-1]):
            assert plates(clerk, query) == shown
            query = _link(clerk.get(LIST + query).content.decode(), "prev")
        assert query == ""


def _link(page: str, rel: str) -> str:
    found = re.search(rf'rel="{rel}" href="(\?[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


@pytest.mark.parametrize(
    "cursor", ["", "x", "1.2", "9" * 40 + ".1.1", "1.1.1.1", "-1.1.1", "1.1.٣"]
)
def test_a_cursor_that_is_none_leads_to_the_first_page(
    clerk: Client, weighed: Gates, cursor: str
) -> None:
    assert len(plates(clerk, f"?after={cursor}")) in (0, 5)
    if queries.Cursor.parse(cursor) is None:
        assert plates(clerk, f"?after={cursor}") == plates(clerk)


def test_a_page_is_found_by_its_key_and_no_rows_are_skipped(gates: Gates) -> None:
    for second in range(4):
        weigh_today(gates.own, second)
    upload_all(gates.own)
    first = queries.page(Weighing.objects.all(), size=2)
    rows = Weighing.objects.order_by(*queries.NEWEST_FIRST)
    cursor = queries.Cursor.parse(first.after)
    assert cursor is not None
    sql = str(rows.filter(cursor.beyond("lt"))[:3].query)
    assert "OFFSET" not in sql
    assert '"weighing"."weighed_at" <=' in sql


def test_filtering_by_htmx_answers_with_the_list_alone(clerk: Client, weighed: Gates) -> None:
    part = clerk.get(f"{LIST}?verdict=over", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "record-filters" not in part.content.decode()
    assert plates(clerk, "?verdict=over", **{"HX-Request": "true"}) == ["晋L10009"]
    assert "HX-Request" in part.headers["Vary"]
    assert part.headers["HX-Push-Url"].startswith("/weighing/?")
    # a county chosen: the form comes along, since its units have changed
    both = clerk.get(f"{LIST}?verdict=over", headers={"HX-Request": "true", "HX-Target": "record-search"})  # fmt: skip  # noqa: E501
    assert "record-filters" in both.content.decode()
    assert "<html" not in both.content.decode()


def test_a_list_without_records_says_so(clerk: Client, gates: Gates) -> None:
    assert "没有符合条件的称重记录" in clerk.get(LIST).content.decode()


def test_the_count_is_bounded_and_says_so(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "<b>5</b>" in clerk.get(LIST).content.decode()
    monkeypatch.setattr(search, "MAX_COUNTED", 3)
    monkeypatch.setattr(queries.page, "__kwdefaults__", queries.page.__kwdefaults__ | {"size": 2})
    assert "<b>3+</b>" in clerk.get(LIST).content.decode()


def test_a_search_that_takes_too_long_is_ended_and_says_what_to_do(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    def slow(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    monkeypatch.setattr(views, "QUERY_TIMEOUT_MS", 20)
    monkeypatch.setattr(queries, "page", slow)
    page = clerk.get(LIST)
    assert page.status_code == 200
    assert "查询超时" in page.content.decode()


def test_marks_of_a_record_stand_in_its_row(clerk: Client, gates: Gates) -> None:
    own = gates.own
    weigh_today(own, 1, flags=["plate_typed"], limit_kg=46_000, verdict="over", assumed=True)
    weigh_today(own, 2, kind="void", corrects=1, reason="误称", gross_kg=None, raw_kg=None,
                verdict=None, group_kg=())  # fmt: skip
    upload_all(own)
    page = clerk.get(LIST).content.decode()
    assert "人工录入号牌" in page
    assert "已作废" in page
    assert "终端判定与平台不一致" in page
    assert "按低限认定" in page


def test_the_list_needs_few_queries_however_long_it_is(
    client: Client, cast: Cast, gates: Gates, django_assert_max_num_queries: Any
) -> None:
    for terminal in (gates.own, gates.other, gates.neighbour):
        terminal.weigh(40, weighed_at=today_ms(5))
    upload_all(gates.own, gates.other, gates.neighbour)
    client.force_login(cast.city_clerk)
    client.get(LIST)  # the first visit of a session is noted down
    with django_assert_max_num_queries(14):
        assert len(plates(client, "?region=141024")) == 50


def test_records_of_a_unit_that_moved_stay_with_the_county_they_were_made_in(
    client: Client, cast: Cast, gates: Gates
) -> None:
    from hengyuan.platform.ledger.services import change_unit
    from hengyuan.platform.regions.models import Region

    weigh_today(gates.own, 1, plate="晋L10001")
    upload(((gates.own), 1, 1))
    change_unit(cast.city_clerk, cast.unit, region=Region.objects.get(pk="141023"))
    client.force_login(cast.county_clerk)
    assert plates(client) == ["晋L10001"]
    client.force_login(cast.neighbour_clerk)
    assert plates(client) == []
