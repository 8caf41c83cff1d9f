"""Settings of a Dahua plate camera that pushes its events."""

from __future__ import annotations

from hengyuan.terminal.drivers.settings import PushCameraSettings


class Settings(PushCameraSettings, tag="dahua", frozen=True, kw_only=True):
    """The camera is told, in its ITSAPI page, where to push to; nothing is asked of it."""
