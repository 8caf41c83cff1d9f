"""`make bench`: every benchmark, short, one JSON object a line behind its name.

Each can be run alone and longer: `python -m bench.NAME --help`.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

HENGYUAN = str(Path(sys.executable).parent / "hengyuan")
RUNS = {
    "demo: 300 trucks, three terminals": [
        HENGYUAN, "demo", "--trucks", "300", "--exit", "--json", "--home", "{tmp}",
    ],
    "board: verdict to the open page": [sys.executable, "-m", "bench.board", "--json"],
    "pages: server time of every page": [sys.executable, "-m", "bench.pages", "--json"],
    "video: four cameras recorded": [
        sys.executable, "-m", "bench.video", "--seconds", "20", "--json",
    ],
    "intake: back-fill beside COPY": [
        sys.executable, "-m", "bench.intake", "--records", "200000", "--json",
    ],
    "intake: live, one record a request": [
        sys.executable, "-m", "bench.intake", "--live", "--rate", "500", "--seconds", "10",
        "--json",
    ],
    "waiting: 500 terminals at the platform's door for commands": [
        sys.executable, "-m", "bench.waiting", "--terminals", "500", "--seconds", "25",
        "--commands", "50", "--json",
    ],
    "backup: first, daily, read back, restored": [
        sys.executable, "-m", "bench.backup", "--days", "14", "--units", "100", "--pictures", "500",
        "--json",
    ],
    "archive: a month closed, and searched in its file": [
        sys.executable, "-m", "bench.archive", "--units", "20", "--json",
    ],
    "terminal: ten scales, four cameras, four streams": [
        sys.executable, "-m", "bench.terminal", "--json",
    ],
    "year: a city's year, a hundredth of its traffic": [
        sys.executable, "-m", "bench.year", "--records", "220000", "--json",
    ],
    "loss: 500 passages, ten kills": [
        HENGYUAN, "world", "loss", "--passages", "500", "--kills", "10", "--json",
    ],
    "month: thirty days without the county": [sys.executable, "-m", "bench.month", "--json"],
    "outage: beside Node-RED and thingsboard-gateway": [
        sys.executable, "-m", "bench.outage", "--messages", "100", "--kills", "4", "--json",
    ],
}  # fmt: skip


def main() -> int:
    failed = 0
    for name, command in RUNS.items():
        with tempfile.TemporaryDirectory(prefix="hengyuan-bench-") as folder:
            Path(folder).chmod(0o711)
            home = str(Path(folder) / "home")
            done = subprocess.run(
                [part.replace("{tmp}", home) for part in command],
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        lines = done.stdout.strip().splitlines()
        print(f"{name}\n  {lines[-1] if lines else '(no figures)'}", flush=True)
        if done.returncode or not lines:
            failed += 1
            continue
        json.loads(lines[-1])
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
