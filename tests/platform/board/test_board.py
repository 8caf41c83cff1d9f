"""The page of a board: whose it is, what its figures say, and that each leads to its records."""

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from hengyuan.platform.board import queries
from hengyuan.platform.board.feed import Message
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.models import Terminal
from tests.conftest import Cast
from tests.platform.board.conftest import Gates
from tests.platform.stored import plates_in, upload_all, weigh_today


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("who", "region"),
    [
        ("province_head", "140000"),
        ("city_clerk", "141000"),
        ("county_clerk", "141024"),
        ("department_clerk", "141024"),
        ("gatekeeper", "141024"),
        ("neighbour_clerk", "141023"),
    ],
)
def test_everybody_starts_on_the_board_of_their_own_region(
    client: Client, cast: Cast, who: str, region: str
) -> None:
    client.force_login(cast.people()[who])
    answer = client.get("/board/")
    assert answer.headers["Location"] == f"/board/{region}/"
    assert client.get(f"/board/{region}/").status_code == 200


@pytest.mark.parametrize(
    ("who", "region", "status"),
    [
        (None, "141024", 302),
        ("outsider", "141024", 403),
        ("neighbour_clerk", "141024", 404),
        ("county_clerk", "141023", 404),
        ("county_clerk", "141000", 404),
        ("gatekeeper", "141023", 404),
        ("gatekeeper", "141000", 404),
        ("city_clerk", "140000", 404),
        ("city_clerk", "141023", 200),
        ("city_clerk", "141024100", 404),  # a township has no board
        ("city_clerk", "nonsense", 404),
    ],
)
def test_a_board_opens_in_scope_and_nowhere_else(
    client: Client, cast: Cast, who: str | None, region: str, status: int
) -> None:
    if who:
        client.force_login(cast.people()[who])
    assert client.get(f"/board/{region}/").status_code == status


def test_each_scope_sees_its_own_trucks_figures_and_terminals(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    seen = {}
    for who in ("city_clerk", "county_clerk", "gatekeeper", "neighbour_clerk"):
        client.force_login(cast.people()[who])
        text = page(client, client.get("/board/").headers["Location"])
        seen[who] = (
            {plate[:3] for plate in plates_in(text)},
            {name for name in ("甲煤矿", "乙煤矿", "邻县煤矿") if name in text},
            first_figure(text),
        )
    assert seen == {
        "city_clerk": ({"晋L1", "晋L2", "晋L3"}, {"甲煤矿", "乙煤矿", "邻县煤矿"}, 6),
        "county_clerk": ({"晋L1", "晋L2"}, {"甲煤矿", "乙煤矿"}, 5),
        # the name of one's own unit also stands beside one's own name
        "gatekeeper": ({"晋L1"}, {"甲煤矿"}, 4),
        "neighbour_clerk": ({"晋L3"}, {"邻县煤矿"}, 1),
    }


def first_figure(text: str) -> int:
    return int(re.findall(r'class="figure card"[^>]*><span>[^<]*</span><b[^>]*>(\d+)', text)[0])


def links_with_numbers(text: str) -> list[tuple[str, int]]:
    """Every link to records whose text, or first figure, is a whole number."""
    found = []
    for target, inner in re.findall(r'<a [^>]*href="(/weighing/\?[^"]+)"[^>]*>(.*?)</a>', text):
        figure = re.search(r"<b[^>]*>([\d,]+)</b>", inner) or re.fullmatch(r"([\d,]+)", inner)
        if figure:
            found.append((html.unescape(target), int(figure[1].replace(",", ""))))
    return found


@pytest.mark.parametrize("who", ["province_head", "city_clerk", "county_clerk", "gatekeeper"])
def test_every_number_leads_to_as_many_records(
    client: Client, cast: Cast, weighed: Gates, who: str
) -> None:
    # what is not counted as a truck out must not be among the records either
    weigh_today(weighed.own, 3600, kind="entry", verdict=None, limit_kg=None, rule_pack=None)
    weigh_today(weighed.own, 7200, axles=None, combination=None, layout=None, group_kg=(),
                drive_axles=None, limit_kg=None, verdict="unknown", rule_pack=None)  # fmt: skip
    weigh_today(weighed.own, 7300, corrects=1)
    from tests.platform.stored import upload

    upload((weighed.own, 5, 7))
    client.force_login(cast.people()[who])
    text = page(client, client.get("/board/").headers["Location"])
    links = links_with_numbers(text)
    assert len(links) >= 5
    for target, number in links:
        listed = page(client, target)
        counted = re.search(r"<b>([\d,]+)\+?</b>", listed)
        assert (int(counted[1]) if counted else 0) == number, target


def test_the_figures_say_what_was_weighed(cast: Cast, weighed: Gates) -> None:
    area = queries.area_of(cast.county_clerk, Region.objects.get(pk="141024"))
    assert area is not None
    board = queries.figures(area)
    assert (board.total.trucks, board.total.over, board.total.unknown) == (5, 1, 0)
    assert board.total.gross_kg == 4 * 48_000 + 58_800
    assert (board.total.share, board.total.overload_tonnes) == ("20.00", "9.8")
    assert board.hours[0].trucks == 5
    assert sum(tally.trucks for tally in board.hours) == 5
    assert [(part.name, part.tally.trucks, part.tally.over) for part in board.parts] == [
        ("测试甲煤矿", 4, 1),
        ("测试乙煤矿", 1, 0),
    ]


@pytest.mark.parametrize(
    ("who", "region", "parts"),
    [
        ("province_head", "140000", {"临汾市": 6}),
        ("city_clerk", "141000", {"洪洞县": 5, "襄汾县": 1}),
        ("gatekeeper", "141024", {"测试甲煤矿": 4}),
    ],
)
def test_a_region_is_summed_up_by_what_it_is_divided_into(
    cast: Cast, weighed: Gates, who: str, region: str, parts: dict[str, int]
) -> None:
    area = queries.area_of(cast.people()[who], Region.objects.get(pk=region))
    assert area is not None
    found = {part.name: part.tally.trucks for part in queries.figures(area).parts}
    assert {name: trucks for name, trucks in found.items() if trucks} == parts
    if region == "141000":
        assert len(found) == 18  # the quiet ones as well


def test_a_terminal_is_online_while_it_is_heard(cast: Cast, weighed: Gates) -> None:
    area = queries.area_of(cast.county_clerk, Region.objects.get(pk="141024"))
    assert area is not None
    codes = [weighed.own.code, weighed.other.code]
    Terminal.objects.filter(code=codes[0]).update(last_seen_at=timezone.now())
    Terminal.objects.filter(code=codes[1]).update(
        last_seen_at=timezone.now() - timezone.timedelta(seconds=91)
    )
    board = queries.figures(area)
    assert (board.online, board.terminals) == (1, 2)
    terminals, further = queries.lights(area)
    assert further == 0
    # those that ask for attention stand first
    assert [(terminal.code, bool(terminal.heard)) for terminal in terminals] == [
        (codes[1], False),
        (codes[0], True),
    ]


def test_more_terminals_than_fit_are_counted(
    cast: Cast, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_LIGHTS", 1)
    area = queries.area_of(cast.county_clerk, Region.objects.get(pk="141024"))
    assert area is not None
    terminals, further = queries.lights(area)
    assert (len(terminals), further) == (1, 1)


def test_a_board_without_trucks_says_so(client: Client, cast: Cast) -> None:
    client.force_login(cast.county_clerk)
    text = page(client, "/board/141024/")
    assert "今日尚无车辆称重" in text
    assert "这里还没有接入终端" in text
    assert first_figure(text) == 0


def test_the_board_needs_few_queries_however_much_there_is(
    client: Client, cast: Cast, weighed: Gates, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    for second in range(40):
        weigh_today(weighed.neighbour, 1000 + second)
    from tests.platform.stored import upload

    upload((weighed.neighbour, 2, 41))
    client.force_login(cast.city_clerk)
    client.get("/board/")  # the first visit of a session is noted down
    # one of them once in a process: the numbers of the rule packs
    with django_assert_max_num_queries(15):
        page(client, "/board/141000/")


def test_trucks_of_the_same_area_are_the_same_board_for_all_who_may_see_it(
    cast: Cast, weighed: Gates
) -> None:
    county = Region.objects.get(pk="141024")
    areas = {queries.area_of(user, county) for user in (cast.county_clerk, cast.city_clerk)}
    assert len(areas) == 1
    assert queries.area_of(cast.gatekeeper, county) not in areas


def test_what_a_slow_browser_did_not_take_is_merged() -> None:
    def row(key: str, html: str = "") -> dict[str, Any]:
        return {"key": key, "html": html}

    first = Message(1, "10:00:00", "2026-11-23", [row("a", "old")], {"figures": "1", "lights": "x"})
    later = Message(
        2, "10:00:01", "2026-11-23", [row("b"), row("a", "new")], {"figures": "2"}, {"trucks": [1]}
    )
    merged = first.merged(later)
    assert [(row["key"], row["html"]) for row in merged.rows] == [("b", ""), ("a", "new")]
    assert merged.parts == {"figures": "2", "lights": "x"}
    assert (merged.id, merged.at, merged.chart) == (2, "10:00:01", {"trucks": [1]})
    whole = Message(3, "10:00:02", "2026-11-23", is_whole=True)
    assert merged.merged(whole) is whole
    assert whole.merged(later).is_whole


def test_the_navigation_leads_to_board_and_records(client: Client, cast: Cast) -> None:
    client.force_login(cast.gatekeeper)
    text = page(client, "/board/141024/")
    assert re.search(r'href="/board/" aria-current="page"', text)
    assert 'href="/weighing/"' in text
    assert urlsplit(client.get("/board/").headers["Location"]).path == "/board/141024/"


def test_what_people_did_at_the_gate_stands_in_the_line_and_no_truck_is_counted_twice(
    client: Client, cast: Cast, gates: Gates
) -> None:
    weigh_today(gates.own, 1, plate="晋L10001", gross_kg=60_000, verdict="over")
    weigh_today(gates.own, 2, plate="晋L10001", gross_kg=60_000, verdict="over", corrects=1,
                flags=["override"], operator="门卫甲", witness="班长乙", reason="抢险")  # fmt: skip
    weigh_today(gates.own, 3, plate="晋L10002", flags=["camera_missing", "plate_typed"])
    upload_all(gates.own)
    client.force_login(cast.county_clerk)
    board = page(client, "/board/141024/")
    rows = {
        key: re.sub(r"<[^>]+>", " ", row)
        for key, row in re.findall(r'data-key="[^"]*/(\d)"(.*?)</tr>', board, re.DOTALL)
    }
    assert "更正" in rows["2"]
    assert "人工放行" in rows["2"]
    assert "更正" not in rows["1"]
    assert "人工录入号牌" in rows["3"]
    area = queries.area_of(cast.county_clerk, Region.objects.get(pk="141024"))
    assert area is not None
    total = queries.figures(area).total
    assert (total.trucks, total.over) == (2, 1)


def test_names_cannot_become_markup(client: Client, cast: Cast, gates: Gates) -> None:
    weigh_today(gates.own, 1, plate="<b>")
    upload_all(gates.own)
    cast.unit.name = "<script>alert(1)</script>"
    cast.unit.save()
    client.force_login(cast.county_clerk)
    text = page(client, "/board/141024/")
    assert "<script>alert(1)" not in text
    assert "&lt;b&gt;" in text
