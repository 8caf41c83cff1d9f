"""Settings of a Dahua plate camera that pushes its events."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.settings import PushCameraSettings


class Settings(PushCameraSettings, tag="dahua", frozen=True, kw_only=True):
    """The camera is told, in its ITSAPI page, where to push to; it is asked for pictures only
    where it has an `address`."""

    snapshot_path: Annotated[str, Meta(pattern="^(/.*)?$")] = "/cgi-bin/snapshot.cgi?channel=1"
