"""`python -m scripts.screenshots`: every page as a picture, to be looked at before it is shown.

Starts a platform with a city in it, logs in as a person of each role, walks over every link, and
takes each page that looks different at 1366×768 (as long as it is), light and dark; the wall
display at 1920×1080. The pictures and an index.html of them lie in screenshots/.

    python -m scripts.screenshots
    python -m scripts.screenshots --url http://127.0.0.1:8000 --login linfen --login gate1

With `--url` a platform that runs already is taken; the password of its people is read from
HENGYUAN_DEMO_PASSWORD.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import os
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hengyuan.world.city.running import PASSWORD, running_city
from scripts.build import main as build
from scripts.chromium import launch_options, program
from scripts.walk import Visited, anonymous, log_in, walk

OUT = Path(__file__).resolve().parent.parent / "screenshots"
THEMES = ("light", "dark")
DESK = {"width": 1366, "height": 768}
WALL = {"width": 1920, "height": 1080}
# routes whose pages hang on a wall
WALL_ROUTES = re.compile(r"(^|[:_])wall")
NOT_FOUND = "/nothing/of/that/name/"
_SETTLE_MS = 350


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture that is to be taken: which page, as whom (None: before the login)."""

    route: str
    path: str
    who: str | None
    number: int

    @property
    def name(self) -> str:
        route = re.sub(r"[^a-z0-9]+", "-", self.route.lower()).strip("-")
        return f"{route}-{self.number}.png"

    @property
    def is_wall(self) -> bool:
        return WALL_ROUTES.search(self.route) is not None


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    password: str


def main(arguments: list[str] | None = None) -> int:
    asked = _arguments(arguments)
    build()
    with _platform(asked) as (address, people):
        cookies = {}
        walks: dict[str | None, list[Visited]] = {}
        with anonymous(address) as http:
            walks[None] = walk(http)
        for person in people:
            with log_in(address, person.username, person.password) as http:
                walks[person.username] = walk(http)
                cookies[person.username] = http.cookies["hengyuan_session"]
        shots = [*different(walks), Shot("not found", NOT_FOUND, people[0].username, 1)]
        broken = [
            f"{who or 'nobody'}: {page.path} answers {page.status}"
            for who, visited in walks.items()
            for page in visited
            if page.status != 200
        ]
        _take(address, shots, cookies, asked.out)
    (asked.out / "index.html").write_text(index(shots), encoding="utf-8")
    for line in broken:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(f"{len(shots) * len(THEMES)} pictures, {asked.out / 'index.html'}\n")
    return 1 if broken else 0


def different(walks: dict[str | None, list[Visited]]) -> list[Shot]:
    """Each route as often as it is made of different parts for anybody."""
    seen: set[tuple[str, frozenset[str]]] = set()
    numbers: dict[str, int] = {}
    shots = []
    for who, visited in walks.items():
        for page in visited:
            if not page.is_page or (page.route, page.parts) in seen:
                continue
            seen.add((page.route, page.parts))
            numbers[page.route] = numbers.get(page.route, 0) + 1
            shots.append(Shot(page.route, page.path, who, numbers[page.route]))
    return sorted(shots, key=lambda shot: (shot.route, shot.number))


@contextlib.contextmanager
def _platform(asked: argparse.Namespace) -> Iterator[tuple[str, list[Person]]]:
    """The address and who can log in: of the platform that is named, else of one of our own."""
    if asked.url:
        password = os.environ.get("HENGYUAN_DEMO_PASSWORD", "")
        yield asked.url.rstrip("/"), [Person(name, password) for name in asked.login]
        return
    with running_city() as city:
        wanted = set(asked.login)
        yield (
            city.address,
            [
                Person(person.username, PASSWORD)
                for person in city.entered.logins
                if not wanted or person.username in wanted
            ],
        )


def _take(address: str, shots: list[Shot], cookies: dict[str, str], out: Path) -> None:
    from playwright.sync_api import sync_playwright

    if program() is None:
        raise SystemExit("Chromium is missing: make system")
    for theme in THEMES:
        shutil.rmtree(out / theme, ignore_errors=True)
        (out / theme).mkdir(parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        for theme in THEMES:
            for shot in shots:
                _take_one(browser, address, shot, cookies, theme, out / theme / shot.name)
        browser.close()


def _take_one(
    browser: Any, address: str, shot: Shot, cookies: dict[str, str], theme: str, to: Path
) -> None:
    context = browser.new_context(
        base_url=address,
        viewport=WALL if shot.is_wall else DESK,
        locale="zh-CN",
        reduced_motion="reduce",
    )
    known = [{"name": "hengyuan_theme", "value": theme, "url": address}]
    if shot.who is not None:
        known.append({"name": "hengyuan_session", "value": cookies[shot.who], "url": address})
    context.add_cookies(known)
    tab = context.new_page()
    tab.goto(shot.path, wait_until="load")
    if shot.is_wall:
        # as it hangs there: its stream is open
        tab.locator("#connection.is-live").wait_for()
    tab.wait_for_timeout(_SETTLE_MS)
    tab.screenshot(path=to, full_page=not shot.is_wall)
    context.close()


def index(shots: list[Shot]) -> str:
    """A page of all pictures, light beside dark."""
    rows = "\n".join(
        f"<h2>{html.escape(shot.route)} <small>{html.escape(shot.path)} · "
        f"{html.escape(shot.who or 'before the login')}</small></h2>"
        + "".join(
            f'<a href="{theme}/{shot.name}"><img loading="lazy" src="{theme}/{shot.name}" '
            f'alt="{html.escape(shot.route)}, {theme}"></a>'
            for theme in THEMES
        )
        for shot in shots
    )
    return f"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Every page</title>
<style>
body {{ font: 14px system-ui, sans-serif; margin: 1.5rem; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 0.5rem; }}
small {{ font-weight: 400; color: #666; }}
img {{ width: 48%; margin-right: 1%; border: 1px solid #ccc; vertical-align: top; }}
</style>
<h1>Every page, {len(shots)} of them, light and dark</h1>
{rows}
</html>
"""


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="every page as a picture, in screenshots/")
    parser.add_argument("--url", help="a platform that runs already")
    parser.add_argument(
        "--login", action="append", default=[], help="user name; may be given several times"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(arguments)
    if asked.url and not asked.login:
        parser.error("--url needs --login")
    return asked


if __name__ == "__main__":
    raise SystemExit(main())
