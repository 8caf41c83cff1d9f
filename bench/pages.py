"""How long the server takes for every page that a person sees, in the demo's city.

    python -m bench.pages --json

A platform of its own with the whole city in it. One person of each kind, from the province down to
the gate, and somebody who is not logged in, follow every link; each route is then asked for 20
times by the first of them who came to it. The time is the one inside the server process, from the
outermost middleware on (the Server-Timing header, which is switched on for this), with its number
of queries; the client's own time stands beside it.
"""

import argparse
import json
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import httpx

from hengyuan.world.city.running import PASSWORD, City, running_city
from scripts.walk import Visited, anonymous, log_in, walk

TIMES = 20
GOAL_MS = 200
# who walks, in this order: whoever comes to a page first is the one who asks for it
WALKERS = (
    "linfen", "city-head", "hongtong-head", "hongtong", "hongtong-inspector", "xiangfen-head",
    "xiangfen", "manager1", "gate1", "city-transport", "province",
)  # fmt: skip
_TIMING = re.compile(r'app;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+)"')


@dataclass(frozen=True)
class Page:
    """A page's figures; times in ms, queries are those of the last request."""

    route: str
    path: str
    user: str
    median_ms: float
    p95_ms: float
    db_median_ms: float
    client_median_ms: float
    queries: int
    kilobytes: int


@dataclass(frozen=True)
class Unmeasured:
    """A page that did not answer with 200 each time, or not with its time."""

    route: str
    path: str
    user: str
    status: int


def measure(http: httpx.Client, page: Visited, user: str) -> Page | Unmeasured:
    """Ask for it, one request after the other; the first one is not counted."""
    server, database, client = [], [], []
    queries = size = 0
    for number in range(TIMES + 1):
        began = time.perf_counter()
        answer = http.get(page.path, headers=_from_somewhere(number))
        took_ms = 1000 * (time.perf_counter() - began)
        found = _TIMING.fullmatch(answer.headers.get("server-timing", ""))
        if answer.status_code != 200 or found is None:
            return Unmeasured(page.route, page.path, user, answer.status_code)
        queries, size = int(found[3]), len(answer.content)
        if number:
            server.append(float(found[1]))
            database.append(float(found[2]))
            client.append(took_ms)
    return Page(
        route=page.route,
        path=page.path,
        user=user,
        median_ms=round(statistics.median(server), 1),
        p95_ms=round(sorted(server)[-(-len(server) * 95 // 100) - 1], 1),
        db_median_ms=round(statistics.median(database), 1),
        client_median_ms=round(statistics.median(client), 1),
        queries=queries,
        kilobytes=-(-size // 1024),
    )


def pages_of(city: City) -> Iterator[Page | Unmeasured]:
    """Each route once, as the first person who comes to it."""
    with ExitStack() as stack:
        known: set[str] = set()
        for who in (None, *WALKERS):
            http = stack.enter_context(_client(city, who))
            http.headers["x-forwarded-for"] = _somewhere(len(known))
            chosen = {page.route: page for page in reversed(walk(http)) if page.is_page}
            for route in sorted(set(chosen) - known):
                known.add(route)
                yield measure(http, chosen[route], who or "")


@contextmanager
def _client(city: City, who: str | None) -> Iterator[httpx.Client]:
    if who is None:
        with anonymous(city.address) as http:
            yield http
    else:
        with log_in(city.address, who, PASSWORD) as http:
            yield http


def _from_somewhere(number: int) -> dict[str, str]:
    """Public pages have a ceiling for each address: what is measured is not the refusal."""
    return {"x-forwarded-for": _somewhere(number)}


def _somewhere(number: int) -> str:
    return f"198.51.100.{number % 250 + 1}"


def figures(found: list[Page | Unmeasured]) -> dict[str, Any]:
    """The object that is printed: slowest pages first."""
    pages = sorted(
        (page for page in found if isinstance(page, Page)), key=lambda page: -page.median_ms
    )
    return {
        "pages": [asdict(page) for page in pages],
        "unmeasured": [asdict(page) for page in found if isinstance(page, Unmeasured)],
        "measured": len(pages),
        "requests_per_page": TIMES,
        "time_is": "inside the server process (Server-Timing), without network and client",
        "goal_ms": GOAL_MS,
        "above_goal": sum(page.median_ms > GOAL_MS for page in pages),
        "slowest_median_ms": pages[0].median_ms,
        "all_pages_median_ms": round(statistics.median(page.median_ms for page in pages), 1),
        "most_queries": max(page.queries for page in pages),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line")
    arguments = parser.parse_args()
    with running_city(settings={"HENGYUAN_SERVER_TIMING": "1"}) as city:
        found = list(pages_of(city))
    result = figures(found)
    print(json.dumps(result, ensure_ascii=False, indent=None if arguments.json else 2))
    return 1 if result["unmeasured"] else 0


if __name__ == "__main__":
    sys.exit(main())
