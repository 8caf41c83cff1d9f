"""Records that correct earlier ones: what is learned of a truck after its weight was stored.

A record is never changed. Whatever corrects one names the newest record of its passage, so that the
corrections of a truck are a line without branches; both are looked at in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from hengyuan.record.model import FileRef, Flag, Record
from hengyuan.terminal.lane.recording import MAX_FILES
from hengyuan.terminal.store.store import Store

Change = Callable[[Record], Record]
"""From the record that is corrected to what is right; seq, `corrects` and time are seen to."""


class NoSuchRecord(LookupError):
    """This terminal has no record of that number."""


class AlreadyCorrected(LookupError):
    """A later record corrects the one that was meant; `by` is the newest."""

    def __init__(self, by: int) -> None:
        super().__init__(f"corrected by record {by}")
        self.by = by


def newest_or_raise(store: Store, seq: int) -> Record:
    """The record of that number, if nothing corrects it. NoSuchRecord, AlreadyCorrected."""
    newest = store.standing(seq)
    if newest is None:
        raise NoSuchRecord(str(seq))
    if newest.seq != seq:
        raise AlreadyCorrected(newest.seq)
    return newest


def correction(store: Store, corrected: int, change: Change, at_ms: int) -> Callable[[int], Record]:
    """How a correction is made once its own number is known; to be called by `Store.append`.

    It raises NoSuchRecord or AlreadyCorrected: then nothing is stored.
    """

    def make(seq: int) -> Record:
        before = newest_or_raise(store, corrected)
        return replace(change(before), seq=seq, corrects=corrected, weighed_at=at_ms)

    return make


def with_flags(record: Record, *flags: Flag) -> tuple[Flag, ...]:
    """The flags of a record and some more, as a record has them."""
    return tuple(sorted({*record.flags, *flags}))


def with_files(files: Sequence[FileRef], more: Sequence[FileRef]) -> tuple[FileRef, ...]:
    """The files of a record and some more. Where they are too many, the newer ones are kept."""
    kept = {(file.kind, file.digest): file for file in more[:MAX_FILES]}
    for file in files:
        if len(kept) == MAX_FILES:
            break
        kept.setdefault((file.kind, file.digest), file)
    return tuple(kept[key] for key in sorted(kept))
