"""What the intake lane needs of HTTP: a bounded body, headers, signed requests, an answer."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from hengyuan.platform.intake.registry import KnownTerminal, Registry
from hengyuan.record.refusal import Refusal
from hengyuan.record.requests import (
    MAX_AGE_MS,
    SIGNATURE_HEADER,
    TERMINAL_HEADER,
    TIME_HEADER,
    check_request,
)

# `isdigit` takes ² for a digit, `int` does not
_DIGITS = re.compile("[0-9]{1,15}")


class Request:
    """A request whose body has been read."""

    def __init__(self, scope: MutableMapping[str, Any], body: bytes) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.body = body
        self.remote: str = scope["client"][0] if scope.get("client") else ""
        self._headers: dict[bytes, bytes] = dict(scope["headers"])

    def header(self, name: str) -> str:
        """A header's text, empty if it is not there."""
        return self._headers.get(name.encode(), b"").decode("latin-1")


@dataclass(slots=True)
class Answer:
    """A JSON answer: a mapping or a msgspec struct, and its status."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


async def read_body(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    limit: int,
) -> bytes:
    """The whole body. Refusal("too_large") as soon as it is known to pass the limit."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise Refusal("too_large", f"a body has at most {limit} bytes here")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal("malformed", "the connection closed before the body was complete")
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refusal("too_large", f"a body has at most {limit} bytes here")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


async def signed_by(request: Request, registry: Registry) -> KnownTerminal:
    """The terminal that signed this request.

    Refusal: `malformed` without the three headers, `unknown_terminal`, `suspended`,
    `stale_request` when its time is too far off, `bad_signature`.
    """
    code = request.header(TERMINAL_HEADER)
    time_text = request.header(TIME_HEADER)
    if not code or not _DIGITS.fullmatch(time_text):
        raise Refusal(
            "malformed",
            f"a signed request has the headers {TERMINAL_HEADER}, {TIME_HEADER} (ms), "
            f"{SIGNATURE_HEADER}",
        )
    terminal = await registry.get(code)
    now_ms = time.time_ns() // 1_000_000
    signed = check_request(
        terminal.suite,
        terminal.public_key,
        code,
        request.method,
        request.path,
        int(time_text),
        request.body,
        request.header(SIGNATURE_HEADER),
    )
    if not signed:
        raise Refusal("bad_signature", "the signature is not the enrolled key's over this request")
    if abs(now_ms - int(time_text)) > MAX_AGE_MS:
        raise Refusal(
            "stale_request", "the request's time is too far from the platform's", time_ms=now_ms
        )
    return terminal
