"""A record as a line of a list: worked out here, so that templates only place it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.urls import reverse

from hengyuan.platform.weighing import words
from hengyuan.platform.weighing.filters import is_whole_plate
from hengyuan.platform.weighing.judgement import Judgement, judgement_of
from hengyuan.platform.weighing.models import Weighing


@dataclass(frozen=True)
class Line:
    """One record as a row of a table: the list's, and the live board's."""

    row: Weighing
    correction: Weighing | None = None

    @property
    def key(self) -> str:
        """Terminal and number: the record's name."""
        return f"{self.row.terminal.code}/{self.row.seq}"

    @property
    def url(self) -> str:
        return reverse("weighing:record", args=[self.row.terminal.code, self.row.seq])

    @property
    def plate_url(self) -> str:
        """Where the history of the plate is; "" where none was read or it is no whole plate."""
        text = self.row.plate or ""
        return reverse("weighing:plate", args=[text]) if is_whole_plate(text) else ""

    @cached_property
    def judgement(self) -> Judgement:
        """The platform's, which counts and reports use."""
        return judgement_of(
            self.row.gross_kg, self.row.platform_limit_kg, self.row.platform_verdict_name
        )

    @property
    def is_judged(self) -> bool:
        """An arriving truck is weighed but not judged, a void says nothing of a weight."""
        return self.row.verdict is not None

    @property
    def is_over(self) -> bool:
        return self.is_judged and self.judgement.is_over

    @property
    def differs(self) -> bool:
        """The terminal said something else than the platform."""
        return self.is_judged and self.row.verdict != self.row.platform_verdict

    @property
    def kind(self) -> Any:
        return words.KINDS[self.row.kind_name]

    @property
    def combination(self) -> Any:
        name = self.row.combination_name
        return "" if name is None else words.COMBINATIONS[name]

    @property
    def plate_colour(self) -> Any:
        return words.PLATE_COLOURS[self.row.plate_colour_name or "unknown"]

    @property
    def marks(self) -> list[Any]:
        """What people did at the gate, and that a truck was not weighed: for a short line."""
        marks = [words.FLAGS[name] for name in self.row.flag_names if name in words.MARKS]
        replaces = self.row.corrects is not None and self.row.kind_name in ("entry", "exit")
        return [words.WANTED_KINDS["correction"], *marks] if replaces else marks

    @property
    def flags(self) -> list[Any]:
        return [words.FLAGS[name] for name in self.row.flag_names]
