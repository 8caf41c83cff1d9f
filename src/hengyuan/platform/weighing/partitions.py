"""The months of the record table.

A month's partition is made before the first record of that month is written, two months ahead by
the running platform, or on demand for older months that a terminal brings after an outage.
"""

import re
from datetime import UTC, date, datetime, timedelta

# Further back than any source unit had a terminal; older times are a broken clock.
FIRST_MONTH = date(2015, 1, 1)
MONTHS_AHEAD = 2
_ONE_AT_A_TIME = f"SELECT pg_advisory_xact_lock({0x48594D4F})"  # any number of our own

_NAME = re.compile(r"^weighing_(\d{4})_(\d{2})$")


def month_of(moment: datetime) -> date:
    """The month (its first day, UTC) whose partition holds this instant."""
    return date(moment.year, moment.month, 1)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def has_partition(month: date, today: date) -> bool:
    """True if this month gets a partition of its own; otherwise the default one takes it."""
    last = today.replace(day=1)
    for _ in range(MONTHS_AHEAD):
        last = next_month(last)
    return FIRST_MONTH <= month <= last


def coming_months(today: date) -> list[date]:
    """The months that must exist now: last month, this one and the ones ahead."""
    month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    months = [month]
    for _ in range(MONTHS_AHEAD + 1):
        months.append(next_month(months[-1]))
    return months


def partition_name(month: date) -> str:
    return f"weighing_{month:%Y_%m}"


def create_statement(month: date) -> str:
    """The SQL that makes a month's partition with its key; harmless when it is there.

    The key is the partition's own, (terminal, seq): a key of the whole table would need the time
    as a third column, and with three columns PostgreSQL leaves every page half empty when many
    terminals append at once (70 bytes a record instead of 34).
    """
    begin = datetime(month.year, month.month, 1, tzinfo=UTC)
    after = next_month(month)
    end = datetime(after.year, after.month, 1, tzinfo=UTC)
    name = partition_name(month)
    # two that make the same month at once would both find it missing, and one would fail
    return (
        f"{_ONE_AT_A_TIME}; CREATE TABLE IF NOT EXISTS {name} PARTITION OF weighing "
        f"FOR VALUES FROM ('{begin.isoformat()}') TO ('{end.isoformat()}'); "
        f"CREATE UNIQUE INDEX IF NOT EXISTS {name}_key ON {name} (terminal_id, seq)"
        " WITH (fillfactor = 100)"
    )


def month_named(name: str) -> date | None:
    """The month of a partition by its name; None for another table."""
    found = _NAME.match(name)
    return date(int(found[1]), int(found[2]), 1) if found else None
