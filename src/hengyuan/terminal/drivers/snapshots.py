"""Asking a camera over HTTP for what it sees now."""

from __future__ import annotations

import time

import httpx

from hengyuan.terminal.devices import Picture
from hengyuan.terminal.drivers.base import Clock
from hengyuan.terminal.drivers.http import Login, LoginRefused, check_status, make_client
from hengyuan.terminal.drivers.plate_events import picture_problem

TIMEOUT_S = 5.0
REFUSED_WAIT_S = 300.0
"""A refused login is tried again so much later: cameras lock out who tries too often."""


class Snapshots:
    """The pictures of one camera. `path` is where on it they are."""

    def __init__(
        self, address: str, login: Login | None, path: str, *, clock: Clock = time.monotonic
    ) -> None:
        self._address = address
        self._login = login
        self._path = path
        self._clock = clock
        self._not_before = float("-inf")

    async def take(self) -> Picture:
        """What the camera sees now. Raises `OSError`, also where the answer is no picture."""
        if self._clock() < self._not_before:
            raise LoginRefused("the device refused the login a moment ago")
        try:
            async with make_client(self._address, self._login, TIMEOUT_S) as client:
                response = await client.get(self._path)
        except httpx.HTTPError as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
        try:
            check_status(response)
        except LoginRefused:
            self._not_before = self._clock() + REFUSED_WAIT_S
            raise
        problem = picture_problem(response.content)
        if problem:
            raise ConnectionError(f"the snapshot is {problem}")
        return Picture("panorama", "image/jpeg", response.content)
