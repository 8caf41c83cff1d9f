"""What stands at a terminal is what its journal says, however the journal is cut into parts."""

from __future__ import annotations

import random

import pytest

from hengyuan.platform.terminals.services import create_terminal
from hengyuan.platform.upkeep.models import JournalEntry, Matter
from tests.conftest import Cast
from tests.platform.upkeep.stories import commit_story, entries_of

DEVICES = ("LED", "东磅", "front")


def story_of(chance: random.Random, length: int) -> list[tuple[str, dict[str, object]]]:
    """Devices and tickets that come and go, in any order."""
    story: list[tuple[str, dict[str, object]]] = []
    for _ in range(length):
        device, ticket = chance.choice(DEVICES), chance.randrange(1, 4)
        story.append(
            chance.choice(
                [
                    ("device_failed", {"device": device, "state": "offline"}),
                    ("device_recovered", {"device": device, "for_s": 60}),
                    ("ticket_opened", {"ticket": ticket, "device": device, "problem": "坏"}),
                    ("ticket_closed", {"ticket": ticket, "done": "好"}),
                    ("scale_verified", {"scale": "东磅", "valid_until": "2030-01-01"}),
                ]
            )
        )
    return story


def standing_of(story: list[tuple[str, dict[str, object]]]) -> set[tuple[str, str]]:
    """The same told as plainly as can be."""
    standing: set[tuple[str, str]] = set()
    for what, detail in story:
        match what:
            case "device_failed":
                standing.add(("device", str(detail["device"])))
            case "device_recovered":
                standing.discard(("device", str(detail["device"])))
            case "ticket_opened":
                standing.add(("ticket", str(detail["ticket"])))
            case "ticket_closed":
                standing.discard(("ticket", str(detail["ticket"])))
            case _:
                standing.add(("verification", str(detail["scale"])))
    return standing


@pytest.mark.usefixtures("committed_intake")
def test_any_cutting_and_any_repetition_leaves_the_same_standing(cast: Cast) -> None:
    chance = random.Random(5)
    for number in range(4):
        terminal = create_terminal(cast.county_clerk, cast.unit, f"{number}号终端")
        story = story_of(chance, 60)
        at = 0
        while at < len(story):
            # a part may begin before the end of the one before: its answer was lost
            begin = max(0, at - chance.randrange(0, 10))
            at = min(len(story), begin + chance.randrange(1, 25))
            commit_story(terminal, story[begin:at], begin + 1)
        found = Matter.objects.filter(terminal=terminal).values_list("kind", "key")
        assert set(found) == standing_of(story)
        assert JournalEntry.objects.filter(terminal=terminal).count() == len(entries_of(story))
