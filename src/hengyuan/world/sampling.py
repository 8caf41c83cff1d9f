"""A small sample of axle records that keeps the mix of axle counts and the heavy tail."""

import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import floor

from hengyuan.world.axle_records import AxleRecord

SAMPLE_SIZE = 2_000
SAMPLE_SEED = 20_241_215


def sample_records(
    records: Sequence[AxleRecord], size: int = SAMPLE_SIZE, seed: int = SAMPLE_SEED
) -> list[AxleRecord]:
    """`size` of the records, the same ones for the same seed, in their own order.

    Stratified: each axle count gets its share of the sample (largest remainders, never none).
    Within one, the records stand in order of mass and are cut into as many equal slices as are
    wanted; chance picks one of each slice, but the heaviest slice always gives its heaviest, so
    that the tail is not lost. Records whose axle distances were not measured are left out.
    Raises ValueError if fewer are there than are wanted.
    """
    measured = [record for record in records if record.measured]
    if not 0 < size <= len(measured):
        raise ValueError(f"{size} records are wanted, {len(measured)} measured ones are given")
    strata: dict[int, list[AxleRecord]] = defaultdict(list)
    for record in measured:
        strata[record.axles].append(record)
    chance = random.Random(seed)
    chosen: list[AxleRecord] = []
    for axles, share in sorted(_shares(strata, size).items()):
        chosen += _slices(sorted(strata[axles], key=_by_mass), share, chance)
    return sorted(chosen, key=lambda record: record.number)


def _by_mass(record: AxleRecord) -> tuple[int, int]:
    return record.gross_kg, record.number


def _shares(strata: dict[int, list[AxleRecord]], size: int) -> dict[int, int]:
    total = sum(map(len, strata.values()))
    exact = {axles: len(members) * size / total for axles, members in strata.items()}
    shares = {axles: max(1, floor(share)) for axles, share in exact.items()}
    by_remainder = sorted(exact, key=lambda axles: shares[axles] - exact[axles])
    missing = size - sum(shares.values())
    if missing < 0:
        raise ValueError(f"{size} records cannot hold every one of {len(strata)} axle counts")
    for axles in by_remainder[:missing]:
        shares[axles] += 1
    return shares


def _slices(members: Sequence[AxleRecord], wanted: int, chance: random.Random) -> list[AxleRecord]:
    if wanted == 0:
        return []
    edges = [round(index * len(members) / wanted) for index in range(wanted + 1)]
    picked = [members[chance.randrange(low, high)] for low, high in pairwise(edges[:-1])]
    return [*picked, members[-1]]
