"""Journals for tests, brought in the way intake brings them: through the services."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.upkeep.models import JournalEntry, Matter
from hengyuan.platform.upkeep.services import moment, take_entries
from hengyuan.platform.upkeep.standing import change_of
from hengyuan.record import journal
from tests.platform.records import START_MS, current_database_url

Story = Sequence[tuple[str, Any]]


def entries_of(story: Story, first: int = 1) -> list[journal.JournalEntry]:
    """What happened, one a minute; a detail that is no text becomes JSON."""
    return [
        journal.JournalEntry(
            number=number,
            at_ms=START_MS + number * 60_000,
            lane=0,
            what=what,
            detail=detail if isinstance(detail, str) else msgspec.json.encode(detail).decode(),
        )
        for number, (what, detail) in enumerate(story, start=first)
    ]


def commit_story(terminal: Terminal, story: Story, first: int = 1) -> None:
    """Store it as intake does, with a commit: for tests with real transactions."""

    async def work() -> None:
        connection = await asyncpg.connect(current_database_url())
        try:
            await take_entries(connection, terminal.pk, entries_of(story, first))
        finally:
            await connection.close()

    asyncio.run(work())


def tell(terminal: Terminal, story: Story, first: int = 1) -> None:
    """The rows that intake would leave, inside the test's own transaction."""
    for entry in entries_of(story, first):
        JournalEntry.objects.create(
            terminal=terminal,
            number=entry.number,
            at=moment(entry.at_ms),
            received_at=moment(entry.at_ms),
            lane=entry.lane,
            what=entry.what,
            detail=entry.detail,
        )
        change = change_of(entry)
        if change is None:
            continue
        known = Matter.objects.filter(terminal=terminal, kind=change.kind, key=change.key)
        known.delete()
        if not change.is_over:
            Matter.objects.create(
                terminal=terminal,
                kind=change.kind,
                key=change.key,
                title=change.title,
                since=moment(entry.at_ms),
                due=change.due,
                kg=change.kg,
                is_warning=change.is_warning,
                number=entry.number,
            )
