"""Code lists that travel in records and interfaces: vehicles, cargo, units, sites, files."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hengyuan.law.regions import RegionLevel, check_region, level

VEHICLE_TYPES: dict[str, str] = {
    "H11": "重型普通货车",
    "H17": "重型自卸货车",
    "Q11": "重型半挂牵引车",
    "B11": "重型普通半挂车",
    "Z51": "大型专项作业车",
}
"""GA 24.4 vehicle types that a weighbridge meets, code → name."""

CARGO_TYPES: dict[str, str] = {
    "0100": "煤炭及制品",
    "0200": "石油、天然气及制品",
    "0300": "金属矿石",
    "0400": "钢铁",
    "0500": "矿建材料",
    "0600": "水泥",
    "0700": "木材",
    "0800": "非金属矿石",
    "0900": "化肥及农药",
    "1000": "盐",
    "1100": "粮食",
    "1200": "机械、设备、电器",
    "1300": "轻工原料及制品",
    "1400": "有色金属",
    "1500": "轻工医药产品",
    "1601": "鲜活农产品",
    "1602": "冷藏冷冻货物",
    "1701": "商品汽车",
    "1700": "其他",
}
"""Cargo classes of the network-freight (网络货运) interface, code → name."""


class SourceUnitKind(StrEnum):
    """What a source unit (源头单位) does; the first six are those that Shanxi's order 301 names."""

    COAL = "coal"
    STEEL = "steel"
    CEMENT = "cement"
    SAND_STONE = "sand-stone"
    COMMERCIAL_VEHICLES = "commercial-vehicles"
    FREIGHT_STATION = "freight-station"
    COKE = "coke"
    LOGISTICS_PARK = "logistics-park"
    OTHER = "other"

    @property
    def zh(self) -> str:
        return _SOURCE_UNIT_ZH[self]


_SOURCE_UNIT_ZH = {
    SourceUnitKind.COAL: "煤炭",
    SourceUnitKind.STEEL: "钢铁",
    SourceUnitKind.CEMENT: "水泥",
    SourceUnitKind.SAND_STONE: "砂石",
    SourceUnitKind.COMMERCIAL_VEHICLES: "商品车集散地",
    SourceUnitKind.FREIGHT_STATION: "货运站（场）",
    SourceUnitKind.COKE: "焦化",
    SourceUnitKind.LOGISTICS_PARK: "物流园区",
    SourceUnitKind.OTHER: "其他",
}


class SupervisionMode(StrEnum):
    """How a published unit is supervised (山西省人民政府令第301号)."""

    STATIONED = "stationed"
    PATROL = "patrol"
    ELECTRONIC = "electronic"

    @property
    def zh(self) -> str:
        return _SUPERVISION_ZH[self]


_SUPERVISION_ZH = {
    SupervisionMode.STATIONED: "驻点",
    SupervisionMode.PATROL: "巡查",
    SupervisionMode.ELECTRONIC: "电子监管",
}

SITE_TYPES: dict[str, str] = {
    "21": "超限检测站",
    "31": "非现场检测点",
    "41": "高速公路入口",
    "42": "高速公路出口",
    "51": "重点源头企业",
}
"""Site types of a provincial interface, code → name."""

SOURCE_UNIT_SITE_TYPE = "51"

CHECK_TYPES: dict[int, str] = {1: "初检", 2: "复检"}
"""First weighing and re-weighing in a provincial interface."""

TRANSFER_TYPES: dict[int, str] = {2: "base64", 3: "URL"}
"""How a file travels in a provincial interface."""

FILE_TYPES: dict[int, str] = {
    11: "车牌照片",
    12: "车头照片",
    13: "车尾照片",
    14: "前侧面照片",
    15: "后侧面照片",
    21: "全景视频",
    22: "车头视频",
    23: "车尾视频",
    24: "前侧面视频",
    25: "后侧面视频",
}
"""Files of a record in a provincial interface, code → name; from 21 on they are video."""


@dataclass(frozen=True, slots=True)
class StationCode:
    """A ten-digit station code: county (6), site type (2), number within the county (2)."""

    county: str
    site_type: str
    sequence: int

    def __post_init__(self) -> None:
        check_region(self.county)
        if level(self.county) is not RegionLevel.COUNTY:
            raise ValueError(f"station code: {self.county} is no county")
        if self.site_type not in SITE_TYPES:
            raise ValueError(
                f"station code: site type {self.site_type!r} is none of {', '.join(SITE_TYPES)}"
            )
        if not 1 <= self.sequence <= 99:
            raise ValueError(f"station code: sequence must be 1 to 99, got {self.sequence}")

    def __str__(self) -> str:
        return f"{self.county}{self.site_type}{self.sequence:02d}"


def parse_station_code(text: str) -> StationCode:
    """Read a ten-digit station code; raises ValueError saying which part is wrong."""
    if not (text.isascii() and text.isdigit() and len(text) == 10):
        raise ValueError(
            f"station code {text[:20]!r} is not 10 digits: county (6), site type (2), number (2)"
        )
    return StationCode(text[:6], text[6:8], int(text[8:]))
