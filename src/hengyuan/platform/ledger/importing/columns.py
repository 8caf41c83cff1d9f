"""The sheets and columns of the workbook: what is written into the template and read back.

Names of sheets, headings and choices are data: Chinese whatever the language on screen, so that a
file made in one language is read in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import override

from hengyuan.law.codes import CARGO_TYPES, SourceUnitKind
from hengyuan.law.codes import SupervisionMode as LawMode
from hengyuan.platform.ledger.importing import cells
from hengyuan.platform.ledger.importing.cells import Parser
from hengyuan.platform.ledger.models import (
    AccuracyClass,
    Direction,
    EquipmentKind,
    Grade,
    SupervisionMode,
    UnitKind,
    WorkingState,
)


def _chinese(choices: Any) -> dict[str, str]:
    with override("zh-hans"):
        return {value: str(label) for value, label in choices.choices}


KINDS = {kind.value: SourceUnitKind(kind.value).zh for kind in UnitKind}
MODES = {mode.value: LawMode(mode.value).zh for mode in SupervisionMode}
GRADES = {Grade.KEY.value: "重点", Grade.NEXT.value: "次重点", Grade.GENERAL.value: "一般"}
STATES = {
    WorkingState.BUILDING.value: "在建",
    WorkingState.WORKING.value: "在产",
    WorkingState.PAUSED.value: "停产",
    WorkingState.CLOSED.value: "关闭",
}
DIRECTIONS = {
    Direction.IN.value: "进场",
    Direction.OUT.value: "出场",
    Direction.BOTH.value: "进出场",
}
CLASSES = {
    value: f"{value} 级" if value in ("III", "IIII") else f"动态 {value} 级"
    for value in AccuracyClass.values
}
THINGS = {
    EquipmentKind.PLATE_CAMERA.value: "车牌识别摄像机",
    EquipmentKind.CAMERA.value: "监控摄像机",
    EquipmentKind.DISPLAY.value: "电子显示屏",
    EquipmentKind.AXLE_IDENTIFIER.value: "轴型识别设备",
    EquipmentKind.POSITION_SENSOR.value: "车辆位置传感器",
    EquipmentKind.BARRIER.value: "道闸",
    EquipmentKind.LANE_CONTROLLER.value: "车道控制器",
    EquipmentKind.UPS.value: "不间断电源",
    EquipmentKind.OTHER.value: "其他设备",
}
YES, NO = "是", "否"


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `field` is the model's, or a name that the planner knows.

    `needed` says that a new row cannot do without it; `choices` are offered in the cell;
    `format` is the cell's in Excel.
    """

    field: str
    heading: str
    parse: Parser | None
    width: int
    meaning: str
    example: str = ""
    needed: bool = False
    choices: tuple[str, ...] = ()
    format: str = "@"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name, and its columns from left to right."""

    name: str
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column:
        return next(column for column in self.columns if column.field == field)


_DATE = "yyyy-mm-dd"
_WHOLE = "0"


def _clear() -> Column:
    return Column(
        "clear",
        "空白即清除",
        cells.yes_no,
        10,
        "填“是”时，本行空白的单元格会清除台账中的原有内容；不填或填“否”时，空白单元格保留原有内容",
        choices=(YES, NO),
    )


def _reference() -> tuple[Column, ...]:
    return (
        Column(
            "code", "单位编码", cells.unit_code, 14, "已有单位填写编码；新单位留空", "14102451001"
        ),
        Column(
            "name",
            "单位名称",
            cells.text(100),
            30,
            "与“源头单位”工作表或台账中的名称完全一致",
            "示例一号煤矿",
            needed=True,
        ),
        Column(
            "region",
            "县（市、区）",
            cells.text(60),
            14,
            "所属县（市、区）；有单位编码时可以不填",
            "洪洞县",
        ),
    )


def _place() -> tuple[Column, ...]:
    return (
        Column(
            "gate", "出口编号", cells.whole(1, 99), 9, "设备所在出口；须已登记", "1", format=_WHOLE
        ),
        Column(
            "lane", "车道编号", cells.whole(1, 99), 9, "设备所在车道；须已登记", "1", format=_WHOLE
        ),
    )


def _type_plate() -> tuple[Column, ...]:
    return (
        Column("manufacturer", "生产厂家", cells.text(100), 22, "见设备铭牌", "示例衡器厂"),
        Column("model", "型号", cells.text(60), 16, "见设备铭牌", "SCS-100"),
        Column("serial", "出厂编号", cells.text(60), 16, "见设备铭牌；不得重复", "SL-0001"),
        Column("installed_on", "安装日期", cells.day, 12, "", "2024-06-01", format=_DATE),
    )


UNITS = Sheet(
    "源头单位",
    (
        Column("code", "单位编码", cells.unit_code, 14, "由平台编制。新单位留空", "14102451001"),
        Column(
            "name", "单位名称", cells.text(100), 30, "营业执照上的名称", "示例一号煤矿", needed=True
        ),
        Column(
            "credit_code",
            "统一社会信用代码",
            cells.credit_code,
            22,
            "18 位。暂无的可以不填",
            "91141024MA00000018",
        ),
        Column(
            "region",
            "县（市、区）",
            cells.text(60),
            14,
            "名称或 6 位代码。新单位必填；录入后不能更改",
            "洪洞县",
            needed=True,
        ),
        Column("township", "乡镇（街道）", cells.text(60), 16, "名称或 9 位代码", "大槐树镇"),
        Column("address", "详细地址", cells.text(200), 34, "", "示例路 1 号"),
        Column(
            "kind",
            "类别",
            cells.choice(
                KINDS, {"焦炭": "coke", "砂石料": "sand-stone", "货运站": "freight-station"}
            ),
            14,
            "从下拉列表选择",
            "煤炭",
            needed=True,
            choices=tuple(KINDS.values()),
        ),
        Column(
            "cargo_codes",
            "货物种类",
            cells.several(CARGO_TYPES),
            20,
            "可填多个，以顿号分隔；名称或 4 位代码",
            "煤炭及制品",
        ),
        Column(
            "annual_throughput_t",
            "年货运量（吨）",
            cells.whole(0, 500_000_000, "吨"),
            14,
            "公路运出的吨数，不是万吨",
            "260000",
            format=_WHOLE,
        ),
        Column(
            "grade",
            "等级",
            cells.choice(GRADES),
            10,
            "不填时按年货运量建议",
            "重点",
            choices=tuple(GRADES.values()),
        ),
        Column(
            "supervision_mode",
            "监管方式",
            cells.choice(
                MODES, {"派驻": "stationed", "驻点监管": "stationed", "电子": "electronic"}
            ),
            12,
            "建议的监管方式，以公示名单为准",
            "电子监管",
            needed=True,
            choices=tuple(MODES.values()),
        ),
        Column(
            "state",
            "生产状态",
            cells.choice(STATES, {"生产": "working", "正常": "working", "停业": "paused"}),
            10,
            "不填时新单位按“在产”",
            "在产",
            choices=tuple(STATES.values()),
        ),
        Column("legal_person", "法定代表人", cells.text(60), 12, "", "示例甲"),
        Column("contact_name", "联系人", cells.text(60), 12, "", "示例乙"),
        Column("contact_phone", "联系电话", cells.phone, 16, "数字、空格、+ 和 -", "0357-0000000"),
        Column(
            "longitude",
            "经度",
            cells.decimal(Decimal(3), Decimal(136), 6, "°"),
            13,
            "十进制度，CGCS2000 坐标，最多 6 位小数",
            "111.672300",
            format="0.000000",
        ),
        Column(
            "latitude",
            "纬度",
            cells.decimal(Decimal(3), Decimal(136), 6, "°"),
            13,
            "十进制度，与经度同时填写",
            "36.253400",
            format="0.000000",
        ),
        Column("closed_on", "关闭日期", cells.day, 12, "仅用于已关闭的单位", format=_DATE),
        Column("closed_reason", "关闭原因", cells.text(200), 24, "生产状态为“关闭”时必填"),
        _clear(),
    ),
)

LANES = Sheet(
    "出口车道",
    (
        *_reference(),
        Column(
            "gate",
            "出口编号",
            cells.whole(1, 99),
            9,
            "单位内编号 1、2、3 ……",
            "1",
            needed=True,
            format=_WHOLE,
        ),
        Column("gate_name", "出口名称", cells.text(60), 16, "新出口必填", "南门", needed=True),
        Column(
            "gate_direction",
            "出口方向",
            cells.choice(DIRECTIONS),
            10,
            "不填按“进出场”",
            "进出场",
            choices=tuple(DIRECTIONS.values()),
        ),
        Column(
            "lane",
            "车道编号",
            cells.whole(1, 99),
            9,
            "出口内编号 1、2、3 ……；一行一条车道，没有称重车道的留空",
            "1",
            format=_WHOLE,
        ),
        Column("lane_name", "车道名称", cells.text(60), 16, "", "出场称重道"),
        Column(
            "lane_direction",
            "车道方向",
            cells.choice(DIRECTIONS),
            10,
            "不填按“出场”",
            "出场",
            choices=tuple(DIRECTIONS.values()),
        ),
        _clear(),
    ),
)

SCALES = Sheet(
    "称重设备",
    (
        *_reference(),
        Column(
            "number",
            "设备序号",
            cells.whole(1, 99),
            9,
            "单位内的称重设备编号 1、2、3 ……",
            "1",
            needed=True,
            format=_WHOLE,
        ),
        *_place(),
        Column(
            "accuracy_class",
            "准确度等级",
            cells.choice(CLASSES, {"三级": "III", "四级": "IIII", "Ⅲ级": "III", "Ⅳ级": "IIII"}),
            12,
            "见铭牌",
            "III 级",
            choices=tuple(CLASSES.values()),
        ),
        Column(
            "e_kg", "分度值e(kg)", cells.whole(1, 1_000, "kg"), 11, "见铭牌", "20", format=_WHOLE
        ),
        Column(
            "max_kg",
            "最大秤量（t）",
            cells.tonnes_as_kg(1_000, 500_000),
            11,
            "见铭牌 Max，吨",
            "100",
            format="0.###",
        ),
        *_type_plate(),
        Column("certificate_no", "检定证书编号", cells.text(60), 20, "", "检字0001"),
        Column("verified_on", "检定日期", cells.day, 12, "", "2026-03-01", format=_DATE),
        Column(
            "certificate_expires_on",
            "有效期至",
            cells.day,
            12,
            "检定证书的有效期截止日",
            "2027-02-28",
            format=_DATE,
        ),
        _clear(),
    ),
)

EQUIPMENT = Sheet(
    "其他设备",
    (
        *_reference(),
        Column(
            "number",
            "设备序号",
            cells.whole(1, 99),
            9,
            "单位内的其他设备编号 1、2、3 ……",
            "1",
            needed=True,
            format=_WHOLE,
        ),
        Column(
            "kind",
            "设备类别",
            cells.choice(THINGS),
            18,
            "从下拉列表选择",
            "车牌识别摄像机",
            needed=True,
            choices=tuple(THINGS.values()),
        ),
        *_place(),
        Column("position", "安装位置", cells.text(100), 22, "", "1 号车道前方"),
        *_type_plate(),
        _clear(),
    ),
)

SHEETS = (UNITS, LANES, SCALES, EQUIPMENT)
INSTRUCTIONS = "填写说明"
CHOICES = "选项"
"""The sheet, not shown, from which the cells' lists are filled."""
NOT_READ = frozenset({INSTRUCTIONS, CHOICES})
