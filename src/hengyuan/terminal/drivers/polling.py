"""Scales that speak when they are asked."""

from __future__ import annotations

from abc import abstractmethod

from hengyuan.terminal.drivers.base import ScaleDriver
from hengyuan.terminal.drivers.settings import PolledScaleSettings
from hengyuan.terminal.transports.connection import Connection


class PolledScaleDriver(ScaleDriver):
    """Puts its question, and puts it again when it was answered or has waited long enough.

    Never two questions at once: on a shared pair of wires the second would meet the first answer.
    """

    settings: PolledScaleSettings
    _asked_at = float("-inf")

    @abstractmethod
    def question(self) -> bytes | None:
        """What to send; None where this scale speaks by itself."""

    @property
    def gap_s(self) -> float:
        if self.question() is None:
            return self.settings.gap_s
        return min(self.settings.gap_s, self.settings.poll_s)

    async def tick(self, connection: Connection, now: float) -> None:
        await super().tick(connection, now)
        question = self.question()
        if question is None:
            return
        answered = self._last_frame_at >= self._asked_at
        wait_s = self.settings.poll_s if answered else self.settings.answer_s
        if now - self._asked_at >= wait_s:
            self._asked_at = now
            await connection.write(question)
