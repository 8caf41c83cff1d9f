"""The canonical line: the one way to write a record, so that its digest can be made again.

A subset of RFC 8785 (JSON Canonicalization Scheme): UTF-8, keys in ascending order, no white
space, integers only, non-ASCII characters unescaped, and of escapes only `\\"` and `\\\\`, since
texts hold no control characters. What was sent is what was hashed is what can be made again.
"""

import re

import msgspec

from hengyuan.record.model import InvalidRecord, Record, check_record

MAX_LINE_BYTES = 4096

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Record)


class NotCanonical(ValueError):
    """The line is a record, yet not written in the canonical form."""


def write_line(record: Record) -> bytes:
    """The record's canonical line, without a line end.

    Raises InvalidRecord if it contradicts itself or makes too long a line, NotCanonical for an
    empty list in place of the default and msgspec.ValidationError if a field is out of its
    bounds: a record made in code is checked as strictly as one that was received.
    """
    try:
        line = _encoder.encode(record)
    except UnicodeEncodeError:
        raise InvalidRecord("texts hold no lone surrogates") from None
    read_line(line)
    return line


def read_line(line: bytes) -> Record:
    """The record of a canonical line.

    Raises msgspec.ValidationError, msgspec.DecodeError or UnicodeDecodeError for what is no
    record, InvalidRecord for one that contradicts itself or is longer than MAX_LINE_BYTES,
    NotCanonical for one written otherwise.
    """
    if len(line) > MAX_LINE_BYTES:
        raise InvalidRecord(f"a line has at most {MAX_LINE_BYTES} bytes")
    record = _decoder.decode(line)
    if _encoder.encode(record) != line:
        raise NotCanonical("keys sorted, no spaces, no nulls or defaults, UTF-8 unescaped")
    if (b"\\" in line or b"\x7f" in line or b"\xc2" in line) and _has_control_characters(line):
        raise InvalidRecord("texts hold no control characters")
    check_record(record)
    return record


# U+0080 to U+009F; 0xC2 begins a character and is never inside one.
_C1_CONTROLS = re.compile(rb"\xc2[\x80-\x9f]")


def _has_control_characters(line: bytes) -> bool:
    if b"\x7f" in line or (b"\xc2" in line and _C1_CONTROLS.search(line)):
        return True
    if b"\\" not in line:
        return False
    # pairs go first, so that an escaped backslash before an n is not taken for a line end
    return b"\\" in line.replace(b"\\\\", b"").replace(b'\\"', b"")
