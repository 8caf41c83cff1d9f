"""Months of the past with records, and everything back as it was behind the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal
from tests.platform.stored import upload_all

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
DAY_MS = 86_400_000


def ms(month: date, seconds: float = 0) -> int:
    """So many seconds behind noon of the first day (UTC), in ms since 1970."""
    noon = datetime(month.year, month.month, month.day, 12, tzinfo=UTC)
    return int(noon.timestamp() * 1000 + seconds * 1000)


@pytest.fixture
def closed_months(
    transactional_db: None, tmp_path, settings, committed_intake: None
) -> Iterator[None]:
    """A folder of its own for archived months; partitions without a seal again at the end."""
    from hengyuan.platform.history import partitions
    from hengyuan.platform.history.reader import reader

    settings.HISTORY_FOLDER = tmp_path / "history"
    reader.forget()
    yield
    reader.forget()
    with connection.cursor() as cursor:
        for partition in partitions.partitions():
            for guard in ("history_rows", "history_all"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard} ON {partition.table}")


@pytest.fixture(autouse=True)
def searches_to_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found must not depend on how busy the machine is."""
    from hengyuan.platform.weighing import search

    monkeypatch.setattr(search, "SEARCH_MS", 600_000)
    monkeypatch.setattr(search, "COUNT_MS", 600_000)


@pytest.fixture
def terminals(closed_months: None, cast: Cast) -> list[TestTerminal]:
    """Two terminals of one unit, one of another county; each with records of January to March."""
    found = [
        enrolled_terminal(cast.unit, cast.county_clerk),
        enrolled_terminal(cast.unit, cast.county_clerk),
        enrolled_terminal(cast.neighbour_unit, cast.neighbour_clerk),
    ]
    for number, terminal in enumerate(found):
        for month in (1, 2, 3):
            for day in range(6):
                terminal.weigh(
                    1,
                    weighed_at=ms(date(2026, month, 1 + 4 * day), number + 1),
                    plate=f"晋L{number}{month}{day:03d}",
                    gross_kg=49_000 + 500 * (day % 3),
                    verdict="over" if day % 3 else "pass",
                )
    upload_all(*found)
    return found
