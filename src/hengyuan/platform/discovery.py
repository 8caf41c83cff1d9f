"""What apps bring along by having a module of a certain name: `duties.py`, `handover.py`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from django.apps import apps


def modules_named(name: str) -> Iterator[ModuleType]:
    """The module of that name of each of our apps that has one, in the order of the settings."""
    for config in apps.get_app_configs():
        is_ours = config.name.startswith("hengyuan.")
        if is_ours and find_spec(f"{config.name}.{name}") is not None:
            yield import_module(f"{config.name}.{name}")
