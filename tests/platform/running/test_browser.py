"""The pages in a real browser: nothing is blocked, nothing is unreadable, nothing needs a mouse."""

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from scripts.build import main as build
from scripts.chromium import launch_options
from tests.platform.running.conftest import (
    RunningPlatform,
    command,
    environment,
    platforms,
    temporary_home,
)

pytestmark = pytest.mark.browser

PASSWORD = "weigh-every-truck-1"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    build()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console said: scripts that fail, contents that the policy blocks."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Page:
    page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="en-US").new_page()
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture(scope="module")
def platform(browser: Browser) -> Iterator[RunningPlatform]:
    """One platform for all tests here, started once its files are built."""
    with temporary_home() as home, platforms(home) as run:
        running = run()
        for user, role in (("clerk", "clerk"), ("reader", "readonly")):
            add = command("platform", "user", "add", user, "--name", user, "--role", role)
            add += ["--region", "141024", "--keep", "--password-stdin"]
            subprocess.run(
                add,
                input=f"{PASSWORD}\n",
                text=True,
                check=True,
                env=environment(home),
                stdout=subprocess.DEVNULL,
            )
        yield running


def log_in(page: Page, address: str, user: str) -> None:
    page.goto(f"{address}/account/login/")
    # the browser moves there a moment after the page is loaded
    page.wait_for_function("document.activeElement.name === 'username'")
    page.keyboard.type(user)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")


def violations(page: Page) -> list[str]:
    found: Any = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def test_a_clerk_enters_a_unit_and_its_terminal(platform, page, complaints):
    address = platform.address
    problems: list[str] = []
    page.goto(f"{address}/account/login/")
    problems += violations(page)
    assert page.locator("html").get_attribute("lang") == "zh-CN", "Chinese, whatever the browser's"
    log_in(page, address, "clerk")
    problems += violations(page)

    page.get_by_role("link", name="源头单位", exact=True).first.click()
    problems += violations(page)
    page.get_by_role("link", name="新增源头单位").first.click()
    page.get_by_label("名称").fill("示例煤矿")
    page.get_by_label("类别").select_option("coal")
    page.get_by_label("联系电话").fill("不是号码")
    problems += violations(page)
    page.get_by_role("button", name="保存").click()
    assert page.get_by_text("未保存，请更正标出的项目。").is_visible()
    problems += violations(page)
    page.get_by_label("联系电话").fill("0357-0000000")
    page.get_by_role("button", name="保存").click()
    page.wait_for_url(re.compile(r"/units/\d{11}/$"))
    problems += violations(page)

    page.get_by_role("navigation", name="单位各部分").get_by_role("link", name="终端").click()
    problems += violations(page)
    page.get_by_role("link", name="新建终端").click()
    page.get_by_label("名称").fill("南门终端")
    page.get_by_role("button", name="录入并显示注册码").click()
    code = page.locator("#enrolment-code").inner_text()
    assert len(code) == 23
    problems += violations(page)
    page.get_by_role("link", name="完成").click()
    assert code not in page.content()
    problems += violations(page)
    page.goto(f"{address}/terminals/")
    problems += violations(page)
    assert problems == []
    assert complaints == []


def test_searching_filters_the_list_without_leaving_the_page(platform, page, complaints):
    log_in(page, platform.address, "clerk")
    for name in ("甲煤矿", "乙煤矿"):
        page.goto(f"{platform.address}/units/new/")
        page.get_by_label("名称").fill(name)
        page.get_by_label("类别").select_option("coal")
        page.get_by_role("button", name="保存").click()
        page.wait_for_url(re.compile(r"/units/\d{11}/$"))
    page.goto(f"{platform.address}/units/")
    page.evaluate("window.stayed = true")
    page.get_by_role("searchbox").press_sequentially("甲")
    page.get_by_role("link", name="乙煤矿").wait_for(state="detached")
    assert page.get_by_role("link", name="甲煤矿").is_visible()
    assert page.evaluate("window.stayed")
    page.wait_for_url("**search=%E7%94%B2**")
    page.reload()
    assert page.get_by_role("link", name="乙煤矿").count() == 0
    assert complaints == []


def test_language_and_darkness_are_the_persons_choice(platform, page, complaints):
    log_in(page, platform.address, "reader")
    page.get_by_role("button", name="reader").click()
    page.get_by_role("button", name="English").click()
    page.get_by_role("heading", name="Today").first.wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="reader").click()
    page.get_by_role("button", name="Dark").click()
    page.wait_for_function("document.documentElement.dataset.bsTheme === 'dark'")
    page.get_by_role("link", name="Source units").first.click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert violations(page) == []
    assert page.get_by_role("link", name="New source unit").count() == 0
    page.get_by_role("button", name="reader").click()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("button", name="Log in").wait_for()
    assert complaints == []


@pytest.mark.parametrize("address", ["/", "/units/", "/units/new/", "/terminals/"])
def test_a_page_fits_a_small_screen_without_scrolling_sideways(platform, page, address):
    log_in(page, platform.address, "clerk")
    page.goto(platform.address + address)
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
