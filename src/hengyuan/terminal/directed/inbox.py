"""The commands `configure` and `rule_pack`: looked at, checked, written down; then a new start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from hengyuan.law.pack_documents import BadPack
from hengyuan.record.directives import BadDirective, Directive, Kind, Sealed
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config import Config
from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.directed.book import (
    Entry,
    begin,
    keep_pack,
    load_book,
    load_packs,
    save_book,
)
from hengyuan.terminal.directed.effective import checked
from hengyuan.terminal.directed.part import BadPart
from hengyuan.terminal.directed.trust import Trust
from hengyuan.terminal.store import StoreWorker
from hengyuan.terminal.uplink.commands import Asked, CommandFailed, Commands

log = structlog.get_logger(__name__)

RESTART_AFTER_S = 2.0
"""The county hears the answer before the terminal begins anew."""


class Inbox:
    """Takes what the county orders for one terminal."""

    def __init__(
        self,
        config: Config,
        trust: Trust,
        worker: StoreWorker,
        clock: Clock,
        sound: Callable[[], list[str]],
        restart: Callable[[], None],
    ) -> None:
        self._config = config
        self._trust = trust
        self._worker = worker
        self._clock = clock
        self._sound = sound
        self._restart = restart

    def register(self, commands: Commands) -> None:
        """Be the one who is asked."""
        commands.handle("configure", self.configure)
        commands.handle("rule_pack", self.rule_pack)

    async def configure(self, asked: Asked) -> str:
        """Check the whole, keep what was before, begin anew with it on trial."""
        directive = self._opened(asked, "configuration")
        book = load_book(self._config.data_dir)
        if book.current is not None and directive.version == book.current.version:
            return f"version {directive.version} is in force"
        if directive.version <= book.highest:
            raise CommandFailed(
                f"old_version: {directive.version} is not above {book.highest}, the last one here"
            )
        try:
            checked(self._config.path, directive.body, self._config.data_dir)
        except ConfigError as error:
            raise CommandFailed(
                "bad_configuration: " + "; ".join(map(str, error.problems))
            ) from None
        except (BadPart, OSError, ValueError) as error:
            raise CommandFailed(f"bad_configuration: {error}") from None
        now_ms = self._clock.now_ms()
        entry = Entry(version=directive.version, body=directive.body, applied_ms=now_ms)
        save_book(self._config.data_dir, begin(book, entry, self._sound()))
        await self._note("configuration_applied", directive)
        self._begin_anew()
        return f"version {directive.version} is on trial"

    async def rule_pack(self, asked: Asked) -> str:
        """Keep the table; it counts from its day on."""
        directive = self._opened(asked, "rule_pack")
        known = {pack.version for pack in load_packs(self._config.data_dir)}
        try:
            pack = keep_pack(self._config.data_dir, directive.body.get("pack", {}))
        except BadPack as error:
            raise CommandFailed(f"bad_rule_pack: {error}") from None
        if pack.version not in known:
            await self._note("rule_pack_applied", directive, pack.version)
            self._begin_anew()
        return f"rule pack {pack.version}, in force from {pack.effective_from.isoformat()}"

    def _opened(self, asked: Asked, kind: Kind) -> Directive:
        try:
            sealed = msgspec.convert(asked.arguments, Sealed)
            return self._trust.open(sealed, kind)
        except (msgspec.ValidationError, BadDirective) as error:
            log.error("directive.refused", kind=kind, why=str(error))
            raise CommandFailed(f"not_trusted: {error}") from None

    async def _note(self, what: str, directive: Directive, detail: str = "") -> None:
        text = detail or f"version {directive.version}"
        if directive.reason:
            text += f": {directive.reason}"
        await self._worker.do(self._worker.store.note, self._clock.now_ms(), 0, what, text)

    def _begin_anew(self) -> None:
        asyncio.get_running_loop().call_later(RESTART_AFTER_S, self._restart)
