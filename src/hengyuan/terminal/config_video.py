"""The tables of the configuration file about video, and how long the terminal keeps what it has.
Every key is written up in docs/terminal.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.config_base import Seconds, Table

View = Literal["front", "rear", "front_side", "rear_side", "panorama", "cab", "weigh_room"]


class VideoStreamTable(Table, frozen=True, kw_only=True):
    """`[[lanes.videos]]`: a camera's stream, H.264 or H.265, recorded as it comes."""

    name: Annotated[str, Meta(pattern=r"^\w[\w-]{0,39}$")]
    """Letters of any script, digits, `_` and `-`: it stands in addresses and names a folder."""
    url: Annotated[str, Meta(pattern=r"^(rtsps?|https?)://[^/@\s]+(/\S*)?$")]
    """Without user and password: addresses are shown and logged."""
    view: View
    """What it sees. Clips of `cab` and `weigh_room` are recorded and shown, but records have no
    kind of file for them."""
    user: str = ""
    password: str = ""
    password_file: str | None = None
    """A file that holds the password and nothing else; relative to the configuration."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How an RTSP camera sends its packets."""
    stale_s: Seconds = 5.0
    """No packet for so long, and its picture is no longer live."""
    silence_s: Seconds = 10.0
    """No packet for so long: the connection is taken down and opened again."""


class VideoTable(Table, frozen=True, kw_only=True):
    """`[video]`: how long recordings of all cameras together are kept. The oldest go first."""

    folder: Annotated[str, Meta(min_length=1)] | None = None
    """Where they lie, on a disk of their own for instance; relative to the configuration. None:
    `video` in `data_dir`."""
    keep_days: Annotated[float, Meta(gt=0, le=3650)] = 365.0
    max_gb: Annotated[float, Meta(gt=0)] | None = None
    """They take no more than this; None leaves it to `min_free_gb`."""
    min_free_gb: Annotated[float, Meta(ge=0)] = 10.0
    """So much of the disk is left to records and pictures: with less, nothing more is recorded."""
    max_clip_s: Annotated[int, Meta(ge=10, le=3600)] = 600
    """No clip is longer."""


class RetentionTable(Table, frozen=True, kw_only=True):
    """`[retention]`: how long what the county has acknowledged is kept. The rest stays."""

    evidence_days: Annotated[float, Meta(ge=1, le=3650)] = 180.0
    """Pictures and clips."""
    records_days: Annotated[float, Meta(ge=30, le=3650)] = 1095.0
    """Records, with what belongs to them."""
    min_free_gb: Annotated[float, Meta(ge=0)] = 2.0
    """With less of the disk free, pictures and clips that the county has go before their time."""
