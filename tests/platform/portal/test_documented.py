"""docs/portal.md says what the program does."""

import inspect
from pathlib import Path

from hengyuan.platform.body_limit import MAX_BODY_BYTES
from hengyuan.platform.portal import receipts, submissions, views_filing, views_ticket
from hengyuan.platform.portal.pictures import MAX_BYTES, MAX_PICTURES
from hengyuan.platform.portal.public import public_page
from hengyuan.platform.portal.services import STEPS
from hengyuan.platform.portal.views_reports import _LOOKS

TEXT = (Path(__file__).parents[3] / "docs" / "portal.md").read_text()


def table(*heading: str) -> list[list[str]]:
    head = "| " + " | ".join(heading) + " |\n"
    assert TEXT.count(head) == 1
    rows = TEXT.split(head)[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_the_steps_of_a_report_are_those_of_the_program():
    rows = table("step", "中文", "from", "to", "who")
    assert {row[0]: set(row[2].split(", ")) for row in rows} == {
        name: {str(state) for state in states} for name, states in STEPS.items()
    }
    assert {row[0]: row[4] for row in rows} == {name: look.action for name, look in _LOOKS.items()}


def test_the_ceilings_are_those_of_the_program():
    a_minute = inspect.signature(public_page).parameters["per_minute"].default
    assert [int(row[1]) for row in table("what", "limit")] == [
        a_minute,
        views_ticket.ASKED_A_MINUTE,
        views_filing.ASKED_A_MINUTE,
        views_filing.TRIES_AN_HOUR,
        views_filing.FILED_AN_HOUR,
        MAX_BODY_BYTES,
    ]


def test_figures_in_sentences_are_those_of_the_program():
    assert f"within {submissions.MIN_FILLING_S} seconds" in TEXT
    assert f"after {submissions.MAX_FILLING_S // 3600} hours" in TEXT
    assert f"{MAX_BYTES >> 20} MB each" in TEXT
    assert (MAX_PICTURES, receipts.CHARS) == (3, 12)
