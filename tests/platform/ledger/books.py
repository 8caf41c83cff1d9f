"""Workbooks for tests: rows by the headings of the template, and ways to plant what is wrong."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable
from typing import Any

from openpyxl import Workbook, load_workbook

from hengyuan.law.credit_code import check_character
from hengyuan.platform.ledger.importing.columns import SHEETS, UNITS, Sheet

Row = dict[str, Any]


def credit_code(number: int, county: str = "141024") -> str:
    """A code that fits the standard and belongs to nobody."""
    first = f"91{county}MA0T{number:05d}"
    return first + check_character(first)


def unit(number: int = 1, county: str = "洪洞县", **cells: Any) -> Row:
    """A good row of the units' sheet; `cells` replace fields by their names."""
    return {
        "name": f"示例{number}号煤场",
        "region": county,
        "kind": "煤炭",
        "supervision_mode": "电子监管",
    } | cells


def book(rows: dict[Sheet, Iterable[Row]] | Iterable[Row], **more: Any) -> bytes:
    """The bytes of a workbook with these rows under the template's headings."""
    by_sheet = rows if isinstance(rows, dict) else {UNITS: rows}
    made = Workbook()
    made.remove(made.worksheets[0])
    for sheet in SHEETS:
        opened = made.create_sheet(sheet.name)
        for number, column in enumerate(sheet.columns, start=1):
            opened.cell(row=1, column=number, value=column.heading)
        for line, row in enumerate(by_sheet.get(sheet, ()), start=2):
            for number, column in enumerate(sheet.columns, start=1):
                if row.get(column.field) is not None:
                    opened.cell(row=line, column=number, value=row[column.field])
    edit: Callable[[Workbook], None] | None = more.get("edit")
    if edit is not None:
        edit(made)
    return saved(made)


def saved(made: Workbook) -> bytes:
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


def opened(content: bytes) -> Workbook:
    return load_workbook(io.BytesIO(content))


def column_letter(sheet: Sheet, field: str) -> str:
    """The letter under which the template has a field."""
    from openpyxl.utils import get_column_letter

    fields = [column.field for column in sheet.columns]
    return get_column_letter(fields.index(field) + 1)


def place(sheet: Sheet, field: str) -> str:
    """A column as problems name it."""
    return f"{column_letter(sheet, field)} {sheet.column(field).heading}"


def with_part(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part of its archive changed, or a further one where it has none."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        names = old.namelist()
        for member in names:
            data = old.read(member)
            new.writestr(member, change(data) if member == name else data)
        if name not in names:
            new.writestr(name, change(b""))
    return out.getvalue()


def with_text(content: bytes, placeholder: str, text: str) -> bytes:
    """The workbook with a text put where `placeholder` stands: openpyxl cuts long ones short."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        holding = [
            name for name in archive.namelist() if placeholder.encode() in archive.read(name)
        ]
    for name in holding:
        content = with_part(
            content, name, lambda data: data.replace(placeholder.encode(), text.encode())
        )
    return content
