"""What every driver folder must look like, as a check."""

from __future__ import annotations

import ast
from pathlib import Path

import msgspec

from hengyuan.terminal.drivers import base
from hengyuan.terminal.drivers.catalogue import BrokenDriver, DriverEntry, Kind, read_manifest
from hengyuan.terminal.drivers.recorded import load_frames
from hengyuan.terminal.drivers.settings import DeviceSettings

FILES = ("__init__.py", "manifest.toml", "settings.py", "codec.py", "driver.py", "frames.json")
_BASES: dict[Kind, type] = {
    "scale": base.ScaleDriver,
    "axle": base.AxleDriver,
    "camera": base.CameraDriver,
    "display": base.DisplayDriver,
    "voice": base.VoiceDriver,
    "barrier": base.BarrierDriver,
    "lamp": base.LampDriver,
    "sensor": base.SensorDriver,
}
_IO = {
    "asyncio",
    "httpx",
    "io",
    "os",
    "pathlib",
    "selectors",
    "serial",
    "serial_asyncio_fast",
    "socket",
    "subprocess",
    "threading",
    "time",
    "urllib",
}


def problems(folder: Path, tests: Path | None = None) -> list[str]:
    """What `folder` lacks of a driver's shape; empty where it is sound.

    `tests` is the folder that mirrors the drivers; without it, tests are not looked for.
    """
    missing = [f"{name} is missing" for name in FILES if not (folder / name).is_file()]
    if missing:
        return missing
    try:
        manifest = read_manifest(folder)
    except BrokenDriver as error:
        return [str(error)]
    entry = DriverEntry(manifest, folder)
    found = _names(entry) + _modules(entry) + _frames(entry) + _purity(folder / "codec.py")
    if tests is not None and not list((tests / folder.name).glob("test_*.py")):
        found.append(f"no tests in {tests.name}/{folder.name}/")
    return found


def _names(entry: DriverEntry) -> list[str]:
    found = []
    if entry.manifest.name != entry.folder.name:
        found.append(f"manifest.toml: name is {entry.manifest.name!r}, the folder's is another")
    if not entry.manifest.models:
        found.append("manifest.toml: names no model")
    return found


def _modules(entry: DriverEntry) -> list[str]:
    try:
        settings, codec = entry.module("settings"), entry.module("codec")
        driver = entry.module("driver")
    except ImportError as error:
        return [f"cannot be imported: {error}"]
    found = []
    settings_type = getattr(settings, "Settings", None)
    if not (isinstance(settings_type, type) and issubclass(settings_type, DeviceSettings)):
        found.append("settings.py: has no Settings made from DeviceSettings")
    elif settings_type.__struct_config__.tag != entry.folder.name:
        found.append("settings.py: the tag of Settings is not the folder's name")
    if not callable(getattr(codec, "decode", None)):
        found.append("codec.py: has no decode(data, settings)")
    wanted = _BASES.get(entry.manifest.kind, base.Device)
    driver_type = getattr(driver, "Driver", None)
    if not (isinstance(driver_type, type) and issubclass(driver_type, wanted)):
        found.append(f"driver.py: has no Driver made from {wanted.__name__}")
    return found


def _frames(entry: DriverEntry) -> list[str]:
    try:
        frames = load_frames(entry.folder)
    except (msgspec.DecodeError, ValueError) as error:
        return [f"frames.json: {error}"]
    if not frames:
        return ["frames.json: records no frame"]
    maturity = entry.manifest.maturity
    if maturity in ("captured", "manual") and all(f.origin != maturity for f in frames):
        return [f"frames.json: maturity is {maturity}, but no frame is"]
    return []


def _purity(codec: Path) -> list[str]:
    imported = set()
    for node in ast.walk(ast.parse(codec.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.partition(".")[0])
    return [f"codec.py: imports {name}; codecs do no I/O" for name in sorted(imported & _IO)]
