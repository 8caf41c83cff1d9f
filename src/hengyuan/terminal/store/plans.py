"""Emergency plans in the store: begun, gone through step by step, ended.

Each change writes its entry of the journal in the same transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from hengyuan.terminal.store.repairs import Impossible
from hengyuan.terminal.store.upkeep import write

TABLES = """
CREATE TABLE IF NOT EXISTS plan_run (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  begun_ms INTEGER NOT NULL,
  title TEXT NOT NULL,
  cause TEXT NOT NULL,
  begun_by TEXT NOT NULL,
  steps TEXT NOT NULL,
  ended_ms INTEGER,
  outcome TEXT NOT NULL DEFAULT '',
  ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS plan_step (
  run INTEGER NOT NULL REFERENCES plan_run,
  step INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('done', 'impossible')),
  done_by TEXT NOT NULL,
  PRIMARY KEY (run, step)
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class PlanRun:
    """An emergency plan that was begun. `begun_by` is empty where the terminal began it."""

    id: int
    begun_ms: int
    title: str
    cause: str
    begun_by: str
    steps: tuple[str, ...]
    ended_ms: int | None
    outcome: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of a plan that somebody went through; `result` is `done` or `impossible`."""

    step: int
    at_ms: int
    result: str
    by: str


_RUNS = (
    "SELECT id, begun_ms, title, cause, begun_by, steps, ended_ms, outcome, ended_by FROM plan_run"
)


def begin_plan(
    db: sqlite3.Connection, at_ms: int, title: str, cause: str, steps: Sequence[str], by: str
) -> int:
    """Begin a plan with the steps as they stand now; its number."""
    cursor = db.execute(
        "INSERT INTO plan_run (begun_ms, title, cause, begun_by, steps) VALUES (?, ?, ?, ?, ?)",
        (at_ms, title, cause, by, json.dumps(list(steps), ensure_ascii=False)),
    )
    number = cursor.lastrowid
    assert number is not None
    detail = {"plan": number, "title": title, "cause": cause, "by": by, "steps": len(steps)}
    write(db, at_ms, "plan_begun", detail)
    return number


def begin_plan_once(
    db: sqlite3.Connection, at_ms: int, title: str, cause: str, steps: Sequence[str]
) -> int | None:
    """The same for a device that failed; None where the plan runs already."""
    known = db.execute(
        "SELECT 1 FROM plan_run WHERE title = ? AND ended_ms IS NULL", (title,)
    ).fetchone()
    return None if known else begin_plan(db, at_ms, title, cause, steps, "")


def go_through(
    db: sqlite3.Connection, at_ms: int, run: int, step: int, result: str, by: str
) -> None:
    """A step was done, or was impossible. The first word counts; Impossible once it is over."""
    found = plan_run(db, run)
    if found is None or found.ended_ms is not None or not 1 <= step <= len(found.steps):
        raise Impossible("there is no such step, or the plan is over")
    cursor = db.execute(
        "INSERT OR IGNORE INTO plan_step VALUES (?, ?, ?, ?, ?)", (run, step, at_ms, result, by)
    )
    if cursor.rowcount:
        title = found.steps[step - 1][:120]
        detail = {"plan": run, "step": step, "title": title, "result": result, "by": by}
        write(db, at_ms, "plan_step", detail)


def end_plan(db: sqlite3.Connection, at_ms: int, run: int, outcome: str, by: str) -> None:
    """It is over. Impossible if it was already."""
    found = plan_run(db, run)
    if found is None or found.ended_ms is not None:
        raise Impossible("the plan is over")
    db.execute(
        "UPDATE plan_run SET ended_ms = ?, outcome = ?, ended_by = ? WHERE id = ?",
        (at_ms, outcome, by, run),
    )
    detail = {"plan": run, "title": found.title, "outcome": outcome, "by": by}
    write(db, at_ms, "plan_ended", detail)


def plan_run(db: sqlite3.Connection, run: int) -> PlanRun | None:
    """One plan that was begun."""
    row = db.execute(f"{_RUNS} WHERE id = ?", (run,)).fetchone()
    return None if row is None else _run(row)


def plan_runs(db: sqlite3.Connection, count: int) -> list[PlanRun]:
    """Those that run first, then the newest."""
    rows = db.execute(f"{_RUNS} ORDER BY ended_ms IS NOT NULL, id DESC LIMIT ?", (count,))
    return [_run(row) for row in rows]


def running_plans(db: sqlite3.Connection) -> list[PlanRun]:
    """Those that are not over."""
    return [_run(row) for row in db.execute(f"{_RUNS} WHERE ended_ms IS NULL ORDER BY id")]


def steps_of(db: sqlite3.Connection, run: int) -> dict[int, StepDone]:
    """The steps that somebody went through, by number."""
    rows = db.execute(
        "SELECT step, at_ms, result, done_by FROM plan_step WHERE run = ? ORDER BY step", (run,)
    )
    return {row[0]: StepDone(*row) for row in rows}


def _run(row: tuple[object, ...]) -> PlanRun:
    values = list(row)
    values[5] = tuple(json.loads(str(values[5])))
    return PlanRun(*values)  # type: ignore[arg-type]
