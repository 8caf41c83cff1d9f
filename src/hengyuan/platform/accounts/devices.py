"""What a browser says of itself, in words that a person recognises their own machine by."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

# the first that fits: most browsers also claim to be the one they descend from
_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("QQBrowser", "QQ浏览器"),
    ("360SE|360EE|QIHU", "360浏览器"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("HeadlessChrome|Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
    ("Trident|MSIE", "Internet Explorer"),
)
_SYSTEMS = (
    ("UOS", "统信 UOS"),
    ("Kylin", "麒麟"),
    ("HarmonyOS|OpenHarmony", "鸿蒙"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows NT 10", "Windows 10/11"),
    ("Windows NT 6.1", "Windows 7"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
_VERSION = re.compile(r"(?:Edg|OPR|Firefox|Chrome|CriOS|Version)/(\d+)")


def device_name(agent: str) -> str:
    """`Chrome 126, Windows 10/11` for a User-Agent header; a word for what is not known."""
    browser = _first(_BROWSERS, agent)
    system = _first(_SYSTEMS, agent)
    if not browser and not system:
        return _("unknown device")
    version = _VERSION.search(agent)
    if browser and version and not any("\u4e00" <= c <= "\u9fff" for c in browser):
        browser = f"{browser} {version[1]}"
    return ", ".join(part for part in (browser, system) if part)


def _first(names: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, agent)), "")
