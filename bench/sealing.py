"""Sealed batches for a load generator: made before the clock starts, by all cores, kept in files.

Five million records are 2.7 GB of batches. In files they do not stand in the generator's memory,
and reading one back takes a hundredth of what the platform does with it.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from multiprocessing import get_context
from pathlib import Path

from hengyuan.law.vehicles import Combination, Vehicle
from hengyuan.law.verdict import judge
from hengyuan.record.batch import seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend, genesis
from hengyuan.record.model import FileRef, Record
from hengyuan.record.suites import SM2_SM3, PrivateKey

# A truck of a pit comes again some dozen times a month.
PLATES = 20_000
OVER = 0.03
_LIMITS_KG = {6: 49_000, 4: 31_000}
_DAY = date(2026, 9, 1)
_START_MS = 1_788_000_000_000
_BETWEEN_MS = 45_000
# However many records a terminal has, they lie in months that have a partition of their own.
_AT_MOST_MS = 80 * 86_400_000
_VEHICLES = {
    6: Vehicle(axles=6, combination=Combination.ARTICULATED, layout=(1, 2, 3), drive_axles=2),
    4: Vehicle(axles=4, combination=Combination.RIGID, layout=(2, 2), drive_axles=2),
}


@dataclass
class SealedBatches:
    """The batches of a terminal in a file, in their order: (body, number of records)."""

    path: Path
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        with self.path.open("rb") as file:
            for length, count in self.sizes:
                yield file.read(length), count


@dataclass
class BenchTerminal:
    """An enrolled terminal and its sealed batches."""

    code: str
    key: PrivateKey
    bodies: SealedBatches


def seal_all(terminals: list[BenchTerminal], records: int, batch: int, seed: int) -> None:
    """Seal so many records of each terminal into batches of that size."""
    if not records:
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        made = [
            pool.submit(
                _seal,
                terminal.bodies.path,
                terminal.code,
                terminal.key.secret_bytes(),
                records,
                batch,
                seed + number,
            )
            for number, terminal in enumerate(terminals)
        ]
        for terminal, future in zip(terminals, made, strict=True):
            terminal.bodies.sizes = future.result()


def _seal(
    path: Path, code: str, secret: bytes, records: int, batch: int, seed: int
) -> list[tuple[int, int]]:
    chance = random.Random(seed)
    key = SM2_SM3.load_private(secret)
    head = genesis(SM2_SM3, code, key.public_bytes())
    between_ms = min(_BETWEEN_MS, _AT_MOST_MS // records)
    sizes = []
    with path.open("wb") as file:
        for first in range(1, records + 1, batch):
            numbers = range(first, min(first + batch, records + 1))
            lines = [write_line(_record(chance, code, seq, between_ms)) for seq in numbers]
            body = seal(SM2_SM3, key, code, first, head, lines)
            file.write(body)
            sizes.append((len(body), len(lines)))
            head = extend(SM2_SM3, head, lines)[-1]
    return sizes


def _record(chance: random.Random, terminal: str, seq: int, between_ms: int) -> Record:
    """A plausible weighing of a six-axle train or a four-axle tipper."""
    articulated = chance.random() < 0.6
    axles, layout, combination = (6, "1+2+3", "articulated") if articulated else (4, "2+2", "rigid")
    gross_kg = chance.randrange(14_000, _LIMITS_KG[axles] + 1, 20)
    if chance.random() < OVER:
        gross_kg = chance.randrange(_LIMITS_KG[axles] + 20, _LIMITS_KG[axles] + 12_000, 20)
    judgement = judge(_VEHICLES[axles], gross_kg, _DAY)
    return Record(
        v=1,
        terminal=terminal,
        seq=seq,
        kind="exit",
        weighed_at=_START_MS + seq * between_ms + chance.randrange(between_ms),
        lane=1,
        gross_kg=gross_kg,
        raw_kg=gross_kg + chance.randrange(-20, 21, 20),
        axles=axles,
        layout=layout,
        combination=combination,  # type: ignore[arg-type]
        drive_axles=2,
        group_kg=_split(gross_kg, layout),
        plate=f"晋L{chance.randrange(PLATES):05d}",
        plate_colour="yellow",
        cargo="0100",
        limit_kg=judgement.limit_kg,
        verdict=judgement.verdict,
        assumed=judgement.assumed,
        rule_pack=judgement.limit.rule_pack,
        files=(
            FileRef(digest=f"{chance.getrandbits(256):064x}", kind="head"),
            FileRef(digest=f"{chance.getrandbits(256):064x}", kind="plate"),
        ),
    )


def _split(gross_kg: int, layout: str) -> tuple[int, ...]:
    groups = [int(digit) for digit in layout[::2]]
    parts = [gross_kg * group // sum(groups) for group in groups]
    parts[-1] += gross_kg - sum(parts)
    return tuple(parts)
