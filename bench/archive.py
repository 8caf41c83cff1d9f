"""What closing a month costs, and what its records cost to find, beside the partition they leave.

    python -m bench.archive [--units 60] --json
    python -m bench.archive --home DIR --month 2026-01 --json

Without --home a city of so many units is made for the occasion, with January 2026 (`hengyuan world
fill`; 800 units are a month of Linfen); with it the platform of DIR holds the month. Every search
is timed twice, on the partition and on the file, in the same process; bytes are those of the
partition with its indexes and of the two files. Processor time is this process's own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROUNDS = 30
HENGYUAN = str(Path(sys.executable).parent / "hengyuan")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path)
    parser.add_argument("--month", default="2026-01")
    parser.add_argument("--units", type=int, default=60)
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hengyuan-bench-", ignore_cleanup_errors=True) as made:
        home = wanted.home or _filled(Path(made), wanted.units)
        found = _measured(home, wanted.month)
    if wanted.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{name:28} {value}")
    return 0


def _filled(home: Path, units: int) -> Path:
    home.chmod(0o711)
    command = [HENGYUAN, "world", "fill", "--days", "33", "--until", "2026-02-01"]
    command += ["--units", str(units), "--home", str(home)]
    subprocess.run(command, check=True, stdout=sys.stderr, stderr=subprocess.DEVNULL)
    return home


def _measured(home: Path, month: str) -> dict[str, Any]:
    from hengyuan.platform import server

    server.use_home(home)
    with server.django_at_work():
        server.migrate()
        return measure(month)


def measure(text: str) -> dict[str, Any]:
    """Seal, search, archive, search again, ask the standard questions."""
    from hengyuan.platform.history import partitions, sealing

    month = sealing.parse_month(text)
    found: dict[str, Any] = {"load_at_begin": os.getloadavg()[0]}
    seal, found["seal_s"], found["seal_cpu_s"] = _timed(lambda: sealing.seal(month))
    found["records"] = seal.records
    here = next(part for part in partitions.partitions() if part.month == month)
    searches = _searches(month)
    for name, search in searches.items():
        found[f"{name}_partition_ms_p50"] = _ms(search)
    seal, found["archive_s"], found["archive_cpu_s"] = _timed(lambda: sealing.archive(month))
    found["file_bytes"] = seal.file_bytes
    found["partition_bytes"] = here.bytes
    found["bytes_per_record_file"] = round(seal.file_bytes / seal.records, 1)
    found["bytes_per_record_partition"] = round(here.bytes / seal.records, 1)
    _, found["drop_s"], _cpu = _timed(lambda: sealing.archive(month, drop=True))
    for name, search in searches.items():
        found[f"{name}_file_ms_p50"] = _ms(search)
    found |= _questions()
    found["load_at_end"] = os.getloadavg()[0]
    return found


def _searches(month: Any) -> dict[str, Callable[[], Any]]:
    from datetime import UTC, datetime, timedelta

    from hengyuan.platform.weighing.models import Weighing

    begin = datetime(month.year, month.month, 10, tzinfo=UTC)
    day = Weighing.objects.filter(weighed_at__gte=begin, weighed_at__lt=begin + timedelta(days=1))
    some = day.order_by("-weighed_at")[0]
    plates = [row.plate for row in day.order_by("-weighed_at")[:200] if row.plate]
    within = Weighing.objects.filter(
        weighed_at__gte=datetime(month.year, month.month, 1, tzinfo=UTC),
        weighed_at__lt=datetime(month.year, month.month, 1, tzinfo=UTC) + timedelta(days=31),
    )
    turn = iter(plates * 100)
    return {
        "plate": lambda: list(within.filter(plate=next(turn))[:31]),
        "record": lambda: Weighing.objects.get(terminal_id=some.terminal_id, seq=some.seq),
        "unit_page": lambda: list(within.filter(unit_id=some.unit_id)[:51]),
        "unit_day_count": lambda: day.filter(unit_id=some.unit_id).count(),
        "day_page": lambda: list(day.order_by("-weighed_at")[:51]),
    }


def _questions() -> dict[str, float]:
    import tempfile

    from hengyuan.platform.history import engines
    from hengyuan.platform.history.questions import QUESTIONS

    found = {}
    with tempfile.TemporaryDirectory() as work:
        files, found["snapshot_s"], _ = _timed(lambda: engines.files_for(Path(work)))
        with engines.duckdb_records(files) as records:
            for name, question in QUESTIONS.items():
                _, took_s, _ = _timed(lambda question=question: engines.answer(question, records))
                found[f"question_{name}_s"] = took_s
    return found


def _ms(search: Callable[[], Any]) -> float:
    taken = []
    search()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        search()
        taken.append(1000 * (time.perf_counter() - begun))
    return round(statistics.median(taken), 2)


def _timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    used = _cpu_s()
    begun = time.perf_counter()
    found = work()
    return found, round(time.perf_counter() - begun, 2), round(_cpu_s() - used, 2)


def _cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
