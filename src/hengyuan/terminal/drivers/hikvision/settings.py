"""Settings of a Hikvision plate camera that pushes its events."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.settings import PushCameraSettings


class Settings(PushCameraSettings, tag="hikvision", frozen=True, kw_only=True):
    """The camera is told, in its own pages, to push to the terminal; it is asked for pictures only
    where it has an `address`."""

    snapshot_path: Annotated[str, Meta(pattern="^(/.*)?$")] = (
        "/ISAPI/Streaming/channels/101/picture"
    )
