"""A camera's live picture really plays in a browser, from the terminal's own pages."""

import asyncio
import contextlib

import pytest
from playwright.async_api import async_playwright

from scripts.chromium import launch_options
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for
from tests.terminal.video.pictures import write_units
from tests.terminal.video.streams import cameras

pytestmark = pytest.mark.browser

SHOW = """() => {
  const video = document.createElement("video");
  video.dataset.live = "/video/东门前/live.m3u8";
  video.id = "eye";
  document.body.append(video);
}"""
PLAYS = """(past) => {
  const video = document.getElementById("eye");
  return video.currentTime > past && video.dataset.state === "playing" && video.videoWidth;
}"""
NOW = "() => document.getElementById('eye').currentTime"


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


def test_a_live_picture_plays_and_follows_a_camera_that_changes(tmp_path):
    small = write_units(tmp_path / "small.au", (320, 240), seconds=2, gop=25)
    large = write_units(tmp_path / "large.au", (640, 360), seconds=2, gop=25)
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
                await page.wait_for_function(PLAYS, arg=1.0, timeout=20_000)
                assert await page.evaluate("document.getElementById('eye').videoWidth") == 320
                eyes.tell("use", "front", large)
                await page.wait_for_function(
                    "document.getElementById('eye').videoWidth === 640", timeout=20_000
                )
                now = await page.evaluate(NOW)
                await page.wait_for_function(PLAYS, arg=now + 1.0, timeout=20_000)
                assert complaints == []

    asyncio.run(scenario())
