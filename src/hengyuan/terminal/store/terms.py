"""What goes into the terminal's store, and what comes out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hengyuan.record.model import Record

SightingKind = Literal["plate", "axles"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A passage ready to be recorded. `make` writes the record once its seq is known."""

    make: Callable[[int], Record]
    lane: int
    on_scale: bool
    """The truck still stands on the scale: after a restart it is not weighed again."""
    used: tuple[int, ...]
    """Sightings that this record consumes."""
    passed: tuple[int, ...]
    """Sightings that belong to nobody any more."""
    evidence_bytes: dict[str, int]
    """Size of each file that the record names, by digest in hex; without those that an earlier
    record named, which are on their way already."""
    settled_at_ms: int
    judged_us: int
    complete: Callable[[sqlite3.Connection, Record], Record] | None = None
    """Adds what the store knows of the truck, in the transaction that stores the record."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A record that is durably stored."""

    record: Record
    digest: bytes


@dataclass(frozen=True, slots=True)
class KeptSighting:
    """A plate event or axle reading that no record has used yet."""

    id: int
    lane: int
    device: str
    kind: SightingKind
    received_ms: int
    body: bytes


@dataclass(frozen=True, slots=True)
class DueFile:
    """A file that the platform is still owed; `seq` is the record that names it."""

    digest: str
    seq: int
    size: int
