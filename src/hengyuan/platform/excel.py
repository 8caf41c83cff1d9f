"""A list as an Excel file: what the filter shows, bounded, and nothing in it is ever a formula."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _
from django.views import View
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from hengyuan.platform.accounts.access import note
from hengyuan.platform.accounts.models import AccessKind
from hengyuan.platform.accounts.permissions import RequiresAction
from hengyuan.platform.listing import ListPage

EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 20_000
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, width in characters, and what stands in it for a row."""

    heading: str | Promise
    width: int
    value: Callable[[Any], Any]


def workbook(
    title: str | Promise, columns: Iterable[Column], rows: Iterable[Any], by: Any
) -> tuple[bytes, int]:
    """The file, and how many rows it has: at most `MAX_ROWS`."""
    columns = list(columns)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(title)[:31])
    for index, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width
    sheet.freeze_panes = "A4"
    made = _("Exported by %(who)s at %(when)s") % {
        "who": by,
        "when": f"{localtime(now()):%Y-%m-%d %H:%M:%S}",
    }
    sheet.append([_text(sheet, title)])
    sheet.append([_text(sheet, made)])
    sheet.append([_heading(sheet, column.heading) for column in columns])
    count = 0
    for row in rows:
        if count == MAX_ROWS:
            sheet.append([_text(sheet, _("Cut off here: more than %s rows.") % MAX_ROWS)])
            break
        sheet.append([_cell(sheet, column.value(row)) for column in columns])
        count += 1
    file = io.BytesIO()
    book.save(file)
    return file.getvalue(), count


def attachment(content: bytes, name: str) -> HttpResponse:
    """The file as an answer; `name` in Latin letters, the time is added."""
    answer = HttpResponse(content, content_type=EXCEL_TYPE)
    file_name = f"{name}-{localtime(now()):%Y%m%d-%H%M%S}.xlsx"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


class ExcelOfList(RequiresAction, View):
    """What a list page shows with the filter of the address, as a file.

    A POST, because it is noted who took it. Give page, columns, file_name.
    """

    page: type[ListPage]
    columns: tuple[Column, ...]
    file_name: str
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        page = self.page()
        page.setup(request, **kwargs)
        shown = page.filterset_class(request.GET, queryset=page.get_queryset(), request=request)
        person: Any = request.user
        note(AccessKind.EXPORT, person, request=request, detail=_described(page, shown))
        rows = shown.qs[: MAX_ROWS + 1]
        content, _count = workbook(page.title, self.columns, rows, person)
        return attachment(content, self.file_name)


def _described(page: ListPage, shown: Any) -> str:
    """The list and what it was narrowed down to, in words."""
    shown.form.full_clean()
    wanted = [
        f"{shown.form.fields[name].label}: {_in_words(shown.form.fields[name], value)}"
        for name, value in shown.form.cleaned_data.items()
        if value not in (None, "", [])
    ]
    return "; ".join([str(page.title), *wanted])


def _in_words(field: Any, value: Any) -> str:
    if isinstance(value, str) and hasattr(field, "choices"):
        return str(dict(field.choices).get(value, value))
    return str(value)


def _heading(sheet: Any, heading: Any) -> Any:
    cell = _text(sheet, heading)
    cell.font = Font(bold=True)
    cell.fill = PatternFill("solid", fgColor="E8EDF3")
    cell.alignment = Alignment(wrap_text=True, vertical="center")
    return cell


def _cell(sheet: Any, value: Any) -> Any:
    if isinstance(value, datetime):
        cell = WriteOnlyCell(sheet, localtime(value).replace(tzinfo=None))
        cell.number_format = "yyyy-mm-dd hh:mm:ss"
        return cell
    if value is None or isinstance(value, str | Promise):
        return _text(sheet, value or "")
    return WriteOnlyCell(sheet, value)


def _text(sheet: Any, text: Any) -> Any:
    """A text, kept a text: an office called `=1+1` must not become a formula.

    The prefix mark keeps it one when the cell is opened for editing and left again.
    """
    cell = WriteOnlyCell(sheet, "".join(c for c in str(text) if c >= " " or c in "\t\n"))
    cell.data_type = "s"
    if str(text).startswith(_FORMULA_SIGNS):
        cell.quotePrefix = True
    return cell
