"""One thing that a doctor has looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hengyuan.terminal.platform_check import Level, Step


@dataclass(slots=True)
class Findings:
    """What was found, in the order in which it was looked at."""

    steps: list[Step] = field(default_factory=list)

    def good(self, what: str, text: str) -> None:
        """As it should be."""
        self.steps.append(Step(what, "good", text))

    def warn(self, what: str, text: str, remedy: str) -> None:
        """It works, and will not for ever, or not well."""
        self.steps.append(Step(what, "warn", text, remedy))

    def bad(self, what: str, text: str, remedy: str) -> None:
        """It does not work."""
        self.steps.append(Step(what, "bad", text, remedy))

    def add(self, steps: Sequence[Step]) -> None:
        """What another has found."""
        self.steps.extend(steps)

    @property
    def worst(self) -> Level:
        """`good`, `warn` or `bad`."""
        levels = {step.level for step in self.steps}
        return "bad" if "bad" in levels else "warn" if "warn" in levels else "good"

    def as_dicts(self) -> list[dict[str, Any]]:
        """For `--json`."""
        return [
            {"what": s.what, "level": s.level, "text": s.text, "remedy": s.remedy}
            for s in self.steps
        ]
