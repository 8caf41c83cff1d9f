"""Settings of a display that is a browser page."""

from __future__ import annotations

from hengyuan.terminal.drivers.settings import DeviceSettings, Seconds


class Settings(DeviceSettings, tag="html", frozen=True, kw_only=True):
    """Any screen with a browser at the gate, pointed at the terminal's display page."""

    page_timeout_s: Seconds = 10.0
    """A page that has not asked for so long counts as closed."""
