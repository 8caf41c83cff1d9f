"""One row of the workbook with its cells understood, and everything said about it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from openpyxl.utils import get_column_letter

from hengyuan.platform.ledger.importing.cells import Bad
from hengyuan.platform.ledger.importing.plan import FieldChange, shown
from hengyuan.platform.ledger.importing.problems import Problem
from hengyuan.platform.ledger.importing.sheets import ReadSheet, Row

_ABSENT: tuple[Any, ...] = (None, "", [])


class RowReader:
    """A row: `values` of the cells that could be read, `problems` of the row so far."""

    def __init__(self, place: ReadSheet, row: Row) -> None:
        self.sheet = place.sheet
        self.row = row
        self.values: dict[str, Any] = {}
        self.problems: list[Problem] = []
        self._place = place
        for merge in row.merges:
            letter = get_column_letter(merge.first_column)
            self._add("merged", True, letter, "", {"range": merge.text})
        for field, cell in row.cells.items():
            parse = self.sheet.column(field).parse
            if parse is None:
                continue
            try:
                self.values[field] = parse(cell)
            except Bad as bad:
                self.error(bad.code, field, **bad.params)
            for code, params in cell.notes:
                self.warn(code, field, **params)

    @property
    def is_refused(self) -> bool:
        return any(problem.is_error for problem in self.problems)

    @property
    def clears(self) -> bool:
        """Whether blank cells of this row empty the field."""
        return bool(self.values.get("clear"))

    def is_given(self, field: str) -> bool:
        """Whether something stands in the cell, readable or not."""
        return field in self.row.cells

    def error(self, code: str, field: str, /, **params: Any) -> None:
        """Refuse the row because of this column."""
        self._add(code, True, self._place.place(field), self._shown(field), params)

    def warn(self, code: str, field: str, /, **params: Any) -> None:
        self._add(code, False, self._place.place(field), self._shown(field), params)

    def need(self, *fields: str) -> None:
        """Refuse the row for each of these cells that is blank."""
        for field in fields:
            if not self.is_given(field):
                choices = self.sheet.column(field).choices
                if choices:
                    self.error("missing_choice", field, choices="、".join(choices))
                else:
                    self.error("missing", field)

    def wanted(self, fields: dict[str, str]) -> dict[str, Any]:
        """New values by the model's field (`fields`: column → field), blanks only to clear.

        The value that empties a field is None here; `put` turns it into the field's own.
        """
        found = {}
        for column, name in fields.items():
            if column in self.values:
                found[name] = self.values[column]
            elif self.clears and column in self._place.letters and not self.is_given(column):
                found[name] = None
        return found

    def put(
        self, record: Model, wanted: dict[str, Any], headings: dict[str, str]
    ) -> tuple[FieldChange, ...]:
        """Set the wanted values; what changes by that. `headings`: field → column."""
        changes = []
        for name, value in wanted.items():
            field: Any = record._meta.get_field(name)
            if value is None and not field.null:
                value = [] if name == "cargo_codes" else ""
            old = getattr(record, name)
            if old == value or (old in _ABSENT and value in _ABSENT):
                continue
            setattr(record, name, value)
            heading = self.sheet.column(headings[name]).heading
            model = type(record)
            before = shown(model, name, old) if record.pk is not None else ""
            changes.append(FieldChange(heading, before, shown(model, name, value)))
        return tuple(changes)

    def check(self, record: Any, names: set[str], headings: dict[str, str]) -> None:
        """Let the model look at these fields: what no parser has caught is refused all the same."""
        exclude = {field.name for field in record._meta.fields} - names
        relations = {field.name for field in record._meta.fields if field.is_relation}
        try:
            record.clean_fields(exclude=exclude | relations)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                column = headings.get(name, name)
                self.error("ledger_refuses", column, message=" ".join(messages))

    def _add(
        self, code: str, is_error: bool, column: str, value: str, params: dict[str, Any]
    ) -> None:
        self.problems.append(
            Problem(code, is_error, self.sheet.name, self.row.number, column, value, params)
        )

    def _shown(self, field: str) -> str:
        cell = self.row.cells.get(field)
        return cell.shown if cell else ""
