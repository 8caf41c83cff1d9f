"""The numbers by which records name their rule packs.

A name of ten or more bytes in each of a hundred million records is a few names only. They stand in
the table `weighing_rule_pack`, which only grows; a number once given keeps its name. Intake gives
the numbers, before the first record that needs one is stored; everyone else reads.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

_ALL = "SELECT id, name FROM weighing_rule_pack"
# a name that another process has entered meanwhile is left as it is
_ENTER = "INSERT INTO weighing_rule_pack (name) VALUES ($1) ON CONFLICT (name) DO NOTHING"

_names: dict[int, str] = {}
_numbers: dict[str, int] = {}


class UnknownRulePack(Exception):
    """A rule pack without a number so far; `enter` gives it one."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


async def read(database: Any) -> bool:
    """Learn all numbers, by a connection or pool of asyncpg. Whether what was known is so no more:
    another database stands in the place of the one before."""
    held = {row["name"]: row["id"] for row in await database.fetch(_ALL)}
    is_another = not _numbers.items() <= held.items()
    if is_another:
        _names.clear()
        _numbers.clear()
    _numbers.update(held)
    return is_another


async def enter(database: Any, name: str) -> None:
    """Give a rule pack its number. It must be committed before a record holds it."""
    await database.execute(_ENTER, name)
    await read(database)


def number_of(name: str | None) -> int | None:
    """The number for a record that is to be stored; None for no name. UnknownRulePack."""
    if name is None:
        return None
    try:
        return _numbers[name]
    except KeyError:
        raise UnknownRulePack(name) from None


def name_of(number: int) -> str:
    """The name behind a number that stands in a record. KeyError for one that was never given."""
    if number not in _names:
        with connection.cursor() as cursor:
            cursor.execute(_ALL)
            _names.update(cursor.fetchall())
    return _names[number]


def stored_number(name: str) -> int:
    """The number to search for; 0, which no record has, for a name that no record has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM weighing_rule_pack WHERE name = %s", [name])
        found = cursor.fetchone()
    return found[0] if found else 0
