"""Which scale speaks like these bytes: every family's decoder listens, the best ear wins.

A family with a checksum cannot be mistaken. Families without one are told apart by how much of
what came they explain; what the bytes leave open (tonnes or kilograms, where the point stands) is
settled by what the indicator itself shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from hengyuan.terminal.devices import Notice, Reading, Refused
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.models import models

_NOWHERE = {"kind": "tcp", "host": "192.0.2.1", "port": 1}
"""A transport to check settings with; nothing is ever opened."""
CHECKSUMS = frozenset({"f1", "f4", "f7", "modbus_scale"})
"""Families whose frames, as they are mostly sent, carry a checksum."""
LEAST_EXPLAINED = 0.6
LEAST_SOUND = 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A driver with settings, and the indicators that it would be for."""

    driver: str
    settings: dict[str, Any]
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heard:
    """What one candidate made of the bytes."""

    candidate: Candidate
    sound: int
    """Frames that were a reading."""
    refused: int
    """Pieces that were refused."""
    explained: float
    """Share of the bytes that belong to sound frames, 0 to 1."""
    last_kg: int | None
    """What its last reading weighs."""
    checked: bool
    """Whether the family's frames carry a checksum."""

    @property
    def believable(self) -> bool:
        """Whether this may be the device at all."""
        return self.sound >= LEAST_SOUND and self.explained >= LEAST_EXPLAINED


def candidates() -> list[Candidate]:
    """Every way of listening that the table of models knows, and each family's own."""
    found: dict[str, Candidate] = {}
    for name, entry in catalogue().items():
        if entry.manifest.kind == "scale" and name not in ("custom_scale", "modbus_scale"):
            found[name] = Candidate(name, {}, ())
    for model in models():
        if model.settings.get("mode") == "command" or model.family == "modbus_scale":
            continue
        key = model.family + (
            msgspec.json.encode(model.settings).decode() if model.settings else ""
        )
        known = found.get(key, Candidate(model.family, model.settings, ()))
        found[key] = Candidate(known.driver, known.settings, (*known.models, model.name))
    return list(found.values())


def listen_as(candidate: Candidate, data: bytes) -> Heard:
    """What `candidate` makes of `data`."""
    raw = {"driver": candidate.driver, "name": "?", "transport": _NOWHERE, **candidate.settings}
    decoder = catalogue()[candidate.driver].module("codec").Decoder(load_settings(raw))
    items = [*decoder.feed(data), *decoder.flush()]
    readings = [item for item in items if isinstance(item, Reading)]
    explained = sum(len(item.raw) for item in items if isinstance(item, Reading | Notice))
    if not readings:
        explained = 0
    return Heard(
        candidate=candidate,
        sound=len(readings),
        refused=sum(isinstance(item, Refused) for item in items),
        explained=explained / len(data) if data else 0.0,
        last_kg=next((r.mass_kg for r in reversed(readings) if r.mass_kg is not None), None),
        checked=candidate.driver in CHECKSUMS,
    )


def recognise(data: bytes) -> list[Heard]:
    """Who may have said this, the likeliest first; empty where nobody can."""
    heard = [listen_as(candidate, data) for candidate in candidates()]
    return sorted((each for each in heard if each.believable), key=_rank, reverse=True)


def _rank(heard: Heard) -> tuple[bool, float, int, int, int]:
    return (
        heard.checked,
        round(heard.explained, 1),
        -heard.refused,
        heard.sound,
        -len(heard.candidate.settings),
    )


def alike(found: Sequence[Heard]) -> list[Heard]:
    """Those that the bytes cannot tell from the likeliest, it among them.

    A family with a checksum that holds has no rival without one.
    """
    if not found:
        return []
    best = found[0]
    return [
        each
        for each in found
        if each.checked == best.checked and each.explained >= best.explained - 0.1
    ]


def distinct(found: Sequence[Heard]) -> list[Heard]:
    """Of those that are alike, one for each weight that they read."""
    seen: set[int | None] = set()
    out: list[Heard] = []
    for each in found:
        if each.last_kg not in seen:
            seen.add(each.last_kg)
            out.append(each)
    return out


def shown(data: bytes, most: int = 48) -> str:
    """Bytes as an installer reads them in a manual: hex, and the characters that can be shown."""
    part = data[:most]
    text = "".join(chr(octet) if 0x20 <= octet < 0x7F else "·" for octet in part)
    more = " …" if len(data) > most else ""
    return f"{part.hex(' ').upper()}{more}   {text}{more}"


def parse_shown(text: str) -> float | None:
    """The mass in kg that an installer copied from an indicator, `23.46 t` or `23460`; None where
    it is none. Without a unit it is kg."""
    lowered = text.strip().lower().replace("吨", "t").replace("公斤", "kg").replace(",", "")
    factor = 1.0
    if lowered.endswith("kg"):
        lowered = lowered[:-2]
    elif lowered.endswith("t"):
        lowered, factor = lowered[:-1], 1000.0
    try:
        return float(lowered) * factor
    except ValueError:
        return None


def matching(found: Sequence[Heard], shown_kg: float) -> tuple[Heard, str] | None:
    """Who reads what the indicator shows, and the unit that this takes: `frame` (as it is), or `t`
    where the frame carries figures that mean tonnes."""
    for unit, factor in (("frame", 1.0), ("t", 1000.0)):
        for each in found:
            if each.last_kg is not None and _close(each.last_kg * factor, shown_kg):
                return each, unit
    return None


def _close(read_kg: float, shown_kg: float) -> bool:
    return abs(read_kg - shown_kg) <= max(60.0, abs(shown_kg) * 0.01) and (
        (read_kg == 0) == (shown_kg == 0)
    )
