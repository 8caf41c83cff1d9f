"""How it is with the line to the platform, for screens, heartbeats and whoever waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class UplinkState:
    """Counted in records and files; times are on the monotonic clock."""

    head_seq: int = 0
    """The newest record made."""
    acked_seq: int = 0
    """The newest record that the platform has acknowledged."""
    files_waiting: int = 0
    answered_at: float | None = None
    error: str | None = None
    """Why the last attempt failed; None after one that did not."""
    refused: str | None = None
    """The platform answers and does not take what is sent."""
    diverged: str | None = None
    """The platform holds another history of this terminal: nothing is uploaded any more."""

    journal_waiting: int = 0
    """Entries of the journal not yet acknowledged."""
    journal_refused: str | None = None
    """The platform answers and does not take the journal."""
    journal_diverged: str | None = None
    """The platform holds other entries: the journal is not uploaded any more."""

    @property
    def records_waiting(self) -> int:
        """Records not yet acknowledged."""
        return self.head_seq - self.acked_seq

    def answered(self, at: float) -> None:
        """The platform has answered in the terms of the protocol."""
        self.answered_at = at
        self.error = None
