"""The survey of a county as the workbook that its clerk imports."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from openpyxl import Workbook

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.world.city.plan import PlannedUnit

if TYPE_CHECKING:
    from hengyuan.platform.ledger.importing.columns import Sheet

Cells = dict[str, Any]

DIVISION_KG = 20
_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨"
_MAX_T = 120


def survey(units: Iterable[PlannedUnit], today: date) -> bytes:
    """The workbook (xlsx) of these units, with the headings of the platform's template."""
    from hengyuan.platform.ledger.importing.columns import EQUIPMENT, LANES, SCALES, UNITS

    units = list(units)
    book = Workbook(write_only=True)
    _write(book, UNITS, (_unit(unit, today) for unit in units))
    _write(book, LANES, (cells for unit in units for cells in _lanes(unit)))
    _write(book, SCALES, (cells for unit in units for cells in _scales(unit, today)))
    _write(book, EQUIPMENT, (cells for unit in units for cells in _equipment(unit, today)))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _write(book: Any, sheet: Sheet, rows: Iterable[Cells]) -> None:
    opened = book.create_sheet(sheet.name)
    opened.append([column.heading for column in sheet.columns])
    for cells in rows:
        opened.append([cells.get(column.field) for column in sheet.columns])


def _reference(unit: PlannedUnit) -> Cells:
    return {"name": unit.name, "region": unit.county.name}


def _unit(unit: PlannedUnit, today: date) -> Cells:
    from hengyuan.platform.ledger.importing.columns import KINDS, MODES, STATES

    surname = _SURNAMES[unit.number % len(_SURNAMES)]
    contact = _SURNAMES[unit.number * 7 % len(_SURNAMES)]
    cells = _reference(unit) | {
        "credit_code": unit.credit_code or None,
        "township": unit.township or None,
        "address": unit.address,
        "kind": KINDS[unit.kind.code],
        "cargo_codes": "、".join(CARGO_TYPES[code] for code in unit.kind.cargo),
        "annual_throughput_t": unit.throughput_t,
        "supervision_mode": MODES[unit.mode],
        "state": STATES[unit.state],
        "legal_person": f"{surname}示例",
        "contact_name": f"{contact}演示",
        "contact_phone": f"0357-00000{unit.number % 100:02d}",
        "longitude": unit.longitude,
        "latitude": unit.latitude,
    }
    if unit.state == "closed":
        cells |= {
            "closed_on": today - timedelta(days=30 + unit.number),
            "closed_reason": "资源枯竭，停止装车",
        }
    return cells


def _lanes(unit: PlannedUnit) -> Iterator[Cells]:
    from hengyuan.platform.ledger.importing.columns import DIRECTIONS

    for number in range(1, unit.lanes + 1):
        yield _reference(unit) | {
            "gate": number,
            "gate_name": f"{number}号门",
            "gate_direction": DIRECTIONS["out"],
            "lane": 1,
            "lane_name": f"{number}号磅",
            "lane_direction": DIRECTIONS["out"],
        }


def _scales(unit: PlannedUnit, today: date) -> Iterator[Cells]:
    for number, days in enumerate(unit.certificate_days, start=1):
        ends = today + timedelta(days=days)
        yield _reference(unit) | {
            "number": number,
            "gate": number,
            "lane": 1,
            "accuracy_class": "III 级",
            "e_kg": DIVISION_KG,
            "max_kg": _MAX_T,
            "manufacturer": "示例衡器厂",
            "model": f"SCS-{_MAX_T}",
            "serial": f"HY-{unit.number:04d}-{number}",
            "installed_on": date(2024, 6, 1) + timedelta(days=unit.number),
            "certificate_no": f"演检字{unit.number:04d}-{number}",
            "verified_on": ends - timedelta(days=364),
            "certificate_expires_on": ends,
        }


def _equipment(unit: PlannedUnit, today: date) -> Iterator[Cells]:
    from hengyuan.platform.ledger.importing.columns import THINGS

    there = [
        ("plate-camera", "1号磅前方", unit.has_camera),
        ("camera", "磅房外立杆", unit.has_camera),
        ("display", "出口立杆", unit.has_display),
        ("axle-identifier", "1号磅引道", unit.mode == "electronic" and unit.has_camera),
        ("barrier", "1号磅后方", unit.throughput_t > 300_000 and unit.has_display),
    ]
    number = 0
    for kind, position, stands in there:
        if not stands:
            continue
        number += 1
        yield _reference(unit) | {
            "number": number,
            "kind": THINGS[kind],
            "gate": 1,
            "lane": 1,
            "position": position,
            "manufacturer": "示例设备厂",
            "serial": f"HYE-{unit.number:04d}-{number}",
            "installed_on": min(today, date(2024, 6, 1) + timedelta(days=unit.number)),
        }
