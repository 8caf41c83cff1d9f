"""What a filled home answers and how fast, measured inside one process of the platform's code.

Run by `bench.year` in a process of its own, whose HENGYUAN_HOME is the home: prints one JSON
object. Requests go through the whole stack of the platform (session, permissions, templates),
without network; the time is the one that the platform itself measures (`Server-Timing`).
"""

from __future__ import annotations

import gc
import json
import math
import os
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

FILTERS = 200
PLATES = 200
BUSIEST_PLATES = 20
DEEP_PAGE = 1_000
TIMES = 20
EXPORT_RECORDS = 1_000_000
SEED = 5
_TIMING = re.compile(r'app;dur=([\d.]+), db;dur=([\d.]+);desc="(\d+)"')


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "hengyuan.platform.settings"
    os.environ["HENGYUAN_SERVER_TIMING"] = "1"
    from hengyuan.platform import server

    with server.django_at_work():
        print(json.dumps(_figures(), ensure_ascii=False))
    return 0


def _figures() -> dict[str, Any]:
    year = Year()
    begun = time.perf_counter(), time.process_time()
    found: dict[str, Any] = {"records": year.records, "months": year.months}
    found["bytes"] = bytes_per_record(year.records)
    found["pages"] = list(pages(year))
    found["first_of_wall_ms"] = uncached(year, "/board/wall/")
    found["filters"] = filters(year)
    found["plates"] = plates(year)
    found["deep"] = deep(year)
    found["export"] = export(year)
    found["seconds"] = round(time.perf_counter() - begun[0], 1)
    found["processor_seconds"] = round(time.process_time() - begun[1], 1)
    found["load"] = [round(load, 1) for load in os.getloadavg()]
    return found


class Year:
    """The filled home: who asks, and what there is to ask for."""

    def __init__(self) -> None:
        from django.db import connection
        from django.db.models import Count

        from hengyuan.platform.accounts.models import OfficeKind, Role, User
        from hengyuan.platform.weighing.models import Weighing, WeighingCount

        self.records = Weighing.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT min(day), max(day), count(*) FROM weighing_count")
            self.first_day, self.last_day, self.count_rows = cursor.fetchone()
        self.months = (self.last_day - self.first_day).days // 30
        by_trucks = list(
            WeighingCount.objects.order_by()
            .values_list("county")
            .annotate(rows=Count("county"))
            .order_by("-rows")
            .values_list("county", flat=True)
        )
        self.counties = [f"{county:06d}" for county in by_trucks]

        def one(**wanted: Any) -> Any:
            people = User.objects.filter(is_active=True, **wanted).select_related("office")
            return people.order_by("username").first()

        county = {"office__kind": OfficeKind.COUNTY}
        people = {
            "city clerk": one(office__kind=OfficeKind.CITY, role=Role.CLERK),
            "city head": one(office__kind=OfficeKind.CITY, role=Role.HEAD),
            "clerk of the busiest county": one(
                **county, role=Role.CLERK, office__region=self.counties[0]
            ),
            "head of the busiest county": one(
                **county, role=Role.HEAD, office__region=self.counties[0]
            ),
            "clerk of the quietest county": one(
                **county, role=Role.CLERK, office__region=self.counties[-1]
            ),
            "manager of a unit": one(office__kind=OfficeKind.SOURCE_UNIT, role=Role.MANAGER),
            "gatekeeper": one(office__kind=OfficeKind.SOURCE_UNIT, role=Role.GATEKEEPER),
            "a city's department": one(
                office__kind=OfficeKind.DEPARTMENT, office__region__code__endswith="00"
            ),
            "province": one(office__kind=OfficeKind.PROVINCE),
        }
        self.people = {who: person for who, person in people.items() if person is not None}

    def sample(self, count: int, chance: random.Random) -> list[Any]:
        """Records from anywhere in the year: terminal, unit, plates, cargo."""
        from hengyuan.platform.weighing.models import Weighing

        found: list[Any] = []
        names = ("plate", "trailer_plate", "unit__code", "terminal__code", "cargo", "carrier",
                 "note_no")  # fmt: skip
        from datetime import datetime, timedelta

        from django.utils.timezone import get_current_timezone

        begin = datetime.combine(self.first_day, datetime.min.time(), tzinfo=get_current_timezone())
        width = (self.last_day - self.first_day).total_seconds()
        rows = Weighing.objects.exclude(plate=None).order_by("weighed_at")
        while len(found) < count:
            at = begin + timedelta(seconds=chance.uniform(0, width))
            row = rows.filter(weighed_at__gte=at, weighed_at__lt=at + timedelta(days=2))
            found += list(row.values(*names)[:1])
        return found


@contextmanager
def asking(person: Any) -> Iterator[Any]:
    """An HTTP client of the platform in this process, with the session of this person."""
    import httpx
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.test import Client

    platform = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Any:
        # WSGI has the bytes of a path as Latin-1; httpx hands over its characters
        environ["PATH_INFO"] = environ["PATH_INFO"].encode().decode("latin-1")
        return platform(environ, start_response)

    transport = httpx.WSGITransport(app=application)
    with httpx.Client(transport=transport, base_url="http://localhost", timeout=60) as http:
        if person is not None:
            client = Client()
            client.force_login(person)
            name = settings.SESSION_COOKIE_NAME
            http.cookies.set(name, client.cookies[name].value)
        yield http


def pages(year: Year) -> Iterator[dict[str, Any]]:
    """Every route that somebody comes to by links, asked for TIMES times by the first who does."""
    from dataclasses import asdict

    from bench.pages import measure
    from scripts.walk import walk

    known: set[str] = set()
    for who, person in ({"nobody": None} | year.people).items():
        with asking(person) as http:
            chosen = {page.route: page for page in reversed(walk(http)) if page.is_page}
            for route in sorted(set(chosen) - known):
                known.add(route)
                yield asdict(measure(http, chosen[route], who))


def uncached(year: Year, path: str) -> list[float]:
    """A page whose process has kept nothing yet, in ms at the server, five times."""
    from django.core.cache import cache

    found = []
    with asking(year.people["city clerk"]) as http:
        for _ in range(5):
            cache.clear()
            found.append(_ask(http, path).server_ms)
    return found


@dataclass(frozen=True, slots=True)
class Answer:
    server_ms: float
    queries: int
    lines: int
    is_whole: bool


def _ask(http: Any, path: str) -> Answer:
    answer = http.get(path, follow_redirects=True)
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} for {path}")
    timing = _TIMING.fullmatch(answer.headers["server-timing"])
    if timing is None:
        raise RuntimeError(f"no time for {path}")
    return Answer(
        float(timing[1]),
        int(timing[3]),
        answer.text.count("data-key="),
        'class="search-end"' not in answer.text and "clock-search" not in answer.text,
    )


def filters(year: Year) -> dict[str, Any]:
    """FILTERS random combinations, each asked for once: nothing of it is warm but by chance."""
    chance = random.Random(SEED)
    samples = year.sample(60, chance)
    asked: list[tuple[str, str, Answer]] = []
    clients = {}
    people = [who for who in year.people if who not in ("city head", "head of the busiest county")]
    from contextlib import ExitStack

    with ExitStack() as stack:
        for who in people:
            clients[who] = stack.enter_context(asking(year.people[who]))
            _ask(clients[who], "/weighing/")
        while len(asked) < FILTERS:
            who = chance.choice(people)
            query = urlencode(_combination(year, chance, samples, who))
            answer = _ask(clients[who], f"/weighing/?{query}")
            asked.append((who, query, answer))
    slowest = sorted(asked, key=lambda one: -one[2].server_ms)[:5]
    return _spread([answer.server_ms for _, _, answer in asked]) | {
        "asked": len(asked),
        "searched_whole_period": sum(answer.is_whole for _, _, answer in asked),
        "found_nothing": sum(answer.lines == 0 for _, _, answer in asked),
        "slowest": [
            {"who": who, "query": query, "ms": answer.server_ms} for who, query, answer in slowest
        ],
    }


def _combination(year: Year, chance: random.Random, samples: list[Any], who: str) -> dict[str, Any]:
    """One to four conditions over a day, a month, a quarter, the year or any time."""
    from datetime import timedelta

    from hengyuan.law.codes import CARGO_TYPES
    from hengyuan.platform.weighing import forms, words

    row = chance.choice(samples)
    wishes: dict[str, Callable[[], Any]] = {
        "verdict": lambda: chance.choice(list(words.VERDICTS)),
        "band": lambda: chance.choice(forms.band_choices())[0],
        "kind": lambda: chance.choice(list(words.WANTED_KINDS)),
        "flag": lambda: chance.choice(["any", *words.FLAGS]),
        "differs": lambda: chance.choice(list(forms.DIFFERENCES)),
        "heavy": lambda: chance.choice(forms.heavy_choices())[0],
        "hour": lambda: chance.randrange(24),
        "cargo": lambda: chance.choice([row["cargo"] or "0100", chance.choice(list(CARGO_TYPES))]),
        "plate": lambda: chance.choice(
            [row["plate"], row["plate"][:4], row["plate"][-4:], row["trailer_plate"] or "晋L00000"]
        ),
        "q": lambda: (row["carrier"] or row["note_no"] or "无此承运人")[:6],
    }
    if who in ("city clerk", "province", "a city's department"):
        wishes["region"] = lambda: chance.choice(year.counties)
        wishes["unit"] = lambda: row["unit__code"]
        wishes["terminal"] = lambda: row["terminal__code"]
    chosen = chance.sample(sorted(wishes), chance.randint(1, 4))
    days = chance.choice([1, 31, 92, 365, None])
    if days is None:
        period = {"from_day": "", "to_day": ""}
    else:
        latest = max(0, (year.last_day - year.first_day).days - days)
        begin = year.first_day + timedelta(days=chance.randint(0, latest))
        end = begin + timedelta(days=days - 1)
        period = {"from_day": begin.isoformat(), "to_day": end.isoformat()}
    order = {"order": "oldest"} if chance.random() < 0.1 else {}
    return period | {name: wishes[name]() for name in chosen} | order


def plates(year: Year) -> dict[str, Any]:
    """The history of plates: of random records, and of those that came most often in a month."""
    from urllib.parse import quote

    from django.db import connection

    chance = random.Random(SEED + 1)
    texts = [row["plate"] for row in year.sample(PLATES, chance)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT plate FROM weighing WHERE plate IS NOT NULL AND weighed_at >= %s"
            " GROUP BY plate ORDER BY count(*) DESC, plate LIMIT %s",
            [year.last_day.replace(day=1), BUSIEST_PLATES],
        )
        busiest = [plate for (plate,) in cursor.fetchall()]
    found: dict[str, Any] = {}
    with asking(year.people["city clerk"]) as http:
        _ask(http, f"/weighing/plates/{quote(texts[0])}/")
        for name, of in (("random", texts), ("busiest", busiest)):
            answers = [_ask(http, f"/weighing/plates/{quote(plate)}/") for plate in of]
            found[name] = _spread([answer.server_ms for answer in answers])
            found[name]["asked"] = len(answers)
    return found


def deep(year: Year) -> dict[str, Any]:
    """The first page of a county's and the city's records, and the thousandth, by its key."""
    from hengyuan.platform.weighing import queries
    from hengyuan.platform.weighing.models import Weighing

    found = {}
    for who in ("city clerk", "clerk of the busiest county"):
        person = year.people[who]
        rows = Weighing.objects.visible_to(person).order_by(*queries.NEWEST_FIRST)
        last = rows[queries.PAGE_SIZE * (DEEP_PAGE - 1) - 1 :][:1]
        row = next(iter(last), None)
        if row is None:
            continue
        cursor = str(queries.Cursor.of(row))
        with asking(person) as http:
            times = {}
            for name, path in (
                ("page_1", "/weighing/?from_day=&to_day="),
                ("page_1000", f"/weighing/?from_day=&to_day=&after={cursor}"),
            ):
                _ask(http, path)
                times[name] = _spread([_ask(http, path).server_ms for _ in range(TIMES)])
        found[who] = times
    return found


def export(year: Year) -> dict[str, Any]:
    """A million records as CSV (all, where there are less): memory before, at most, and after."""
    from hengyuan.platform.weighing.csv_export import CsvOfRecords
    from hengyuan.platform.weighing.filters import search_for
    from hengyuan.platform.weighing.models import Weighing

    gc.collect()
    made = CsvOfRecords(search_for(Weighing.objects.visible_to(year.people["city clerk"]), {}))
    before, most, size = _resident_mb(), 0.0, 0
    begun = time.perf_counter(), time.process_time()
    tenth = None
    for piece in made.pieces():
        size += len(piece)
        most = max(most, _resident_mb())
        if tenth is None and made.records >= EXPORT_RECORDS // 10:
            tenth = _resident_mb()
    seconds, busy = time.perf_counter() - begun[0], time.process_time() - begun[1]
    return {
        "records": made.records,
        "megabytes": round(size / 1e6, 1),
        "seconds": round(seconds, 1),
        "processor_us_per_record": round(1e6 * busy / max(1, made.records), 1),
        "resident_mb_before": round(before, 1),
        "resident_mb_after_a_tenth": None if tenth is None else round(tenth, 1),
        "resident_mb_most": round(most, 1),
    }


def _resident_mb() -> float:
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def bytes_per_record(records: int) -> dict[str, float]:
    """Of the record table and of each index over all months; the counts stand beside."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(parent.relname, CASE WHEN c.relkind = 'r' THEN 'table' ELSE 'key' END),
                   sum(pg_relation_size(c.oid))
            FROM pg_partition_tree('weighing') t
            JOIN pg_class r ON r.oid = t.relid AND t.isleaf
            JOIN LATERAL (SELECT r.oid UNION SELECT indexrelid FROM pg_index WHERE indrelid = r.oid)
                 AS part(oid) ON true
            JOIN pg_class c ON c.oid = part.oid
            LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relkind = 'i'
            LEFT JOIN pg_class parent ON parent.oid = i.inhparent
            GROUP BY 1 ORDER BY 2 DESC
            """
        )
        parts = {name: round(int(size) / records, 1) for name, size in cursor.fetchall()}
        cursor.execute("SELECT pg_total_relation_size('weighing_count')")
        counts = cursor.fetchone()[0] / records
    return {"all": round(sum(parts.values()), 1)} | parts | {"beside: counts": round(counts, 1)}


def _spread(times_ms: list[float]) -> dict[str, float]:
    ordered = sorted(times_ms)
    return {
        "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[math.ceil(len(ordered) * 0.95) - 1], 1),
        "most_ms": round(ordered[-1], 1),
    }


if __name__ == "__main__":
    sys.exit(main())
