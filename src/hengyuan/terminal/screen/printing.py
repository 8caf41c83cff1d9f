"""The receipt printer of the gate: `[printer]` in the configuration."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import structlog
from msgspec import Meta

from hengyuan.terminal.config_tables import Table
from hengyuan.terminal.screen.escpos import ticket_bytes
from hengyuan.terminal.screen.tickets import Ticket
from hengyuan.terminal.transports.link import open_connection
from hengyuan.terminal.transports.settings import Serial, Tcp

log = structlog.get_logger(__name__)


class PrinterTable(Table, frozen=True, kw_only=True):
    """`[printer]`: a receipt printer that takes ESC/POS."""

    transport: Tcp | Serial
    paper: Literal["80mm", "58mm"] = "80mm"
    copies: Annotated[int, Meta(ge=1, le=5)] = 1
    cut: bool = True
    """Whether it has a knife."""
    check_paper: bool = False
    """Asks the printer before a ticket whether it has paper (DLE EOT 4); not all answer."""


class NotPrinted(RuntimeError):
    """The ticket is not on paper; the text says why."""


_ASK_PAPER = b"\x10\x04\x04"
_PAPER_OUT = 0b0110_0000
_ANSWER_S = 3.0


class Printer:
    """Prints one ticket at a time. The line is opened for each: a printer may be switched off."""

    def __init__(self, settings: PrinterTable) -> None:
        self.settings = settings
        self._turn = asyncio.Lock()

    def bytes_of(self, ticket: Ticket) -> bytes:
        """What `print` sends, for a dry run."""
        one = ticket_bytes(ticket, self.settings.paper, self.settings.cut)
        return one * self.settings.copies

    async def print(self, ticket: Ticket) -> None:
        """Send a ticket; NotPrinted where the printer cannot be reached or is out of paper.

        That all bytes were taken is what can be known: a printer says nothing of what came out.
        """
        async with self._turn:
            try:
                await self._send(self.bytes_of(ticket))
            except (OSError, TimeoutError) as error:
                text = str(error) or type(error).__name__
                log.warning("printer.failed", error=text)
                raise NotPrinted(text) from error
            log.info("printer.printed", ticket=ticket.number)

    async def _send(self, data: bytes) -> None:
        connection = await open_connection(self.settings.transport)
        try:
            if self.settings.check_paper:
                await connection.write(_ASK_PAPER)
                answer = await connection.read(_ANSWER_S)
                if answer[0] & _PAPER_OUT:
                    raise OSError("the printer has no paper")
            await connection.write(data)
        finally:
            await connection.close()
