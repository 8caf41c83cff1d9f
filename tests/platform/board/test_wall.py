"""What a wall display says: its scope, today against yesterday, parts, terminals, alerts."""

import asyncio
import html
import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from hengyuan.platform.board import hub as hubs
from hengyuan.platform.board import stream as streams
from hengyuan.platform.board import wall_feed
from hengyuan.platform.board.alerts import alerts
from hengyuan.platform.board.queries import Area, area_of
from hengyuan.platform.board.wall import Against, Terminals, Wall, before, wall
from hengyuan.platform.board.wall_drawings import map_of, trend_of_rate, trend_of_trucks
from hengyuan.platform.board.wall_feed import WallFeed
from hengyuan.platform.ledger.models import WorkingState
from hengyuan.platform.ledger.services import add_scale
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.models import Terminal
from tests.conftest import Cast
from tests.platform.board.conftest import Gates, cookies_of, opened
from tests.platform.records import TestTerminal, running_lane, send
from tests.platform.stored import plates_in, upload, upload_all, weigh_today

CHINA = ZoneInfo("Asia/Shanghai")
OVER = {"gross_kg": 58_800, "verdict": "over"}


def area(cast: Cast, who: str, region: str) -> Area:
    found = area_of(cast.people()[who], Region.objects.get(pk=region))
    assert found is not None
    return found


def wall_of(cast: Cast, who: str = "city_clerk", region: str = "141000") -> Wall:
    here, at = area(cast, who, region), timezone.now()
    return wall(here, before(here, at), at)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


@pytest.mark.parametrize(
    ("who", "region"),
    [
        ("province_head", "140000"),
        ("city_clerk", "141000"),
        ("county_readonly", "141024"),
        ("department_clerk", "141024"),
        ("neighbour_clerk", "141023"),
    ],
)
def test_every_office_has_a_wall_of_its_own_region(
    client: Client, cast: Cast, who: str, region: str
) -> None:
    client.force_login(cast.people()[who])
    assert client.get("/board/wall/").headers["Location"] == f"/board/wall/{region}/"
    text = page(client, f"/board/wall/{region}/")
    assert 'data-bs-theme="dark"' in text
    assert 'class="side"' not in text, "a wall has no navigation"


def test_a_source_unit_has_no_wall_and_no_link_to_one(client: Client, cast: Cast) -> None:
    client.force_login(cast.gatekeeper)
    for path in ("/board/wall/", "/board/wall/141024/", "/board/wall/141024/events"):
        assert client.get(path).status_code == 403
    assert "/board/wall/" not in page(client, "/board/141024/")


def test_each_scope_sees_its_own_trucks_and_parts(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    seen = {}
    for who, region in (
        ("city_clerk", "141000"),
        ("county_clerk", "141024"),
        ("neighbour_clerk", "141023"),
    ):
        client.force_login(cast.people()[who])
        text = page(client, f"/board/wall/{region}/")
        seen[who] = {plate[:3] for plate in plates_in(text)}
    assert seen == {
        "city_clerk": {"晋L1", "晋L2", "晋L3"},
        "county_clerk": {"晋L1", "晋L2"},
        "neighbour_clerk": {"晋L3"},
    }


def links_with_numbers(text: str) -> list[tuple[str, int]]:
    """Every link to records whose text, or first figure, is a whole number."""
    found = []
    for target, inner in re.findall(
        r'<a [^>]*href="(/weighing/\?[^"]+)"[^>]*>(.*?)</a>', text, re.DOTALL
    ):
        figure = re.search(r"<b[^>]*>([\d,]+)</b>", inner) or re.fullmatch(r"([\d,]+)", inner)
        if figure:
            found.append((html.unescape(target), int(figure[1].replace(",", ""))))
    return found


def test_every_number_of_the_wall_leads_to_as_many_records(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    weigh_today(weighed.own, 100, gross_kg=98_000, verdict="over", plate="晋L10098")
    upload((weighed.own, 5, 5))
    client.force_login(cast.city_clerk)
    text = page(client, "/board/wall/141000/")
    links = links_with_numbers(text)
    assert len(links) >= 6
    assert any("band=100" in target for target, _ in links)
    for target, number in links:
        counted = re.search(r"<b>([\d,]+)\+?</b>", page(client, target))
        assert (int(counted[1]) if counted else 0) == number, target


def test_the_parts_are_ranked_by_their_share(cast: Cast, weighed: Gates) -> None:
    found = wall_of(cast)
    first, second, *others = found.ranked
    # one of five against none of one; the quiet counties follow
    assert (first.part.name, first.part.tally.share, first.bar) == ("洪洞县", "20.00", 100.0)
    assert (second.part.name, second.part.tally.share, second.bar) == ("襄汾县", "0.00", 0.0)
    assert len(others) == 16
    assert all(ranked.part.tally.rate is None for ranked in others)
    drawn = map_of(found)
    assert drawn is not None
    shown = {cell.name: cell.shown for cell in drawn.tiles.cells}
    assert (shown["洪洞县"], shown["襄汾县"], shown["尧都区"]) == ("20.0", "0.0", "—")


def test_a_province_is_shown_by_its_cities_and_a_county_by_its_units(
    cast: Cast, weighed: Gates
) -> None:
    province = wall_of(cast, "province_head", "140000")
    assert province.ranked[0].part.name == "临汾市"
    drawn = map_of(province)
    assert drawn is not None
    places = {(cell.x, cell.y) for cell in drawn.tiles.cells}
    assert len(places) == len(drawn.tiles.cells) == 11
    county = wall_of(cast, "county_clerk", "141024")
    assert map_of(county) is None
    assert [ranked.part.name for ranked in county.ranked] == ["测试甲煤矿", "测试乙煤矿"]


def test_more_units_than_fit_are_counted(
    cast: Cast, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hengyuan.platform.board.wall.MOST_PARTS", 1)
    county = wall_of(cast, "county_clerk", "141024")
    assert (len(county.ranked), county.further) == (1, 1)


# against yesterday


def test_yesterday_ends_at_the_same_minute(cast: Cast, gates: Gates) -> None:
    """Whole hours come from the counts, the running one from the records."""
    noon = datetime.combine(timezone.localdate(), datetime.min.time(), CHINA) + timedelta(
        hours=12, minutes=30
    )
    for hours, fields in (
        (9.5, {}),  # a whole hour of both days
        (12.25, OVER),  # the hour that is running, before the minute
        (12.75, {}),  # behind it: yesterday's must not count yet
    ):
        weigh_today(gates.own, hours * 3600 - 86_400, **fields)
    weigh_today(gates.own, 60)
    upload_all(gates.own)
    with time_machine.travel(noon, tick=False):
        found = wall_of(cast)
    yesterday = found.before.yesterday
    assert (yesterday.trucks, yesterday.over, yesterday.gross_kg) == (2, 1, 48_000 + 58_800)
    assert (found.trucks.today, found.trucks.sign) == (1, "down")
    assert found.trucks.per_cent == "50.0%"
    assert found.over.per_cent == "100.0%"
    assert (found.rate.sign, found.rate.points) == ("down", "50.00")


@pytest.mark.parametrize(
    ("today", "yesterday", "sign", "per_cent"),
    [
        (12, 10, "up", "20.0%"),
        (9, 10, "down", "10.0%"),
        (10, 10, "same", "0.0%"),
        (3, 0, "up", ""),
        (0.0, None, "", ""),
    ],
)
def test_a_figure_is_compared_where_it_can_be(
    today: float, yesterday: float | None, sign: str, per_cent: str
) -> None:
    against = Against(today, yesterday)
    assert (against.sign, against.per_cent) == (sign, per_cent)


def test_a_month_has_thirty_days_and_its_gaps(cast: Cast, gates: Gates) -> None:
    weigh_today(gates.own, -86_400 * 29 + 60, **OVER)
    weigh_today(gates.own, -86_400 * 30 + 60)  # a day too early
    weigh_today(gates.own, 60)
    upload_all(gates.own)
    found = wall_of(cast)
    trucks, rate = trend_of_trucks(found), trend_of_rate(found)
    today = timezone.localdate()
    assert len(trucks.labels) == 30
    assert trucks.labels[0] == f"{today - timedelta(days=29):%m-%d}"
    assert trucks.labels[-1] == f"{today:%m-%d}"
    within, over = trucks.series
    assert (within.values[0], over.values[0], within.values[-1]) == (0, 1, 1)
    rates = rate.series[0].values
    assert (rates[0], rates[1], rates[-1]) == (100.0, None, 0.0)


def test_a_fresh_platform_says_that_there_is_nothing_yet(client: Client, cast: Cast) -> None:
    client.force_login(cast.city_clerk)
    text = page(client, "/board/wall/141000/")
    for said in ("今日尚无车辆称重", "尚未接入终端", "目前没有需要关注的情况"):
        assert said in text
    assert trend_of_trucks(wall_of(cast)).is_empty


# terminals


def test_terminals_are_online_silent_or_off_line(cast: Cast, gates: Gates) -> None:
    now = timezone.now()
    for gate, ago in ((gates.own, 10), (gates.other, 120), (gates.neighbour, 2 * 86_400)):
        Terminal.objects.filter(code=gate.code).update(last_seen_at=now - timedelta(seconds=ago))
    found = wall_of(cast)
    assert found.terminals == Terminals(online=1, silent=1, offline=1)
    assert found.terminals.share == "33.3%"
    by_name = {part.name: part.terminals for part in found.parts}
    assert by_name["洪洞县"] == Terminals(online=1, silent=1)
    assert by_name["襄汾县"] == Terminals(offline=1)
    Terminal.objects.filter(code=gates.own.code).update(last_seen_at=None)
    assert wall_of(cast).terminals.offline == 2
    Terminal.objects.filter(code=gates.own.code).update(state="suspended")
    assert wall_of(cast).terminals.all == 2


# alerts


def test_alerts_are_what_is_stored_and_each_leads_to_it(cast: Cast, gates: Gates) -> None:
    weigh_today(gates.own, 60, plate="晋L10060", gross_kg=98_000, verdict="over")  # 100 %
    weigh_today(gates.own, 61, plate="晋L10061", gross_kg=75_000, verdict="over")  # 53.06 %
    weigh_today(gates.own, 62, plate="晋L10062", **OVER)  # 20 %: no alert
    upload_all(gates.own)
    Terminal.objects.filter(code=gates.own.code).update(last_seen_at=timezone.now())
    silent_since = timezone.now() - timedelta(minutes=10)
    Terminal.objects.filter(code=gates.other.code).update(last_seen_at=silent_since)
    yesterday = timezone.localdate() - timedelta(days=1)
    add_scale(cast.county_clerk, cast.unit, certificate_expires_on=yesterday)
    add_scale(cast.county_clerk, cast.unit, certificate_expires_on=yesterday + timedelta(days=1))
    refuse(gates.own)
    here = area(cast, "county_clerk", "141024")
    found = wall_of(cast, "county_clerk", "141024")
    assert found.high == [2, 0]
    unheard = found.terminals.silent + found.terminals.offline
    told = alerts(here, found.high, unheard, timezone.now())
    assert [counter.count for counter in told.counters] == [2, 0, 1, 1, 1]
    by_what = {(alert.what, alert.plate): alert for alert in told.newest}
    assert set(by_what) == {
        ("超限 100.00%", "晋L10060"),
        ("超限 53.06%", "晋L10061"),
        ("终端失联", None),
        ("上传被拒收", None),
        ("检定证书过期", None),
    }
    assert by_what["超限 100.00%", "晋L10060"].url == f"/weighing/{gates.own.code}/1/"
    assert by_what["终端失联", None].url == f"/terminals/{gates.other.code}/"
    times = [alert.at for alert in told.newest]
    assert times == sorted(times, reverse=True)


def test_alerts_of_elsewhere_are_not_told(cast: Cast, gates: Gates) -> None:
    weigh_today(gates.neighbour, 60, plate="晋L30060", gross_kg=98_000, verdict="over")
    upload_all(gates.neighbour)
    yesterday = timezone.localdate() - timedelta(days=1)
    add_scale(cast.neighbour_clerk, cast.neighbour_unit, certificate_expires_on=yesterday)
    refuse(gates.neighbour)
    Terminal.objects.update(last_seen_at=timezone.now())
    told = alerts(area(cast, "county_clerk", "141024"), [1, 1], 1, timezone.now())
    assert told.newest == []
    next_door = alerts(area(cast, "neighbour_clerk", "141023"), [1, 0], 0, timezone.now())
    assert len(next_door.newest) == 3


def test_a_closed_units_certificate_is_no_alert(cast: Cast, gates: Gates) -> None:
    add_scale(
        cast.county_clerk,
        cast.unit,
        certificate_expires_on=timezone.localdate() - timedelta(days=1),
    )
    type(cast.unit).objects.filter(pk=cast.unit.pk).update(state=WorkingState.CLOSED)
    told = alerts(area(cast, "county_clerk", "141024"), [0, 0], 0, timezone.now())
    assert (told.newest, told.counters[-1].count) == ([], 0)


def test_many_alerts_of_a_kind_do_not_hide_the_others(cast: Cast, gates: Gates) -> None:
    for second in range(12):
        weigh_today(gates.own, 60 + second, gross_kg=98_000, verdict="over")
    upload_all(gates.own)
    Terminal.objects.filter(code=gates.own.code).update(last_seen_at=timezone.now())
    add_scale(
        cast.county_clerk, cast.unit, certificate_expires_on=timezone.localdate() - timedelta(9)
    )
    told = alerts(area(cast, "county_clerk", "141024"), [12, 0], 1, timezone.now())
    assert len(told.newest) == 6
    assert {alert.what for alert in told.newest} == {"超限 100.00%", "终端从未上线", "检定证书过期"}


# the stream


async def pass_gate(client: Any, terminal: TestTerminal, second: float, **fields: Any) -> str:
    weigh_today(terminal, second, **fields)
    seq = len(terminal.lines)
    assert (await send(client, terminal.batch(seq, seq))).status_code == 200
    return f"{terminal.code}/{seq}"


WALL = "/board/wall/141000/events"


def test_trucks_come_at_once_and_figures_follow(
    cast: Cast, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall_feed, "FIGURES_EVERY", timedelta(seconds=1))
    # nothing but the feed's own wish brings the figures
    monkeypatch.setattr(hubs, "REFRESH_S", 600.0)
    cookies = cookies_of(cast.city_clerk)

    async def work() -> None:
        async with opened(WALL, cookies) as stream, running_lane() as client:
            whole = await stream.next("whole")
            assert set(whole.data["parts"]) == {"figures", "map", "parts", "alerts", "trend"}
            keys = {await pass_gate(client, gates.own, second) for second in range(5)}
            parts: dict[str, str] = {}
            rows: set[str] = set()
            while rows != keys or ">5</b>" not in parts.get("figures", ""):
                update = await stream.next("update")
                rows |= {row["key"] for row in update.data["rows"]}
                parts |= update.data["parts"]
            assert "trend" in parts

    asyncio.run(work())


def test_the_wall_and_the_board_of_a_region_are_two_channels(cast: Cast, gates: Gates) -> None:
    cookies = cookies_of(cast.city_clerk)

    async def work() -> None:
        async with (
            opened(WALL, cookies) as one,
            opened("/board/141000/events", cookies) as other,
            running_lane() as client,
        ):
            assert "alerts" in (await one.next("whole")).data["parts"]
            assert "lights" in (await other.next("whole")).data["parts"]
            key = await pass_gate(client, gates.own, 1)
            for stream in (one, other):
                assert [row["key"] for row in await stream.rows_until(1)] == [key]

    asyncio.run(work())


def test_a_walls_stream_ends_with_the_right_to_it(
    cast: Cast, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hengyuan.platform.accounts import permissions

    monkeypatch.setattr(streams, "BEAT_S", 0.05)
    monkeypatch.setattr(streams, "RECHECK_S", 0.05)
    cookies = cookies_of(cast.city_clerk)

    async def work() -> None:
        async with opened(WALL, cookies) as stream:
            await stream.next("beat")
            # the board's own permission stays
            nobody = permissions.Action("board.wall", "", {})
            monkeypatch.setitem(permissions.ACTIONS, "board.wall", nobody)
            await stream.next("ended")
            await stream.over()

    asyncio.run(work())


def test_the_past_is_read_once_a_minute_and_anew_on_another_day(
    cast: Cast, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[datetime] = []

    def noted(here: Area, at: datetime) -> Any:
        asked.append(at)
        return before(here, at)

    monkeypatch.setattr(wall_feed, "before", noted)
    feed = WallFeed(area(cast, "city_clerk", "141000"), "zh-hans")
    late = datetime.combine(timezone.localdate(), datetime.min.time(), CHINA) - timedelta(seconds=9)
    for moment in (0, 5, 12, 80):  # midnight is at 9
        with time_machine.travel(late + timedelta(seconds=moment), tick=False):
            feed.whole()
    assert [(at - late).total_seconds() for at in asked] == [0, 12, 80]


def refuse(gate: TestTerminal) -> None:
    """An upload whose signature is wrong: intake keeps it."""

    async def work() -> None:
        weigh_today(gate, 4_000)
        seq = len(gate.lines)
        body = bytearray(gate.batch(seq, seq))
        gate.lines.pop()
        body[-20] ^= 1
        async with running_lane() as client:
            answer = await send(client, bytes(body))
            assert answer.status_code != 200

    asyncio.run(work())
