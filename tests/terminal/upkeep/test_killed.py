"""SIGKILL in the middle of repairs: what was said is stored, and the journal says the same."""

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import msgspec

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.store import Store
from hengyuan.terminal.store import journal as journal_table
from tests.terminal.upkeep.keeper import GENESIS, TERMINAL

ROOT = Path(__file__).resolve().parents[3]
KILLS = 2


def run_and_kill(folder, after_s, said):
    command = [sys.executable, "-m", "tests.terminal.upkeep.working", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        lines = [first, *process.stdout]
    for line in lines:
        # the last line may be cut off in the middle: then it says nothing
        if line.endswith("\n") and len(line.split()) == 2:
            said.append(tuple(line.split()))


def test_tables_and_journal_agree_after_kills_and_nothing_said_is_lost(tmp_path):
    said = []
    chance = random.Random(11)
    for _ in range(KILLS):
        run_and_kill(tmp_path, chance.uniform(0.05, 0.25), said)
    assert len(said) > 3 * KILLS
    store = Store(tmp_path, TERMINAL, SM2_SM3, GENESIS)
    rows = store.within(lambda db: journal_table.entries_above(db, 0, 10**6))
    key = {"ticket_opened": "ticket", "ticket_closed": "ticket", "plan_begun": "plan"}
    written = Counter(
        (row.what, str(msgspec.json.decode(row.detail)[key[row.what]])) for row in rows
    )
    tables = {
        "ticket_opened": "SELECT id FROM ticket",
        "ticket_closed": "SELECT id FROM ticket WHERE closed_ms IS NOT NULL",
        "plan_begun": "SELECT id FROM plan_run",
    }
    stored = {
        (what, str(number))
        for what, sql in tables.items()
        for (number,) in store.within(lambda db, sql=sql: db.execute(sql).fetchall())
    }
    store.close()
    assert set(said) <= stored
    assert set(written) == stored
    assert set(written.values()) == {1}
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
