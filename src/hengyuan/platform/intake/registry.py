"""Who may upload: enrolled terminals with their keys, remembered for a few seconds.

The intake lane asks for the same terminals again and again; the ledger changes rarely. What is
remembered is at most MAX_AGE_S old, so a suspended terminal is refused within that time.
"""

import time
from dataclasses import dataclass

import asyncpg

from hengyuan.record.chain import genesis
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import PublicKey, Suite, suite_named

MAX_AGE_S = 3.0
# Codes nobody knows are remembered too, but only so many: they come from outside.
MAX_REMEMBERED = 50_000

_SELECT = """
SELECT t.id, t.code, t.state, t.suite, t.public_key, t.unit_id, u.region_id
FROM terminals_terminal t JOIN ledger_sourceunit u ON u.id = t.unit_id WHERE t.code = $1
"""


@dataclass(frozen=True, slots=True)
class KnownTerminal:
    """An enrolled terminal as intake needs it."""

    id: int
    code: str
    state: str
    suite: Suite
    public_key: PublicKey
    genesis: bytes
    unit_id: int
    county: int


class Registry:
    """Enrolled terminals by code."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: dict[str, tuple[float, KnownTerminal | None]] = {}

    async def get(self, code: str) -> KnownTerminal:
        """The terminal. Refusal: `unknown_terminal` if not enrolled, `suspended` if shut out."""
        remembered = self._known.get(code)
        if remembered is None or time.monotonic() - remembered[0] > MAX_AGE_S:
            if len(self._known) > MAX_REMEMBERED:
                self._known.clear()
            remembered = (time.monotonic(), await self._load(code))
            self._known[code] = remembered
        terminal = remembered[1]
        if terminal is None:
            raise Refusal("unknown_terminal", f"no terminal {code} is enrolled here")
        if terminal.state != "enrolled":
            raise Refusal("suspended", f"terminal {code} is {terminal.state}")
        return terminal

    async def _load(self, code: str) -> KnownTerminal | None:
        row = await self._pool.fetchrow(_SELECT, code)
        if row is None or not row["public_key"]:
            return None
        suite = suite_named(row["suite"])
        key = bytes.fromhex(row["public_key"])
        terminal = KnownTerminal(
            id=row["id"],
            code=row["code"],
            state=row["state"],
            suite=suite,
            public_key=suite.load_public(key),
            genesis=genesis(suite, row["code"], key),
            unit_id=row["unit_id"],
            county=int(row["region_id"]),
        )
        await self._pool.execute(
            "INSERT INTO intake_chainhead (terminal_id, last_seq, head) VALUES ($1, 0, $2)"
            " ON CONFLICT DO NOTHING",
            terminal.id,
            terminal.genesis,
        )
        return terminal
