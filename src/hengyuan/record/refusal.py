"""Why the platform does not take what a terminal sent, in codes that a client can act on."""

from typing import Any

# code -> HTTP status. `docs/protocol.md` says for each what the terminal does next.
STATUS = {
    "malformed": 400,
    "unknown_terminal": 401,
    "bad_signature": 401,
    "stale_request": 401,
    "suspended": 403,
    "not_found": 404,
    "gap": 409,
    "conflict": 409,
    "too_large": 413,
    "not_canonical": 422,
    "bad_record": 422,
    "broken_chain": 422,
    "bad_file": 422,
    "too_many_requests": 429,
    "busy": 503,
}


class Refusal(Exception):
    """A refused request: a code, what is wrong in words, and where (line 0 is the header)."""

    def __init__(self, code: str, detail: str, *, line: int | None = None, **more: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.line = line
        self.more = more

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS[self.code]

    def as_dict(self) -> dict[str, Any]:
        """The answer's JSON object."""
        answer: dict[str, Any] = {"error": self.code, "detail": self.detail}
        if self.line is not None:
            answer["line"] = self.line
        return answer | self.more
