"""What a running terminal says of itself on its status page."""

from __future__ import annotations

from typing import Any

import httpx

from hengyuan.terminal.config import Config
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.words import installer_text as _

ANSWER_S = 5.0


def status(config: Config, found: Findings) -> bool:
    """Whether a terminal answers at the configured address; what it says is noted."""
    host = config.screen.host
    asked = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    url = f"http://{asked}:{config.screen.port}/status.json"
    try:
        answer = httpx.get(url, timeout=ANSWER_S, trust_env=False)
        answer.raise_for_status()
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        remedy = _("stop it and start it again; see its log")
        text = _("a terminal runs and its pages do not answer at {url} ({error})")
        found.bad("running", text.format(url=url, error=type(error).__name__), remedy)
        return False
    found.good("running", _("a terminal runs: {url}").format(url=url))
    _devices(said, found)
    _videos(said, found)
    _uplink(said, found)
    return True


def _devices(said: dict[str, Any], found: Findings) -> None:
    for name, device in said.get("devices", {}).items():
        state = device["state"]
        counters = device.get("counters", {})
        refused = sum(counters.get("refused", {}).values())
        text = f"{name}: {state}, {counters.get('frames', 0)} / {refused}"
        if counters.get("last_error"):
            text += f" ({counters['last_error']})"
        if state == "ok":
            found.good("device", text)
        elif state == "unknown":
            found.warn("device", text, _("nothing heard yet: let a truck pass"))
        else:
            remedy = _("stop the terminal and run the doctor again: it then listens to the line")
            found.bad("device", text, remedy)


def _videos(said: dict[str, Any], found: Findings) -> None:
    remedy = _("`hengyuan terminal video probe` looks at the camera while the terminal runs")
    for name, stream in said.get("videos", {}).items():
        state, error = stream["state"], stream.get("counters", {}).get("last_error")
        text = f"{name}: {state}" + (f" ({error})" if error else "")
        if state == "ok":
            found.good("video", text)
        elif state == "unknown":
            found.warn("video", text, remedy)
        else:
            found.bad("video", text, remedy)


def _uplink(said: dict[str, Any], found: Findings) -> None:
    uplink = said.get("uplink", {})
    if uplink.get("diverged"):
        remedy = _("tell the county: this terminal was restored or copied")
        found.bad("uplink", str(uplink["diverged"]), remedy)
    elif uplink.get("refused"):
        found.bad("uplink", str(uplink["refused"]), _("ask the county why it refuses"))
    elif uplink.get("error"):
        found.warn("uplink", str(uplink["error"]), _("see what is said of the platform"))
