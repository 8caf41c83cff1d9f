"""The source units of the simulated city: where they lie, what they load, what stands there.

Nothing here is of a real company. Every name has 示例 in it, every credit code HY where a real
one has the number of its company, every telephone is 0357-00000xx.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from hengyuan.law.credit_code import check_character
from hengyuan.law.regions import REGIONS
from hengyuan.law.townships import LINFEN_TOWNSHIPS

HONGTONG, XIANGFEN = "141024", "141023"
LIVE_UNITS = ("洪洞县示例一号煤矿", "洪洞县示例二号石料厂", "襄汾县示例三号钢铁厂")
"""At their gates the demo puts up simulated devices."""
_TWICE = 2
"""Which of Hongtong's units was entered twice, so that the ledger has something to point at."""


@dataclass(frozen=True, slots=True)
class County:
    """A county of the city. `units` has a letter for the kind of each, see `KINDS`."""

    code: str
    pinyin: str
    longitude: float
    latitude: float
    units: str

    @property
    def name(self) -> str:
        return REGIONS[self.code].name


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit: code of the ledger, how such a unit is called, what it loads."""

    code: str
    suffix: str
    cargo: tuple[str, ...]
    throughput_t: int


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """A unit as the survey finds it. Days are counted from today."""

    county: County
    number: int
    """In the whole city, from 1."""
    name: str
    kind: Kind
    credit_code: str
    township: str
    longitude: float
    latitude: float
    throughput_t: int
    state: str
    mode: str
    lanes: int
    certificate_days: tuple[int, ...]
    """For each scale: in how many days its certificate ends."""
    has_camera: bool
    has_display: bool

    @property
    def address(self) -> str:
        return f"{self.county.name}{self.township}示例路{self.number}号"


KINDS = {
    "c": Kind("coal", "煤矿", ("0100",), 420_000),
    "s": Kind("steel", "钢铁厂", ("0400",), 610_000),
    "m": Kind("cement", "水泥厂", ("0600",), 260_000),
    "q": Kind("sand-stone", "石料厂", ("0500", "0800"), 150_000),
    "k": Kind("coke", "焦化厂", ("0100",), 330_000),
    "v": Kind("commercial-vehicles", "商品车发运中心", ("1701",), 60_000),
    "f": Kind("freight-station", "货运站", ("0100", "1700"), 120_000),
    "l": Kind("logistics-park", "物流园", ("1700",), 90_000),
}
# centres are rough: they only have to lie in the county
COUNTIES = (
    County("141002", "yaodu", 111.58, 36.08, "ckqflmvqc"),
    County("141021", "quwo", 111.47, 35.64, "sksqmflq"),
    County("141022", "yicheng", 111.72, 35.74, "scqkmqfc"),
    County("141023", "xiangfen", 111.44, 35.88, "sskqmflqc"),
    County("141024", "hongtong", 111.67, 36.25, "cqqkcmflskqc"),
    County("141025", "guxian", 111.92, 36.27, "cckqkcfc"),
    County("141026", "anze", 112.25, 36.15, "ckcqkcf"),
    County("141027", "fushan", 111.85, 35.97, "cqcsqmf"),
    County("141028", "jixian", 110.68, 36.10, "cqcqmf"),
    County("141029", "xiangning", 110.85, 35.97, "cckccqkfc"),
    County("141030", "daning", 110.75, 36.47, "cqmqcf"),
    County("141031", "xixian", 110.94, 36.69, "cqcmqf"),
    County("141032", "yonghe", 110.63, 36.76, "cqmqcf"),
    County("141033", "puxian", 111.10, 36.41, "cckqccfl"),
    County("141034", "fenxi", 111.56, 36.65, "ckcqcqf"),
    County("141071", "kaifaqu", 111.53, 36.12, "lvflmv"),
    County("141081", "houma", 111.37, 35.62, "slfvkmqf"),
    County("141082", "huozhou", 111.72, 36.57, "cckcqmfc"),
)
# no two share a character at the same place, so that none looks like a slip of another
_WORDS = (
    "青松", "白云", "金河", "石泉", "红岩", "长岭", "平川", "清溪", "丰源", "远山",
    "明月", "双桥", "云台", "翠屏", "虎啸", "凤坡", "玉峰", "银杏", "柏林", "梅园",
    "兰亭", "竹海", "荷塘", "枫叶", "雁门", "鹤鸣", "鹿苑", "星辰", "晨光", "朝霞",
    "霜桂", "谷雨",
)  # fmt: skip
_STATES = {
    11: "paused",
    29: "building",
    43: "closed",
    46: "paused",
    58: "paused",
    77: "building",
    91: "closed",
}
_ENDED = {4: -12, 30: -40, 37: -3, 68: -8, 101: -25}
_ENDS_SOON = {2: 9, 9: 21, 17: 5, 33: 26, 41: 14, 60: 2, 83: 18, 96: 28, 110: 12, 120: 23}
_NO_DISPLAY = {7, 24, 48, 66, 89, 115}
_NO_CAMERA = {15, 48, 72, 104}
_NO_CODE = {19, 63}
_GOLDEN_ANGLE = 2.399963


@cache
def units() -> tuple[PlannedUnit, ...]:
    """Every unit of the city, county by county, always the same ones."""
    return tuple(_units())


def units_of(county: str) -> tuple[PlannedUnit, ...]:
    """Those of one county."""
    return tuple(unit for unit in units() if unit.county.code == county)


def county(code: str) -> County:
    """A county by its code."""
    return next(found for found in COUNTIES if found.code == code)


def _units() -> Iterator[PlannedUnit]:
    number = 0
    for place, found in enumerate(COUNTIES):
        fixed = [name for name in LIVE_UNITS if name.startswith(found.name)]
        for index, letter in enumerate(found.units):
            number += 1
            word = _WORDS[(place * 5 + index) % len(_WORDS)]
            name = f"{found.name}示例{word}{KINDS[letter].suffix}"
            if index < len(fixed):
                name = fixed[index]
            unit = _unit(found, number, index, name, KINDS[letter])
            yield unit
            if found.code == HONGTONG and index == _TWICE:
                number += 1
                yield _second_entry(unit, number)


def _unit(found: County, number: int, index: int, name: str, kind: Kind) -> PlannedUnit:
    longitude, latitude = _position(found, index)
    state = _STATES.get(number, "working")
    # of a closed unit the ledger takes no equipment
    lanes = 0 if state == "closed" else 2 if kind.throughput_t > 400_000 and index == 0 else 1
    first_ends = _ENDED.get(number, _ENDS_SOON.get(number, 60 + number * 37 % 290))
    ends = (first_ends, *(70 + number * 53 % 250 for _ in range(lanes - 1)))
    equipped = state not in {"building", "closed"}
    return PlannedUnit(
        county=found,
        number=number,
        name=name,
        kind=kind,
        credit_code="" if number in _NO_CODE else _credit_code(found, number),
        township=_township(found, index),
        longitude=longitude,
        latitude=latitude,
        throughput_t=kind.throughput_t * (60 + number * 29 % 90) // 100 // 1000 * 1000,
        state=state,
        mode=_mode(number),
        lanes=lanes,
        certificate_days=ends if equipped else (),
        has_camera=equipped and number not in _NO_CAMERA,
        has_display=equipped and number not in _NO_DISPLAY,
    )


def _second_entry(first: PlannedUnit, number: int) -> PlannedUnit:
    """What a second clerk, who did not find the first entry, has entered of the same place."""
    return replace(
        first,
        number=number,
        name=first.name.replace("洪洞县", "洪洞", 1),
        credit_code="",
        longitude=round(first.longitude + 0.0004, 6),
        latitude=round(first.latitude + 0.0002, 6),
        throughput_t=80_000,
        certificate_days=(140,),
    )


def _position(found: County, index: int) -> tuple[float, float]:
    """Spread like the seeds of a sunflower, more than a kilometre from each other."""
    radius, angle = 0.016 * math.sqrt(index + 1), index * _GOLDEN_ANGLE
    longitude = found.longitude + radius * math.cos(angle)
    latitude = found.latitude + radius * math.sin(angle)
    return round(longitude, 6), round(latitude, 6)


def _township(found: County, index: int) -> str:
    """Towns rather than streets; a development zone has none of its own."""
    listed = LINFEN_TOWNSHIPS.get(found.code, {})
    towns = [name for suffix, name in sorted(listed.items()) if suffix[0] in "12"]
    return towns[index % len(towns)] if towns else ""


def _mode(number: int) -> str:
    return ("electronic", "stationed", "electronic", "patrol", "electronic")[number % 5]


def _credit_code(found: County, number: int) -> str:
    body = f"91{found.code}MA0HY{number:04d}"
    return body + check_character(body)
