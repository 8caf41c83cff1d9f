"""The gate's web server inside the terminal's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator
from typing import Any

import structlog
import uvicorn

from hengyuan.terminal.words import installer_text as _

log = structlog.get_logger(__name__)


class PortTaken(RuntimeError):
    """The address of `[screen]` cannot be listened on."""


class ScreenServer:
    """Takes its port at once, so that a taken one is known before anything runs."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        try:
            self._socket = listen(host, port)
        except OSError as error:
            why = _("cannot listen on {host}:{port}: {error}; choose another port in [screen]")
            why = why.format(host=host, port=port, error=error.strerror)
            raise PortTaken(why) from None
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._app = app

    async def serve(self) -> None:
        """Serve until cancelled."""
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=1,
            limit_concurrency=200,
        )
        log.info("screen.listening", host=self.host, port=self.port)
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket.dup()]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            server.should_exit = True
            await serving
            raise

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket whose connections asyncio knows for TCP.

    It turns off Nagle's delay only where the protocol number is there, and
    `socket.create_server` leaves it out: every answer would then come 40 ms late.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            # on Windows this option would let a second process take the same port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """Leaves the signals to the terminal."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
