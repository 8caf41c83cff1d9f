"""Charts: what is drawn is said here in the terms of the field, never in those of the library.

A page builds a Chart and hands it to `{% chart %}`, which draws it with ECharts and puts the same
figures into a table beside it, for those who cannot see it and where no script runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise


class Kind(StrEnum):
    BAR = "bar"
    ROWS = "rows"
    """Bars that lie, one below the other: for names that are long."""
    LINE = "line"


class Tone(StrEnum):
    """What a series is, not how it looks. OVER is for what is over the limit alone."""

    MAIN = "main"
    BESIDE = "beside"
    """What the main series is compared to: last month, the target."""
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Series:
    """One row of figures; None where nothing is known, which leaves a gap and is no zero."""

    name: str | Promise
    values: Sequence[float | None]
    tone: Tone = Tone.MAIN


@dataclass(frozen=True, slots=True)
class Chart:
    """Figures over labels. `urls`, one for each label, lead from a bar or point to its records."""

    kind: Kind
    title: str | Promise
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str | Promise = ""
    label_heading: str | Promise = ""
    """What the labels are: the heading of the table's first column."""
    urls: Sequence[str] = ()
    stacked: bool = False
    slug: str = "chart"
    """Tells several of them on one page apart."""

    def __post_init__(self) -> None:
        for series in self.series:
            if len(series.values) != len(self.labels):
                raise ValueError(
                    f"{len(series.values)} values of {series.name} for {len(self.labels)} labels"
                )
        if self.urls and len(self.urls) != len(self.labels):
            raise ValueError(f"{len(self.urls)} addresses for {len(self.labels)} labels")

    @property
    def is_empty(self) -> bool:
        """Nothing to draw: no label, or no value at all."""
        return all(value is None for series in self.series for value in series.values)

    @property
    def data_id(self) -> str:
        return f"{self.slug}-data"

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The same as a table: label, address, values."""
        return [
            {
                "label": label,
                "url": self.urls[index] if self.urls else "",
                "values": [series.values[index] for series in self.series],
            }
            for index, label in enumerate(self.labels)
        ]

    def spec(self) -> dict[str, Any]:
        """What the browser draws from."""
        return {
            "kind": str(self.kind),
            "unit": str(self.unit),
            "labels": list(self.labels),
            "urls": list(self.urls),
            "stacked": self.stacked,
            "series": [
                {"name": str(s.name), "tone": str(s.tone), "values": list(s.values)}
                for s in self.series
            ],
        }


SPARK_WIDTH, SPARK_HEIGHT = 96, 24
_SPARK_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A course of values as small as a word, drawn by the server: it belongs into table rows."""

    values: Sequence[float | None]
    label: str | Promise
    """Says in words what the course shows."""
    tone: Tone = Tone.MAIN

    @property
    def path(self) -> str:
        """An SVG path from zero to the highest value; gaps where a value is unknown."""
        most = max((value for value in self.values if value is not None), default=0) or 1
        step = (SPARK_WIDTH - 2 * _SPARK_MARGIN) / max(1, len(self.values) - 1)
        parts, pen = [], "M"
        for index, value in enumerate(self.values):
            if value is None:
                pen = "M"
                continue
            x = _SPARK_MARGIN + index * step
            y = SPARK_HEIGHT - _SPARK_MARGIN - value / most * (SPARK_HEIGHT - 2 * _SPARK_MARGIN)
            parts.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        return "".join(parts)

    @property
    def width(self) -> int:
        return SPARK_WIDTH

    @property
    def height(self) -> int:
        return SPARK_HEIGHT
