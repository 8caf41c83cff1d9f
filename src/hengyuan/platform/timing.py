"""How long the server took for a page and how many queries it sent, in the answer's headers.

On only where HENGYUAN_SERVER_TIMING is set, for benchmarks: nobody outside needs to know.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse


class ServerTiming:
    """Outermost middleware: `Server-Timing: app;dur=<ms>, db;dur=<ms>;desc="<queries>"`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        queries = _Queries()
        began = time.perf_counter()
        with connection.execute_wrapper(queries):
            response = self._get_response(request)
        took_ms = 1000 * (time.perf_counter() - began)
        response.headers["Server-Timing"] = (
            f'app;dur={took_ms:.2f}, db;dur={queries.took_ms:.2f};desc="{queries.count}"'
        )
        return response


class _Queries:
    """Counts what is sent to the database and how long that takes."""

    def __init__(self) -> None:
        self.count = 0
        self.took_ms = 0.0

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.count += 1
            self.took_ms += 1000 * (time.perf_counter() - began)
