"""The store and its disk, looked at without a claim: a terminal may be at work in it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

from hengyuan.record.canonical import read_line
from hengyuan.record.chain import link
from hengyuan.terminal.config import Config
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.store import upkeep
from hengyuan.terminal.store.schema import UnusableStore, claim, connect_for_reading
from hengyuan.terminal.store.store import FILE_NAME
from hengyuan.terminal.upkeep.verification import validity
from hengyuan.terminal.words import installer_text as _

RECENT = 2_000
DISK_BAD_MB, DISK_WARN_MB = 500, 5_000
OLD_H = 24


def someone_works(config: Config) -> bool:
    """Whether another process holds this store."""
    path = config.data_dir / "claim.db"
    if not path.exists():
        return False
    try:
        claim(path).close()
    except UnusableStore:
        return True
    return False


def disk(config: Config, found: Findings) -> None:
    """How much room there is where the store lies."""
    folder = config.data_dir if config.data_dir.exists() else config.path.parent
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    text = _("free on the disk of {folder}: {free} MB").format(folder=folder, free=free_mb)
    remedy = _("make room, or lower [retention] and [video]")
    if free_mb < DISK_BAD_MB:
        found.bad("disk", text, remedy)
    elif free_mb < DISK_WARN_MB:
        found.warn("disk", text, remedy)
    else:
        found.good("disk", text)


def store(config: Config, identity: Identity, found: Findings, whole: bool) -> None:
    """Is it sound, does its chain hold, what waits to be uploaded and since when."""
    path = config.data_dir / FILE_NAME
    if not path.exists():
        found.good("store", _("no record yet"))
        return
    keep = _("keep it as it is and tell the county; a new terminal is enrolled if need be")
    try:
        with closing(connect_for_reading(path)) as db:
            (verdict,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                found.bad("store", _("the store is damaged: {error}").format(error=verdict), keep)
                return
            if not _is_ours(db, identity, found) or not _chain(db, identity, found, whole, keep):
                return
            _waiting(db, found)
            _verification(db, config, found)
    except (sqlite3.Error, OSError) as error:
        found.bad("store", f"{path}: {error}", keep)


def _is_ours(db: sqlite3.Connection, identity: Identity, found: Findings) -> bool:
    row = db.execute("SELECT code, genesis FROM terminal").fetchone()
    if row is None or (row[0] == identity.terminal and bytes(row[1]) == identity.genesis):
        return True
    remedy = _("a terminal that is enrolled anew needs a new data_dir")
    found.bad("store", _("the store belongs to terminal {code}").format(code=row[0]), remedy)
    return False


def _chain(
    db: sqlite3.Connection, identity: Identity, found: Findings, whole: bool, keep: str
) -> bool:
    head, lowest = db.execute("SELECT coalesce(max(seq), 0), min(seq) FROM record").fetchone()
    if head == 0:
        found.good("store", _("no record yet"))
        return True
    first = lowest if whole else max(lowest, head - RECENT)
    previous = identity.genesis if first == 1 else None
    seq = first
    for number, line, digest in db.execute(
        "SELECT seq, line, digest FROM record WHERE seq >= ? ORDER BY seq", (first,)
    ):
        broken = previous is not None and link(identity.suite, previous, line) != bytes(digest)
        if number != seq or broken:
            found.bad("store", _("the chain breaks at record {seq}").format(seq=number), keep)
            return False
        previous, seq = bytes(digest), seq + 1
    found.good("store", _("chain holds: records {first} to {last}").format(first=first, last=head))
    return True


def _waiting(db: sqlite3.Connection, found: Findings) -> None:
    (acked,) = db.execute("SELECT coalesce(max(acked_seq), 0) FROM terminal").fetchone()
    rows = db.execute(
        "SELECT count(*), (SELECT line FROM record WHERE seq > ? ORDER BY seq LIMIT 1)"
        " FROM record WHERE seq > ?",
        (acked, acked),
    ).fetchone()
    (files,) = db.execute("SELECT count(*) FROM evidence WHERE state = 'due'").fetchone()
    (lost,) = db.execute("SELECT count(*) FROM evidence WHERE state = 'lost'").fetchone()
    count, oldest = rows
    if lost:
        remedy = _("the disk has lost files: look at its health, tell the county")
        found.warn("queue", _("{count} pictures are gone from the disk").format(count=lost), remedy)
    if not count and not files:
        found.good("queue", _("everything is uploaded"))
        return
    age_h = 0.0
    if oldest is not None:
        weighed_at_s = read_line(oldest).weighed_at / 1000
        age_h = (datetime.now(UTC).timestamp() - weighed_at_s) / 3600
    text = _("waiting: {records} records, {files} files, the oldest for {hours:.1f} h").format(
        records=count, files=files, hours=max(0.0, age_h)
    )
    if age_h > OLD_H:
        found.bad("queue", text, _("see what is said of the platform; nothing is lost meanwhile"))
    elif count > RECENT or age_h > 1:
        found.warn("queue", text, _("see what is said of the platform"))
    else:
        found.good("queue", text)


def _verification(db: sqlite3.Connection, config: Config, found: Findings) -> None:
    """Certificates of the scales, from the book of the gate."""
    try:
        known = upkeep.verifications(db)
    except sqlite3.OperationalError:
        return  # a store that the present software has not opened yet
    for lane in config.lanes:
        name = lane.scale.name
        entry = known.get(name)
        until = None if entry is None else entry.valid_until
        holds = validity(until, _today())
        remedy = _("have the scale verified and enter the certificate on the upkeep page")
        if holds.standing == "none":
            found.warn("verification", _("{scale}: no certificate entered").format(scale=name),
                       remedy)  # fmt: skip
        elif holds.standing == "expired":
            found.bad(
                "verification",
                _("{scale}: certificate ended on {day}").format(scale=name, day=until),
                remedy,
            )
        elif holds.standing == "due":
            found.warn(
                "verification",
                _("{scale}: certificate ends on {day}").format(scale=name, day=until),
                remedy,
            )
        else:
            found.good(
                "verification", _("{scale}: certificate until {day}").format(scale=name, day=until)
            )


def _today() -> date:
    return datetime.now().astimezone().date()
