"""The workbook of the ledger: an empty template, or one filled with units.

Both have the same sheets, so that what was exported can be edited and imported again. Nothing in
it is ever a formula, and long digit strings stay texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.ledger.importing.columns import (
    CHOICES,
    EQUIPMENT,
    INSTRUCTIONS,
    LANES,
    NO,
    SCALES,
    SHEETS,
    UNITS,
    Column,
    Sheet,
)
from hengyuan.platform.ledger.importing.package import MAX_BYTES, MAX_ROWS
from hengyuan.platform.ledger.importing.plan import shown
from hengyuan.platform.ledger.models import Gate, SourceUnit
from hengyuan.platform.regions.models import Level, Region

EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SPARE_ROWS = 1_000
_READ_AT_ONCE = 500
_HEAD_FILL = PatternFill("solid", fgColor="E8EDF3")
_NEEDED_FILL = PatternFill("solid", fgColor="D6E2F1")
_LINE = Side(style="thin", color="C5CED8")
_NAME = re.compile(r"[^\w]")
Cells = dict[str, Any]


def template_workbook(counties: Sequence[Region]) -> bytes:
    """An empty workbook for these counties, with their townships to choose from."""
    return _workbook(counties, {sheet: [] for sheet in SHEETS})


def export_workbook(units: QuerySet[SourceUnit], counties: Sequence[Region]) -> bytes:
    """These units with gates, lanes, scales and equipment, as the template has them."""
    rows: dict[Sheet, list[Cells]] = {sheet: [] for sheet in SHEETS}
    for unit in _with_parts(units):
        reference = {"code": unit.code, "name": unit.name, "region": unit.region.name}
        rows[UNITS].append(_unit_cells(unit))
        rows[LANES] += [reference | cells for cells in _lane_cells(unit)]
        rows[SCALES] += [reference | _device_cells(scale, SCALES) for scale in unit.scales.all()]
        rows[EQUIPMENT] += [
            reference | _device_cells(thing, EQUIPMENT) for thing in unit.equipment.all()
        ]
    return _workbook(counties, rows)


def _with_parts(units: QuerySet[SourceUnit]) -> Iterator[SourceUnit]:
    gates = Prefetch("gates", Gate.objects.prefetch_related("lanes").order_by("number"))
    read = units.select_related("region", "township").prefetch_related(
        gates, "scales__gate", "scales__lane", "equipment__gate", "equipment__lane"
    )
    return read.order_by("code").iterator(chunk_size=_READ_AT_ONCE)


def _unit_cells(unit: SourceUnit) -> Cells:
    cells: Cells = {}
    for column in UNITS.columns:
        if column.field == "clear":
            continue
        value = getattr(unit, column.field)
        keeps_type = column.field in {
            "annual_throughput_t",
            "longitude",
            "latitude",
            "closed_on",
        }
        cells[column.field] = value if keeps_type else shown(SourceUnit, column.field, value)
    return cells


def _lane_cells(unit: SourceUnit) -> Iterator[Cells]:
    for gate in unit.gates.all():
        cells: Cells = {
            "gate": gate.number,
            "gate_name": gate.name,
            "gate_direction": shown(Gate, "direction", gate.direction),
        }
        lanes = list(gate.lanes.all())
        if not lanes:
            yield cells
        for lane in lanes:
            yield cells | {
                "lane": lane.number,
                "lane_name": lane.name,
                "lane_direction": shown(type(lane), "direction", lane.direction),
            }


def _device_cells(device: Any, sheet: Sheet) -> Cells:
    cells: Cells = {
        "gate": device.gate.number if device.gate else None,
        "lane": device.lane.number if device.lane else None,
    }
    for column in sheet.columns:
        if column.field in {"code", "name", "region", "gate", "lane", "clear"}:
            continue
        value = getattr(device, column.field)
        if column.field == "max_kg" and value is not None:
            value = value / 1000
        elif column.choices:
            value = shown(type(device), column.field, value)
        cells[column.field] = value
    return cells


def _workbook(counties: Sequence[Region], rows: dict[Sheet, list[Cells]]) -> bytes:
    book = Workbook()
    book.remove(book.worksheets[0])
    lists = _Lists(counties)
    for sheet in SHEETS:
        _fill(book.create_sheet(sheet.name), sheet, rows[sheet], lists)
    _instructions(book.create_sheet(INSTRUCTIONS), counties)
    lists.write(book)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


class _Lists:
    """What cells offer to choose from: ranges of a sheet that is not shown."""

    def __init__(self, counties: Sequence[Region]) -> None:
        self.counties = list(counties)
        self._columns: list[tuple[str, list[str]]] = []
        self._names: dict[str, int] = {}
        self.county_names = self._range("counties", [county.name for county in self.counties])
        below: dict[str, list[str]] = {county.pk: [] for county in self.counties}
        for township in Region.objects.filter(level=Level.TOWNSHIP, parent__in=below):
            below[township.parent_id or ""].append(township.name)
        self._townships = {
            county.name: self._range(county.name, below[county.pk])
            for county in self.counties
            if below[county.pk]
        }

    def for_column(self, sheet: Sheet, column: Column) -> str | None:
        """The formula of the list of a column; None where anything can be typed."""
        if column.choices:
            return self._range(f"{sheet.name}{column.heading}", list(column.choices))
        if column.field == "region" and self.counties:
            return self.county_names
        if column.field == "township" and len(self.counties) == 1:
            return next(iter(self._townships.values()), None)
        if column.field == "township" and self._townships:
            # the county of the same row names the range
            letter = get_column_letter(_index(sheet, "region"))
            return f"INDIRECT(${letter}2)"
        return None

    def write(self, book: Workbook) -> None:
        """The sheet with all lists, and a name for each county's townships."""
        sheet: Any = book.create_sheet(CHOICES)
        sheet.sheet_state = "hidden"
        for number, (name, values) in enumerate(self._columns, start=1):
            for row, value in enumerate([name, *values], start=1):
                sheet.cell(row=row, column=number, value=value)
        for name, formula in self._townships.items():
            label = _NAME.sub("", name)
            book.defined_names[label] = DefinedName(label, attr_text=formula)

    def _range(self, name: str, values: list[str]) -> str:
        if name not in self._names:
            self._columns.append((name, values))
            self._names[name] = len(self._columns)
        letter = get_column_letter(self._names[name])
        return f"{quote_sheetname(CHOICES)}!${letter}$2:${letter}${len(values) + 1}"


def _fill(opened: Any, sheet: Sheet, rows: list[Cells], lists: _Lists) -> None:
    last = min(len(rows) + 1 + _SPARE_ROWS, MAX_ROWS)
    for number, column in enumerate(sheet.columns, start=1):
        letter = get_column_letter(number)
        opened.column_dimensions[letter].width = column.width
        # the format of the whole column, so that rows that are added have it too
        opened.column_dimensions[letter].number_format = column.format
        cell = opened.cell(row=1, column=number, value=column.heading)
        cell.font = Font(bold=True)
        cell.fill = _NEEDED_FILL if column.needed else _HEAD_FILL
        cell.alignment = Alignment(vertical="center", horizontal="center", wrap_text=True)
        cell.border = Border(bottom=_LINE, right=_LINE)
        _validate(opened, sheet, column, f"{letter}2:{letter}{last}", lists)
    opened.row_dimensions[1].height = 32
    for row, cells in enumerate(rows, start=2):
        for number, column in enumerate(sheet.columns, start=1):
            _put(opened, row, number, column, cells.get(column.field))
    name_column = _index(sheet, "name") + 1
    opened.freeze_panes = f"{get_column_letter(name_column)}2"
    opened.auto_filter.ref = f"A1:{get_column_letter(len(sheet.columns))}{len(rows) + 1}"
    opened.sheet_view.zoomScale = 100


def _put(opened: Any, row: int, number: int, column: Column, value: Any) -> None:
    cell = opened.cell(row=row, column=number)
    cell.number_format = column.format
    cell.protection = Protection(locked=False)
    if value is None or value == "":
        return
    if isinstance(value, str):
        # a text stays one: a name that begins with = must not become a formula
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        cell.data_type = "s"
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value


def _validate(opened: Any, sheet: Sheet, column: Column, cells: str, lists: _Lists) -> None:
    formula = lists.for_column(sheet, column)
    if formula is not None:
        rule = DataValidation(type="list", formula1=formula, allow_blank=True)
        rule.errorTitle, rule.error = column.heading, "请从列表中选择"
        # 乡镇 can also be given by code, and a list by INDIRECT is empty until the county stands
        rule.errorStyle = "warning" if column.field in {"township", "region"} else "stop"
    elif column.format == "yyyy-mm-dd":
        rule = DataValidation(
            type="date", operator="between", formula1="29221", formula2="54789", allow_blank=True
        )
        rule.errorTitle, rule.error = column.heading, "请填写日期，如 2026-05-31"
    elif column.field == "credit_code":
        rule = DataValidation(type="textLength", operator="equal", formula1="18", allow_blank=True)
        rule.errorTitle, rule.error = column.heading, "统一社会信用代码为 18 位"
        rule.errorStyle = "warning"
    elif column.format == "0":
        rule = DataValidation(
            type="whole", operator="between", formula1="0", formula2="500000000", allow_blank=True
        )
        rule.errorTitle, rule.error = column.heading, "请填写整数，不带单位"
    else:
        rule = DataValidation(allow_blank=True)
    if column.meaning:
        rule.promptTitle = column.heading[:32]
        rule.prompt = ("必填。" if column.needed else "") + column.meaning[:200]
        rule.showInputMessage = True
    rule.showErrorMessage = rule.type is not None
    rule.add(cells)
    opened.add_data_validation(rule)


def _index(sheet: Sheet, field: str) -> int:
    return next(
        number for number, column in enumerate(sheet.columns, start=1) if column.field == field
    )


def _instructions(opened: Any, counties: Sequence[Region]) -> None:
    for letter, width in zip("ABCDE", (14, 20, 8, 22, 76), strict=True):
        opened.column_dimensions[letter].width = width
    place = counties[0].name if len(counties) == 1 else "所辖县（市、区）"
    opened.append([f"源头单位台账导入表（{place}）"])
    opened["A1"].font = Font(bold=True, size=14)
    for text in _RULES:
        opened.append([text])
        opened.merge_cells(f"A{opened.max_row}:E{opened.max_row}")
        opened.cell(row=opened.max_row, column=1).alignment = Alignment(
            wrap_text=True, vertical="top"
        )
        opened.row_dimensions[opened.max_row].height = 17 * (1 + len(text) // 68)
    opened.append([])
    opened.append(["工作表", "列", "必填", "示例", "说明"])
    for cell in opened[opened.max_row]:
        cell.font, cell.fill = Font(bold=True), _HEAD_FILL
    for line in _column_lines():
        opened.append(list(line))
        for cell in opened[opened.max_row]:
            cell.data_type = "s"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    opened.append([])
    opened.append([f"本表由平台于 {timezone.localdate():%Y-%m-%d} 生成。"])


def _column_lines() -> Iterable[tuple[str, ...]]:
    for sheet in SHEETS:
        for column in sheet.columns:
            meaning = column.meaning
            if column.choices and column.field != "clear":
                meaning = ";".join(part for part in (meaning, "、".join(column.choices)) if part)
            if column.field == "cargo_codes":
                meaning = f"{meaning}:{';'.join(CARGO_TYPES.values())}"
            needed = "是" if column.needed else NO
            yield sheet.name, column.heading, needed, column.example, meaning


_RULES = (
    "一、只填写“源头单位”“出口车道”“称重设备”“其他设备”四张工作表，一行一条。工作表名称和第一行的列名"
    "不要改动；列的次序可以调整，不需要的列可以删除（必填列除外）。",
    "二、新单位的“单位编码”留空，导入后由平台编制。已有单位按单位编码对应；没有填写编码的，先按"
    "“统一社会信用代码+县”对应，再按“单位名称+县”对应。对应上的单位只更新，不会重复录入。",
    "三、空白单元格保留台账中的原有内容。要清除内容的，在该行“空白即清除”列填“是”：该行所有空白的选填项"
    "都会被清除（单位名称、类别、等级、监管方式、生产状态不会被清除）。",
    "四、本表中没有的单位、出口、车道和设备不受影响，导入不会删除任何内容。单位不能通过导入恢复，"
    "请在单位页面办理。",
    "五、“出口车道”“称重设备”“其他设备”用单位编码，或者单位名称和县，说明属于哪个单位；新单位写在"
    "“源头单位”工作表中即可引用。设备所在的出口、车道须已登记或写在“出口车道”工作表中。",
    "六、统一社会信用代码、电话、编号等列为文本格式，请勿改为数字格式。不要使用公式、合并单元格。"
    "日期写作 2026-05-31。年货运量的单位是吨，不是万吨。",
    "七、上传后先核对：平台逐行列出错误、提醒和将要发生的变化，确认后才写入台账。有错误的行不会导入，"
    "其他行照常导入；改正后再次上传即可，已导入的行不会重复。",
    f"八、文件须为 .xlsx 格式，不加密、不含宏，不超过 {MAX_BYTES // 1024 // 1024} MB，"
    f"每张工作表不超过 {MAX_ROWS:,} 行。",
)
