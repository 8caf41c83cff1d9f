"""Settings of a 臻识 plate camera that pushes its events."""

from __future__ import annotations

from hengyuan.terminal.drivers.settings import PushCameraSettings


class Settings(PushCameraSettings, tag="vzenith", frozen=True, kw_only=True):
    """The camera is told, in its own pages, to push to the terminal; its barrier output stays
    untouched."""
