"""A primary and its standbys: how they stand, and making a standby the primary.

Nothing here decides by itself. Which server is dead is for a person (or a cluster manager) to say:
a program that only cannot reach it would make two primaries of one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import psycopg

from hengyuan.platform.connections import Server, said, servers

PROMOTED_WITHIN_S = 60

_STATE = """
SELECT pg_is_in_recovery(), current_setting('synchronous_commit'),
       current_setting('synchronous_standby_names'), current_setting('fsync') = 'on',
       CASE WHEN pg_is_in_recovery()
            THEN coalesce(greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')
            ELSE pg_current_wal_flush_lsn() END - '0/0'::pg_lsn,
       (SELECT array_agg(application_name || ' ' || sync_state ORDER BY application_name)
        FROM pg_stat_replication WHERE state = 'streaming')
"""


class CannotPromote(RuntimeError):
    """No standby can or should become the primary; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """How one server stands. `problem` is why it does not answer, None where it does.

    `written` is how far its write-ahead log reaches, in bytes since its beginning; `followers` are
    the standbys that stream from it, each with its sync_state.
    """

    server: Server
    problem: str | None = None
    is_standby: bool = False
    synchronous_commit: str = ""
    synchronous_standby_names: str = ""
    is_durable: bool = True
    written: int = 0
    followers: tuple[str, ...] = ()

    @property
    def is_primary(self) -> bool:
        return self.problem is None and not self.is_standby

    @property
    def loses_nothing(self) -> bool:
        """Whether what this primary acknowledges is on another machine's disk as well."""
        return (
            self.is_primary
            and self.is_durable
            and bool(self.synchronous_standby_names)
            and any(name.endswith((" sync", " quorum")) for name in self.followers)
        )


def states(url: str) -> list[State]:
    """How each server of the address stands, in its order."""
    return [_state(server) for server in servers(url)]


def promote(url: str, *, primary_is_dead: bool = False) -> State:
    """Make the standby that has most of the log the primary, and wait until it takes writes.

    CannotPromote while a primary answers, where no standby does, and where a server of the address
    is silent, unless it is the only one and `primary_is_dead` says that it will not come back as
    a primary by itself.
    """
    found = states(url)
    if primary := next((state for state in found if state.is_primary), None):
        raise CannotPromote(
            f"{primary.server} is the primary and answers; stop it first, two primaries would be "
            "two histories"
        )
    standbys = [state for state in found if state.problem is None]
    if not standbys:
        raise CannotPromote("no server answers: " + "; ".join(map(_silence, found)))
    silent = [state for state in found if state.problem is not None]
    if len(silent) > 1:
        raise CannotPromote(
            "; ".join(map(_silence, silent))
            + "; the newest records may be on one of these: bring the standby among them back first"
        )
    if silent and not primary_is_dead:
        raise CannotPromote(
            "; ".join(map(_silence, silent))
            + "; make sure that it is stopped and does not start by itself as a primary"
        )
    chosen = max(standbys, key=lambda state: state.written)
    try:
        with psycopg.connect(_of_any_kind(chosen.server), autocommit=True) as connection:
            connection.execute("SELECT pg_promote(true, %s)", [PROMOTED_WITHIN_S])
    except psycopg.Error as error:
        raise CannotPromote(f"{chosen.server}: {said(error)}") from error
    return _await_primary(chosen.server)


def _state(server: Server) -> State:
    try:
        with psycopg.connect(_of_any_kind(server), autocommit=True) as connection:
            row = connection.execute(_STATE).fetchone()
    except psycopg.Error as error:
        return State(server, problem=said(error))
    assert row is not None
    is_standby, commit, names, is_durable, written, followers = row
    return State(
        server, None, is_standby, commit, names, is_durable, int(written), tuple(followers or ())
    )


def _of_any_kind(server: Server) -> str:
    return psycopg.conninfo.make_conninfo(server.conninfo, target_session_attrs="any")


def _silence(state: State) -> str:
    return f"{state.server} does not answer ({state.problem})"


def _await_primary(server: Server) -> State:
    deadline = time.monotonic() + PROMOTED_WITHIN_S
    while not (state := _state(server)).is_primary:
        if time.monotonic() > deadline:
            raise CannotPromote(f"{server} was told to take over and has not; see its log")
        time.sleep(0.2)
    return state
