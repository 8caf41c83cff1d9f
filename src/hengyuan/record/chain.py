"""The chain of a terminal: digest(n) = H(digest(n-1) || line(n)), digest(0) bound to enrolment."""

from collections.abc import Iterable

from hengyuan.record.suites import Suite


def genesis(suite: Suite, terminal: str, public_key: bytes) -> bytes:
    """digest(0): H over the terminal, the suite and its public key, so that no two begin alike."""
    text = f"hengyuan-chain-v1\n{terminal}\n{suite.name}\n{public_key.hex()}\n"
    return suite.digest(text.encode())


def link(suite: Suite, previous: bytes, line: bytes) -> bytes:
    """The digest of one line behind the digest before it."""
    return suite.digest(previous + line)


def extend(suite: Suite, previous: bytes, lines: Iterable[bytes]) -> list[bytes]:
    """The digest of each line, in order; the last one is the new head."""
    digests = []
    digest = suite.digest
    for line in lines:
        previous = digest(previous + line)
        digests.append(previous)
    return digests
