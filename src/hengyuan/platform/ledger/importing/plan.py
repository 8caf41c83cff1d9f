"""What an import would do, row by row, and what it would write. Nothing here writes."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Model

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.ledger.importing.columns import (
    CLASSES,
    DIRECTIONS,
    GRADES,
    KINDS,
    MODES,
    STATES,
    THINGS,
)
from hengyuan.platform.ledger.importing.problems import Problem
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit
from hengyuan.platform.regions.models import Region

_CHOICES: dict[tuple[type[Model], str], dict[str, str]] = {
    (SourceUnit, "kind"): KINDS,
    (SourceUnit, "grade"): GRADES,
    (SourceUnit, "state"): STATES,
    (SourceUnit, "supervision_mode"): MODES,
    (Gate, "direction"): DIRECTIONS,
    (Lane, "direction"): DIRECTIONS,
    (Scale, "accuracy_class"): CLASSES,
    (Equipment, "kind"): THINGS,
}


class Action(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field from what to what, as the workbook writes them; `old` is empty for a new row."""

    heading: str
    old: str
    new: str


@dataclass(slots=True)
class RowPlan:
    """What becomes of a row. `subject` names the unit, `target` is its code where it has one."""

    sheet: str
    row: int
    subject: str
    target: str
    action: Action
    changes: tuple[FieldChange, ...] = ()


@dataclass(slots=True)
class Writes:
    """Rows of one table: those to enter, those to change with the fields that change."""

    new: list[Any] = field(default_factory=list)
    changed: dict[int, tuple[Any, set[str]]] = field(default_factory=dict)

    def change(self, record: Any, fields: set[str]) -> None:
        """Note that these fields of an existing record have got new values."""
        known = self.changed.get(record.pk)
        self.changed[record.pk] = (record, fields | (known[1] if known else set()))


@dataclass(slots=True)
class Plan:
    """All rows, all problems, and what would be written, in the order of the tables."""

    rows: list[RowPlan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    writes: dict[type[Model], Writes] = field(
        default_factory=lambda: {
            model: Writes() for model in (SourceUnit, Gate, Lane, Scale, Equipment)
        }
    )

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.is_error]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.is_error]

    def count(self, action: Action, sheet: str | None = None) -> int:
        """How many rows, of one sheet or of all."""
        return sum(
            row.action == action and (sheet is None or row.sheet == sheet) for row in self.rows
        )

    def counts(self) -> Counter[str]:
        """How many rows of each action."""
        return Counter(row.action.value for row in self.rows)

    @property
    def has_work(self) -> bool:
        """Whether confirming would change anything."""
        return any(row.action in {Action.NEW, Action.CHANGED} for row in self.rows)

    def fingerprint(self) -> str:
        """SHA-256 over everything that the rows would do: the same plan, the same fingerprint."""
        said = [
            [row.sheet, row.row, row.target, row.action.value]
            + [[change.heading, change.old, change.new] for change in row.changes]
            for row in self.rows
        ]
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def shown(model: type[Model], name: str, value: Any) -> str:
    """A value of a field as the workbook writes it."""
    if value is None or value == "" or value == []:
        return ""
    words = _CHOICES.get((model, name))
    if words is not None:
        return words.get(value, str(value))
    if name == "cargo_codes":
        return "、".join(CARGO_TYPES.get(code, code) for code in value)
    if name == "max_kg":
        return f"{Decimal(value) / 1000:f}"
    if isinstance(value, Gate | Lane):
        return str(value.number)
    if isinstance(value, Region):
        return value.name
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)
