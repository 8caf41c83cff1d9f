"""SIGKILL at every step of archiving: the partition or the file is in charge, never neither."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from hengyuan.platform.history import sealing
from hengyuan.platform.history.models import MonthSeal, SealState
from hengyuan.platform.weighing.models import Weighing
from tests.platform.history.conftest import FEBRUARY, JANUARY
from tests.platform.records import current_database_url

pytestmark = pytest.mark.slow

_WORK = """
import datetime, importlib, os, signal, sys
from hengyuan.platform import server
server.use_home(None)
import django
django.setup()
from hengyuan.platform.history import sealing

def die():
    os.kill(os.getpid(), signal.SIGKILL)

module, name, when, calls = sys.argv[2:]
if module:
    where = importlib.import_module(f"hengyuan.platform.history.{module}")
    real, left = getattr(where, name), int(calls)
    def dying(*args, **kwargs):
        global left
        left -= 1
        if left == 0 and when == "before":
            die()
        found = real(*args, **kwargs)
        if left == 0:
            die()
        return found
    setattr(where, name, dying)
month = datetime.date.fromisoformat(sys.argv[1])
print("begun", flush=True)
sealing.seal(month)
sealing.archive(month, drop=True)
"""

STEPS = [
    ("sealing", "_digest_of", "after", "1"),
    ("sealing", "_finish", "after", "1"),
    ("writing", "write", "after", "1"),
    ("folder", "put_in_place", "after", "1"),
    ("folder", "put_in_place", "after", "2"),
    ("verifying", "verify", "after", "1"),
    ("sealing", "_verify", "after", "1"),
    ("sealing", "announce", "before", "1"),
    ("sealing", "announce", "after", "1"),
    ("partitions", "lock_out", "after", "1"),
    ("partitions", "replace_by_empty", "after", "1"),
    ("sealing", "_drop", "after", "1"),
    ("sealing", "announce", "after", "2"),
]


def work(month, folder, *step: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "HENGYUAN_DATABASE_URL": current_database_url(),
        "HENGYUAN_HISTORY_DIR": str(folder),
    }
    return subprocess.Popen(
        [sys.executable, "-c", _WORK, month.isoformat(), *(step or ("", "", "", "0"))],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def everything():
    return {(row.terminal_id, row.seq): row.line() for row in Weighing.objects.all()}


def whole_in_one(month) -> bool:
    """The month's records are all in the partition or all in the file that is in charge."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM weighing_{month:%Y_%m}")
        stored = cursor.fetchone()[0]
    seal = MonthSeal.objects.filter(month=month, state=SealState.ARCHIVED).first()
    if seal is None:
        return stored == 18
    return stored == 0 and sealing.check(seal).records == 18


@pytest.mark.parametrize("step", STEPS, ids=lambda step: "-".join(step[1:]))
def test_killed_at_a_step_nothing_is_lost_and_the_next_run_ends_it(terminals, settings, step):
    before = everything()
    child = work(JANUARY, settings.HISTORY_FOLDER, *step)
    assert child.wait(timeout=120) == -signal.SIGKILL
    assert everything() == before
    assert whole_in_one(JANUARY)
    again = work(JANUARY, settings.HISTORY_FOLDER)
    # killed behind the end there is nothing left to do: that is said, not done twice
    done_before = MonthSeal.objects.filter(state=SealState.ARCHIVED).exists()
    assert (again.wait(timeout=120) == 0) or done_before
    assert everything() == before and whole_in_one(JANUARY)
    assert MonthSeal.objects.get(month=JANUARY).state == SealState.ARCHIVED
    assert sorted(path.name for path in settings.HISTORY_FOLDER.glob("*.parquet")) == [
        "weighing-2026-01.1.batches.parquet",
        "weighing-2026-01.1.parquet",
    ]


def test_killed_at_any_moment_nothing_is_lost(terminals, settings):
    before = everything()
    chance = random.Random(20260124)
    kills = 0
    while kills < 12:
        month = FEBRUARY if kills % 2 else JANUARY
        if MonthSeal.objects.filter(month=month, state=SealState.ARCHIVED).exists():
            kills += 1
            continue
        child = work(month, settings.HISTORY_FOLDER)
        assert child.stdout is not None and child.stdout.readline() == "begun\n"
        time.sleep(chance.uniform(0, 0.25))
        child.kill()
        child.wait()
        kills += 1
        assert everything() == before
    for month in (JANUARY, FEBRUARY):
        if not MonthSeal.objects.filter(month=month, state=SealState.ARCHIVED).exists():
            assert work(month, settings.HISTORY_FOLDER).wait(timeout=120) == 0
    assert everything() == before and whole_in_one(JANUARY) and whole_in_one(FEBRUARY)
