"""Connections to the database: the server that takes writes is found, a dead one is let go.

`HENGYUAN_DATABASE_URL` may name several servers, a primary and its standbys. After a failover
every new connection finds the one that takes writes now; the old ones end with the server that
they led to. A server that vanished without a word (power, network) is given up after some
seconds: the operating system alone would wait for a quarter of an hour.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import asyncpg
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

CONNECT_WITHIN_S = 5
"""A server that does not greet for so long is passed over."""
PROBE_AFTER_S = 5
PROBES = 3
SILENT_MS = 15_000
"""What was sent and not acknowledged by the other machine for so long is lost."""

# Of libpq's settings in an address, asyncpg knows these; it would take the others for settings of
# the server, which refuses them.
_KNOWN_TO_ASYNCPG = {
    "application_name",
    "gsslib",
    "krbsrvname",
    "options",
    "passfile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcrl",
    "sslkey",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "target_session_attrs",
}
# Intake answers after the commit. Whatever the server's default is, its commits wait until they
# are on disk, and on the disk of a synchronous standby where there is one.
_ALWAYS = {"synchronous_commit": "on"}


@dataclass(frozen=True, slots=True)
class Server:
    """One of the servers that an address names, and how to reach it and no other."""

    host: str
    port: str
    conninfo: str
    dsn: str

    def __str__(self) -> str:
        return f"{self.host or 'localhost'}:{self.port or '5432'}"


def servers(url: str) -> list[Server]:
    """The servers of an address, in its order."""
    settings = _settings(url)
    hosts = str(settings.pop("host", "") or "").split(",")
    ports = str(settings.pop("port", "") or "").split(",")
    settings.pop("hostaddr", None)
    if len(ports) == 1:
        ports *= len(hosts)
    if len(ports) != len(hosts):
        raise ValueError(f"the address names {len(hosts)} hosts and {len(ports)} ports")
    if len(hosts) > 1:
        settings.setdefault("target_session_attrs", "read-write")
    return [
        Server(
            host,
            port,
            make_conninfo(**{**settings, "host": host or None, "port": port or None}),
            _dsn(settings),
        )
        for host, port in zip(hosts, ports, strict=True)
    ]


def django_settings(url: str) -> dict[str, Any]:
    """The address as Django's `DATABASES` has it, without the engine: NAME, HOST … OPTIONS."""
    settings = _settings(url)
    if "," in str(settings.get("host") or ""):
        settings.setdefault("target_session_attrs", "read-write")
    names = {
        "NAME": "dbname",
        "USER": "user",
        "PASSWORD": "password",
        "HOST": "host",
        "PORT": "port",
    }
    place = {ours: str(settings.pop(theirs, "") or "") for ours, theirs in names.items()}
    return {**place, "OPTIONS": settings}


async def connect(url: str, **more: Any) -> Any:
    """A connection of asyncpg to the first server of the address that will do.

    ConnectionError says of each server why it will not; `more` goes to asyncpg as it is.
    """
    why = []
    more["server_settings"] = {**(more.get("server_settings") or {}), **_ALWAYS}
    for server in servers(url):
        try:
            connection = await asyncpg.connect(
                server.dsn,
                host=server.host or None,
                port=int(server.port) if server.port else None,
                timeout=CONNECT_WITHIN_S,
                **more,
            )
        except asyncpg.InternalClientError as error:
            why.append(f"{server}: takes no writes ({error})")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            why.append(f"{server}: {error or type(error).__name__}")
        else:
            _watch_over(connection)
            return connection
    raise ConnectionError("; ".join(why))


async def open_pool(url: str, min_size: int, max_size: int) -> asyncpg.Pool:
    """A pool of such connections."""
    return await asyncpg.create_pool(url, min_size=min_size, max_size=max_size, connect=connect)


def await_writable(url: str, patience_s: float) -> str | None:
    """Wait until a server of the address takes writes; why none did when patience is at its end."""
    deadline = time.monotonic() + patience_s
    while True:
        why = []
        for server in servers(url):
            try:
                with psycopg.connect(server.conninfo, autocommit=True) as connection:
                    row = connection.execute("SHOW transaction_read_only").fetchone()
                    if row == ("off",):
                        return None
                    why.append(f"{server}: takes no writes")
            except psycopg.Error as error:
                why.append(f"{server}: {said(error)}")
        if time.monotonic() >= deadline:
            return "; ".join(why)
        time.sleep(0.5)


def said(error: Exception) -> str:
    """What an error of the database says, in one line."""
    return " ".join(str(error).split())


def _settings(url: str) -> dict[str, Any]:
    settings: dict[str, Any] = dict(conninfo_to_dict(url))
    if not str(settings.get("host") or "/").startswith("/"):
        settings.setdefault("connect_timeout", str(CONNECT_WITHIN_S))
        settings.setdefault("keepalives_idle", str(PROBE_AFTER_S))
        settings.setdefault("keepalives_interval", str(PROBE_AFTER_S))
        settings.setdefault("keepalives_count", str(PROBES))
        settings.setdefault("tcp_user_timeout", str(SILENT_MS))
    return settings


def _dsn(settings: dict[str, Any]) -> str:
    """An address for asyncpg, without the server's place."""
    login = quote(str(settings.get("user") or ""), safe="")
    if settings.get("password"):
        login += f":{quote(str(settings['password']), safe='')}"
    kept = {name: str(settings[name]) for name in sorted(_KNOWN_TO_ASYNCPG & settings.keys())}
    query = f"?{urlencode(kept, quote_via=quote)}" if kept else ""
    at = f"{login}@" if login else ""
    return f"postgresql://{at}/{quote(str(settings.get('dbname') or ''), safe='')}{query}"


def _watch_over(connection: Any) -> None:
    """Let the operating system notice that the other machine has gone."""
    transport = getattr(connection, "_transport", None)
    found = transport.get_extra_info("socket") if transport is not None else None
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", PROBE_AFTER_S),
        ("TCP_KEEPINTVL", PROBE_AFTER_S),
        ("TCP_KEEPCNT", PROBES),
        ("TCP_USER_TIMEOUT", SILENT_MS),
    ):
        # not every system has all of them
        if (option := getattr(socket, name, None)) is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)
