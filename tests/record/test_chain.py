"""The chain: what a digest hangs on."""

import hashlib

import pytest

from hengyuan.record.chain import extend, genesis, link
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3, SUITES, Suite
from tests.record.samples import lines

both = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES.keys())


def test_genesis_is_the_digest_of_the_written_form() -> None:
    text = b"hengyuan-chain-v1\nT-1\nEd25519-SHA256\n00ff\n"
    assert genesis(ED25519_SHA256, "T-1", b"\x00\xff") == hashlib.sha256(text).digest()
    text = b"hengyuan-chain-v1\nT-1\nSM2-SM3\n00ff\n"
    assert genesis(SM2_SM3, "T-1", b"\x00\xff") == hashlib.new("sm3", text).digest()


def test_no_two_enrolments_begin_alike() -> None:
    origins = {
        genesis(suite, terminal, key)
        for suite in SUITES.values()
        for terminal in ("T-1", "T-2")
        for key in (b"\x01", b"\x02")
    }
    assert len(origins) == 8


@both
def test_a_link_is_the_digest_of_the_one_before_and_the_line(suite: Suite) -> None:
    line = lines(1)[0]
    expected = hashlib.new(suite.digest_name, b"p" * 32 + line).digest()
    assert link(suite, b"p" * 32, line) == expected


@both
def test_a_chain_is_its_links_one_by_one(suite: Suite) -> None:
    written = lines(5)
    digest = genesis(suite, "T-1", b"k")
    one_by_one = []
    for line in written:
        digest = link(suite, digest, line)
        one_by_one.append(digest)
    assert extend(suite, genesis(suite, "T-1", b"k"), written) == one_by_one
    assert extend(suite, b"p" * 32, []) == []


@both
def test_a_changed_line_changes_every_digest_behind_it_and_none_before(suite: Suite) -> None:
    written = lines(5)
    digests = extend(suite, b"p" * 32, written)
    spoilt = [*written[:2], written[2].replace(b"30003", b"20003"), *written[3:]]
    changed = extend(suite, b"p" * 32, spoilt)
    assert changed[:2] == digests[:2]
    assert all(a != b for a, b in zip(changed[2:], digests[2:], strict=True))
