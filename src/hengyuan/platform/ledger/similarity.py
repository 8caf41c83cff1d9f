"""Which units may be one and the same: by credit code, by name, by position.

Pure: it is given rows and gives back pairs. A county has at most 999 units, so names are compared
within counties; codes and positions are compared over everything that is given.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

from hengyuan.law.divisions import SHANXI_CITIES
from hengyuan.platform.ledger.positions import distance_m

NEAR_M = 100
"""Two entries whose positions are not further apart look like one place."""

_GRID = Decimal("0.002")  # degrees; more than NEAR_M both ways at these latitudes
_LEGAL_FORMS = re.compile(
    r"(有限责任公司|股份有限公司|有限公司|股份公司|总公司|分公司|集团|公司|个体工商户)+$"
)
_PLACES = re.compile(rf"^(山西省?)?({'|'.join(SHANXI_CITIES.values())})?")
_NOISE = re.compile(r"[\s\W_]+")
# what tells one works of a company from its next: 一号煤矿 is not 二号煤矿
_ORDINALS = frozenset("0123456789一二三四五六七八九十百甲乙丙丁戊己庚辛东西南北上下前后新老大小")
_MIN_CHARS = 4


class Likeness(StrEnum):
    CREDIT_CODE = "credit-code"
    NAME = "name"
    SIMILAR_NAME = "similar-name"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Entry:
    """What of a unit is compared."""

    key: int
    name: str
    county: str
    county_name: str
    credit_code: str = ""
    longitude: Decimal | None = None
    latitude: Decimal | None = None

    @property
    def position(self) -> tuple[Decimal, Decimal] | None:
        if self.longitude is None or self.latitude is None:
            return None
        return self.longitude, self.latitude


@dataclass(slots=True)
class Pair:
    """Two entries and why they look alike; `apart_m` where both positions are known."""

    first: int
    second: int
    likeness: set[Likeness] = field(default_factory=set)
    apart_m: float | None = None


def plain_name(name: str) -> str:
    """A name for looking it up again: no blanks, one kind of brackets and digits, capitals."""
    joined = "".join(unicodedata.normalize("NFKC", name).split()).upper()
    # an accent that stood beside its letter has joined it now
    return unicodedata.normalize("NFKC", joined)


def core_name(name: str, county_name: str = "") -> str:
    """What is left of a name without place, legal form and punctuation."""
    core = _NOISE.sub("", plain_name(name))
    core = _LEGAL_FORMS.sub("", core) or core
    stem = county_name[:-1] if len(county_name) > 2 else county_name
    without = _PLACES.sub("", core, count=1)
    for place in (county_name, stem):
        if place and without.startswith(place) and len(without) - len(place) >= _MIN_CHARS:
            without = without[len(place) :]
            break
    return without if len(without) >= _MIN_CHARS else core


def suspected_pairs(entries: Iterable[Entry]) -> list[Pair]:
    """Every pair that looks like one unit, the likeliest first."""
    known = {entry.key: entry for entry in entries}
    found: dict[tuple[int, int], Pair] = {}

    def note(one: Entry, other: Entry, likeness: Likeness) -> None:
        first, second = sorted((one.key, other.key))
        found.setdefault((first, second), Pair(first, second)).likeness.add(likeness)

    for one, other in _same_credit_code(known.values()):
        note(one, other, Likeness.CREDIT_CODE)
    for one, other, likeness in _like_names(known.values()):
        note(one, other, likeness)
    for one, other in _close_together(known.values()):
        note(one, other, Likeness.POSITION)
    for pair in found.values():
        here, there = known[pair.first].position, known[pair.second].position
        if here and there:
            pair.apart_m = distance_m(here, there)
    return sorted(found.values(), key=lambda pair: (-_weight(pair), pair.first, pair.second))


def like(candidate: Entry, entries: Iterable[Entry]) -> list[Pair]:
    """The pairs that `candidate` makes with the others."""
    others = [entry for entry in entries if entry.key != candidate.key]
    pairs = suspected_pairs([candidate, *_comparable(candidate, others)])
    return [pair for pair in pairs if candidate.key in (pair.first, pair.second)]


def _comparable(candidate: Entry, others: list[Entry]) -> list[Entry]:
    return [
        entry
        for entry in others
        if entry.county == candidate.county
        or (candidate.credit_code and entry.credit_code == candidate.credit_code)
        or (candidate.position and entry.position)
    ]


def _weight(pair: Pair) -> int:
    weights = {
        Likeness.CREDIT_CODE: 4,
        Likeness.NAME: 4,
        Likeness.SIMILAR_NAME: 2,
        Likeness.POSITION: 3,
    }
    return sum(weights[likeness] for likeness in pair.likeness)


def _same_credit_code(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry]]:
    by_code: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.credit_code:
            by_code[entry.credit_code].append(entry)
    for group in by_code.values():
        yield from combinations(group, 2)


def _like_names(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry, Likeness]]:
    by_core: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_core[entry.county, core_name(entry.name, entry.county_name)].append(entry)
    for group in by_core.values():
        for one, other in combinations(group, 2):
            same = plain_name(one.name) == plain_name(other.name)
            yield one, other, Likeness.NAME if same else Likeness.SIMILAR_NAME
    yield from (
        (one, other, Likeness.SIMILAR_NAME)
        for first, second in _one_character_apart(by_core)
        for one in by_core[first]
        for other in by_core[second]
    )


def _one_character_apart(
    cores: Iterable[tuple[str, str]],
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Cores of a county that differ by one character, unless that is a number or a direction.

    Names that are alike but for one character share what is left when it is taken out.
    """
    by_rest: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for county, core in cores:
        if len(core) < _MIN_CHARS:
            continue
        by_rest[county, core].add((county, core))
        for index in range(len(core)):
            by_rest[county, core[:index] + core[index + 1 :]].add((county, core))
    seen: set[tuple[str, str, str]] = set()
    for group in by_rest.values():
        for one, other in combinations(sorted(group), 2):
            key = (one[0], one[1], other[1])
            if key not in seen:
                seen.add(key)
                if _is_slip(one[1], other[1]):
                    yield one, other


def _is_slip(one: str, other: str) -> bool:
    """Whether what tells the two apart is one character that a slip of the pen may change."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    left, right = one[start : len(one) - end], other[start : len(other) - end]
    return max(len(left), len(right)) == 1 and not _ORDINALS & set(left + right)


def _close_together(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Entry]]:
    cells: dict[tuple[int, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.longitude is not None and entry.latitude is not None:
            cells[int(entry.longitude // _GRID), int(entry.latitude // _GRID)].append(entry)
    for (column, row), here in cells.items():
        around = [
            other
            for dx, dy in ((1, -1), (1, 0), (1, 1), (0, 1))
            for other in cells.get((column + dx, row + dy), ())
        ]
        pairs = [*combinations(here, 2), *((one, other) for one in here for other in around)]
        for one, other in pairs:
            here_at, there_at = one.position, other.position
            if here_at and there_at and distance_m(here_at, there_at) <= NEAR_M:
                yield one, other
