"""A survey as offices send them in: 1,000 invented units over Linfen's counties, 60 of them wrong.

`survey()` gives the workbook and what is planted in it, place by place, so that a test can ask for
exactly that. Every unit is called 示例…, every credit code is of an issuer that does not exist.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.timezone import localdate
from openpyxl import Workbook

from hengyuan.law.divisions import LINFEN_COUNTIES, LOCAL_COUNTIES
from hengyuan.law.townships import LINFEN_TOWNSHIPS
from hengyuan.platform.ledger.importing.columns import LANES, SCALES, UNITS
from hengyuan.platform.ledger.positions import EXTENTS
from tests.platform.ledger.books import (
    Row,
    book,
    column_letter,
    credit_code,
    place,
    with_part,
    with_text,
)

ROWS = 1_000
COUNTIES = {**LINFEN_COUNTIES, **LOCAL_COUNTIES}
KINDS = ("煤炭", "焦化", "钢铁", "水泥", "砂石", "物流园区")
MODES = ("电子监管", "巡查", "驻点")
TWO_MEGABYTES = 2 * 1024 * 1024
_PLACEHOLDER = "PLACEHOLDER-FOR-TWO-MEGABYTES"


@dataclass(frozen=True)
class Planted:
    """Something wrong: where, what it is called, whether the row can be taken all the same."""

    sheet: str
    row: int
    column: str
    code: str
    is_error: bool = True


@dataclass
class Survey:
    content: bytes
    planted: list[Planted] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    @property
    def errors(self) -> set[tuple[str, int, str, str]]:
        return {(p.sheet, p.row, p.column, p.code) for p in self.planted if p.is_error}

    @property
    def warnings(self) -> set[tuple[str, int, str, str]]:
        return {(p.sheet, p.row, p.column, p.code) for p in self.planted if not p.is_error}

    @property
    def bad_rows(self) -> set[int]:
        """Rows of the units' sheet that must not be imported."""
        return {p.row for p in self.planted if p.is_error and p.sheet == UNITS.name}

    @property
    def good_names(self) -> set[str]:
        bad = self.bad_rows
        return {row["name"] for line, row in enumerate(self.rows, start=2) if line not in bad}


def good_unit(number: int) -> Row:
    """The number-th unit: no two of them look alike, and none has anything to complain of."""
    code, county = list(COUNTIES.items())[number % len(COUNTIES)]
    within = number // len(COUNTIES)
    west, south, _east, _north = (Decimal(str(edge)) for edge in EXTENTS[code])
    townships = list(LINFEN_TOWNSHIPS.get(code, {}).values())
    tonnes = 20_000 + number * 631 % 400_000
    grade = "重点" if tonnes >= 200_000 else "次重点" if tonnes >= 100_000 else "一般"
    kind = KINDS[number % len(KINDS)]
    return {
        "name": f"示例{number:04d}号{kind}厂",
        "credit_code": credit_code(number, code),
        "region": county,
        "township": townships[within % len(townships)] if townships else None,
        "address": f"示例路 {number} 号",
        "kind": kind,
        "cargo_codes": "煤炭及制品" if kind == "煤炭" else None,
        "annual_throughput_t": tonnes,
        "grade": grade,
        "supervision_mode": MODES[number % len(MODES)],
        "state": "在产",
        "legal_person": f"示例甲{number}",
        "contact_name": f"示例乙{number}",
        "contact_phone": f"0357-{number:07d}",
        # 18 counties share extents: each has its own offset, so that no two lie together
        "longitude": float(west + Decimal(5 + within % 8) / 100 + Decimal(number % 18) / 2500),
        "latitude": float(south + Decimal(5 + within // 8) / 100),
    }


def survey() -> Survey:
    """The workbook with everything in it."""
    found = Survey(b"", rows=[good_unit(number) for number in range(1, ROWS + 1)])
    plants = _Plants(found)
    plants.put_all()
    content = book(
        {UNITS: found.rows, LANES: _lanes(found), SCALES: _scales(found)}, edit=plants.edit
    )
    content = with_text(content, _PLACEHOLDER, "长" * (TWO_MEGABYTES // 3 + 1))
    found.content = _with_error_cell(content, plants.error_cell)
    return found


class _Plants:
    """Puts what is wrong into rows, each in a row of its own, far apart."""

    def __init__(self, found: Survey) -> None:
        self.found = found
        self._lines = iter(range(10, ROWS, 15))
        self._edits: list[Callable[[Workbook], None]] = []
        self.error_cell = ""

    def put_all(self) -> None:
        for put in (
            self._credit_codes,
            self._places,
            self._doubles,
            self._dates,
            self._missing,
            self._formulas,
            self._large,
            self._merged,
            self._choices,
            self._numbers,
            self._others,
            self._wrong_sheet,
            self._forgiven,
        ):
            put()

    def edit(self, made: Workbook) -> None:
        for edit in self._edits:
            edit(made)

    def _plant(self, name: str, code: str, is_error: bool = True, /, **cells: Any) -> int:
        """Change cells of the next free row; the problem is expected in the column `name`."""
        line = next(self._lines)
        self.found.rows[line - 2].update(cells)
        self._expect(line, name, code, is_error)
        return line

    def _expect(self, line: int, name: str, code: str, is_error: bool = True) -> None:
        self.found.planted.append(Planted(UNITS.name, line, place(UNITS, name), code, is_error))

    def _credit_codes(self) -> None:
        for wrong in ("9114102", "91141024MA0T0000199"):
            self._plant("credit_code", "credit_length", credit_code=wrong)
        for wrong in ("91141024MA0T00001O", "91141024MA0T0000I9"):
            self._plant("credit_code", "credit_characters", credit_code=wrong)
        self._plant("credit_code", "credit_region", credit_code="91LNFENX" + "A" * 10)
        self._plant("credit_code", "number_cut", credit_code=911410240000000001)

    def _places(self) -> None:
        for wrong in ("不存在镇", "大槐数镇", "示例街道"):
            self._plant("township", "township_unknown", township=wrong)
        for _ in range(2):
            line = next(self._lines)
            row = self.found.rows[line - 2]
            row["township"] = "大槐树镇" if row["region"] != "洪洞县" else "乐昌镇"
            self._expect(line, "township", "township_unknown")
        for wrong in ("太谷区", "洪同县", "141099"):
            self._plant("region", "county_unknown", region=wrong)

    def _doubles(self) -> None:
        for column in ("credit_code", "name"):
            for _ in range(3):
                line = next(self._lines)
                earlier = self.found.rows[line - 5]
                row = self.found.rows[line - 2]
                row.update(region=earlier["region"], township=earlier["township"])
                row[column] = earlier[column]
                self._expect(line, column, "twice_in_file")
        # the test puts these two into the ledger before, with other credit codes
        for _ in range(2):
            self._plant("name", "twice_in_ledger")

    def _dates(self) -> None:
        for wrong, code in (
            ("2024-02-30", "no_such_date"),
            ("去年", "no_date"),
            ("1024-05-01", "date_improbable"),
        ):
            self._plant("closed_on", code, state="关闭", closed_reason="停办", closed_on=wrong)

    def _missing(self) -> None:
        for name, code, count in (
            ("name", "missing", 2),
            ("kind", "missing_choice", 2),
            ("supervision_mode", "missing_choice", 3),
            ("region", "missing", 2),
        ):
            for _ in range(count):
                self._plant(name, code, **{name: None})

    def _formulas(self) -> None:
        self._plant("annual_throughput_t", "formula", annual_throughput_t="=200000+60000")
        self._plant("name", "formula", name='="示例"&"厂"')
        self._plant("kind", "formula", kind="=A1")

    def _large(self) -> None:
        self._plant("address", "oversized", address=_PLACEHOLDER)
        self._plant("name", "too_long", name="示例" + "很长的名称" * 20)

    def _merged(self) -> None:
        line = next(self._lines)
        letter = column_letter(UNITS, "township")
        for row in (line, line + 1):
            self.found.planted.append(Planted(UNITS.name, row, letter, "merged"))
        cells = f"{letter}{line}:{letter}{line + 1}"
        self._edits.append(lambda made: made[UNITS.name].merge_cells(cells))

    def _choices(self) -> None:
        for wrong in ("赌场", "煤", "钢铁、煤炭"):
            self._plant("kind", "no_choice", kind=wrong)
        for wrong in ("抽查", "无人机"):
            self._plant("supervision_mode", "no_choice", supervision_mode=wrong)

    def _numbers(self) -> None:
        for wrong in ("约20万吨", "二十万", "20-30万"):
            self._plant("annual_throughput_t", "no_number", annual_throughput_t=wrong)
        self._plant("annual_throughput_t", "out_of_range", annual_throughput_t=-5)
        self._plant("annual_throughput_t", "not_whole", annual_throughput_t=120000.5)

    def _others(self) -> None:
        for wrong in ("无", "0357-1234567、0357-7654321"):
            self._plant("contact_phone", "bad_phone", contact_phone=wrong)
        for _ in range(2):
            line = next(self._lines)
            row = self.found.rows[line - 2]
            row["longitude"], row["latitude"] = row["latitude"], row["longitude"]
            self._expect(line, "longitude", "position_swapped")
        self._plant("latitude", "position_half", latitude=None)
        self._plant("closed_reason", "closed_reason_missing", state="关闭")
        self._plant("code", "code_unknown", code="14102451998")
        line = self._plant("address", "cell_error", address="ERROR-HERE")
        self.error_cell = f"{column_letter(UNITS, 'address')}{line}"

    def _wrong_sheet(self) -> None:
        self.found.planted.append(Planted("Sheet1", 1, "A", "sheet_unknown"))

        def add(made: Workbook) -> None:
            made.create_sheet("Sheet1").append(["示例9999号煤场", "洪洞县", "煤炭", "巡查"])

        self._edits.append(add)

    def _forgiven(self) -> None:
        """What is told, and imported all the same."""
        told = itertools.count(20, 15)

        def tell(name: str, code: str, /, **cells: Any) -> int:
            line = next(told)
            self.found.rows[line - 2].update(cells)
            self._expect(line, name, code, is_error=False)
            return line

        tell("annual_throughput_t", "number_as_text", annual_throughput_t="150,000", grade="次重点")
        tell("annual_throughput_t", "full_width", annual_throughput_t="２５００００", grade="重点")
        tell("contact_name", "blanks_removed", contact_name="示例丙 ")
        tell("longitude", "position_far", longitude=112.9)
        tell("annual_throughput_t", "throughput_small", annual_throughput_t=26, grade="一般")
        tell("grade", "grade_differs", annual_throughput_t=250_000, grade="一般")
        tell("grade", "grade_suggested", annual_throughput_t=250_000, grade=None)
        line = next(told)
        row = self.found.rows[line - 2]
        good: str = row["credit_code"]
        row["credit_code"] = good[:-1] + ("0" if good[-1] != "0" else "1")
        self._expect(line, "credit_code", "credit_checksum", is_error=False)
        hidden = [next(told), next(told)]
        self.found.planted.append(Planted(UNITS.name, hidden[0], "", "rows_hidden", False))

        def hide(made: Workbook) -> None:
            for number in hidden:
                made[UNITS.name].row_dimensions[number].hidden = True

        self._edits.append(hide)


def known_before(found: Survey) -> Iterator[Row]:
    """Rows that the ledger must have before, with other credit codes, for the doubles in it."""
    for planted in found.planted:
        if planted.code == "twice_in_ledger":
            row = found.rows[planted.row - 2]
            yield {"name": row["name"], "region": row["region"]}


def _lanes(found: Survey) -> list[Row]:
    """A gate with a lane for the first hundred units that are imported."""
    return [
        {"name": row["name"], "region": row["region"], "gate": 1, "gate_name": "南门"}
        | {"lane": 1, "lane_name": "出场称重道", "lane_direction": "出场"}
        for row in _first_good(found, 100)
    ]


def _scales(found: Survey) -> list[Row]:
    return [
        {"name": row["name"], "region": row["region"], "number": 1, "gate": 1, "lane": 1}
        | {"accuracy_class": "III 级", "e_kg": 20, "max_kg": 100, "serial": f"SL-{number}"}
        | {"verified_on": localdate(), "certificate_expires_on": localdate() + timedelta(365)}
        for number, row in enumerate(_first_good(found, 100))
    ]


def _first_good(found: Survey, count: int) -> list[Row]:
    bad = found.bad_rows
    good = [row for line, row in enumerate(found.rows, start=2) if line not in bad]
    return good[:count]


def _with_error_cell(content: bytes, cell: str) -> bytes:
    """The cell shows #N/A, as Excel stores it."""
    import re

    pattern = re.compile(rf'<c r="{cell}"[^>]*>.*?</c>'.encode())
    shown = f'<c r="{cell}" t="e"><v>#N/A</v></c>'.encode()
    return with_part(content, "xl/worksheets/sheet1.xml", lambda data: pattern.sub(shown, data))
