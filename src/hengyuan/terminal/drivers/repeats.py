"""Frames without a checksum: one that comes again and again is believed."""

from __future__ import annotations

from dataclasses import replace

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder

NEAR_KG = 500
"""A damaged digit that matters changes the weight by more; a truck rolling on, often by less."""


class RepeatedDecoder(FrameDecoder[Reading]):
    """Believes a frame when the `repeats` last ones were identical, byte for byte.

    A frame that differs from the one before by no more than `NEAR_KG` is a weight in motion: it
    is shown, and never weighed. Any other is a notice: the scale is alive, its weight not known.
    Bad bytes start the count again.
    """

    def __init__(self, repeats: int, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._repeats = repeats
        self._last: Reading | None = None
        self._run = 0

    def parse(self, frame: bytes, at: float) -> Reading | Notice:
        """What one whole frame says. Raises `Bad`."""
        raise NotImplementedError

    def needs_repeats(self, frame: bytes) -> bool:
        """Whether this frame carries no checksum of its own."""
        return True

    def read(self, frame: bytes, at: float) -> Reading | Notice:
        try:
            item = self.parse(frame, at)
        except Bad:
            self._last = None
            raise
        if isinstance(item, Notice) or not self.needs_repeats(frame):
            return item
        last, self._last = self._last, item
        self._run = self._run + 1 if last is not None and last.raw == frame else 1
        if self._run >= self._repeats:
            return item
        if last is not None and _near(last, item):
            return replace(item, stable=False)
        said = item.fault or f"{item.mass_kg} kg"
        return Notice(f"unconfirmed: {said}, {self._run} of {self._repeats} alike", frame, at)

    def _take_noise(self, noise: bytes, at: float, out: list[Reading | Notice | Refused]) -> None:
        self._last = None
        super()._take_noise(noise, at, out)


def _near(last: Reading, item: Reading) -> bool:
    if last.mass_kg is None or item.mass_kg is None:
        return False
    return abs(last.mass_kg - item.mass_kg) <= NEAR_KG
