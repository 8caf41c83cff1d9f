"""Where cameras of a make have their stream. The usual addresses, after what makers and integrators
publish; the camera's own manual has the last word, and a probe says whether it is there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hengyuan.terminal.words import installer_text as _

_HOST = re.compile(r"(?P<host>[^:/@\s\[\]]+|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?")
_LOGIN = re.compile(
    r"^(?P<scheme>\w+)://(?P<user>[^:/@\s]*)(?::(?P<password>[^@\s]*))?@(?P<rest>.*)$"
)


@dataclass(frozen=True, slots=True)
class Make:
    """How one make's main stream is addressed; `{channel}` is a camera, or a recorder's channel."""

    name: str
    title: str
    path: str
    port: int = 554

    def url(self, host: str, channel: int = 1) -> str:
        """The address of a channel's main stream; `host` may have a port."""
        found = _HOST.fullmatch(host)
        if found is None:
            raise ValueError(_("{host} is no address like 192.168.1.31").format(host=host))
        port = int(found["port"] or self.port)
        return f"rtsp://{found['host']}:{port}{self.path.format(channel=channel)}"

    @property
    def has_channels(self) -> bool:
        """Whether the address names a channel."""
        return "{channel}" in self.path


MAKES: tuple[Make, ...] = (
    Make("hikvision", "海康威视 Hikvision", "/Streaming/Channels/{channel}01"),
    Make("dahua", "大华 Dahua", "/cam/realmonitor?channel={channel}&subtype=0"),
    Make("uniview", "宇视 Uniview", "/media/video1"),
    Make("uniview_recorder", "宇视 Uniview NVR", "/unicast/c{channel}/s0/live"),
    Make("vzenith", "臻识 VZenith", "/h264", 8557),
    Make("axis", "安讯士 Axis", "/axis-media/media.amp"),
)
OTHER = "other"
_BY_DRIVER = {
    "hikvision": "hikvision",
    "hikvision_stream": "hikvision",
    "dahua": "dahua",
    "vzenith": "vzenith",
    "vzenith_tcp": "vzenith",
}
"""The make of a plate camera by its driver."""


def make_of_driver(driver: str) -> str:
    """The make of a plate camera's stream."""
    return _BY_DRIVER.get(driver, "hikvision")


def make_of_url(url: str) -> Make | None:
    """The make whose address this is; None for another one."""
    for make in MAKES:
        pattern = re.escape(make.path).replace(re.escape("{channel}"), r"\d+")
        if re.fullmatch(rf"rtsp://[^/]+{pattern}", url):
            return make
    return None


def host_of(url: str) -> str:
    """Host and port of an address, without the usual port; empty where there is none."""
    host = url.partition("://")[2].partition("/")[0]
    return host.removesuffix(":554")


def without_login(url: str) -> tuple[str, str, str]:
    """An address as it may be shown and logged, and the user and password that stood in it."""
    found = _LOGIN.match(url)
    if found is None:
        return url, "", ""
    return f"{found['scheme']}://{found['rest']}", found["user"], found["password"] or ""
