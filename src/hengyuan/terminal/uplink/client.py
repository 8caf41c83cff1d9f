"""Requests to the platform, and the three things that can come of one.

The answer of the protocol; a `Refusal` that says why not; or `NoAnswer`, which is everything else:
silence, a broken line, a proxy's page, a server in trouble. No answer means not stored.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any, TypeVar

import httpx
import msgspec

from hengyuan.record.answers import (
    FileProgress,
    Heartbeat,
    HeartbeatAnswer,
    Stored,
    Watermark,
)
from hengyuan.record.batch import CONTENT_TYPE
from hengyuan.record.commands import Outcome, OutcomeAnswer, Poll, PollAnswer
from hengyuan.record.footage import LiveAnswer
from hengyuan.record.journal import JournalStored
from hengyuan.record.refusal import STATUS, Refusal
from hengyuan.record.requests import sign_request
from hengyuan.terminal.clock import CheckedClock, Clock
from hengyuan.terminal.enrolment import Identity

PREFIX = "/api/intake/v1/"
SEQ_HEADER = "hengyuan-seq"
_LATER = {429, 503}
"""Refusals that are no judgement of what was sent."""
_MAX_ANSWER_BYTES = 1024 * 1024
MAX_RETRY_AFTER_S = 600.0

_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")

T = TypeVar("T")


class NoAnswer(Exception):
    """Nothing that counts came back. `retry_after_s` is the platform's wish, if it had one,
    `request_id` the number by which its log knows the request."""

    def __init__(
        self, why: str, retry_after_s: float | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(why)
        self.retry_after_s = retry_after_s
        self.request_id = request_id


class _WatermarkAnswer(msgspec.Struct, frozen=True):
    watermark: Watermark


class PlatformClient:
    """Speaks docs/protocol.md for one terminal."""

    def __init__(
        self, http: httpx.AsyncClient, identity: Identity, clock: Clock, checked: CheckedClock
    ) -> None:
        self._http = http
        self._identity = identity
        self._clock = clock
        self._checked = checked

    async def send_batch(self, body: bytes) -> Stored:
        """Upload a sealed batch. It is signed in itself."""
        headers = {"content-type": CONTENT_TYPE}
        return await self._ask("POST", "batches", Stored, body, headers, signed=False)

    async def watermark(self) -> Watermark:
        """The last seq that the platform holds, and its digest."""
        return (await self._ask("GET", "watermark", _WatermarkAnswer)).watermark

    async def heartbeat(self, beat: Heartbeat) -> HeartbeatAnswer:
        """Say how things are; the answer also sets the clock's offset."""
        asked_at = self._clock.monotonic()
        body = msgspec.json.encode(beat)
        answer = await self._ask("POST", "heartbeat", HeartbeatAnswer, body)
        self._checked.checked(answer.time_ms, asked_at, self._clock.monotonic())
        return answer

    async def send_journal(self, body: bytes) -> JournalStored:
        """Upload a part of the journal."""
        headers = {"content-type": "application/json"}
        return await self._ask("POST", "journal", JournalStored, body, headers)

    async def poll(self, asked: Poll) -> PollAnswer:
        """Ask for commands; answers when there is one, or after `wait_s`."""
        body = msgspec.json.encode(asked)
        return await self._ask("POST", "commands", PollAnswer, body, longer_s=asked.wait_s)

    async def tell_outcome(self, command: str, outcome: Outcome) -> OutcomeAnswer:
        """Say how it goes with a command, or how it ended."""
        body = msgspec.json.encode(outcome)
        return await self._ask("POST", f"commands/{command}", OutcomeAnswer, body)

    async def send_live_init(self, session: str, sequence: int, data: bytes) -> LiveAnswer:
        """Upload what a player needs before segment `sequence` of a live session."""
        return await self._ask("PUT", f"live/{session}/{sequence}/init", LiveAnswer, data)

    async def send_live(
        self, session: str, sequence: int, duration_ms: int, data: bytes
    ) -> LiveAnswer:
        """Upload a segment; the answer says whether somebody waits for the next."""
        name = f"live/{session}/{sequence}/{duration_ms}"
        return await self._ask("PUT", name, LiveAnswer, data)

    async def clip_progress(self, command: str, digest: str) -> FileProgress:
        """How much of a clip that was asked for the platform holds."""
        return await self._ask("GET", f"clips/{command}/{digest}", FileProgress)

    async def send_clip_part(
        self, command: str, digest: str, offset: int, part: bytes, size: int
    ) -> FileProgress:
        """Upload a part of a clip that was asked for."""
        headers = {"content-range": f"bytes {offset}-{offset + len(part) - 1}/{size}"}
        return await self._ask("PUT", f"clips/{command}/{digest}", FileProgress, part, headers)

    async def file_progress(self, digest: str) -> FileProgress:
        """How much of a file the platform holds."""
        return await self._ask("GET", f"files/{digest}", FileProgress)

    async def send_part(
        self, digest: str, seq: int, offset: int, part: bytes, size: int
    ) -> FileProgress:
        """Upload a part of a file that record `seq` names."""
        headers = {
            SEQ_HEADER: str(seq),
            "content-range": f"bytes {offset}-{offset + len(part) - 1}/{size}",
            "content-type": "application/octet-stream",
        }
        return await self._ask("PUT", f"files/{digest}", FileProgress, part, headers)

    async def _ask(
        self,
        method: str,
        name: str,
        wanted: type[T],
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        signed: bool = True,
        longer_s: float = 0.0,
    ) -> T:
        """`longer_s` is what the platform may take beside its usual time."""
        try:
            return await self._once(method, name, wanted, body, headers or {}, signed, longer_s)
        except Refusal as refusal:
            time_ms = refusal.more.get("time_ms")
            if refusal.code != "stale_request" or not isinstance(time_ms, int):
                raise
            # this clock is far off: sign by the platform's from now on
            now = self._clock.monotonic()
            self._checked.checked(time_ms, now, now)
            return await self._once(method, name, wanted, body, headers or {}, signed, longer_s)

    async def _once(
        self,
        method: str,
        name: str,
        wanted: type[T],
        body: bytes,
        headers: dict[str, str],
        signed: bool,
        longer_s: float,
    ) -> T:
        path = PREFIX + name
        if signed:
            identity = self._identity
            headers = headers | sign_request(
                identity.suite,
                identity.key,
                identity.terminal,
                method,
                path,
                self._checked.request_ms(),
                body,
            )
        try:
            answer = await self._http.request(
                method, path, content=body, headers=headers, timeout=self._timeout(longer_s)
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise NoAnswer(f"{type(error).__name__}: {error}".rstrip(": ")) from error
        if answer.status_code != 200:
            raise _failure(answer)
        if len(answer.content) > _MAX_ANSWER_BYTES:
            raise NoAnswer("the answer is too large to be the platform's")
        try:
            return msgspec.json.decode(answer.content, type=wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise NoAnswer(f"the answer is not the platform's: {error}") from error

    def _timeout(self, longer_s: float) -> httpx.Timeout:
        usual = self._http.timeout
        if not longer_s or usual.read is None:
            return usual
        return httpx.Timeout(usual.read + longer_s, connect=usual.connect, write=usual.write)


def _failure(answer: httpx.Response) -> Exception:
    """A refusal that the protocol knows, or no answer."""
    number = _request_id(answer)
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        body: dict[str, Any] = answer.json()
        code = body.pop("error")
        if STATUS.get(code) == answer.status_code and answer.status_code not in _LATER:
            line = body.pop("line", None)
            body["request_id"] = number
            return Refusal(code, str(body.pop("detail", "")), line=line, **body)
    return NoAnswer(f"HTTP {answer.status_code}", _retry_after_s(answer), number)


def _request_id(answer: httpx.Response) -> str | None:
    """The number of the request in the platform's log; None for what is none."""
    text = answer.headers.get("x-request-id", "")
    return text if _REQUEST_ID.fullmatch(text) else None


def _retry_after_s(answer: httpx.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    # the other form, a date, cannot be trusted to a clock that may be wrong
    return min(float(text), MAX_RETRY_AFTER_S) if text.isdigit() and len(text) < 6 else None
