"""Signed requests: how a terminal shows who it is where no batch signature does it.

Heartbeats and evidence files carry three headers; the signature covers method, path, time and
the digest of the body, so that neither can be sent again later or to another place.
"""

import re

from hengyuan.record.suites import PrivateKey, PublicKey, Suite

TERMINAL_HEADER = "hengyuan-terminal"
TIME_HEADER = "hengyuan-time"
SIGNATURE_HEADER = "hengyuan-signature"
# A terminal's clock may be wrong by more than this and its records still count: only the
# requests around them are refused, and the answer tells it the platform's time.
MAX_AGE_MS = 15 * 60 * 1000
_SIGNATURE = re.compile("[0-9a-f]{128}")


def request_text(
    suite: Suite, terminal: str, method: str, path: str, time_ms: int, body: bytes
) -> bytes:
    """What a request signature is made over."""
    digest = suite.digest(body).hex()
    return f"hengyuan-request-v1\n{terminal}\n{method}\n{path}\n{time_ms}\n{digest}\n".encode()


def sign_request(
    suite: Suite,
    key: PrivateKey,
    terminal: str,
    method: str,
    path: str,
    time_ms: int,
    body: bytes,
) -> dict[str, str]:
    """The three headers of a signed request."""
    text = request_text(suite, terminal, method, path, time_ms, body)
    return {
        TERMINAL_HEADER: terminal,
        TIME_HEADER: str(time_ms),
        SIGNATURE_HEADER: key.sign(text).hex(),
    }


def check_request(
    suite: Suite,
    key: PublicKey,
    terminal: str,
    method: str,
    path: str,
    time_ms: int,
    body: bytes,
    signature_hex: str,
) -> bool:
    """True if the terminal's key signed this very request."""
    if not _SIGNATURE.fullmatch(signature_hex):
        return False
    signature = bytes.fromhex(signature_hex)
    return key.verify(signature, request_text(suite, terminal, method, path, time_ms, body))
