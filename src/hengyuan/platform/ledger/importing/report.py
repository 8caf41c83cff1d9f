"""A plan as plain JSON: kept with the upload, shown on its page, printed by the command."""

from __future__ import annotations

from typing import Any

from hengyuan.platform.ledger.importing.columns import SHEETS
from hengyuan.platform.ledger.importing.plan import Action, Plan, RowPlan
from hengyuan.platform.ledger.importing.problems import Problem

MAX_PROBLEMS = 5_000
"""Errors, and as many warnings, that are kept one by one; the counts are of all."""


def stored(plan: Plan) -> dict[str, Any]:
    """The plan as it is kept: problems by their codes, to be worded when they are shown."""
    return {
        "counts": {action.value: plan.count(action) for action in Action},
        "sheets": [
            {"sheet": sheet.name}
            | {action.value: plan.count(action, sheet.name) for action in Action}
            for sheet in SHEETS
        ],
        "error_count": len(plan.errors),
        "warning_count": len(plan.warnings),
        "errors": [_stored_problem(problem) for problem in plan.errors[:MAX_PROBLEMS]],
        "warnings": [_stored_problem(problem) for problem in plan.warnings[:MAX_PROBLEMS]],
        "rows": [_stored_row(row) for row in plan.rows],
    }


def problems_of(report: dict[str, Any], kind: str) -> list[Problem]:
    """The errors or warnings of a kept report."""
    return [
        Problem(
            entry["code"],
            kind == "errors",
            entry["sheet"],
            entry["row"],
            entry["column"],
            entry["value"],
            entry["params"],
        )
        for entry in report.get(kind, ())
    ]


def printed(plan: Plan) -> dict[str, Any]:
    """The plan as `--json` prints it: rows counted over all sheets, problems in words."""
    counts = plan.counts()
    return {
        "rows": len(plan.rows),
        **{action.value: counts[action.value] for action in Action},
        "sheets": {
            sheet.name: {action.value: plan.count(action, sheet.name) for action in Action}
            for sheet in SHEETS
        },
        "errors": [_printed_problem(problem) for problem in plan.errors],
        "warnings": [_printed_problem(problem) for problem in plan.warnings],
    }


def _stored_problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "value": problem.value,
        "params": {key: str(value) for key, value in problem.params.items()},
    }


def _printed_problem(problem: Problem) -> dict[str, Any]:
    return {
        "sheet": problem.sheet,
        "row": problem.row,
        "column": problem.column,
        "value": problem.value,
        "problem": problem.problem,
        "remedy": problem.remedy,
        "code": problem.code,
    }


def _stored_row(row: RowPlan) -> dict[str, Any]:
    return {
        "sheet": row.sheet,
        "row": row.row,
        "subject": row.subject,
        "target": row.target,
        "action": row.action.value,
        "changes": [[change.heading, change.old, change.new] for change in row.changes],
    }
