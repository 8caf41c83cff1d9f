"""The parts in a browser: by keyboard, without script, with a platform that does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from hengyuan.world.city.running import City
from tests.platform.regions.polygons import EAST, WEST, collection, feature, square

pytestmark = pytest.mark.browser

DESIGN = "/design/"


@pytest.fixture
def tab(open_as, city: City) -> Page:
    page: Page = open_as("linfen").new_page()
    return page


@pytest.fixture
def with_map(city: City, tmp_path) -> Iterator[None]:
    """A map of two invented squares, removed behind the test."""
    file = tmp_path / "counties.geojson"
    file.write_bytes(collection(feature(WEST, square(0, 0)), feature(EAST, square(0.1, 0))))
    city.command("platform", "map", "import", str(file), "--approval", "晋S(2024)001号")
    yield
    city.command("platform", "map", "remove", "141000")


def test_the_map_gives_way_to_the_tiles_and_the_choice_is_kept(tab, with_map):
    tab.goto(DESIGN)
    first = tab.locator(".county-map").first
    expect(first.locator(".as-map")).to_be_visible()
    expect(first.locator(".as-tiles")).to_be_hidden()
    expect(first.get_by_text("审图号：晋S（2024）001号")).to_be_visible()
    first.locator("input[value=map]").focus()
    tab.keyboard.press("ArrowRight")
    for each in (first, tab.locator(".county-map").nth(1)):
        expect(each.locator(".as-tiles")).to_be_visible()
        expect(each.locator(".as-map")).to_be_hidden()
    tab.reload()
    expect(first.locator(".as-tiles")).to_be_visible()


def test_a_county_is_reached_and_opened_by_keyboard(tab):
    tab.goto(DESIGN)
    county = tab.get_by_role("link", name="洪洞县").first
    county.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**#county-141024")
    outline = county.locator("rect").evaluate("rect => getComputedStyle(rect).strokeWidth")
    assert outline == "3px", "the focus is seen"


def test_a_confirmation_opens_and_is_left_by_keyboard(tab):
    tab.goto(DESIGN)
    opener = tab.locator("[data-opens='#retire']")
    opener.focus()
    tab.keyboard.press("Enter")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("不可恢复")
    tab.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    dialog.get_by_role("button", name="取消").click()
    expect(dialog).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_charts_are_drawn_in_the_colours_of_the_theme(open_as, theme):
    tab = open_as("linfen", theme).new_page()
    tab.goto(DESIGN)
    canvas = tab.locator("#hours canvas")
    expect(canvas).to_be_visible()
    # a canvas tells nothing: its pixels do
    drawn = tab.evaluate(
        """() => {
          const style = getComputedStyle(document.documentElement);
          const wanted = ["--accent", "--over"].map((name) => style.getPropertyValue(name).trim());
          const canvas = document.querySelector("#hours canvas");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          const seen = new Set();
          const hex = (part) => part.toString(16).padStart(2, "0");
          for (let i = 0; i < data.length; i += 4)
            seen.add("#" + [0, 1, 2].map((k) => hex(data[i + k])).join(""));
          return wanted.map((colour) => seen.has(colour));
        }"""
    )
    assert drawn == [True, True]


def test_a_bar_leads_to_its_records(tab):
    tab.goto(DESIGN)
    chart = tab.locator("#most canvas")
    box = chart.bounding_box()
    assert box is not None
    chart.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.15})
    tab.wait_for_url("**#county-141002")


def test_without_script_the_figures_are_there(chromium, city, sessions):
    context = chromium.new_context(base_url=city.address, java_script_enabled=False)
    session = {"name": "hengyuan_session", "value": sessions("linfen"), "url": city.address}
    context.add_cookies([session])
    tab = context.new_page()
    tab.goto(DESIGN)
    tab.locator("#hours summary").click()
    expect(tab.locator("#hours tbody tr")).to_have_count(24)
    expect(tab.get_by_role("link", name="洪洞县").first).to_be_visible()
    context.close()


def test_a_list_that_cannot_be_loaded_says_so_and_recovers(tab):
    tab.goto("/design/list/")
    notice = tab.locator("#failure")
    expect(notice).to_be_hidden()
    tab.route("**/design/list/?*", lambda route: route.abort())
    tab.get_by_label("判定").select_option("over")
    expect(notice).to_contain_text("平台没有响应")
    tab.unroute("**/design/list/?*")
    tab.route("**/design/list/?*", lambda route: route.fulfill(status=500, body=""))
    tab.get_by_label("判定").select_option("pass")
    expect(notice).to_contain_text("故障已记录")
    tab.unroute("**/design/list/?*")
    tab.get_by_label("判定").select_option("over")
    expect(notice).to_be_hidden()
    assert "verdict=over" in tab.url


@pytest.mark.slow
def test_no_page_is_wider_than_its_screen(pages, open_as):
    wide = []
    by_person: dict[str | None, list[str]] = {}
    for username, page in pages:
        by_person.setdefault(username, []).append(page.path)
    for username, paths in by_person.items():
        tab = open_as(username).new_page()
        for path in paths:
            tab.goto(path, wait_until="load")
            width = tab.evaluate("document.documentElement.scrollWidth")
            if width > 1366:
                wide.append(f"{path}: {width}")
    assert wide == []


def test_the_choice_of_a_browser_without_storage_is_no_fault(open_as, with_map):
    context = open_as("linfen")
    context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('closed') } })"
    )
    tab = context.new_page()
    said: list[str] = []
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(DESIGN)
    tab.locator(".map-switch label").nth(1).click()
    expect(tab.locator(".county-map").first.locator(".as-tiles")).to_be_visible()
    assert said == [], json.dumps(said)
