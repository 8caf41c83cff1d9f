"""Backup and restore of a platform, beside a plain copy of the same bytes.

    python -m bench.backup --days 14 --units 800 --pictures 2000 --json

A home is filled with records of a simulated city (`hengyuan world fill`) and with pictures of
300 kB; its database runs. Then by the commands that an administrator types: a first backup, more
pictures and a second backup, reading it back, a restore. Each is told in seconds and in seconds of
processor time (of the commands; the database's own is not in it), and as MB/s of what it had to
read.

`copy_s` is the comparison: all files of the home copied and flushed, while nothing is written.
That copy would be worth nothing (a running database's files do not fit together); it says what the
disk can do. `load` is the machine's before and after: beside other work only processor time
compares.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hengyuan.platform.backup.layout import sync_tree, whole_backups
from hengyuan.platform.backup.manifest import read
from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.weighing.evidence import EvidenceStore
from hengyuan.record.suites import SM2_SM3

HENGYUAN = str(Path(sys.executable).parent / "hengyuan")
PICTURE_BYTES = 300_000
MB = 1_000_000


def command(home: Path, *arguments: str) -> dict[str, float]:
    """Run `hengyuan …`; seconds, and seconds of processor time."""
    environment = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [HENGYUAN, *arguments],
        env=environment | {"HENGYUAN_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"hengyuan {' '.join(arguments)}:\n{done.stderr[-2000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"s": round(time.perf_counter() - began, 2), "processor_s": round(spent, 2)}


def add_pictures(home: Path, count: int) -> None:
    """Evidence files of bytes that do not compress."""
    store = EvidenceStore(home / "evidence")
    for _ in range(count):
        data = b"\xff\xd8\xff" + os.urandom(PICTURE_BYTES - 3)
        digest = SM2_SM3.digest(data).hex()
        store.append(1, digest, 0, data, len(data), SM2_SM3.digest_name)


def size_of(folder: Path) -> int:
    """Bytes of all files below."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def plain_copy(home: Path, to: Path) -> float:
    """Seconds to copy and flush everything."""
    began = time.perf_counter()
    skip = shutil.ignore_patterns("run", "*.pid", "*.opts")
    shutil.copytree(home, to, ignore=skip)
    sync_tree(to)
    took = time.perf_counter() - began
    shutil.rmtree(to)
    return round(took, 2)


def measure(place: Path, wanted: argparse.Namespace) -> dict[str, Any]:
    home, target, new = place / "home", place / "backups", place / "new"
    load = [round(os.getloadavg()[0], 1)]
    server = EmbeddedPostgres(home)
    server.start()
    try:
        fill = ("--days", str(wanted.days), "--units", str(wanted.units))
        command(home, "platform", "migrate")
        command(home, "world", "fill", *fill)
        add_pictures(home, wanted.pictures)
        home_bytes = size_of(home)
        first = command(home, "platform", "backup", str(target), "--without-keys")
        copy_s = plain_copy(home, place / "copy")
        add_pictures(home, max(1, wanted.pictures // 100))
        daily = command(home, "platform", "backup", str(target), "--without-keys")
    finally:
        server.stop()
    newest = whole_backups(target)[-1]
    verify = command(home, "platform", "verify-backup", str(newest))
    restore = command(new, "platform", "restore", str(newest), "--without-keys")
    EmbeddedPostgres(new).discard()
    made = read(newest)
    load.append(round(os.getloadavg()[0], 1))
    figures: dict[str, Any] = {
        "records": made.database.records,
        "pictures": wanted.pictures,
        "home_mb": round(home_bytes / MB, 1),
        "database_mb": round(made.database.size_bytes / MB, 1),
        "copy_s": copy_s,
        "copy_mb_per_s": round(home_bytes / MB / copy_s, 1),
    }
    for name, took in (
        ("first", first),
        ("daily", daily),
        ("verify", verify),
        ("restore", restore),
    ):
        figures |= {f"{name}_{unit}": value for unit, value in took.items()}
        figures[f"{name}_mb_per_s"] = round(made.size_bytes / MB / took["s"], 1)
    figures["ratio"] = round(copy_s / first["s"], 2)
    figures["daily_new_mb"] = round(sum(store.new_bytes for store in made.stores) / MB, 1)
    return figures | {"load": load}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--days", type=int, default=14)
    options.add_argument("--units", type=int, default=100)
    options.add_argument("--pictures", type=int, default=500)
    options.add_argument("--json", action="store_true", help="one JSON object")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="hengyuan-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711 if os.geteuid() == 0 else 0o700)
        figures = measure(place, wanted)
    if wanted.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
