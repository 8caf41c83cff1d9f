"""How many scales there are, what they are called, and whether trucks leave or enter there."""

from __future__ import annotations

from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option, ask_number
from hengyuan.terminal.words import installer_text as _

MOST_LANES = 16


def lanes_part(setup: Setup) -> None:
    """Lanes beyond the wanted number are taken out, with their devices, after asking."""
    dialogue = setup.dialogue
    dialogue.heading(_("Lanes"))
    known = setup.lanes
    count = ask_number(
        dialogue, "lanes.count", _("How many scales has this terminal?"), len(known) or 1, 1,
        MOST_LANES,
    )  # fmt: skip
    if count < len(known):
        question = _("Take out {count} lanes with their devices?").format(count=len(known) - count)
        if dialogue.confirm("lanes.take_out", question, default=False):
            del known[count:]
    while len(known) < count:
        known.append({"number": len(known) + 1})
    for place, lane in enumerate(known, 1):
        key = f"lanes.{place}"
        lane["number"] = ask_number(
            dialogue, f"{key}.number", _("Number of lane {place}").format(place=place),
            int(lane["number"]), 1, 99,
        )  # fmt: skip
        lane["name"] = dialogue.ask(
            f"{key}.name", _("Its name"), lane.get("name") or str(lane["number"])
        )
        options = [
            Option("exit", _("trucks leave: weighed and judged")),
            Option("entry", _("trucks enter: weighed and told their weight")),
            Option("both", _("both: tare on the way in, gross on the way out")),
        ]
        lane["kind"] = dialogue.choose(
            f"{key}.kind", _("What for"), options, lane.get("kind", "exit")
        )


def lane_title(lane: dict[str, object]) -> str:
    """A lane as headings name it."""
    return _("Lane {number} {name}").format(number=lane["number"], name=lane.get("name", ""))
