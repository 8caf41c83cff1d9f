"""Keeps the remote terminals of a city alive: heartbeats, and now and then a truck."""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx

from hengyuan.world.city.remote import RemoteTerminal, passing_trucks

BEAT_EVERY_S = 30.0
TRUCK_EVERY_S = 5.0
_SILENT_EVERY = 8


class Pulse:
    """One thread for all terminals. Every eighth falls silent after its first heartbeat, as some
    always do."""

    def __init__(self, address: str, terminals: list[RemoteTerminal]) -> None:
        self._address = address
        self._all = terminals
        self._online = [
            terminal for number, terminal in enumerate(terminals, start=1) if number % _SILENT_EVERY
        ]
        self._weighing = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="city-pulse", daemon=True)

    def start(self) -> None:
        """Begin with the heartbeats."""
        self._thread.start()

    def let_trucks_pass(self) -> None:
        """From now on a truck passes one of them every few seconds."""
        self._weighing.set()

    def stop(self) -> None:
        """Stop and wait until it has stopped."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        chance = random.Random()
        supply = passing_trucks(seed=sum(terminal.seq for terminal in self._online) + 1)
        beating = self._all
        beat_at = time.monotonic()
        with httpx.Client(base_url=self._address, timeout=30, trust_env=False) as http:
            while not self._stopped.is_set():
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + BEAT_EVERY_S
                    self._beat(http, beating)
                    beating = self._online
                if self._weighing.is_set() and self._online:
                    terminal = chance.choice(self._online)
                    terminal.weigh(datetime.now(UTC), next(supply), pictured=True)
                    # a platform that is away gets the record later, one that refuses it never
                    with contextlib.suppress(httpx.HTTPError):
                        terminal.upload(http)
                self._stopped.wait(TRUCK_EVERY_S)

    def _beat(self, http: httpx.Client, terminals: list[RemoteTerminal]) -> None:
        for terminal in terminals:
            if self._stopped.is_set():
                return
            # one that was suspended meanwhile is refused, and stays silent
            with contextlib.suppress(httpx.HTTPError):
                terminal.beat(http)


@contextmanager
def beating(address: str, terminals: list[RemoteTerminal]) -> Iterator[Pulse]:
    """The terminals are alive meanwhile."""
    pulse = Pulse(address, terminals)
    pulse.start()
    try:
        yield pulse
    finally:
        pulse.stop()
