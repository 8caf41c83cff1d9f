"""A year of a city at hand: what its pages, searches, plate histories and exports cost.

    python -m bench.year --records 1000000 --json
    python -m bench.year --sizes 1000000,22000000 --write

For each size a home is filled with a year of the city (800 units, 18 counties, 13 months'
partitions) by `hengyuan world fill`, at a fraction of the city's traffic where it is less than 22
million records; with `--home` one that was filled before is measured as it is. Then
`bench.year_measure` asks in a process of its own for

- every page that nine kinds of people and the public come to by links, 20 times each,
- 200 random combinations of the list's filters by random people, once each,
- 200 plates' histories, and those of the 20 busiest plates,
- page 1 and page 1,000 of the list,
- a million records as CSV, with the process's memory,

and reads the bytes of a record from the database. Times are the platform's own (`Server-Timing`).
Of two sizes, `growth` says how many times the figures of the first became those of the last.
`--write` puts the figures into docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.home import HOME_VARIABLE

YEAR_OF_RECORDS = 22_000_000
DAYS = 365
GOALS = {
    "page_p95_ms": 200,
    "filter_p95_ms": 300,
    "plate_p95_ms": 30,
    "bytes_per_record": 350,
}
DOCUMENT = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures of bench.year -->", "<!-- end of figures -->"


def measured(records: int, home: Path | None) -> dict[str, Any]:
    """Fill a home with about so many records, unless it is one that was filled, and measure it."""
    folder = home or Path(tempfile.mkdtemp(prefix="hengyuan-year-"))
    folder.mkdir(parents=True, exist_ok=True)
    if home is None:
        folder.chmod(0o711)  # the database's user passes through
    try:
        filled = None
        if home is None or not (folder / "postgres").exists():
            filled = _fill(records, folder)
        figures = _run([sys.executable, "-m", "bench.year_measure"], folder)
        return figures | {"filled": filled}
    finally:
        if home is None:
            EmbeddedPostgres(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _fill(records: int, home: Path) -> dict[str, Any]:
    scale = max(0.01, records / YEAR_OF_RECORDS)
    command = [str(Path(sys.executable).parent / "hengyuan"), "world", "fill"]
    return _run([*command, "--days", str(DAYS), "--scale", f"{scale:.4f}", "--json"], home)


def _run(command: list[str], home: Path) -> dict[str, Any]:
    left_out = {URL_VARIABLE, "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        command,
        env=kept | {HOME_VARIABLE: str(home)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def summary(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures that goals are set for."""
    pages = [page for page in figures["pages"] if "p95_ms" in page]
    slowest = max(pages, key=lambda page: page["p95_ms"])
    deep = figures["deep"]
    return {
        "records": figures["records"],
        "pages": len(pages),
        "page_p95_ms": slowest["p95_ms"],
        "page_slowest": slowest["route"],
        "pages_above_goal": sum(page["p95_ms"] > GOALS["page_p95_ms"] for page in pages),
        "wall_first_ms": max(figures["first_of_wall_ms"]),
        "filter_p50_ms": figures["filters"]["p50_ms"],
        "filter_p95_ms": figures["filters"]["p95_ms"],
        "filter_whole": figures["filters"]["searched_whole_period"],
        "filter_asked": figures["filters"]["asked"],
        "plate_p50_ms": figures["plates"]["random"]["p50_ms"],
        "plate_p95_ms": figures["plates"]["random"]["p95_ms"],
        "busiest_plate_p95_ms": figures["plates"]["busiest"]["p95_ms"],
        "page_1_p95_ms": max(one["page_1"]["p95_ms"] for one in deep.values()),
        "page_1000_p95_ms": max(one["page_1000"]["p95_ms"] for one in deep.values()),
        "export_records": figures["export"]["records"],
        "export_seconds": figures["export"]["seconds"],
        "export_us_per_record": figures["export"]["processor_us_per_record"],
        "export_mb_before": figures["export"]["resident_mb_before"],
        "export_mb_most": figures["export"]["resident_mb_most"],
        "bytes_per_record": figures["bytes"]["all"],
        "load": figures["load"],
    }


def growth(first: dict[str, Any], last: dict[str, Any]) -> dict[str, float]:
    """How many times a figure of the first size it is at the last."""
    names = [name for name in first if name.endswith(("_ms", "_us_per_record", "_per_record"))]
    names += ["records", "export_mb_most"]
    return {name: round(last[name] / first[name], 2) for name in names if first[name]}


def written(results: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    sums = [summary(result) for result in results]
    heads = [f"{one['records']:,} records" for one in sums]
    rows = [
        ("slowest page, p95", "page_p95_ms", "≤ 200 ms", "{} ms"),
        ("that page", "page_slowest", "", "`{}`"),
        ("pages measured", "pages", "", "{}"),
        ("pages above 200 ms", "pages_above_goal", "0", "{}"),
        ("wall display with nothing kept yet, slowest of five", "wall_first_ms", "", "{} ms"),
        ("list with random filters, median", "filter_p50_ms", "", "{} ms"),
        ("list with random filters, p95", "filter_p95_ms", "≤ 300 ms", "{} ms"),
        ("of so many combinations", "filter_asked", "", "{}"),
        ("answered over the whole period at once", "filter_whole", "", "{}"),
        ("history of a plate, median", "plate_p50_ms", "", "{} ms"),
        ("history of a plate, p95", "plate_p95_ms", "≤ 30 ms", "{} ms"),
        ("history of the busiest plates, p95", "busiest_plate_p95_ms", "", "{} ms"),
        ("page 1 of the list, p95", "page_1_p95_ms", "", "{} ms"),
        ("page 1,000 of the list, p95", "page_1000_p95_ms", "as page 1", "{} ms"),
        ("records exported as CSV", "export_records", "", "{:,}"),
        ("took", "export_seconds", "", "{} s"),
        ("processor time a record", "export_us_per_record", "", "{} µs"),
        ("resident memory before", "export_mb_before", "", "{} MB"),
        ("resident memory at most", "export_mb_most", "bounded", "{} MB"),
        ("bytes a record, indexes included", "bytes_per_record", "≤ 350", "{}"),
        ("load of the machine at the end (1, 5, 15 min)", "load", "", "{}"),
    ]
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `python -m bench.year`, {os.cpu_count()} cores.",
        "",
        f"| | goal | {' | '.join(heads)} |",
        f"|---|---|{'---|' * len(heads)}",
    ]
    for label, name, goal, form in rows:
        shown = [form.format(" ".join(map(str, one[name])) if name == "load" else one[name])
                 for one in sums]  # fmt: skip
        lines.append(f"| {label} | {goal} | {' | '.join(shown)} |")
    lines += ["", "Bytes of a record by where they lie:", "", "| | " + " | ".join(heads) + " |",
              f"|---|{'---|' * len(heads)}"]  # fmt: skip
    names = list(dict.fromkeys(name for result in results for name in result["bytes"]))
    for name in names:
        lines.append(f"| `{name}` | {' | '.join(str(r['bytes'].get(name, '')) for r in results)} |")
    lines += ["", "The slowest pages of the last size (p95, median, queries):", ""]
    pages = [page for page in results[-1]["pages"] if "p95_ms" in page]
    for page in sorted(pages, key=lambda page: -page["p95_ms"])[:12]:
        lines.append(
            f"- `{page['route']}` as {page['user']}: {page['p95_ms']} ms, {page['median_ms']} ms,"
            f" {page['queries']}"
        )
    return "\n".join(lines)


def write(results: list[dict[str, Any]]) -> None:
    """Put the figures between the markers of the document."""
    text = DOCUMENT.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{written(results)}\n\n{END}{after}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--sizes", help="several, with commas, in place of --records")
    parser.add_argument(
        "--home", type=Path, action="append", default=[],
        help="kept, and used as it is if it was filled before; one for each size",
    )  # fmt: skip
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    parser.add_argument("--json", action="store_true", help="one line")
    arguments = parser.parse_args()
    sizes = [int(size) for size in (arguments.sizes or str(arguments.records)).split(",")]
    homes = [*arguments.home, *[None] * (len(sizes) - len(arguments.home))]
    results = [measured(size, home) for size, home in zip(sizes, homes, strict=True)]
    sums = [summary(result) for result in results]
    found: dict[str, Any] = {"goals": GOALS, "sizes": sums}
    if len(sums) > 1:
        found["growth"] = growth(sums[0], sums[-1])
    found["figures"] = results
    if arguments.write:
        write(results)
    print(json.dumps(found, ensure_ascii=False, indent=None if arguments.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
