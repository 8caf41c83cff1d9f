"""When a weight stands still: the software's own test, for every scale, whatever bits it sends."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StabilityRule:
    """All frames of the last `window_s` are within `tolerance_kg`, and there are enough of them."""

    window_s: float
    tolerance_kg: int
    min_frames: int


class StabilityWindow:
    """Follows the frames of one scale; each costs a constant time however long the window is."""

    def __init__(self, rule: StabilityRule) -> None:
        self._rule = rule
        self._frames: deque[tuple[float, int]] = deque()
        # ends of the window's range: falling maxima, rising minima
        self._highs: deque[tuple[float, int]] = deque()
        self._lows: deque[tuple[float, int]] = deque()

    def clear(self) -> None:
        """Begin anew: motion was reported, the frames stopped, or another truck is meant."""
        self._frames.clear()
        self._highs.clear()
        self._lows.clear()

    def push(self, at: float, mass_kg: int, motion: bool = False) -> bool:
        """Take a frame that arrived at `at`; True when the weight now stands still.

        A frame in motion ends every run. One outside the tolerance drops the frames that it does
        not agree with, so the run begins with the oldest frame that it does agree with.
        """
        if motion:
            self.clear()
            return False
        self._append(at, mass_kg)
        while self._highs[0][1] - self._lows[0][1] > self._rule.tolerance_kg:
            self._drop_oldest()
        settled = (
            at - self._frames[0][0] >= self._rule.window_s
            and len(self._frames) >= self._rule.min_frames
        )
        # one frame older than the window stays, as proof that the run is as long as the window
        while len(self._frames) > self._rule.min_frames and (
            at - self._frames[1][0] >= self._rule.window_s
        ):
            self._drop_oldest()
        return settled

    def _append(self, at: float, mass_kg: int) -> None:
        frame = (at, mass_kg)
        self._frames.append(frame)
        while self._highs and self._highs[-1][1] <= mass_kg:
            self._highs.pop()
        self._highs.append(frame)
        while self._lows and self._lows[-1][1] >= mass_kg:
            self._lows.pop()
        self._lows.append(frame)

    def _drop_oldest(self) -> None:
        oldest = self._frames.popleft()
        # by identity: frames of one burst may have the same time and mass
        if self._highs[0] is oldest:
            self._highs.popleft()
        if self._lows[0] is oldest:
            self._lows.popleft()

    @property
    def begun(self) -> bool:
        """True when frames have agreed for at least a quarter of the window."""
        if len(self._frames) < 2:
            return False
        return (self._frames[-1][0] - self._frames[0][0]) * 4 >= self._rule.window_s

    def mass_kg(self) -> int:
        """The lower median of the run: a mass that the scale did show, not one computed."""
        masses = sorted(mass for _, mass in self._frames)
        return masses[(len(masses) - 1) // 2]
