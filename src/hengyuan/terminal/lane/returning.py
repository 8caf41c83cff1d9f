"""A held truck that came back and was weighed again before anybody knew its plate.

Its second weighing stands as a passage of its own. Once the plate is known for sure, that passage
is made void and its weight recorded as a re-weighing of the first: two records, one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from msgspec.structs import replace

from hengyuan.record.model import Record
from hengyuan.terminal.lane.amending import Change, newest_or_raise
from hengyuan.terminal.lane.completing import Ways, carried, newest_of, with_tare
from hengyuan.terminal.store import held, search
from hengyuan.terminal.store.store import Store


class NobodyCameBack(Exception):
    """The passage is of no truck that was held, as far as can be told for sure."""


def came_back(connection: sqlite3.Connection, seq: int, plate: str, ways: Ways) -> Record:
    """The newest record of the held truck of that plate, if the weighing of `seq` is to be taken
    for its return: NobodyCameBack otherwise.

    It was weighed after the hold had begun and while it could come back, its plate was not read,
    and it does not have another number of axles.
    """
    passage = search.passage_of(connection, seq)
    weighed = newest_of(connection, seq)
    if passage is None or weighed is None or weighed.kind != "exit" or weighed.plate is not None:
        raise NobodyCameBack
    found = held.held_as(connection, plate, passage.began_at - ways.reweigh_ms, ways.holds)
    if found is None or found.first_seq >= passage.first_seq or weighed.gross_kg is None:
        raise NobodyCameBack
    before = newest_of(connection, found.seq)
    if before is None or (
        before.axles is not None and weighed.axles is not None and before.axles != weighed.axles
    ):
        raise NobodyCameBack
    return before


class ComingBack:
    """The two records of one return, made one after the other in one transaction.

    `reason`: why its own passage is void, by the record that the weight goes to. `change`: what was
    learned of the truck.
    """

    def __init__(
        self,
        store: Store,
        seq: int,
        plate: str,
        ways: Ways,
        reason: Callable[[int], str],
        change: Change,
        at_ms: int,
    ) -> None:
        self._store = store
        self._seq = seq
        self._plate = plate
        self._ways = ways
        self._reason = reason
        self._change = change
        self._at_ms = at_ms
        self._known: tuple[Record, Record] | None = None

    def void(self, number: int) -> Record:
        """Its own passage made void. NobodyCameBack, NoSuchRecord, AlreadyCorrected."""
        weighed = newest_or_raise(self._store, self._seq)
        first = came_back(self._store.connection, self._seq, self._plate, self._ways)
        self._known = weighed, first
        return Record(
            v=1,
            terminal=weighed.terminal,
            seq=number,
            kind="void",
            corrects=self._seq,
            lane=weighed.lane,
            weighed_at=self._at_ms,
            operator=self._change(weighed).operator,
            reason=self._reason(first.seq),
        )

    def again(self, number: int) -> Record:
        """Its weight as a re-weighing of the truck that was held."""
        assert self._known is not None, "the void comes first"
        weighed, first = self._known
        record = replace(
            self._change(weighed),
            kind="reweigh",
            seq=number,
            corrects=first.seq,
            weighed_at=self._at_ms,
        )
        return carried(record, first)

    def complete(self, connection: sqlite3.Connection, record: Record) -> Record:
        """The re-weighing with tare and net, where the tare is known."""
        return with_tare(connection, record, self._ways.tares)
