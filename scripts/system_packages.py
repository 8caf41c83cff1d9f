"""`python -m scripts.system_packages [NAME…]`: what no wheel brings: a browser, fonts, servers.

With names only those of them: the demo needs the fonts, for its documents, and no browser. Quick
when all are there. Missing ones are installed by apt for root; anybody else is told the one
command to run, and the exit code is 1.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from pathlib import Path

from scripts import chromium

_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")


def has_browser() -> bool:
    return chromium.program() is not None


def has_chinese_font() -> bool:
    if shutil.which("fc-list"):
        listed = subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True)
        if listed.returncode == 0:
            return bool(listed.stdout.strip())
    folders = (Path(folder).expanduser() for folder in _FONT_FOLDERS)
    return any(next(folder.rglob("Noto*CJK*"), None) for folder in folders if folder.is_dir())


def has_broker() -> bool:
    """An MQTT broker, for the tests of that transport; Debian puts it where users do not look."""
    return shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin") is not None


def _has_file(pattern: str) -> Callable[[], bool]:
    return lambda: any(Path("/usr/lib").glob(pattern))


NEEDED: dict[str, Callable[[], bool]] = {
    "chromium": has_browser,
    "fonts-noto-cjk": has_chinese_font,
    "mosquitto": has_broker,
    # an RTSP server, for the tests of cameras' streams, and the system Python's way to it
    "gir1.2-gst-rtsp-server-1.0": _has_file("*/girepository-1.0/GstRtspServer-1.0.typelib"),
    "gstreamer1.0-plugins-good": _has_file("*/gstreamer-1.0/libgstrtp.so"),
    "python3-gi": _has_file("python3/dist-packages/gi/__init__.py"),
}
# Only where it is named: Spark runs on Java, and only the slow tests start a cluster.
NAMED: dict[str, Callable[[], bool]] = {
    "openjdk-17-jre-headless": lambda: shutil.which("java") is not None,
}


def missing(wanted: Collection[str]) -> list[str]:
    """Which of the Debian packages have to be installed."""
    return [package for package in wanted if not (NEEDED | NAMED)[package]()]


def main(wanted: Collection[str] = ()) -> int:
    wanted = wanted or tuple(NEEDED)
    packages = missing(wanted)
    if not packages:
        return 0
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.stderr.write(
            f"missing: {', '.join(packages)}. Run:\n"
            f"  sudo sh -c 'apt-get update && {' '.join(install)}'\n"
        )
        return 1
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "--quiet"], install):
        if subprocess.run(command, env=environment).returncode:
            sys.stderr.write(f"failed: {' '.join(command)}\n")
            return 1
    still = missing(wanted)
    if still:
        sys.stderr.write(f"installed, and still not found: {', '.join(still)}\n")
    return 1 if still else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
