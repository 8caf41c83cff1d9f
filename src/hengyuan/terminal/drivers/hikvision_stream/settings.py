"""Settings of a Hikvision plate camera whose alert stream the terminal reads."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.http import Address, Login
from hengyuan.terminal.drivers.settings import CameraSettings, Seconds


class Settings(CameraSettings, tag="hikvision_stream", frozen=True, kw_only=True):
    """The terminal calls the camera; the camera needs no setting but a user who may do so."""

    address: Address
    """`http://192.0.2.10`"""
    login: Login | None = None
    path: Annotated[str, Meta(pattern="^/")] = "/ISAPI/Event/notification/alertStream"
    snapshot_path: Annotated[str, Meta(pattern="^/")] = "/ISAPI/Streaming/channels/101/picture"
    connect_timeout_s: Seconds = 5.0
    silence_s: Seconds = 60.0
    """The camera sends a sign of life every few seconds: silent for so long, it is called anew."""
    pictures_s: Seconds = 2.0
    """Pictures that an event announced and that take longer do not belong to it any more."""
    refused_wait_s: Seconds = 300.0
    """A refused login is tried again so much later: cameras lock out who tries too often."""
