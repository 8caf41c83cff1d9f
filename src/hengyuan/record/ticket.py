"""Ticket numbers: what is printed on a weigh ticket, so that anybody can ask whether it is genuine.

`14102451001-01-1234-9f3a1c2e`: the terminal, the seq of the record, and the first eight hex digits
of the record's digest. The digest covers the record and all records before it, so the number can
only be made by whoever has the record, and it holds the paper against the platform's store: a
record that is altered there, digest and all, no longer fits the tickets that were handed out.
"""

import hmac
import re
import unicodedata
from dataclasses import dataclass

from hengyuan.record.model import MAX_SEQ
from hengyuan.record.suites import DIGEST_BYTES

CHECK_CHARS = 8
MAX_NUMBER_CHARS = 32 + 1 + 16 + 1 + CHECK_CHARS

_MAX_ADDRESS_CHARS = 400
_NUMBER = re.compile(r"([0-9A-Za-z-]{1,32})-([1-9][0-9]{0,15})-([0-9a-fA-F]{8})")
# what keyboards and printers make of a hyphen
_DASHES = re.compile("[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]")


class BadTicket(ValueError):
    """The text is no ticket number; it says nothing about any record."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket number says: the record, and the beginning of its digest in lower-case hex."""

    terminal: str
    seq: int
    check: str

    def __str__(self) -> str:
        return f"{self.terminal}-{self.seq}-{self.check}"

    def fits(self, digest: bytes) -> bool:
        """Whether the record with this digest is meant; takes the same time either way."""
        return hmac.compare_digest(self.check, digest.hex()[:CHECK_CHARS])


def ticket_of(terminal: str, seq: int, digest: bytes) -> Ticket:
    """The ticket of a record; `digest` is its digest in the chain, 32 bytes."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a digest has {DIGEST_BYTES} bytes, not {len(digest)}")
    return Ticket(terminal, seq, digest.hex()[:CHECK_CHARS])


def parse_ticket(text: str) -> Ticket:
    """Read a ticket number as people type and scan it; BadTicket for anything else.

    Forgiven: blanks, full-width characters, other dashes, capitals in the check, and the address
    that a QR code carries, of which the last part counts.
    """
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", text[:_MAX_ADDRESS_CHARS]))
    plain = "".join(plain.split()).rstrip("/").rpartition("/")[2]
    found = _NUMBER.fullmatch(plain)
    if found is None or int(found[2]) > MAX_SEQ:
        raise BadTicket("a ticket number is terminal-seq-check, such as 14102451001-01-12-9f3a1c2e")
    return Ticket(found[1], int(found[2]), found[3].lower())


def ticket_path(ticket: Ticket) -> str:
    """Where a platform answers for the ticket: the path behind its base URL, for the QR code."""
    return f"/v/{ticket}/"
