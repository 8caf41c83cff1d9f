"""Which driver reads which indicator: `models.toml`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from hengyuan.terminal.drivers.catalogue import FOLDER


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it is known that a model belongs to a family."""

    en: str
    zh: str


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One indicator."""

    name: str
    """Maker and model as they stand on it; in brackets a setting of the indicator's own."""
    family: str
    """The driver."""
    source: str
    """A key of the table of sources."""
    settings: dict[str, Any] = {}
    """What the driver must be set to for this model."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    sources: dict[str, Source]
    models: list[Model]


@cache
def _table() -> _Table:
    return msgspec.toml.decode((FOLDER / "models.toml").read_bytes(), type=_Table)


def models() -> tuple[Model, ...]:
    """Every indicator of the table, by family."""
    return tuple(_table().models)


def sources() -> Mapping[str, Source]:
    """What the sources of the table stand for."""
    return _table().sources


def find(written: str) -> tuple[Model, ...]:
    """Indicators whose name has in it what an installer wrote; blanks, hyphens and case do not
    count."""
    wanted = _bare(written)
    return tuple(model for model in models() if wanted and wanted in _bare(model.name))


def _bare(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " -_()（）")
