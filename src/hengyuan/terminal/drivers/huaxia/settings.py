"""Settings of a 华夏智信 plate camera that pushes its events."""

from __future__ import annotations

from hengyuan.terminal.drivers.settings import PushCameraSettings


class Settings(PushCameraSettings, tag="huaxia", frozen=True, kw_only=True):
    """The camera is told, in its own pages, to push to the terminal."""
