"""The newest segments of one stream, for whoever looks on."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence

from hengyuan.terminal.video.recorder import Announced

WINDOW = 6
"""Segments that a live playlist names."""


class Feed:
    """Lives in the event loop."""

    def __init__(self) -> None:
        self._newest: deque[Announced] = deque(maxlen=WINDOW)
        self._news = asyncio.Event()

    def announce(self, segment: Announced) -> None:
        """There is one more."""
        self._newest.append(segment)
        news, self._news = self._news, asyncio.Event()
        news.set()

    @property
    def segments(self) -> Sequence[Announced]:
        """The newest ones, without a gap in their numbers."""
        gap = 0
        items = list(self._newest)
        for at, (before, after) in enumerate(itertools.pairwise(items), start=1):
            if after.kept.number != before.kept.number + 1:
                gap = at
        return items[gap:]

    def find(self, number: int) -> Announced | None:
        """One of them."""
        return next((each for each in self._newest if each.kept.number == number), None)

    async def after(self, number: int | None) -> Announced:
        """The next one after `number`, or the oldest that is still here; without a number the
        newest. Waits for it."""
        while True:
            news = self._news
            if number is None and self._newest:
                return self._newest[-1]
            for each in self._newest:
                if number is not None and each.kept.number > number:
                    return each
            await news.wait()
