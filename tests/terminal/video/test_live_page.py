"""A camera's live picture really plays in a browser, on the gatekeeper's page."""

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

STATE = """() => {
  const { currentTime, videoWidth, dataset } = document.querySelector(".live video");
  return { at: currentTime, width: videoWidth, state: dataset.state };
}"""


@contextlib.asynccontextmanager
async def looking_at(folder, url):
    """The page of a terminal with this stream, and what its console complained of."""
    county = County()
    videos = [{"name": "东门前", "url": url, "view": "front"}]
    complaints = []
    async with (
        county.listening() as county_url,
        open_gate() as gate,
        site(folder, county_url, identity_for(county), gate, videos=videos) as at,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(**launch_options())
        page = await browser.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
        await at.until(lambda: at.terminal.video.feed("东门前").segments)
        await page.goto(f"http://127.0.0.1:{at.server.port}/")
        try:
            yield page
            assert complaints == []
        finally:
            await browser.close()


async def comes(page, condition):
    """Wait until the picture is as wanted; how it is then."""
    async with asyncio.timeout(30):
        while not condition(state := await page.evaluate(STATE)):
            await asyncio.sleep(0.05)
    return state


def plays(state):
    return state["state"] == "playing" and state["at"] > 0.5


def test_a_live_picture_plays(tmp_path, small):
    async def scenario():
        with cameras({"front": small}) as eyes:
            async with looking_at(tmp_path, eyes.url("front")) as page:
                assert (await comes(page, plays))["width"] == 320

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_live_picture_follows_a_camera_that_changes_and_one_that_was_away(tmp_path, small, large):
    async def scenario():
        with cameras({"front": small}) as eyes:
            async with looking_at(tmp_path, eyes.url("front")) as page:
                said = page.locator(".live .said")
                await comes(page, plays)
                await expect(said).to_be_hidden()
                eyes.tell("use", "front", large)
                now = await comes(page, lambda is_: is_["width"] == 640)
                await comes(page, lambda is_: is_["at"] > now["at"] + 1)
                eyes.kill()
                # a picture that stands still is not to be taken for a live one
                await expect(said).to_have_text("无画面", timeout=20_000)
                with cameras({"front": small}, port=eyes.port):
                    await expect(said).to_be_hidden(timeout=30_000)
                    await comes(page, plays)

    asyncio.run(scenario())
