"""The record behind a weigh ticket, for whoever holds the ticket: no login, so no scope.

Who knows the number has the paper; the check in it cannot be guessed in any number of tries that
the portal allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import structlog
from django.db import connection, transaction

from hengyuan.platform.weighing.columns import kind_no
from hengyuan.platform.weighing.models import Weighing
from hengyuan.platform.weighing.proof import Chain, prove
from hengyuan.record.suites import DIGEST_BYTES, BadKey
from hengyuan.record.ticket import Ticket

log = structlog.get_logger(__name__)

# a question from the open network must not hold the database longer than this
_QUERY_TIMEOUT_MS = 3_000
_NO_DIGEST = bytes(DIGEST_BYTES)


class Standing(StrEnum):
    """What has become of the record."""

    SOUND = "sound"
    """It gives its digest, and it counts."""
    REPLACED = "replaced"
    """It gives its digest; a later record corrects it, or the truck was weighed again."""
    VOIDED = "voided"
    """It was declared void, or declares another one void."""
    BROKEN = "broken"
    """What is stored no longer gives the digest: it was altered, and is not to be trusted."""


@dataclass(frozen=True, slots=True)
class TicketRecord:
    """A record that a ticket fits. Of one that is VOIDED or BROKEN nothing should be told."""

    row: Weighing
    standing: Standing


@transaction.atomic
def record_of_ticket(ticket: Ticket) -> TicketRecord | None:
    """The record that the ticket was printed for; None where none fits, whatever the reason.

    The ticket is compared in constant time. OperationalError where the database is too slow.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_QUERY_TIMEOUT_MS}")
    row = (
        Weighing.objects.filter(terminal__code=ticket.terminal, seq=ticket.seq)
        .select_related("terminal", "unit__region")
        .order_by()
        .first()
    )
    fits = ticket.fits(_NO_DIGEST if row is None else bytes(row.digest))
    if row is None or not fits:
        return None
    return TicketRecord(row, _standing(row))


def _standing(row: Weighing) -> Standing:
    void = kind_no("void")
    # whole records, not values: those of archived months count as well
    corrections = Weighing.objects.filter(terminal_id=row.terminal_id, corrects=row.seq)
    later = {correction.kind for correction in corrections.order_by()}
    if row.kind == void or void in later:
        return Standing.VOIDED
    if not _is_proven(row):
        log.error("ticket.record_altered", terminal=row.terminal.code, seq=row.seq)
        return Standing.BROKEN
    return Standing.REPLACED if later else Standing.SOUND


def _is_proven(row: Weighing) -> bool:
    try:
        chain = Chain(row.terminal)
    except BadKey:
        return False
    previous: bytes | None = chain.genesis
    if row.seq > 1:
        before = Weighing.objects.filter(terminal_id=row.terminal_id, seq=row.seq - 1).order_by()
        found = next(iter(before), None)
        previous = None if found is None else bytes(found.digest)
    return prove(row, chain, previous).holds
