"""The gatekeeper's PIN: its digest in the configuration, sessions in memory, tries counted."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque

from hengyuan.terminal.clock import Clock

MIN_LENGTH = 6
_N, _R, _P = 2**14, 8, 1
_TRIES = 5
_TRIES_WITHIN_S = 300.0


def pin_digest(pin: str) -> str:
    """What stands in the configuration instead of the PIN. ValueError if it is too short."""
    if len(pin) < MIN_LENGTH:
        raise ValueError(f"a PIN has at least {MIN_LENGTH} characters")
    salt = secrets.token_bytes(16)
    return f"scrypt${_N}${_R}${_P}${salt.hex()}${_scrypt(pin, salt, _N, _R, _P).hex()}"


def check_digest(digest: str) -> None:
    """ValueError if the configuration's digest cannot be one."""
    kind, n, r, p, salt, derived = digest.split("$")
    sound = kind == "scrypt" and len(bytes.fromhex(salt)) >= 8 and len(bytes.fromhex(derived)) == 32
    if not sound or not (2 <= int(n) <= 2**16 and 1 <= int(r) <= 16 and 1 <= int(p) <= 4):
        raise ValueError("no PIN digest")


def pin_matches(pin: str, digest: str) -> bool:
    """Whether `digest` was made of `pin`."""
    _, n, r, p, salt, derived = digest.split("$")
    found = _scrypt(pin, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(derived))


def _scrypt(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=2**26, dklen=32)


class Tries:
    """Counts wrong PINs: after too many of late, from wherever, nobody may try for some minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed: deque[float] = deque(maxlen=_TRIES)

    @property
    def locked(self) -> bool:
        """Nobody may try now."""
        now = self._clock.monotonic()
        return len(self._failed) == _TRIES and now - self._failed[0] < _TRIES_WITHIN_S

    def failed(self) -> None:
        """A wrong PIN was given."""
        self._failed.append(self._clock.monotonic())


class Sessions:
    """Who is logged in. A restart logs everybody out."""

    def __init__(self, hours: float, clock: Clock) -> None:
        self._seconds = hours * 3600
        self._clock = clock
        self._running: dict[str, tuple[float, str | None]] = {}
        self._tries = Tries(clock)

    @property
    def locked(self) -> bool:
        """Too many wrong PINs of late, from wherever: nobody may try for some minutes."""
        return self._tries.locked

    def failed(self) -> None:
        """A wrong PIN was given."""
        self._tries.failed()

    def begin(self, name: str | None = None) -> str:
        """A new session's token; `name` of who begins it, where people have names."""
        now = self._clock.monotonic()
        self._running = {token: each for token, each in self._running.items() if each[0] > now}
        token = secrets.token_urlsafe(32)
        self._running[token] = (now + self._seconds, name)
        return token

    def end(self, token: str) -> None:
        """Log out."""
        self._running.pop(token, None)

    def holds(self, token: str) -> bool:
        """Whether a token is of a running session."""
        until, _ = self._running.get(token, (float("-inf"), None))
        return until > self._clock.monotonic()

    def at_the_gate(self) -> str | None:
        """Who logged in last and is still there; None where nobody gave a name."""
        now = self._clock.monotonic()
        names = [name for until, name in self._running.values() if name and until > now]
        return names[-1] if names else None

    def name(self, token: str) -> str | None:
        """Who a running session belongs to; None without one or without a name."""
        return self._running[token][1] if self.holds(token) else None
