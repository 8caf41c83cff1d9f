"""A gate's camera in the county's browser: RTSP, terminal, platform, Chromium, all real."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from hengyuan.terminal.enrolment import Enrolment, Identity
from tests.browser.live import PATIENCE_S, Gate, People, Town, in_browser, town
from tests.platform.conftest import committed_intake
from tests.terminal.gate import open_gate, site
from tests.terminal.video.pictures import write_units
from tests.terminal.video.streams import cameras

__all__ = ["committed_intake", "town"]

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@contextlib.contextmanager
def terminal_at(gate: Gate, folder: Path, url: str) -> Iterator[None]:
    """A whole terminal with one RTSP camera, in a loop of its own, until the end of the block."""
    enrolment = Enrolment(gate.code, gate.terminal.suite.name, "", "", 0)
    identity = Identity(enrolment, gate.terminal.suite, gate.terminal.key)
    videos = [{"name": "东门前", "url": url, "view": "front"}]
    started, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def work() -> None:
        async with (
            open_gate() as devices,
            site(folder, gate.address, identity, devices, videos=videos),
        ):
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(work()))
    thread.start()
    try:
        assert started.wait(PATIENCE_S)
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(PATIENCE_S)
        loop.close()


def plays(page: Page, upto_s: float) -> None:
    """Wait until the picture has been going on for so long."""
    page.wait_for_function(
        f"() => {{ const v = document.querySelector('video');"
        f" return v && v.videoWidth === 320 && v.currentTime > {upto_s}; }}"
    )


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {each['id']} {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


@in_browser
def test_the_county_watches_a_gate_and_takes_a_clip_of_its_past(
    people: People, town: Town, tmp_path: Path
) -> None:
    film = write_units(tmp_path / "small.units")
    with (
        cameras({"front": film}) as eyes,
        terminal_at(town.gates["own"], tmp_path, eyes.url("front")),
    ):
        page = people.log_in("county_clerk")
        where = f"{town.address}/video/{town.gates['own'].code}/"
        watch = page.get_by_role("button", name="观看 东门前")
        page.goto(where)
        # until the terminal has told of its camera and was heard
        for _ in range(2 * PATIENCE_S):
            if watch.count() and watch.is_enabled():
                break
            page.wait_for_timeout(500)
            page.reload()
        problems = violations(page)
        watch.click()
        expect(page.locator("#live-state")).to_have_attribute("data-standing", "playing")
        plays(page, 3)
        problems += violations(page)

        # the city looks on: the same session, its own name beside the county's
        city = people.log_in("city_clerk")
        city.goto(where)
        city.get_by_role("button", name="观看 东门前").click()
        plays(city, 1)
        assert city.url == page.url
        expect(city.locator("#live-state")).to_contain_text("正在观看")
        city.close()

        page.goto(where)
        begins_at = page.evaluate(
            "() => new Date(Date.now() + 8 * 3600e3 - 32e3).toISOString().slice(0, 19)"
        )
        page.get_by_label("开始时间").fill(begins_at)
        page.get_by_label("时长").select_option("30")
        page.get_by_label("备注").fill("晋L00001")
        page.get_by_role("button", name="调取", exact=True).click()
        page.wait_for_url("**/video/clips/**")
        expect(page.locator("video")).to_be_visible()
        page.evaluate(
            "() => { const v = document.querySelector('video'); v.muted = true; v.play(); }"
        )
        plays(page, 1)
        problems += violations(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="下载").click()
        assert download.value.path().read_bytes()[4:8] == b"ftyp"
        assert problems == []
        assert people.complaints == []

        head = people.log_in("county_head")
        head.goto(f"{town.address}/video/viewings/")
        for words in ("观看实时视频", "调取录像", "播放录像", "下载录像"):
            expect(head.locator("#list")).to_contain_text(words)
