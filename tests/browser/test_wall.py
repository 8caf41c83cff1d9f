"""The wall display in a real browser: it fits its screen, stays live, says when it is not."""

import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.live import People, Town, in_browser, town
from tests.conftest import Cast
from tests.platform.conftest import committed_intake

__all__ = ["committed_intake", "town"]

pytestmark = pytest.mark.browser

WALL = {"width": 1920, "height": 1080}
_SIZE = "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
# whatever holds more than it shows; rows that are cut with an ellipsis are meant
_CUT_OFF = """
() => [...document.querySelectorAll(".wall-frame, .card, .wall-piece, .wall-figure, .wall-alerts")]
  .filter((each) => each.scrollHeight > each.clientHeight + 1
                 || each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.id || each.className)
"""

# Notes when each row comes, by the clock of this machine.
_WATCH = """
() => {
  window.seenAt = {};
  const rows = document.getElementById("rows");
  new MutationObserver(() => {
    for (const row of rows.children) window.seenAt[row.dataset.key] ??= Date.now();
  }).observe(rows, { childList: true });
}
"""
_CUT_CELLS = """
() => [...document.querySelectorAll(".wall-parts :is(th, td)")]
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => each.textContent)
"""


def open_wall(people: People, who: str, size: Any = WALL) -> Page:
    page = people.log_in(who)
    page.set_viewport_size(size)
    page.goto(f"{people.town.address}/board/wall/")
    expect(page.locator("#connection b")).to_have_text("实时")
    page.evaluate("window.neverReloaded = true")
    return page


def row(page: Page, key: str) -> Any:
    return page.locator(f'#rows tr[data-key="{key}"]')


@in_browser
def test_a_truck_and_its_figures_come_onto_an_open_wall(people: People, town: Town) -> None:
    wall = open_wall(people, "city_clerk")
    expect(wall.locator("#no-rows")).to_be_visible()
    assert wall.evaluate(_SIZE) == [1920, 1080]
    for second in range(24):
        town.gates["own"].pass_truck(60 + second, plate=f"晋L1{second:04d}")
    key = town.gates["neighbour"].pass_truck(90, plate="晋L30000", gross_kg=98_000, verdict="over")
    expect(row(wall, key)).to_have_class("is-over is-new")
    expect(row(wall, key)).to_contain_text("超限 100.00%")
    figures = wall.locator(".wall-figure b")
    expect(figures.nth(0)).to_have_text("25")
    expect(figures.nth(1)).to_have_text("1")
    expect(wall.locator("#parts tbody tr").first).to_contain_text("襄汾县")
    expect(wall.locator("#alerts")).to_contain_text("晋L·30000")
    # a county's tile has its share; no more rows than fit, the newest of them
    expect(wall.locator("#map").get_by_role("link", name="襄汾县：100.0")).to_be_visible()
    assert wall.locator("#rows tr").count() == 18
    # both charts are drawn, from nothing, and the table beside them has today's trucks
    expect(wall.locator("#trend canvas")).to_have_count(2)
    expect(wall.locator("#wall-trucks tbody tr").last).to_contain_text("24")
    assert wall.evaluate(_SIZE) == [1920, 1080]
    assert wall.evaluate(_CUT_OFF) == []
    assert wall.evaluate("window.neverReloaded")
    assert people.complaints == []


@in_browser
def test_a_chart_that_is_drawn_takes_new_figures_without_being_drawn_anew(
    people: People, town: Town
) -> None:
    town.gates["own"].pass_truck(60)
    wall = open_wall(people, "county_clerk")
    canvas = wall.locator("#wall-trucks canvas")
    expect(canvas).to_be_visible()
    before = canvas.evaluate("canvas => { canvas.sameAsBefore = true; return canvas.toDataURL() }")
    for second in range(5):
        town.gates["own"].pass_truck(61 + second)
    expect(wall.locator("#wall-trucks tbody tr").last).to_contain_text("6")
    assert canvas.evaluate("canvas => canvas.sameAsBefore")
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    assert people.complaints == []


@in_browser
def test_a_wall_that_lost_the_platform_says_so_and_recovers_by_itself(
    people: People, town: Town
) -> None:
    wall = open_wall(people, "city_clerk")
    before = town.gates["own"].pass_truck(60)
    expect(row(wall, before)).to_have_count(1)
    assert town.stop() == 0
    expect(wall.locator("#connection")).to_have_class("connection is-lost")
    expect(wall.locator("#connection")).to_contain_text("连接中断，数据停在")
    expect(wall.locator("#wall")).to_have_class("wall-frame is-lost")
    colours = wall.locator(".wall-columns").evaluate("e => getComputedStyle(e).filter")
    assert colours == "grayscale(1)", "what is not live does not look live"
    assert wall.evaluate(_SIZE) == [1920, 1080]
    town.start()
    meanwhile = town.gates["own"].pass_truck(61)
    expect(wall.locator("#connection b")).to_have_text("实时")
    expect(row(wall, meanwhile)).to_have_count(1)
    expect(row(wall, before)).to_have_count(1)
    expect(wall.locator(".wall-figure b").first).to_have_text("2")
    expect(wall.locator("#wall")).to_have_class("wall-frame")
    assert wall.evaluate("window.neverReloaded")
    assert people.complaints == []


@in_browser
def test_a_wall_whose_session_ended_says_so_and_goes_on_after_the_next_login(
    people: People, town: Town
) -> None:
    wall = open_wall(people, "county_clerk")
    other = wall.context.new_page()
    other.goto(f"{town.address}/weighing/")
    other.locator(".person button").first.click()
    other.get_by_role("button", name="退出").click()
    other.wait_for_url("**/account/login/**")
    expect(wall.locator("#connection b")).to_contain_text("登录已失效")
    key = town.gates["own"].pass_truck(60)
    assert row(wall, key).count() == 0
    other.get_by_label("用户名").fill(town.usernames["county_clerk"])
    other.get_by_label("密码").fill(Cast.PASSWORD)
    other.keyboard.press("Enter")
    # the page asks by itself whether it may go on
    expect(row(wall, key)).to_have_count(1)
    expect(wall.locator("#connection b")).to_have_text("实时")
    assert people.complaints == []


@in_browser
def test_a_new_day_loads_the_page_again(people: People, town: Town) -> None:
    wall = open_wall(people, "city_clerk")
    wall.evaluate("document.getElementById('wall').dataset.day = '2020-01-01'")
    with wall.expect_navigation():
        key = town.gates["own"].pass_truck(60)
    assert wall.evaluate("window.neverReloaded") is None
    expect(row(wall, key)).to_have_count(1)
    expect(wall.locator("#connection b")).to_have_text("实时")
    assert people.complaints == []


@in_browser
def test_how_long_a_truck_takes_to_the_wall(
    people: People, town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    wall = open_wall(people, "city_clerk")
    wall.evaluate(_WATCH)
    sent_at = {}
    for second in range(15):
        moment = time.time() * 1000
        sent_at[town.gates["own"].pass_truck(60 + second)] = moment
        wall.wait_for_timeout(300)
    for key in sent_at:
        expect(row(wall, key)).to_have_count(1)
    seen_at = wall.evaluate("window.seenAt")
    took = sorted(seen_at[key] - sent_at[key] for key in sent_at)
    with capsys.disabled():
        print(f"\nupload → on the wall, {len(took)} trucks: "
              f"median {took[len(took) // 2]:.0f} ms, max {took[-1]:.0f} ms")  # fmt: skip


@pytest.mark.parametrize("who", ["province_head", "city_clerk", "county_clerk"])
@in_browser
def test_the_wall_of_each_level_fits_screens_of_any_size(
    people: People, town: Town, who: str
) -> None:
    town.gates["own"].pass_truck(60, plate="晋L12345", gross_kg=58_800, verdict="over")
    for width, height in ((1920, 1080), (3840, 2160), (1366, 768)):
        wall = open_wall(people, who, {"width": width, "height": height})
        assert wall.evaluate(_SIZE) == [width, height]
        assert wall.evaluate(_CUT_OFF) == [], (who, width)
        assert wall.evaluate(_CUT_CELLS) == [], (who, width)
        wall.context.close()
    assert people.complaints == []


@in_browser
def test_the_wall_is_dark_and_can_be_read_by_everybody(people: People, town: Town) -> None:
    town.gates["own"].pass_truck(60, plate="晋L12345", gross_kg=58_800, verdict="over")
    wall = open_wall(people, "city_clerk")
    assert wall.locator("html").get_attribute("data-bs-theme") == "dark"
    found: Any = Axe().run(wall).response["violations"]
    assert [
        f"{each['id']} {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ] == []
    assert people.complaints == []


@in_browser
def test_the_board_opens_the_wall_of_its_region(people: People, town: Town) -> None:
    board = people.log_in("county_clerk")
    board.goto(f"{town.address}/board/")
    with board.context.expect_page() as opened:
        board.locator("#content").get_by_role("link", name="监控大屏").click()
    wall = opened.value
    wall.wait_for_url(f"{town.address}/board/wall/141024/")
    expect(wall.locator("h1")).to_have_text("洪洞县源头科技治超")
    # the clock moves
    first = wall.locator("#clock").inner_text()
    deadline = time.monotonic() + 30
    while wall.locator("#clock").inner_text() == first:
        assert time.monotonic() < deadline, "the clock stands still"
        wall.wait_for_timeout(200)
    gate = people.log_in("gatekeeper")
    gate.goto(f"{town.address}/board/")
    expect(gate.get_by_role("link", name="监控大屏")).to_have_count(0)
