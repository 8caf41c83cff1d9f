"""Reading an archived month back and following every chain in it, from the files alone.

Nothing is asked of the database: each record's line is made again from the columns, hashed behind
the digest before it and compared with the digest beside it; where a batch ends, that digest must be
the head that the terminal signed. So the file still proves itself when the database is gone.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hengyuan.platform.history.digest import MonthDigest
from hengyuan.platform.history.writing import FORM, METADATA, batches_name
from hengyuan.platform.weighing import columns
from hengyuan.record.batch import BatchHeader, check_signature
from hengyuan.record.chain import genesis, link
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import BadKey, PublicKey, Suite, suite_named

MOST_PROBLEMS = 20
_encoder = msgspec.json.Encoder()


class NotAnArchive(Exception):
    """The file is no archived month, or of a form that this version does not know."""


@dataclass
class Checked:
    """What was found. `problems` name terminal and number; there are none in a sound file."""

    records: int = 0
    digest: bytes = b""
    terminals: int = 0
    batches: int = 0
    signatures: int = 0
    open_ends: int = 0
    """Stretches whose last signature lies in a later month."""
    problems: list[str] = field(default_factory=list)

    def add(self, problem: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    @property
    def is_sound(self) -> bool:
        return not self.problems


@dataclass
class _Terminal:
    code: str
    suite: Suite
    key: PublicKey
    key_bytes: bytes
    due: int = 0
    digest: bytes = b""
    batches: dict[int, tuple[int, bytes, bytes, bytes]] = field(default_factory=dict)
    """By last number: first number, digest before, head, signature."""
    at_starts: dict[int, bytes] = field(default_factory=dict)
    signed: int = 0


def about(path: Path) -> dict[str, Any]:
    """What the file says of itself. NotAnArchive."""
    try:
        found = (pq.read_metadata(path).metadata or {}).get(METADATA)
    except (OSError, pa.ArrowInvalid) as error:
        raise NotAnArchive(f"{path}: {error}") from error
    if found is None:
        raise NotAnArchive(f"{path} is not an archived month")
    said: dict[str, Any] = json.loads(found)
    if said.get("form") != FORM:
        raise NotAnArchive(f"{path} has form {said.get('form')}, this version reads {FORM}")
    return said


def verify(path: Path, tell: Callable[[int], None] = lambda records: None) -> Checked:
    """Check a file and the batches beside it; `tell` hears how many records are done."""
    checked = Checked()
    try:
        said = about(path)
        terminals = _terminals(said)
        _read_batches(path.with_name(batches_name(path.name)), terminals, checked)
        runs = {
            (terminal_id, first): None if previous is None else bytes.fromhex(previous)
            for terminal_id, first, _, previous in said["runs"]
        }
        month = MonthDigest()
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            month.add(rows)
            for terminal_id, row in _rows(rows, said["rule_packs"]):
                _check_row(terminals.get(terminal_id), terminal_id, row, runs, checked)
            tell(month.records)
        for terminal in terminals.values():
            _end(terminal, checked)
    except (NotAnArchive, OSError, pa.ArrowException, BadKey, KeyError, ValueError) as error:
        checked.add(f"{path.name}: {type(error).__name__}: {error}")
        return checked
    checked.records, checked.digest = month.records, month.digest()
    checked.terminals = len(month.terminals)
    if checked.records != said["records"] or checked.digest.hex() != said["digest"]:
        checked.add(f"{path.name}: the records are not those that the file names")
    return checked


def _terminals(said: dict[str, Any]) -> dict[int, _Terminal]:
    found = {}
    for pk, terminal in said["terminals"].items():
        suite = suite_named(terminal["suite"])
        key_bytes = bytes.fromhex(terminal["public_key"])
        key = suite.load_public(key_bytes)
        found[int(pk)] = _Terminal(terminal["code"], suite, key, key_bytes)
    return found


def _read_batches(path: Path, terminals: dict[int, _Terminal], checked: Checked) -> None:
    file = pq.ParquetFile(path, page_checksum_verification=True)
    names = ("terminal_id", "first_seq", "last_seq", "prev", "head", "signature")
    for batch in file.iter_batches(columns=list(names)):
        for terminal_id, first, last, prev, head, signature in zip(
            *(batch.column(name).to_pylist() for name in names), strict=True
        ):
            terminals[terminal_id].batches[last] = (first, prev, head, signature)
            terminals[terminal_id].at_starts[first] = prev
            checked.batches += 1


def _rows(rows: pa.Table, rule_packs: dict[str, str]) -> Iterator[tuple[int, Any]]:
    """Rows that `columns.to_record` understands."""
    row = namedtuple("Row", rows.column_names)  # type: ignore[misc]
    values = [_readable(name, rows.column(name), rule_packs) for name in rows.column_names]
    terminal_ids = values[rows.column_names.index("terminal_id")]
    for terminal_id, each in zip(terminal_ids, zip(*values, strict=True), strict=True):
        yield terminal_id, row._make(each)


def _readable(name: str, column: pa.ChunkedArray, rule_packs: dict[str, str]) -> list[Any]:
    if name == "weighed_at":
        times = column.cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_pylist()
        return [columns.instant(ms) for ms in times]
    values: list[Any] = column.to_pylist()
    if name == "rule_pack" and pa.types.is_integer(column.type):
        return [None if value is None else rule_packs[str(value)] for value in values]
    if name == "cargo" and pa.types.is_integer(column.type):
        return [None if value is None else f"{value:04d}" for value in values]
    return values


def _check_row(
    terminal: _Terminal | None,
    terminal_id: int,
    row: Any,
    runs: dict[tuple[int, int], bytes | None],
    checked: Checked,
) -> None:
    if terminal is None:
        checked.add(f"terminal {terminal_id}: its key is not in the file")
        return
    if row.seq != terminal.due:
        _begin(terminal, terminal_id, row.seq, runs, checked)
    if row.seq in terminal.at_starts and terminal.at_starts[row.seq] != terminal.digest:
        checked.add(f"{terminal.code}/{row.seq}: the batch goes on from another digest")
    try:
        line = _encoder.encode(columns.to_record(row, terminal.code))
        digest = link(terminal.suite, terminal.digest, line)
    except (LookupError, ValueError, msgspec.MsgspecError) as error:
        checked.add(f"{terminal.code}/{row.seq}: {type(error).__name__}: {error}")
        digest = b""
    if digest != row.digest:
        checked.add(f"{terminal.code}/{row.seq}: the line does not lead to its digest")
    # from the digest beside it, so that one altered record is one problem
    terminal.digest = row.digest
    terminal.due = row.seq + 1
    batch = terminal.batches.get(row.seq)
    if batch is not None and batch[2] != row.digest:
        checked.add(f"{terminal.code}/{row.seq}: not the head that the terminal signed")


def _begin(
    terminal: _Terminal,
    terminal_id: int,
    seq: int,
    runs: dict[tuple[int, int], bytes | None],
    checked: Checked,
) -> None:
    """A new stretch of the chain: behind the genesis or the digest that the file gives."""
    if terminal.due:
        _end(terminal, checked)
    if (terminal_id, seq) not in runs:
        checked.add(f"{terminal.code}/{seq}: the records before it are missing")
    before = genesis(terminal.suite, terminal.code, terminal.key_bytes)
    terminal.digest = before if seq == 1 else runs.get((terminal_id, seq)) or b""
    if not terminal.digest:
        checked.add(f"{terminal.code}/{seq}: nothing says which digest it goes on from")
    terminal.signed = seq - 1


def _end(terminal: _Terminal, checked: Checked) -> None:
    """The newest signature of a stretch covers everything before it, through the chain."""
    last = terminal.due - 1
    inside = [seq for seq in terminal.batches if terminal.signed < seq <= last]
    if not inside or max(inside) != last:
        checked.open_ends += 1
    newest = max(inside, default=min((s for s in terminal.batches if s > last), default=None))
    if newest is None:
        checked.add(f"{terminal.code}/{last}: no signature covers it")
        return
    first, prev, head, signature = terminal.batches[newest]
    header = BatchHeader(
        first=first,
        head=head.hex(),
        last=newest,
        prev=prev.hex(),
        signature=signature.hex(),
        terminal=terminal.code,
    )
    try:
        check_signature(header, terminal.key)
        checked.signatures += 1
    except Refusal as refusal:
        checked.add(f"{terminal.code}/{newest}: {refusal}")
