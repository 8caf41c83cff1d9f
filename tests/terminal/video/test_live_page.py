"""A camera's live picture really plays in a browser, from the terminal's own pages."""

import asyncio
import contextlib

import pytest
from playwright.async_api import async_playwright, expect

from scripts.chromium import launch_options
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for
from tests.terminal.video.streams import cameras

pytestmark = pytest.mark.browser

SHOW = """() => {
  const video = document.createElement("video");
  video.dataset.live = "/video/东门前/live.m3u8";
  video.id = "eye";
  document.body.append(video);
}"""
STATE = """() => {
  const { currentTime, videoWidth, dataset } = document.getElementById("eye");
  return { at: currentTime, width: videoWidth, state: dataset.state };
}"""


async def comes(page, condition):
    """Wait until the picture is as wanted; how it is then."""
    async with asyncio.timeout(20):
        while not condition(state := await page.evaluate(STATE)):
            await asyncio.sleep(0.05)
    return state


@contextlib.asynccontextmanager
async def opened(url):
    """A page, and what its console complained of."""
    complaints = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options())
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        await page.goto(url)
        try:
            yield page, complaints
        finally:
            await browser.close()


def test_a_live_picture_plays_and_follows_a_camera_that_changes(tmp_path, small, large):
    county = County()

    async def scenario():
        with cameras({"front": small}) as eyes:
            videos = [{"name": "东门前", "url": eyes.url("front"), "view": "front"}]
            async with (
                county.listening() as url,
                open_gate() as gate,
                site(tmp_path, url, identity_for(county), gate, videos=videos) as at,
                opened(f"http://127.0.0.1:{at.server.port}/") as (page, complaints),
            ):
                await at.until(lambda: at.terminal.video.feed("东门前").segments)
                await page.add_script_tag(url="/static/video.js", type="module")
                await page.evaluate(SHOW)
                now = await comes(page, lambda is_: is_["state"] == "playing" and is_["at"] > 1)
                assert now["width"] == 320
                eyes.tell("use", "front", large)
                now = await comes(page, lambda is_: is_["width"] == 640)
                await comes(page, lambda is_: is_["at"] > now["at"] + 1)
                assert complaints == []

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_picture_that_stands_still_is_not_shown_as_live_and_comes_back(tmp_path, small):
    county = County()

    async def scenario():
        with cameras({"front": small}) as eyes:
            videos = [{"name": "东门前", "url": eyes.url("front"), "view": "front"}]
            async with (
                county.listening() as url,
                open_gate() as gate,
                site(tmp_path, url, identity_for(county), gate, videos=videos) as at,
                opened(f"http://127.0.0.1:{at.server.port}/") as (page, complaints),
            ):
                said = page.locator(".live .said")
                eye = "document.querySelector('.live video').dataset.state"
                async with asyncio.timeout(20):
                    while await page.evaluate(eye) != "playing":
                        await asyncio.sleep(0.1)
                await expect(said).to_be_hidden()
                eyes.kill()
                await expect(said).to_have_text("无画面", timeout=20_000)
                with cameras({"front": small}, port=eyes.port):
                    await expect(said).to_be_hidden(timeout=30_000)
                    assert await page.evaluate(eye) == "playing"
                assert complaints == []

    asyncio.run(scenario())
