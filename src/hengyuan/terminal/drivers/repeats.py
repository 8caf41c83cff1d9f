"""Frames without a checksum: one that comes again and again is believed."""

from __future__ import annotations

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder


class RepeatedDecoder(FrameDecoder[Reading]):
    """Believes a frame when the `repeats` last ones were identical, byte for byte.

    What bad bytes come in between starts the count again. A frame that is not yet believed is a
    notice: the scale is alive, its weight is not known.
    """

    def __init__(self, repeats: int, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._repeats = repeats
        self._last = b""
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
            self._run = 0
            raise
        if isinstance(item, Notice) or not self.needs_repeats(frame):
            return item
        self._run = self._run + 1 if frame == self._last and self._run else 1
        self._last = frame
        if self._run >= self._repeats:
            return item
        said = f"{item.mass_kg} kg" if item.mass_kg is not None else item.fault
        return Notice(f"unconfirmed: {said}, {self._run} of {self._repeats} alike", frame, at)

    def _take_noise(self, noise: bytes, at: float, out: list[Reading | Notice | Refused]) -> None:
        self._run = 0
        super()._take_noise(noise, at, out)
