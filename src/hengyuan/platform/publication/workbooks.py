"""A list, and the city's overview, as Excel workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from hengyuan.platform.publication.checks import absent_units
from hengyuan.platform.publication.models import PublicationList, PublishedUnit
from hengyuan.platform.publication.queries import CountyProgress, Overview

EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_UNIT_WIDTHS = (6, 14, 32, 22, 34, 14, 12, 10, 14, 16, 28, 18, 18, 16)


def list_workbook(found: PublicationList) -> bytes:
    """The units of a list, and on a second sheet those left out with their reasons."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Units")
    header = [
        _("no."),
        _("unit code"),
        _("name"),
        _("unified social credit code"),
        _("address"),
        _("township"),
        _("kind"),
        _("grade"),
        _("supervision mode"),
        _("responsible supervisor"),
        _("office of the supervisor"),
        _("duty telephone"),
        _("responsible department"),
        _("remark"),
    ]
    rows = [_unit_cells(number, row) for number, row in enumerate(_units(found), start=1)]
    _fill(sheet, header, rows, _UNIT_WIDTHS)
    absent = book.create_sheet(_("Left out"))
    _fill(
        absent,
        [_("unit code"), _("name"), _("working state"), _("reason")],
        [(unit.unit_code, unit.name, unit.state, unit.reason) for unit in absent_units(found)],
        (14, 32, 16, 60),
    )
    return _saved(book)


def overview_workbook(shown: Overview) -> bytes:
    """One row a county."""
    book = Workbook()
    sheet: Any = book.active
    sheet.title = _("Publication")
    header = [
        _("county"),
        _("list in public"),
        _("document number"),
        _("published on"),
        _("days late"),
        _("published units"),
        _("working units in the ledger"),
        _("open objections"),
        _("reported to the city at"),
        _("in preparation"),
    ]
    rows = [_county_cells(county) for county in shown.counties]
    _fill(sheet, header, rows, (18, 40, 24, 14, 10, 12, 14, 12, 20, 14))
    return _saved(book)


def _units(found: PublicationList) -> Iterable[PublishedUnit]:
    return found.units.select_related("struck_by")


def _unit_cells(number: int, row: PublishedUnit) -> tuple[Any, ...]:
    remark = ""
    if row.struck_by is not None:
        remark = _("taken off after objection %s") % row.struck_by.receipt
    return (
        number,
        row.unit_code,
        row.name,
        row.credit_code,
        row.address,
        row.township_name,
        row.get_kind_display(),
        row.get_grade_display(),
        row.get_mode_display() if row.mode else "",
        row.supervisor_name,
        row.supervisor_office,
        row.duty_telephone,
        row.get_department_display() if row.department else "",
        remark,
    )


def _county_cells(county: CountyProgress) -> tuple[Any, ...]:
    standing = county.standing
    reported = standing.reported_to_city_at if standing else None
    return (
        county.region.name,
        standing.title if standing else "",
        standing.document_no if standing else "",
        standing.published_on if standing else None,
        county.days_late,
        county.unit_count,
        county.ledger_count,
        county.open_objections,
        reported.date() if reported else None,
        county.next.get_state_display() if county.next else "",
    )


def _fill(
    sheet: Any, header: Sequence[str], rows: Iterable[Sequence[Any]], widths: Sequence[int]
) -> None:
    for column, title in enumerate(header, start=1):
        cell = sheet.cell(row=1, column=column, value=title)
        cell.font, cell.alignment = Font(bold=True), Alignment(vertical="center", wrap_text=True)
        sheet.column_dimensions[get_column_letter(column)].width = widths[column - 1]
    for line, values in enumerate(rows, start=2):
        for column, value in enumerate(values, start=1):
            if isinstance(value, str):
                value = ILLEGAL_CHARACTERS_RE.sub("", value)
            cell = sheet.cell(row=line, column=column, value=value)
            if isinstance(value, str):
                # text stays text: a name that begins with = is no formula
                cell.data_type = "s"
                cell.number_format = "@"
                cell.alignment = Alignment(vertical="center", wrap_text=True)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions


def _saved(book: Workbook) -> bytes:
    content = BytesIO()
    book.save(content)
    return content.getvalue()
