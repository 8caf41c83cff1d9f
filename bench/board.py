"""From the verdict at the gate to the row on the office's open page, by the clock of this machine.

    python -m bench.board --trucks 60 --json

The demo runs as a person sees it: platform, three terminals, simulated devices, real Chromium with
the city's live board open. The verdict's moment is the one at which the display at the gate had
acknowledged it (the terminal's own store), the row's moment the one at which the page had it
(MutationObserver in the page).
"""

import argparse
import json
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from hengyuan.terminal.store.store import FILE_NAME
from scripts.chromium import launch_options

PASSWORD = "weigh-every-truck-1"
USER = "linfen"
WATCH = """
() => {
  window.seenAt = {};
  const rows = document.getElementById("rows");
  new MutationObserver(() => {
    for (const row of rows.children) window.seenAt[row.dataset.key] ??= Date.now();
  }).observe(rows, { childList: true });
}
"""
START_WITHIN_S = 180
TRUCKS_WITHIN_S = 900


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def watch_board(address: str, home: Path, trucks: int) -> dict[str, float]:
    """Row key → when the open page had it, in ms since 1970, until that many trucks of the gates
    with devices are among the rows; the city's remote terminals have rows on it too.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        log_in(page, address)
        page.goto(f"{address}/board/")
        page.evaluate(WATCH)
        deadline = time.monotonic() + TRUCKS_WITHIN_S
        while time.monotonic() < deadline:
            seen: dict[str, float] = page.evaluate("window.seenAt")
            if len(seen.keys() & told_at(home).keys()) >= trucks:
                break
            page.wait_for_timeout(1000)
        browser.close()
        return seen


def log_in(page: Page, address: str) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while True:
        try:
            page.goto(f"{address}/account/login/")
            break
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
    # the city's people are entered after the platform answers
    while True:
        page.fill("input[name=username]", USER)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_load_state()
        if "login" not in page.url:
            return
        if time.monotonic() > deadline:
            raise RuntimeError("the demo's city clerk cannot log in")
        time.sleep(5)


def told_at(home: Path) -> dict[str, float]:
    """Row key → when the display had acknowledged the verdict, in ms since 1970."""
    moments: dict[str, float] = {}
    for store in home.rglob(FILE_NAME):
        with sqlite3.connect(store) as connection:
            (code,) = connection.execute("SELECT code FROM terminal").fetchone()
            for seq, settled_ms, told_us in connection.execute(
                "SELECT seq, settled_at_ms, told_us FROM timing WHERE told_us IS NOT NULL"
            ):
                moments[f"{code}/{seq}"] = settled_ms + told_us / 1000
    return moments


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trucks", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="hengyuan-bench-board-"))
    folder.chmod(0o711)
    home, port = folder / "home", free_port()
    with (folder / "demo.log").open("wb") as log:
        demo = subprocess.Popen(
            [str(Path(sys.executable).parent / "hengyuan"), "demo",
             "--home", str(home), "--port", str(port)],
            env=os.environ | {"HENGYUAN_DEMO_PASSWORD": PASSWORD}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        seen = watch_board(f"http://127.0.0.1:{port}", home, arguments.trucks)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(60)
    told = told_at(home)
    delays = sorted(seen[key] - told[key] for key in seen if key in told)
    shutil.rmtree(folder, ignore_errors=True)
    figures = {
        "trucks": len(delays),
        "visible_ms_p50": round(statistics.median(delays), 1),
        "visible_ms_p99": round(delays[max(0, -(-len(delays) * 99 // 100) - 1)], 1),
        "visible_ms_max": round(delays[-1], 1),
        "goal_ms_p99": 2000,
    }
    print(json.dumps(figures) if arguments.json else json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
