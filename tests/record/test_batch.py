"""A batch: sealed, taken apart, and refused with the right code when anything of it is off."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.record.batch import (
    MAX_BODY_BYTES,
    MAX_LINES,
    BatchHeader,
    Verified,
    check_lines,
    check_signature,
    parse,
    read_header,
    seal,
    signed_text,
    write_header,
)
from hengyuan.record.canonical import write_line
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3, SUITES, Suite
from tests.record.samples import TERMINAL, Chain, lines, record
from tests.record.strategies import thorough

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())
CHAIN = Chain().grow(4)
BODY = CHAIN.seal(1, 4)


def verify(body: bytes, chain: Chain = CHAIN) -> Verified:
    batch = parse(body)
    check_signature(batch.header, chain.suite.load_public(chain.public))
    return check_lines(batch, chain.suite)


def refusal_of(body: bytes, chain: Chain = CHAIN) -> Refusal:
    with pytest.raises(Refusal) as caught:
        verify(body, chain)
    return caught.value


def with_header(body: bytes, **changes: Any) -> bytes:
    first, rest = body.split(b"\n", 1)
    header = json.loads(first) | changes
    header = {key: value for key, value in header.items() if value is not ...}
    return json.dumps(header, separators=(",", ":"), sort_keys=True).encode() + b"\n" + rest


def sealed(written: list[bytes], first: int = 1) -> bytes:
    """A batch that the right key signed over these lines, whatever they are."""
    return seal(CHAIN.suite, CHAIN.key, TERMINAL, first, CHAIN.digests[first - 1], written)


@both
def test_a_sealed_batch_verifies(suite: Suite) -> None:
    chain = Chain(suite).grow(7)
    verified = verify(chain.seal(3, 6), chain)
    assert [r.seq for r in verified.records] == [3, 4, 5, 6]
    assert list(verified.digests) == chain.digests[3:7]
    assert verified.header.prev == chain.digests[2].hex()
    assert verified.header.head == chain.digests[6].hex()


def test_the_signature_is_over_the_written_form() -> None:
    header = parse(BODY).header
    text = (
        f"hengyuan-batch-v1\n{TERMINAL}\n1\n4\n{CHAIN.genesis.hex()}\n{CHAIN.digests[4].hex()}\n"
    ).encode()
    assert signed_text(TERMINAL, 1, 4, header.prev, header.head) == text
    assert ED25519_SHA256.load_public(CHAIN.public).verify(bytes.fromhex(header.signature), text)


def test_a_batch_is_as_long_as_the_limit_and_no_longer() -> None:
    chain = Chain().grow(MAX_LINES + 1)
    assert len(verify(chain.seal(1, MAX_LINES), chain).records) == MAX_LINES
    with pytest.raises(ValueError, match="1 to 1000"):
        chain.seal(1, MAX_LINES + 1)
    with pytest.raises(ValueError, match="1 to 1000"):
        sealed([])
    first, *rest = chain.seal(1, MAX_LINES).split(b"\n")
    longer = with_header(b"\n".join([first, *rest[:-1], chain.lines[-1], b""]), last=MAX_LINES + 1)
    refusal = refusal_of(longer, chain)
    assert (refusal.code, refusal.status) == ("too_large", 413)


def test_a_batch_that_is_too_heavy_is_not_sealed_nor_taken() -> None:
    long = dict.fromkeys(("carrier", "destination", "operator", "witness"), "\U00020000" * 64)
    long["reason"] = "\U00020000" * 200
    long["note_no"] = "\U00020000" * 64
    heavy = [write_line(record(seq=seq, **long)) for seq in range(1, MAX_LINES + 1)]
    assert sum(len(line) + 1 for line in heavy) > MAX_BODY_BYTES
    with pytest.raises(ValueError, match=f"{MAX_BODY_BYTES} bytes"):
        sealed(heavy)
    assert refusal_of(BODY + b"x" * MAX_BODY_BYTES).code == "too_large"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"\n\n",
        b"{}\n",
        b"\x00\xff\n",
        b"null\nnull\n",
        BODY[:-1],
        BODY[:-100],
        BODY.split(b"\n")[0],
        BODY.split(b"\n")[0] + b"\n",
        BODY + b"\n",
        BODY + CHAIN.lines[0] + b"\n",
        b"\n".join(BODY.split(b"\n")[1:]),
        b"\n" + BODY,
        b"\xef\xbb\xbf" + BODY,
        with_header(BODY, batch=2),
        with_header(BODY, batch="1"),
        with_header(BODY, first=0),
        with_header(BODY, first=1.0),
        with_header(BODY, first=2),
        with_header(BODY, first=5),
        with_header(BODY, last=2**53),
        with_header(BODY, last=3),
        with_header(BODY, last=5),
        with_header(BODY, head=...),
        with_header(BODY, head="AB" * 32),
        with_header(BODY, head="ab" * 31),
        with_header(BODY, head="ab" * 32 + "\n"),
        with_header(BODY, prev=None),
        with_header(BODY, prev="zz" * 32),
        with_header(BODY, signature=""),
        with_header(BODY, signature="ab" * 63),
        with_header(BODY, signature="AB" * 64),
        with_header(BODY, signature="ab" * 64 + "\n"),
        with_header(BODY, terminal=""),
        with_header(BODY, terminal="T 1"),
        with_header(BODY, terminal="T1\n"),
        with_header(BODY, more=1),
    ],
)
def test_what_is_no_batch_is_malformed(body: bytes) -> None:
    refusal = refusal_of(body)
    assert (refusal.code, refusal.status) == ("malformed", 400)
    assert refusal.detail


def test_a_header_names_itself_as_line_0() -> None:
    assert refusal_of(with_header(BODY, first=0)).line == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "00" * 64},
        {"signature": "ff" * 64},
        {"terminal": "14102451001-02"},
        {"prev": "ab" * 32},
        {"head": "ab" * 32},
        {"first": 2, "last": 5},
    ],
)
@both
def test_a_header_that_was_not_signed_is_refused(suite: Suite, changes: dict[str, Any]) -> None:
    chain = Chain(suite).grow(4)
    refusal = refusal_of(with_header(chain.seal(1, 4), **changes), chain)
    assert (refusal.code, refusal.status) == ("bad_signature", 401)


@both
def test_another_key_s_batch_is_refused(suite: Suite) -> None:
    chain = Chain(suite).grow(2)
    assert refusal_of(chain.seal(1, 2, key=suite.generate()), chain).code == "bad_signature"


def test_the_other_suite_s_signature_is_refused() -> None:
    ours, theirs = Chain(SM2_SM3).grow(2), Chain(ED25519_SHA256).grow(2)
    assert refusal_of(theirs.seal(1, 2), ours).code == "bad_signature"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda body: body.replace(b"30003", b"20003"), "broken_chain"),
        (lambda body: body.replace(b'"lane":1,"seq":3', b'"lane": 1,"seq":3'), "not_canonical"),
        (lambda body: body.replace(b"30003", b"300030"), "bad_record"),
        (lambda body: body.replace(b"30003", b"-1"), "bad_record"),
        (lambda body: body.replace(b'"seq":3', b'"seq":4'), "bad_record"),
        (lambda body: body.replace(CHAIN.lines[2], b"{}"), "bad_record"),
        (lambda body: body.replace(CHAIN.lines[2], b""), "bad_record"),
        (lambda body: body.replace(CHAIN.lines[2], b"\xff"), "bad_record"),
        (lambda body: body.replace(CHAIN.lines[2], b"[" * 5000), "too_large"),
        (lambda body: body.replace(CHAIN.lines[2], CHAIN.lines[2] + b"\r"), "not_canonical"),
        (
            lambda body: body.replace(
                CHAIN.lines[2], CHAIN.lines[2].replace(TERMINAL.encode(), b"14102451001-02")
            ),
            "bad_record",
        ),
    ],
)
def test_an_altered_line_is_refused_under_the_old_signature(spoil: Any, code: str) -> None:
    refusal = refusal_of(spoil(BODY))
    assert refusal.code == code
    assert refusal.line == (None if code == "broken_chain" else 3)


def test_swapped_removed_and_doubled_lines_are_refused() -> None:
    one, two, three, four = CHAIN.lines
    header = BODY.split(b"\n")[0]

    def body(*written: bytes) -> bytes:
        return b"\n".join([header, *written, b""])

    assert body(one, two, three, four) == BODY
    assert refusal_of(body(one, three, two, four)).as_dict() == {
        "error": "bad_record",
        "detail": "seq: 3 where 2 is due",
        "line": 2,
    }
    assert refusal_of(body(one, two, four)).code == "malformed"
    assert refusal_of(body(one, two, two, four)).line == 3


def test_a_signed_batch_of_another_terminal_s_records_is_refused() -> None:
    foreign = write_line(record(terminal="14102451001-02"))
    refusal = refusal_of(sealed([foreign]))
    assert (refusal.code, refusal.line) == ("bad_record", 1)


def test_signed_lines_that_are_no_records_are_refused() -> None:
    for line, code in ((b"{}", "bad_record"), (lines(1)[0] + b" ", "not_canonical")):
        refusal = refusal_of(sealed([line]))
        assert (refusal.code, refusal.status, refusal.line) == (code, 422, 1)


def test_a_signed_head_that_the_lines_do_not_reach_is_refused() -> None:
    head = "ab" * 32
    prev = CHAIN.genesis.hex()
    signature = CHAIN.key.sign(signed_text(TERMINAL, 1, 4, prev, head)).hex()
    refusal = refusal_of(with_header(BODY, head=head, signature=signature))
    assert (refusal.code, refusal.status) == ("broken_chain", 422)


@given(st.data())
@thorough
def test_no_single_byte_of_a_batch_can_be_changed(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(BODY) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != BODY[position]))
    with pytest.raises(Refusal):
        verify(BODY[:position] + bytes([value]) + BODY[position + 1 :])


@given(st.binary(max_size=300))
@thorough
def test_rubbish_is_refused_and_nothing_else_is_raised(body: bytes) -> None:
    with pytest.raises(Refusal):
        parse(body)
    with pytest.raises(Refusal):
        read_header(body)


def test_a_header_is_written_as_it_was_read() -> None:
    line = BODY.split(b"\n")[0]
    header = read_header(line)
    assert write_header(header) == line
    assert isinstance(header, BatchHeader)
    names = [field.encode_name for field in msgspec.structs.fields(BatchHeader)]
    assert names == sorted(names)
