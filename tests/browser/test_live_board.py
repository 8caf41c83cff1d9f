"""A truck from the gate to the office's open page, in a real browser."""

import statistics
import time
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.live import People, Town, drawn_truck, in_browser, town
from tests.platform.conftest import committed_intake

__all__ = ["committed_intake", "town"]

pytestmark = pytest.mark.browser

# Notes when each row comes, by the clock of this machine, and that the page was never reloaded.
_WATCH = """
() => {
  window.neverReloaded = true;
  window.seenAt = {};
  const rows = document.getElementById("rows");
  new MutationObserver(() => {
    for (const row of rows.children) window.seenAt[row.dataset.key] ??= Date.now();
  }).observe(rows, { childList: true });
}
"""


def open_board(people: People, who: str) -> Page:
    page = people.log_in(who)
    page.goto(f"{people.town.address}/board/")
    expect(page.locator("#connection b")).to_have_text("实时")
    page.evaluate(_WATCH)
    return page


def row(page: Page, key: str) -> Any:
    return page.locator(f'#rows tr[data-key="{key}"]')


def violations(page: Page) -> list[str]:
    found: Any = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


@in_browser
def test_a_truck_arrives_on_every_open_board_of_its_scope_and_on_no_other(
    people: People, town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = {who: open_board(people, who) for who in ("county_clerk", "city_clerk", "gatekeeper")}
    neighbour = open_board(people, "neighbour_clerk")
    sent_at: dict[str, float] = {}
    for second in range(20):
        over = second % 5 == 4
        fields = {"gross_kg": 58_800, "verdict": "over"} if over else {}
        moment = time.time() * 1000
        key = town.gates["own"].pass_truck(60 + second, plate=f"晋L1{second:04d}", **fields)
        sent_at[key] = moment
        boards["county_clerk"].wait_for_timeout(150)
    latencies = []
    for page in boards.values():
        for key in sent_at:
            expect(row(page, key)).to_have_count(1)
        seen_at = page.evaluate("window.seenAt")
        latencies += [seen_at[key] - sent_at[key] for key in sent_at]
        assert page.evaluate("window.neverReloaded")
        # the newest stands first; the over-limit one is marked, and counted
        assert page.locator("#rows tr").first.get_attribute("data-key") == list(sent_at)[-1]
        assert page.locator("#rows tr.is-over").count() == 4
        expect(page.locator("#figures b").nth(1)).to_have_text("4")
    with capsys.disabled():
        print(f"\nupload → visible, {len(latencies)} sights: "
              f"p50 {statistics.median(latencies):.0f} ms, "
              f"p99 {sorted(latencies)[int(len(latencies) * 0.99) - 1]:.0f} ms, "
              f"max {max(latencies):.0f} ms")  # fmt: skip
    # the neighbour's own truck arrives, so its board is live; of the others nothing has come
    key = town.gates["neighbour"].pass_truck(90, plate="晋L30000")
    expect(row(neighbour, key)).to_have_count(1)
    assert neighbour.locator("#rows tr").count() == 1
    assert list(neighbour.evaluate("window.seenAt")) == [key]
    assert row(boards["county_clerk"], key).count() == 0
    expect(row(boards["city_clerk"], key)).to_have_count(1)
    assert people.complaints == []


@in_browser
def test_from_the_board_to_the_record_and_its_picture(people: People, town: Town) -> None:
    board = open_board(people, "county_clerk")
    key = town.gates["own"].pass_truck(
        60, drawn_truck("L 12345"), plate="晋L12345", gross_kg=58_800, verdict="over"
    )
    row(board, key).locator("td.when a").click()
    board.wait_for_url(f"{town.address}/weighing/{key}/")
    expect(board.locator("h1 .plate")).to_have_text("晋L·12345")
    expect(board.locator("#proof-title")).to_contain_text("自签名以来未被改动")
    picture = board.locator(".pictures img")
    picture.wait_for()
    board.wait_for_function("document.querySelector('.pictures img').complete")
    assert picture.evaluate("image => image.naturalWidth") == 320
    address = picture.evaluate("image => image.src")
    # the copy button takes the canonical line
    board.get_by_role("button", name="复制").click()
    assert violations(board) == []
    assert people.complaints == []

    neighbour = people.log_in("neighbour_clerk")
    people.complaints.clear()
    answer = neighbour.goto(f"{town.address}/weighing/{key}/")
    assert answer is not None and answer.status == 404
    assert neighbour.locator(".plate").count() == 0
    answer = neighbour.goto(address)
    assert answer is not None and answer.status == 404
    neighbour.goto(f"{town.address}/weighing/")
    expect(neighbour.locator("#records")).to_contain_text("没有符合条件的称重记录")


@in_browser
def test_a_board_that_lost_the_platform_says_so_and_catches_up(people: People, town: Town) -> None:
    board = open_board(people, "county_clerk")
    town.gates["own"].beat()
    before = town.gates["own"].pass_truck(60)
    expect(row(board, before)).to_have_count(1)
    # the stream is told, so the platform need not wait until its patience is over
    assert town.stop() == 0
    expect(board.locator("#connection")).to_have_class("connection is-lost")
    expect(board.locator("#connection b")).to_contain_text("连接中断")
    expect(board.locator("#board")).to_have_class("is-lost")
    town.start()
    meanwhile = town.gates["own"].pass_truck(61)
    expect(board.locator("#connection b")).to_have_text("实时")
    expect(row(board, meanwhile)).to_have_count(1)
    expect(row(board, before)).to_have_count(1)
    expect(board.locator("#board")).not_to_have_class("is-lost")
    assert board.evaluate("window.neverReloaded")
    assert people.complaints == []


@in_browser
def test_a_board_whose_reader_logged_out_ends_and_leads_to_the_login(
    people: People, town: Town
) -> None:
    board = open_board(people, "county_clerk")
    other = board.context.new_page()
    other.goto(f"{town.address}/weighing/")
    other.locator(".person button").first.click()
    other.get_by_role("button", name="退出").click()
    other.wait_for_url("**/account/login/**")
    expect(board.locator("#connection a")).to_have_text("登录已失效，请重新登录")
    expect(board.locator("#connection")).to_have_class("connection is-lost")
    key = town.gates["own"].pass_truck(60)
    board.locator("#connection a").click()
    board.wait_for_url("**/account/login/**")
    assert key not in board.content()


@in_browser
def test_the_list_filters_without_reload_and_is_taken_out(people: People, town: Town) -> None:
    for second in range(3):
        town.gates["own"].pass_truck(second, plate=f"晋L1000{second}")
    town.gates["neighbour"].pass_truck(5, plate="晋L30000", gross_kg=58_800, verdict="over")
    page = people.log_in("city_clerk")
    page.goto(f"{town.address}/weighing/")
    page.evaluate("window.neverReloaded = true")
    plates = page.locator("#records .plate")
    expect(plates).to_have_count(4)
    page.get_by_label("判定").first.select_option("over")
    expect(plates).to_have_count(1)
    expect(plates).to_have_text(["晋L·30000"])
    assert "verdict=over" in page.url
    page.get_by_label("判定").first.select_option("")
    expect(plates).to_have_count(4)
    # a county chosen: its units can be chosen now
    page.get_by_label("县（市、区）").select_option("141024")
    expect(plates).to_have_count(3)
    page.get_by_label("源头单位").select_option("14102451002")
    expect(page.locator("#records")).to_contain_text("没有符合条件的称重记录")
    page.get_by_label("源头单位").select_option("14102451001")
    expect(plates).to_have_count(3)
    page.get_by_label("号牌号码").fill("晋l·10002")
    page.keyboard.press("Enter")
    expect(plates).to_have_text(["晋L·10002"])
    assert page.evaluate("window.neverReloaded")
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert people.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@in_browser
def test_the_pages_can_be_read_by_everybody(people: People, town: Town, theme: str) -> None:
    key = town.gates["own"].pass_truck(
        60, drawn_truck("L 12345"), gross_kg=58_800, verdict="over", flags=["plate_typed"]
    )
    page = people.log_in("county_clerk")
    page.context.add_cookies([{"name": "hengyuan_theme", "value": theme, "url": town.address}])
    problems = []
    for path in ("/board/", "/weighing/", f"/weighing/{key}/", "/weighing/chain/",
                 "/weighing/exports/", "/weighing/?flag=any"):  # fmt: skip
        page.goto(town.address + path)
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        # nothing stands outside the page: no sideways scrolling at an office's screen
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        problems += violations(page)
    assert problems == []
    assert people.complaints == []
