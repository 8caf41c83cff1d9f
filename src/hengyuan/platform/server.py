"""Running the platform: its database, its tables, its web server, and an end without loss."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import structlog
import uvicorn

from hengyuan.platform.connections import await_writable
from hengyuan.platform.embedded import (
    URL_VARIABLE,
    EmbeddedPostgres,
    PostgresFailed,
    database_url,
    is_embedded,
)
from hengyuan.platform.home import HOME_VARIABLE, home_dir
from hengyuan.platform.service.notify import notify, stay_alive

log = structlog.get_logger(__name__)

STOP_WITHIN_S = 3
_WATCH_EVERY_S = 2.0
_POOL = "10"
_PATIENCE_S = 120.0
_MIGRATION_LOCK = 0x48594D47  # any number of our own


class Database:
    """The embedded server of this home, or nothing to do where an outside one is named.

    Only a server that this process has started is stopped by it.
    """

    def __init__(self) -> None:
        self._server = EmbeddedPostgres(home_dir()) if is_embedded() else None
        self._is_ours = False

    def start(self, patience_s: float = 10) -> None:
        """Make it answer, or wait so long for an outside one. PostgresFailed says why it cannot."""
        if self._server is None:
            _await_outside(patience_s)
        elif self._server.start():
            self._is_ours = True

    def stop(self) -> None:
        if self._server is not None and self._is_ours:
            self._server.stop()

    async def watch(self) -> None:
        """Start it again whenever something has killed it, until cancelled."""
        while self._server is not None:
            await asyncio.sleep(_WATCH_EVERY_S)
            if await asyncio.to_thread(self._server.is_running):
                continue
            log.warning("postgres.gone", home=str(self._server.home))
            try:
                await asyncio.to_thread(self.start)
                log.info("postgres.back", home=str(self._server.home))
            except PostgresFailed as error:
                log.error("postgres.start_failed", reason=str(error))


def _await_outside(patience_s: float) -> None:
    try:
        why = await_writable(database_url(), patience_s)
    except (ValueError, psycopg.Error) as error:
        raise PostgresFailed(f"{URL_VARIABLE} is no address of PostgreSQL: {error}") from error
    if why is not None:
        raise PostgresFailed(f"no server of {URL_VARIABLE} takes writes: {why}")


def use_home(home: Path | None, keep_connections: bool = False) -> None:
    """Take `home` for this process and those it starts; must come before Django's settings.

    A process that serves keeps its database connections, a command has no need to.
    """
    if home is not None:
        os.environ[HOME_VARIABLE] = str(home.expanduser().absolute())
    if keep_connections:
        os.environ.setdefault("HENGYUAN_DATABASE_POOL", _POOL)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hengyuan.platform.settings")


@contextlib.contextmanager
def django_at_work() -> Iterator[None]:
    """The database runs and Django is set up; what was started is stopped at the end."""
    import django

    database = Database()
    database.start()
    try:
        django.setup()
        yield
    finally:
        _close_connections()
        database.stop()


def migrate(verbosity: int = 0) -> None:
    """Bring the tables up to this version. Two platforms on one database take turns."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=verbosity)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])
    connection.close()


def run(host: str, port: int, started: Callable[[str], None] = lambda address: None) -> bool:
    """Start the database, migrate, and serve until SIGINT or SIGTERM.

    `started` is told the address once requests are answered; port 0 takes a free one. False when
    the server could not start, its log says why; OSError when the address is taken.
    """
    import django

    listening = _listen(host, port)
    database = Database()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        # after a power cut this machine may be up before the one of the database
        database.start(patience_s=_PATIENCE_S)
        django.setup()
        migrate()
        address = _address(host, listening)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_serve(listening, database, lambda: started(address)))
    except KeyboardInterrupt:
        log.info("platform.stopped_early")
        return True
    finally:
        listening.close()
        _close_connections()
        database.stop()


async def _serve(listening: socket.socket, database: Database, started: Callable[[], None]) -> bool:
    from hengyuan.platform.asgi import application
    from hengyuan.platform.history.tasks import keep_months

    config = uvicorn.Config(
        application,
        loop="none",
        http="httptools",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=True,
        server_header=False,
        timeout_keep_alive=30,
        # a request that goes on for longer than this is cut
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    server = _Server(config, started)
    beside = [asyncio.create_task(work) for work in (database.watch(), keep_months())]
    try:
        await server.serve(sockets=[listening])
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
    return server.started


class _Server(uvicorn.Server):
    """Tells when it has started, and leaves the process alive when it is stopped."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = tell
        self._alive: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._alive = asyncio.create_task(stay_alive(), name="signs-of-life")
            self._tell()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Live pages and waiting terminals are told to come back later; what is left is cut when
        the time is up."""
        from hengyuan.platform.asgi import lane
        from hengyuan.platform.board.services import end_streams

        notify("STOPPING=1")
        if self._alive is not None:
            self._alive.cancel()
        end_streams()
        lane.end_waits()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stops serving at the first signal; the base class would then kill the process with it,
        and the database would be left running."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening


def _address(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if getattr(connection, "pool", None) is not None:
            connection.close_pool()  # type: ignore[attr-defined]
