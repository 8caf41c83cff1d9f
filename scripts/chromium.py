"""The browser that is on this machine, for tests, pictures and benches."""

import shutil
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# quiet: it asks nothing of the network by itself
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--disable-sync",
]


def program() -> str | None:
    """Where it lies; None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def launch_options() -> dict[str, Any]:
    """What Playwright's `launch` needs to start it. RuntimeError where there is none."""
    path = program()
    if path is None:
        raise RuntimeError("Chromium is missing: make system")
    return {"executable_path": path, "args": _ARGUMENTS}
