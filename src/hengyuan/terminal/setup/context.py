"""What the parts of a setup share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hengyuan.terminal.clock import Clock, SystemClock
from hengyuan.terminal.config_errors import Problem
from hengyuan.terminal.setup.dialogue import Dialogue
from hengyuan.terminal.setup.draft import Draft, save_draft
from hengyuan.terminal.setup.network import Answering


@dataclass(slots=True)
class Setup:
    """One setup under way."""

    dialogue: Dialogue
    path: Path
    """Where the configuration will stand."""
    draft: Draft
    ports: Sequence[str] = ()
    """Serial ports that were named, beside those that the system knows."""
    answering: list[Answering] = field(default_factory=list)
    """What answers on the network segments that were told."""
    clock: Clock = field(default_factory=SystemClock)
    wait_s: float = 120.0
    """How long a camera's event, a weight or a covered beam is waited for."""
    restarts: bool = False
    """Whether something was changed that a running terminal has not read."""

    @property
    def raw(self) -> dict[str, Any]:
        """The configuration so far."""
        return self.draft.raw

    @property
    def lanes(self) -> list[dict[str, Any]]:
        """Its lanes."""
        lanes: list[dict[str, Any]] = self.raw.setdefault("lanes", [])
        return lanes

    @property
    def data_dir(self) -> Path:
        """Where key and store lie."""
        return (self.path.parent / str(self.raw.get("data_dir", "data"))).resolve()

    @property
    def screen_port(self) -> int:
        """Where cameras push to."""
        return int(self.raw.get("screen", {}).get("port", 8300))

    def keep(self, part: str) -> None:
        """A part is done: what is known so far survives an interruption."""
        self.draft.finish(part)
        save_draft(self.path, self.draft)

    def names(self) -> set[str]:
        """Names of devices and streams that are taken, in small letters: recordings lie in folders
        of these names, and Windows takes `A` and `a` for one."""
        return {
            str(each["name"]).casefold()
            for lane in self.lanes
            for each in [*devices_of(lane), *lane.get("videos", [])]
            if "name" in each
        }

    def free_name(self, wanted: str) -> str:
        """`wanted`, or with a number where that is taken."""
        taken = self.names()
        number = 1
        name = wanted
        while name.casefold() in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name


def devices_of(lane: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of a lane's devices."""
    single = [lane[key] for key in ("scale", "axles", "sensors") if lane.get(key)]
    several = [
        each for key in ("cameras", "displays", "barriers", "lamps") for each in lane.get(key, [])
    ]
    return [*single, *several]


def told(dialogue: Dialogue, problems: Sequence[Problem]) -> None:
    """Say what is wrong."""
    for problem in problems:
        dialogue.warn(str(problem))
