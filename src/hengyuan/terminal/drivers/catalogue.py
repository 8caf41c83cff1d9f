"""The drivers that are there: found in their folders, checked for their shape, built from settings.

A driver is a folder beside this file. Nothing lists it: dropping it in is enough.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

import msgspec

from hengyuan.terminal.drivers.base import Device
from hengyuan.terminal.drivers.settings import DeviceSettings

FOLDER = Path(__file__).parent
PACKAGE = __package__ or "hengyuan.terminal.drivers"

Kind = Literal["scale", "axle", "camera", "display", "voice", "barrier", "lamp", "sensor"]
Maturity = Literal["captured", "manual", "derived", "unverified", "own"]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`manifest.toml`: what the driver is for, and how far it may be trusted."""

    name: str
    """The folder's name, and the `driver` key in the configuration."""
    title: str
    title_zh: str
    kind: Kind
    models: list[str]
    """Models it serves, as an installer reads them on the device."""
    maturity: Maturity
    """`captured`: checked on frames of real devices; `manual`: on the maker's examples;
    `derived`: on frames built from its rules; `unverified`: on nothing; `own`: the device is ours.
    """
    source: str
    """Where the frames come from."""


@dataclass(frozen=True, slots=True)
class DriverEntry:
    """One driver folder that has been found."""

    manifest: Manifest
    folder: Path

    def module(self, name: str) -> ModuleType:
        """`settings`, `codec` or `driver` of this folder."""
        return importlib.import_module(f"{PACKAGE}.{self.folder.name}.{name}")

    @property
    def settings_type(self) -> type[DeviceSettings]:
        """The settings struct, tagged with the driver's name."""
        return cast("type[DeviceSettings]", self.module("settings").Settings)

    @property
    def driver_type(self) -> type[Device]:
        """The class that speaks to the device."""
        return cast("type[Device]", self.module("driver").Driver)


class BrokenDriver(ValueError):
    """A driver folder whose manifest cannot be used."""


def folders(root: Path = FOLDER) -> list[Path]:
    """All driver folders, sound or not, by name. What Python left behind of a removed driver is
    none."""
    return sorted(
        path
        for path in root.iterdir()
        if path.is_dir()
        and not path.name.startswith(("_", "."))
        and any(entry.name != "__pycache__" for entry in path.iterdir())
    )


def read_manifest(folder: Path) -> Manifest:
    """Raises `BrokenDriver`."""
    try:
        return msgspec.toml.decode((folder / "manifest.toml").read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise BrokenDriver(f"driver {folder.name}: manifest.toml: {error}") from error


@cache
def catalogue() -> Mapping[str, DriverEntry]:
    """Every driver by name. Raises `BrokenDriver`."""
    return {folder.name: DriverEntry(read_manifest(folder), folder) for folder in folders()}


@cache
def settings_union() -> Any:
    """The union of all drivers' settings, told apart by `driver`: a type for msgspec."""
    return reduce(or_, (entry.settings_type for entry in catalogue().values()))


def load_settings(raw: Mapping[str, Any]) -> DeviceSettings:
    """Settings of one device, from what a configuration file holds.

    Raises `msgspec.ValidationError` naming the key and what is wrong with it.
    """
    return cast("DeviceSettings", msgspec.convert(raw, settings_union()))


def create(settings: DeviceSettings) -> Device:
    """The driver that `settings` ask for."""
    return _entry(settings).driver_type(settings)


def kind_of(settings: DeviceSettings) -> Kind:
    """What sort of device `settings` are for."""
    return _entry(settings).manifest.kind


def _entry(settings: DeviceSettings) -> DriverEntry:
    return catalogue()[cast("str", settings.__struct_config__.tag)]
