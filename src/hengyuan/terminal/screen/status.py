"""The terminal in figures, for tools: /status.json."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from hengyuan.terminal.store import journal
from hengyuan.terminal.store.timings import timings_of

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal


async def status_of(terminal: Terminal) -> dict[str, Any]:
    """States, what waits to be uploaded, and how long things took. No plates, no pictures.

    `seq`, `watermark` and `queue` are read from the store in one go: when `queue` is empty, all
    that was ever recorded is with the platform.
    """
    worker = terminal.worker
    for lane in terminal.lanes.values():
        await lane.recorder.write_told()
    figures = await worker.read(_figures)
    uplink = terminal.uplink
    return {
        "terminal": terminal.identity.terminal,
        "time_ms": terminal.clock.now_ms(),
        "clock_offset_ms": terminal.checked.offset_ms,
        "lanes": [
            {
                "number": view.number,
                "phase": view.phase.value,
                "scale": view.scale.value,
                "scale_fault": view.scale_fault,
                "mass_kg": view.mass_kg,
                "faults": view.faults,
            }
            for view in terminal.board.lanes.values()
        ],
        "devices": {
            name: {"state": state, "counters": terminal.devices[name].counters.as_dict()}
            for name, state in terminal.device_states().items()
            if name in terminal.devices
        },
        "videos": {}
        if (video := terminal.video) is None
        else {
            name: {"state": state.value, "counters": video.counters(name).as_dict()}
            for name, state in video.states().items()
        },
        "uplink": {
            "error": uplink.error,
            "refused": uplink.refused,
            "diverged": uplink.diverged,
            "journal": uplink.journal_diverged or uplink.journal_refused,
        },
        **figures,
    }


def _figures(connection: sqlite3.Connection) -> dict[str, Any]:
    connection.execute("BEGIN")
    try:
        (seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
        (acked,) = connection.execute("SELECT acked_seq FROM terminal").fetchone()
        files = dict(connection.execute("SELECT state, count(*) FROM evidence GROUP BY state"))
        (left,) = connection.execute(
            "SELECT count(*) FROM journal WHERE what = 'left_unweighed'"
        ).fetchone()
        journal_waiting = journal.newest(connection) - journal.acknowledged(connection)
        timings = timings_of(connection).summary()
    finally:
        connection.execute("COMMIT")
    return {
        "seq": seq,
        "watermark": acked,
        "queue": {"records": seq - acked, "files": files.get("due", 0)},
        "files": files,
        "left_without_record": left,
        "journal_waiting": journal_waiting,
        "timings": timings,
    }
