"""`hengyuan terminal run`: one process, from configuration to Ctrl-C."""

from __future__ import annotations

import asyncio
import os

import structlog

from hengyuan.terminal.app import Terminal, stop_on_signals
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config import Config
from hengyuan.terminal.directed.book import Book, load_book, roll_back, save_book
from hengyuan.terminal.directed.effective import MAX_DETAIL, effective
from hengyuan.terminal.directed.inbox import Inbox
from hengyuan.terminal.directed.trial import Trial
from hengyuan.terminal.directed.trust import load_trust
from hengyuan.terminal.enrolment import load_identity
from hengyuan.terminal.screen.app import screen_app
from hengyuan.terminal.screen.server import PortTaken, ScreenServer
from hengyuan.terminal.service.notify import stay_alive
from hengyuan.terminal.update.launcher import NOTE_VARIABLE

log = structlog.get_logger(__name__)


async def serve(config: Config, clock: Clock | None = None) -> None:
    """Work until a signal ends it, by this machine's clock unless another one is given.

    What the county sets lies over `config`. A configuration on trial with which the terminal
    cannot begin is taken back, and it begins with the one before. Raises NotEnrolled,
    UnusableStore or PortTaken where it cannot begin with what the installer wrote.
    """
    again = True
    notes = note_of_launcher()
    while again:
        ready, book, found = effective(config)
        notes += found
        try:
            again = await _serve_once(ready, book, notes, clock)
            notes = []
        except (PortTaken, OSError) as error:
            # the store's troubles are the same with every configuration; these may be its own
            if book.state != "trial" or book.current is None:
                raise
            log.error("configuration.rolled_back", why=str(error))
            why = f"version {book.current.version}: {error}"[:MAX_DETAIL]
            notes.append(("configuration_rolled_back", why))
            save_book(config.data_dir, roll_back(load_book(config.data_dir), str(error)))


def note_of_launcher() -> list[tuple[str, str]]:
    """What the launcher wants in the journal: that this version is new, or an old one is back."""
    what, _blank, detail = os.environ.pop(NOTE_VARIABLE, "").partition(" ")
    return [(what, detail)] if what else []


async def _serve_once(
    config: Config, book: Book, notes: list[tuple[str, str]], clock: Clock | None
) -> bool:
    """Whether to begin again, with another configuration."""
    identity = load_identity(config.data_dir)
    terminal = await Terminal.open(config, identity, clock)
    try:
        for what, detail in notes:
            await terminal.worker.do(
                terminal.worker.store.note, terminal.clock.now_ms(), 0, what, detail
            )
        server = ScreenServer(screen_app(terminal), config.screen.host, config.screen.port)
    except Exception:
        await terminal.close()
        raise
    again = False

    def begin_again() -> None:
        nonlocal again
        again = True
        terminal.stop()

    def sound() -> list[str]:
        return [name for name, state in terminal.device_states().items() if state == "ok"]

    trust = load_trust(config.data_dir, identity)
    Inbox(config, trust, terminal.worker, terminal.clock, sound, begin_again).register(
        terminal.commands
    )
    trial = Trial(
        book,
        terminal.worker,
        terminal.clock,
        terminal.device_states,
        lambda: terminal.uplink.error is None,
        begin_again,
    )
    stop_on_signals(terminal)
    beside = [asyncio.create_task(stay_alive()), asyncio.create_task(trial.run())]
    try:
        await terminal.run(server.serve)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        server.close()
    return again
