"""docs/publication.md says of the steps what the program does."""

from pathlib import Path

from django.utils.translation import override

from hengyuan.platform.publication.models import ListState
from hengyuan.platform.publication.transitions import TRANSITIONS

DOCUMENT = Path(__file__).parents[3] / "docs" / "publication.md"


def rows() -> dict[str, tuple[str, ...]]:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| ")]
    cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
    return {name: rest for name, *rest in cells if name != "step"}


def test_the_table_of_steps_is_the_programs():
    with override("zh-hans"):
        expected = {
            step.name: [
                str(step.label),
                ", ".join(state for state in ListState.values if state in step.sources),
                step.target.value if step.target else "–",
                step.action,
            ]
            for step in TRANSITIONS.values()
        }
    assert rows() == expected
