"""Settings of a barrier that is ordered through Hikvision's ISAPI."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.http import Address, Login
from hengyuan.terminal.drivers.settings import BarrierPlace, DeviceSettings, Seconds


class Settings(DeviceSettings, tag="hikvision_gate", frozen=True, kw_only=True):
    """The terminal calls the gate, or the camera that the barrier hangs on."""

    place: BarrierPlace = "exit"
    address: Address
    """`http://192.0.2.10`"""
    login: Login | None = None
    channel: Annotated[int, Meta(ge=1, le=16)] = 1
    timeout_s: Seconds = 3.0
    poll_s: Seconds = 1.0
    """How often it is asked where its arm is."""
    stale_s: Seconds = 5.0
    """A position that was not told for so long is not known."""
    refused_wait_s: Seconds = 300.0
    """A refused login is tried again so much later: devices lock out who tries too often."""
    may_close: bool = False
    """Whether the terminal may order it to close. It cannot tell what is under the arm: only for
    gates that look themselves, by a beam or a loop of their own."""
