"""A batch: a header line and the canonical lines of a range of records, signed as one.

The signature covers terminal, range, the digest before the range and the head digest behind it;
through the chain the head covers every byte of every line before it.
"""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.record.canonical import MAX_LINE_BYTES, NotCanonical, read_line
from hengyuan.record.chain import extend
from hengyuan.record.model import DigestHex, InvalidRecord, Record, Seq, TerminalCode
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import PrivateKey, PublicKey, Suite

MAX_LINES = 1000
MAX_BODY_BYTES = 2 * 1024 * 1024
CONTENT_TYPE = "application/x-ndjson"

SignatureHex = Annotated[str, Meta(min_length=128, max_length=128, pattern=r"^[0-9a-f]{128}\Z")]


class BatchHeader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """First line of a batch. `prev` is the digest of record first-1, `head` that of `last`."""

    batch: Literal[1] = 1
    first: Seq
    head: DigestHex
    last: Seq
    prev: DigestHex
    signature: SignatureHex
    terminal: TerminalCode


class Batch(msgspec.Struct, frozen=True):
    """A batch as it came: nothing of it is believed before the two checks below."""

    header: BatchHeader
    lines: tuple[bytes, ...]


class Verified(msgspec.Struct, frozen=True):
    """What the lines of a batch hold: its records and the digest of each, in order."""

    header: BatchHeader
    records: tuple[Record, ...]
    digests: tuple[bytes, ...]


_header_encoder = msgspec.json.Encoder()
_header_decoder = msgspec.json.Decoder(BatchHeader)


def signed_text(terminal: str, first: int, last: int, prev: str, head: str) -> bytes:
    """What the batch signature is made over."""
    return f"hengyuan-batch-v1\n{terminal}\n{first}\n{last}\n{prev}\n{head}\n".encode()


def seal(
    suite: Suite,
    key: PrivateKey,
    terminal: str,
    first: int,
    previous: bytes,
    lines: Sequence[bytes],
) -> bytes:
    """The body of a batch: header line and record lines, each ended by a line feed.

    ValueError if it would be refused for its size; take fewer lines then.
    """
    if not 1 <= len(lines) <= MAX_LINES:
        raise ValueError(f"a batch has 1 to {MAX_LINES} records, not {len(lines)}")
    last = first + len(lines) - 1
    prev, head = previous.hex(), extend(suite, previous, lines)[-1].hex()
    header = BatchHeader(
        first=first,
        last=last,
        prev=prev,
        head=head,
        signature=key.sign(signed_text(terminal, first, last, prev, head)).hex(),
        terminal=terminal,
    )
    body = b"\n".join([_header_encoder.encode(header), *lines, b""])
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"a batch has at most {MAX_BODY_BYTES} bytes, not {len(body)}")
    return body


def write_header(header: BatchHeader) -> bytes:
    """The header's line, without a line end."""
    return _header_encoder.encode(header)


def read_header(line: bytes) -> BatchHeader:
    """The header of a batch; Refusal("malformed") if the line is none."""
    try:
        header = _header_decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("malformed", f"header: {error}", line=0) from None
    if header.last < header.first:
        raise Refusal("malformed", "header: last is before first", line=0)
    return header


def parse(body: bytes) -> Batch:
    """Split a body into header and lines. Refusal("malformed" or "too_large") otherwise."""
    if len(body) > MAX_BODY_BYTES:
        raise Refusal("too_large", f"a batch has at most {MAX_BODY_BYTES} bytes")
    if not body.endswith(b"\n"):
        raise Refusal("malformed", "every line ends with a line feed; the last one is cut off")
    first_line, *lines = body[:-1].split(b"\n")
    header = read_header(first_line)
    if not lines or len(lines) != header.last - header.first + 1:
        raise Refusal(
            "malformed",
            f"header says {header.last - header.first + 1} records, body has {len(lines)}",
            line=0,
        )
    if len(lines) > MAX_LINES:
        raise Refusal("too_large", f"a batch has at most {MAX_LINES} records")
    return Batch(header, tuple(lines))


def check_signature(header: BatchHeader, key: PublicKey) -> None:
    """Refusal("bad_signature") unless the terminal's key signed this header."""
    text = signed_text(header.terminal, header.first, header.last, header.prev, header.head)
    if not key.verify(bytes.fromhex(header.signature), text):
        raise Refusal("bad_signature", "the signature is not the enrolled key's over this header")


def check_lines(batch: Batch, suite: Suite) -> Verified:
    """The batch's records, once every line is a canonical record and the chain ends in the head.

    Refusal: `bad_record` or `not_canonical` with the line, `broken_chain` if the lines do not
    lead from `prev` to `head`.
    """
    header = batch.header
    records = []
    seq = header.first
    for number, line in enumerate(batch.lines, start=1):
        records.append(read_due(line, number, seq, header.terminal))
        seq += 1
    digests = extend(suite, bytes.fromhex(header.prev), batch.lines)
    if digests[-1].hex() != header.head:
        raise Refusal("broken_chain", "the lines do not lead from prev to head")
    return Verified(header, tuple(records), tuple(digests))


def read_due(line: bytes, number: int, seq: int, terminal: str) -> Record:
    """The record of this line if it is the one that is due; Refusal naming `number` otherwise."""
    if len(line) > MAX_LINE_BYTES:
        raise Refusal("too_large", f"a line has at most {MAX_LINE_BYTES} bytes", line=number)
    try:
        record = read_line(line)
    except NotCanonical as error:
        raise Refusal("not_canonical", str(error), line=number) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, InvalidRecord) as error:
        raise Refusal("bad_record", str(error), line=number) from None
    if record.seq != seq:
        raise Refusal("bad_record", f"seq: {record.seq} where {seq} is due", line=number)
    if record.terminal != terminal:
        raise Refusal("bad_record", "terminal: is not the header's", line=number)
    return record
