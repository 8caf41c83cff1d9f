"""`hengyuan terminal run`: one process, from configuration to Ctrl-C."""

from __future__ import annotations

import asyncio

from hengyuan.terminal.app import Terminal, stop_on_signals
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config import Config
from hengyuan.terminal.enrolment import load_identity
from hengyuan.terminal.screen.app import screen_app
from hengyuan.terminal.screen.server import ScreenServer
from hengyuan.terminal.service.notify import stay_alive


async def serve(config: Config, clock: Clock | None = None) -> None:
    """Work until a signal ends it, by this machine's clock unless another one is given.

    Raises NotEnrolled, UnusableStore or PortTaken where it cannot begin.
    """
    identity = load_identity(config.data_dir)
    terminal = await Terminal.open(config, identity, clock)
    try:
        server = ScreenServer(screen_app(terminal), config.screen.host, config.screen.port)
    except Exception:
        await terminal.close()
        raise
    stop_on_signals(terminal)
    alive = asyncio.create_task(stay_alive())
    try:
        await terminal.run(server.serve)
    finally:
        alive.cancel()
        server.close()
