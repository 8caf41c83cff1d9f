"""The gate's pages in a real browser: they follow the truck by themselves, and can be read."""

import asyncio
import contextlib
import io

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright, expect
from pypdf import PdfReader

from hengyuan.terminal.screen.pin import pin_digest
from scripts.chromium import launch_options
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

pytestmark = pytest.mark.browser

PAGE = {"driver": "html", "name": "page"}


@contextlib.asynccontextmanager
async def opened(at, complaints):
    """A function that opens pages of the terminal in a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())
        context = await browser.new_context(viewport={"width": 1366, "height": 768})

        async def open_page(path):
            page = await context.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
            await page.goto(f"http://127.0.0.1:{at.server.port}{path}")
            return page

        try:
            yield open_page
        finally:
            await browser.close()


async def violations(page, only=()):
    options = {"runOnly": list(only)} if only else {}
    found = (await Axe().run(page, options=options)).response["violations"]
    grave = [each for each in found if each["impact"] in ("serious", "critical")]
    return [(each["id"], each["nodes"][0]["html"]) for each in grave]


def test_both_pages_follow_a_truck_without_a_reload(tmp_path):
    county = County()
    identity = identity_for(county)
    complaints = []

    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, displays=[PAGE]) as at,
            opened(at, complaints) as open_page,
        ):
            page, display = await open_page("/"), await open_page("/display/1")
            await expect(display.locator("main")).to_contain_text("欢迎光临")
            await expect(page.get_by_text("秤台上没有车辆")).to_be_visible()
            assert await violations(page) == []
            await at.push("晋L12345")
            at.roll_on(31_500)
            at.axles(31_500)
            await expect(display.locator("main")).to_contain_text("超限 6.50 吨")
            lane = page.get_by_label("1", exact=True)
            await expect(lane.get_by_text("晋L12345")).to_be_visible()
            await expect(lane.get_by_role("status")).to_have_text("超限")
            await expect(lane.get_by_text("31 500")).to_be_visible()
            await expect(page.get_by_role("row", name="晋L12345")).to_contain_text("县平台已收")
            assert await violations(page) == []
            assert await violations(display) == []
            at.roll_off()
            await expect(page.get_by_text("秤台上没有车辆")).to_be_visible()
            await expect(display.locator("main")).to_contain_text("欢迎光临")

    asyncio.run(scenario())
    # the pushed picture holds no picture: the browser says so, and nothing else
    assert [each for each in complaints if "evidence" not in each] == []


def test_a_page_that_lost_the_terminal_shows_no_verdict_any_more(tmp_path):
    identity = identity_for(County())

    async def scenario():
        async with open_gate() as gate, contextlib.AsyncExitStack() as stack:
            running = site(tmp_path, "http://127.0.0.1:1", identity, gate, displays=[PAGE])
            at = await running.__aenter__()
            open_page = await stack.enter_async_context(opened(at, []))
            page, display = await open_page("/"), await open_page("/display/1")
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await expect(display.locator("main")).to_contain_text("未超限 请通行")
            await running.__aexit__(None, None, None)
            await expect(display.get_by_text("显示中断")).to_be_visible()
            await expect(display.locator("main")).not_to_contain_text("请通行")
            await expect(page.get_by_text("显示的是旧内容")).to_be_visible()

    asyncio.run(scenario())


def test_the_gatekeeper_logs_in_and_out(tmp_path):
    identity = identity_for(County())
    screen = {"pin": pin_digest("246810")}

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, "http://127.0.0.1:1", identity, gate, screen=screen) as at,
            opened(at, []) as open_page,
        ):
            page = await open_page("/")
            assert await violations(page) == []
            await page.get_by_label("口令").fill("000000")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("alert")).to_have_text("口令不正确")
            assert await violations(page) == []
            await page.get_by_label("口令").fill("246810")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("秤台上没有车辆")).to_be_visible()
            await page.get_by_role("button", name="退出").click()
            await expect(page.get_by_label("口令")).to_be_visible()

    asyncio.run(scenario())


PEOPLE = {
    "people": [
        {"name": "张三", "pin": pin_digest("246810")},
        {"name": "李四", "pin": pin_digest("135791"), "role": "supervisor"},
    ]
}
PAGES = ("/", "/records", "/records/1", "/records/1/loading", "/records/1/override",
         "/records/1/ticket?paper=a5", "/lanes/1/manual", "/totals", "/shifts")  # fmt: skip


def test_the_gatekeeper_types_a_plate_by_touch_and_prints_with_keys(tmp_path):
    identity = identity_for(County())
    complaints, found = [], []

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, "http://127.0.0.1:1", identity, gate, more=PEOPLE) as at,
            opened(at, complaints) as open_page,
        ):
            page = await open_page("/")
            await page.get_by_label("姓名").select_option("张三")
            await page.get_by_label("口令").fill("246810")
            await page.keyboard.press("Enter")
            await expect(page.get_by_text("下一辆车可以上秤")).to_be_visible()
            await at.push(None)
            at.roll_on(31_500)
            at.axles(31_500)
            await expect(page.get_by_text("卸载 6.50 吨")).to_be_visible()
            await expect(page.get_by_role("link", name="车牌未识别")).to_be_visible()
            await page.keyboard.press("F2")
            for key in "晋L12345":
                await page.get_by_role("button", name=key, exact=True).click()
            await expect(page.get_by_label("车牌", exact=True)).to_have_value("晋L12345")
            await page.get_by_role("button", name="删除一位").click()
            await page.get_by_role("button", name="6", exact=True).click()
            await page.get_by_role("button", name="保存车牌").click()
            await expect(page.get_by_text("车牌已补录")).to_be_visible()
            await expect(page.get_by_role("heading", name="晋L12346")).to_be_visible()
            await page.keyboard.press("F8")
            await expect(page.get_by_role("article", name="过磅单")).to_contain_text("晋L12346")
            (paper,) = PdfReader(io.BytesIO(await page.pdf(prefer_css_page_size=True))).pages
            assert round(float(paper.mediabox.width) / 72 * 25.4) == 80
            # what is not the ticket stays on the screen
            assert "退出" not in paper.extract_text()
            await page.keyboard.press("Escape")
            await page.get_by_role("button", name="明暗切换").click()
            await expect(page.locator("html")).to_have_attribute("data-look", "dark")
            for path in PAGES:
                await page.goto(f"http://127.0.0.1:{at.server.port}{path}")
                await expect(page.locator("html")).to_have_attribute("data-look", "dark")
                found.extend(await violations(page))
                # what the look changes is colours
                await page.evaluate("document.documentElement.dataset.look = 'light'")
                found.extend(await violations(page, only=["color-contrast"]))
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= 1366, path

    asyncio.run(scenario())
    assert found == []
    assert [each for each in complaints if "evidence" not in each] == []
