"""Hikvision plate cameras that push their events to the terminal's web server."""

from __future__ import annotations

from datetime import datetime

from hengyuan.terminal.devices import PlateEvent
from hengyuan.terminal.drivers.cameras import PushCamera
from hengyuan.terminal.drivers.hikvision.codec import parse_for
from hengyuan.terminal.drivers.hikvision.settings import Settings


class Driver(PushCamera):
    """Takes pushes, drops repeats by the camera's UUID, hands on the rest."""

    settings: Settings

    def parse(self, content_type: str, body: bytes, received_at: datetime) -> PlateEvent:
        return parse_for(self.settings, content_type, body, received_at)
