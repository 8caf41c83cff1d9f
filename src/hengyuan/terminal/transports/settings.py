"""How the bytes of a device reach the terminal, as settings: a union told apart by `kind`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Port = Annotated[int, Meta(ge=1, le=65535)]


class TransportSettings(
    msgspec.Struct, tag_field="kind", kw_only=True, frozen=True, forbid_unknown_fields=True
):
    """What every transport has in common."""

    record: Annotated[str, Meta(min_length=1)] | None = None
    """File to which all bytes of the line are appended, with their times, to be played again."""
    record_mb: Annotated[int, Meta(ge=1, le=200)] = 32
    """The recording stops when its file is so large."""


class Tcp(TransportSettings, tag="tcp", frozen=True):
    """The terminal connects to a device, or to a serial device server in front of it."""

    host: Annotated[str, Meta(min_length=1)]
    port: Port
    connect_timeout_s: Annotated[float, Meta(gt=0)] = 5.0


class Serial(TransportSettings, tag="serial", frozen=True):
    """A serial port of this machine: `COM3`, `/dev/ttyUSB0`."""

    port: Annotated[str, Meta(min_length=1)]
    baudrate: Annotated[int, Meta(ge=300, le=921600)] = 9600
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["N", "E", "O", "M", "S"] = "N"
    stopbits: Literal[1, 2] = 1


class TcpServer(TransportSettings, tag="tcp_server", frozen=True):
    """The device connects to the terminal."""

    port: Port
    peer: Annotated[str, Meta(min_length=1)] | None = None
    """Address of the device; others are turned away. None takes whoever calls first."""
    host: Annotated[str, Meta(min_length=1)] = "0.0.0.0"  # noqa: S104


class Udp(TransportSettings, tag="udp", frozen=True):
    """Datagrams to and from one device; those of others are not heard."""

    host: Annotated[str, Meta(min_length=1)]
    port: Port
    local_port: Port | None = None
    """Where the device sends to, if it speaks unasked; None takes a free port."""
    local_host: Annotated[str, Meta(min_length=1)] = "0.0.0.0"  # noqa: S104


Topic = Annotated[str, Meta(min_length=1, max_length=200)]


class Mqtt(TransportSettings, tag="mqtt", frozen=True):
    """A device behind a broker: the payloads of one topic are its bytes."""

    host: Annotated[str, Meta(min_length=1)]
    topic: Topic
    """Where the device's bytes come; may hold the wildcards + and #."""
    port: Port = 1883
    write_topic: Topic | None = None
    """Where bytes for the device go; None for a device that is only heard."""
    qos: Literal[0, 1, 2] = 0
    """0: a weight that comes late is worth nothing."""
    user: str | None = None
    password_file: str | None = None
    """File that holds the password: it stands in no configuration."""
    tls: bool = False
    ca_file: str | None = None
    connect_timeout_s: Annotated[float, Meta(gt=0)] = 5.0


class Replay(TransportSettings, tag="replay", frozen=True):
    """A recorded file in place of a device."""

    path: Annotated[str, Meta(min_length=1)]
    speed: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    """Times the speed at which it was recorded."""
    again: bool = False
    """Whether it begins again at its end, or falls silent."""


Transport = Tcp | TcpServer | Serial | Udp | Mqtt | Replay
