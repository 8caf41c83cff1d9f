"""A platform of one file, in memory: what docs/protocol.md asks of one, checked by the record room.

It answers real HTTP on a loopback port, and can be told to be silent or busy.
"""

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from hengyuan.record.answers import Command, FileProgress, Heartbeat, HeartbeatAnswer, Watermark
from hengyuan.record.batch import CONTENT_TYPE, check_lines, check_signature, parse
from hengyuan.record.chain import genesis
from hengyuan.record.refusal import Refusal
from hengyuan.record.requests import (
    MAX_AGE_MS,
    SIGNATURE_HEADER,
    TERMINAL_HEADER,
    TIME_HEADER,
    check_request,
)
from hengyuan.record.suites import suite_named

TERMINAL = "14102451001-01"
CODE = "AB12C-DE34F-GH56J-KM78N"
RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


class TinyPlatform:
    """Lines, digests and files of its one terminal, and what went wrong on the way."""

    def __init__(self) -> None:
        self.suite: Any = None
        self.public = b""
        self.lines: list[bytes] = []
        self.digests: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.beats: list[Heartbeat] = []
        self.forgotten: list[str] = []
        self.refusals: list[str] = []
        self.requests: Counter[str] = Counter()
        # path -> what happens to the next requests: "silent" (done, yet not answered) or "busy"
        self.troubles: dict[str, list[str]] = {}
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                platform._handle(self)

            do_POST = do_PUT = do_GET

            def log_message(self, *_: Any) -> None:
                """The test's output is not for this."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "TinyPlatform":
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def watermark(self) -> Watermark:
        return Watermark(len(self.lines), self.digests[-1].hex())

    def _handle(self, http: BaseHTTPRequestHandler) -> None:
        body = http.rfile.read(int(http.headers.get("Content-Length") or 0))
        step = f"{http.command} {http.path.split('/')[4]}"
        self.requests[step] += 1
        trouble = self.troubles.get(step) or [""]
        trouble_now = trouble.pop(0)
        try:
            if trouble_now == "busy":
                raise Refusal("busy", "told to be")
            status, answer = 200, self._answer(http, body)
        except Refusal as refusal:
            self.refusals.append(refusal.code)
            status, answer = refusal.status, refusal.as_dict()
        if trouble_now == "silent":
            http.close_connection = True
            return
        written = msgspec.json.encode(answer)
        http.send_response(status)
        if status == 503:
            http.send_header("Retry-After", "0")
        http.send_header("Content-Length", str(len(written)))
        http.end_headers()
        http.wfile.write(written)

    def _answer(self, http: BaseHTTPRequestHandler, body: bytes) -> Any:
        match http.command, http.path.split("/")[1:]:
            case "POST", ["api", "terminals", "v1", "enrol"]:
                return self._enrol(json.loads(body))
            case "POST", ["api", "intake", "v1", "batches"]:
                if http.headers["Content-Type"] != CONTENT_TYPE:
                    raise Refusal("malformed", "content type")
                return self._batch(body)
            case "GET", ["api", "intake", "v1", "watermark"]:
                self._check_signed(http, body)
                return {"watermark": self.watermark}
            case "POST", ["api", "intake", "v1", "heartbeat"]:
                self._check_signed(http, body)
                return self._beat(msgspec.json.decode(body, type=Heartbeat))
            case "GET" | "PUT", ["api", "intake", "v1", "files", digest]:
                self._check_signed(http, body)
                return self._file(http, digest, body)
        raise Refusal("not_found", http.path)

    def _enrol(self, asked: dict[str, str]) -> dict[str, Any]:
        suite = suite_named(asked["suite"])
        public = bytes.fromhex(asked["public_key"])
        suite.load_public(public)
        if asked["code"] != CODE or (self.public and public != self.public):
            raise Refusal("not_found", "unknown or used code")
        if not self.public:
            self.suite, self.public = suite, public
            self.digests = [genesis(suite, TERMINAL, public)]
        return {
            "terminal": TERMINAL,
            "terminal_name": "1号出口",
            "suite": suite.name,
            "unit": "14102451001",
            "unit_name": "某某煤矿",
            "county": "141024",
            "platform_key": public.hex(),
            "platform_suite": suite.name,
            "platform_time": _now_ms(),
        }

    def _batch(self, body: bytes) -> dict[str, Any]:
        batch = parse(body)
        check_signature(batch.header, self.suite.load_public(self.public))
        verified = check_lines(batch, self.suite)
        first, due = batch.header.first, len(self.lines) + 1
        known = list(verified.digests[: max(0, due - first)])
        if first <= due and self.digests[first : first + len(known)] != known:
            raise Refusal("conflict", "another history")
        if batch.header.last < due:
            return {"watermark": self.watermark, "stored": 0}
        if first != due:
            raise Refusal("gap", "gap", expected=due, watermark=msgspec.to_builtins(self.watermark))
        if batch.header.prev != self.digests[-1].hex():
            raise Refusal("conflict", "another history")
        self.lines += batch.lines
        self.digests += verified.digests
        return {"watermark": self.watermark, "stored": len(batch.lines)}

    def _check_signed(self, http: BaseHTTPRequestHandler, body: bytes) -> None:
        time_ms = int(http.headers[TIME_HEADER])
        if http.headers[TERMINAL_HEADER] != TERMINAL:
            raise Refusal("unknown_terminal", "unknown")
        if abs(time_ms - _now_ms()) > MAX_AGE_MS:
            raise Refusal("stale_request", "stale", time_ms=_now_ms())
        if not check_request(
            self.suite,
            self.suite.load_public(self.public),
            TERMINAL,
            http.command,
            http.path,
            time_ms,
            body,
            http.headers[SIGNATURE_HEADER],
        ):
            raise Refusal("bad_signature", "not signed")

    def _beat(self, beat: Heartbeat) -> HeartbeatAnswer:
        self.beats.append(beat)
        commands = []
        if self.forgotten:
            digests, self.forgotten = self.forgotten, []
            for digest in digests:
                del self.files[digest]
            commands = [
                Command(id="resend-1", name="resend_files", arguments={"digests": digests}),
                Command(id="new-1", name="something_new", arguments={}),
            ]
        return HeartbeatAnswer(time_ms=_now_ms(), watermark=self.watermark, commands=commands)

    def _file(self, http: BaseHTTPRequestHandler, digest: str, body: bytes) -> FileProgress:
        held = self.files.get(digest, b"")
        if http.command == "PUT":
            seq = int(http.headers["hengyuan-seq"])
            named = json.loads(self.lines[seq - 1]).get("files", [])
            if digest not in [file["digest"] for file in named]:
                raise Refusal("bad_file", "the record does not name it")
            found = RANGE.fullmatch(http.headers["Content-Range"])
            if (
                not found
                or int(found[1]) != len(held)
                or int(found[2]) + 1 - len(held) != len(body)
            ):
                raise Refusal("bad_file", "part does not fit", received=len(held))
            held = self.files[digest] = held + body
            if len(held) == int(found[3]) and self.suite.digest(held).hex() != digest:
                raise Refusal("bad_file", "digest", received=0)
        return FileProgress(len(held), self.suite.digest(held).hex() == digest)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
