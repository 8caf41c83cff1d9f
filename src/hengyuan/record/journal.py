"""The journal: what happened at a terminal that is no record, on its way to the platform.

A device that failed, an emergency plan that was begun, a spare part that was used. Entries are
numbered without a gap for each terminal, so that one that is missing shows. Unlike records they
are not chained: each upload is a signed request, and what is stored is not changed any more.
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from hengyuan.record.model import MAX_SEQ, MAX_TIME_MS
from hengyuan.record.refusal import Refusal

MAX_ENTRIES = 500
MAX_JOURNAL_BYTES = 1024 * 1024
MAX_DETAIL = 1000
MAX_LANE = 99
WHAT = r"^[a-z][a-z0-9_]{0,39}\Z"
# as in answers: what goes into a database text and a table cell
_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*\Z"


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that happened. `lane` 0 is the terminal as a whole.

    `what` is a short code; `detail` a text for people, or compact JSON where §12.1 of the protocol
    says which members it has. A code that the platform does not know is stored and shown as it is.
    """

    number: Annotated[int, Meta(ge=1, le=MAX_SEQ)]
    at_ms: Annotated[int, Meta(ge=0, le=MAX_TIME_MS)]
    lane: Annotated[int, Meta(ge=0, le=MAX_LANE)]
    what: Annotated[str, Meta(pattern=WHAT)]
    detail: Annotated[str, Meta(max_length=MAX_DETAIL, pattern=_PRINTABLE)] = ""


class JournalPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of an upload: entries in order without a gap; none only asks where to go on."""

    entries: Annotated[list[JournalEntry], Meta(max_length=MAX_ENTRIES)]


class JournalStored(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: the last number that is durably stored, 0 before the first."""

    last: int


_decoder = msgspec.json.Decoder(JournalPart)


def read_part(body: bytes) -> JournalPart:
    """The entries of a body. Refusal("malformed" or "too_large") otherwise."""
    if len(body) > MAX_JOURNAL_BYTES:
        raise Refusal("too_large", f"a body has at most {MAX_JOURNAL_BYTES} bytes here")
    try:
        part = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("malformed", f"journal: {error}") from None
    for before, entry in zip(part.entries, part.entries[1:], strict=False):
        if entry.number != before.number + 1:
            raise Refusal("malformed", f"journal: {entry.number} follows {before.number}")
    return part


def write_part(entries: Sequence[JournalEntry]) -> tuple[bytes, int]:
    """A body of as many of the entries as fit, and how many these are; at least one is taken."""
    encoded: list[bytes] = []
    size = len(b'{"entries":[]}')
    for entry in entries[:MAX_ENTRIES]:
        line = msgspec.json.encode(entry)
        size += len(line) + 1
        if encoded and size > MAX_JOURNAL_BYTES:
            break
        encoded.append(line)
    return b'{"entries":[' + b",".join(encoded) + b"]}", len(encoded)


def fit(number: int, at_ms: int, lane: int, what: str, detail: str) -> JournalEntry:
    """An entry of whatever was written down: made to keep to the bounds, never refused.

    A text that is too long is cut, a control character becomes a space, a code that is none
    becomes `other` with the code in front of the detail.
    """
    try:
        msgspec.convert(what, Annotated[str, Meta(pattern=WHAT)])
    except msgspec.ValidationError:
        what, detail = "other", f"{what}: {detail}"
    clean = "".join(" " if _is_control(char) else char for char in detail)
    if len(clean) > MAX_DETAIL:
        clean = clean[: MAX_DETAIL - 1] + "…"
    return JournalEntry(
        number=number,
        at_ms=min(max(at_ms, 0), MAX_TIME_MS),
        lane=min(max(lane, 0), MAX_LANE),
        what=what,
        detail=clean,
    )


def _is_control(char: str) -> bool:
    return char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff"
