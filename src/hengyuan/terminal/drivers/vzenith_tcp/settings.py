"""Settings of a 臻识 plate camera that the terminal connects to."""

from __future__ import annotations

from hengyuan.terminal.drivers.settings import CameraSettings, Seconds
from hengyuan.terminal.transports.settings import Transport


class Settings(CameraSettings, tag="vzenith_tcp", frozen=True, kw_only=True):
    """The terminal connects to port 8131 and asks for every result with both pictures."""

    transport: Transport
    gap_s: Seconds = 2.0
    """Silence after which half a packet counts as torn off."""
    poll_s: Seconds = 5.0
    """How often a heartbeat goes out and the serial number is asked for. Three such questions
    without any answer mean that the camera is gone."""
