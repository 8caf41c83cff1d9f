"""SIGKILL at any moment: what was acknowledged is there, and nothing is there twice."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hengyuan.record.suites import SM2_SM3
from tests.terminal.committing import identity
from tests.terminal.outbox import open_store

ROOT = Path(__file__).resolve().parents[2]
KILLS = 8


class Acknowledged:
    """What the killed process said before it died."""

    def __init__(self):
        self.records = {}
        self.files = set()
        self.events = set()
        self.cleared = 0
        self.acked = 0

    def hear(self, line):
        what, *words = line.split()
        match what:
            case "event":
                self.events.add(words[0])
            case "record":
                self.records[int(words[0])] = words[1]
                self.files.add(words[2])
            case "cleared":
                self.cleared = int(words[0])
            case "acked":
                self.acked = int(words[0])


def run_and_kill(folder, secret, after_s, said):
    command = [sys.executable, "-m", "tests.terminal.committing", str(folder), secret]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        lines = [first, *process.stdout]
    for line in lines:
        # the last line may be cut off in the middle: then it acknowledges nothing
        if line.endswith("\n"):
            said.hear(line)


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    secret = SM2_SM3.generate().secret_bytes().hex()
    said = Acknowledged()
    chance = random.Random(7)
    for _ in range(KILLS):
        run_and_kill(folder, secret, chance.uniform(0.0, 0.25), said)
    store = open_store(folder, identity(secret))
    yield folder, said, store
    store.close()


def test_every_acknowledged_record_is_stored_with_its_digest(killed):
    _, said, store = killed
    assert len(said.records) > KILLS
    assert {seq: store.digest_at(seq).hex() for seq in said.records} == said.records


def test_the_chain_has_no_gap_and_no_doubles(killed):
    _, said, store = killed
    count = store.check_whole_chain()
    assert count == store.head()[0]
    # at most the one record of each killed run that was committed and not yet said
    assert max(said.records) <= count <= len(said.records) + KILLS


def test_every_acknowledged_event_is_stored_once(killed):
    _, said, store = killed
    stored = [row[0] for row in store._db.execute("SELECT event_id FROM sighting")]
    assert said.events <= set(stored)
    assert len(stored) == len(set(stored))


def test_every_file_that_a_record_names_is_on_disk_and_whole(killed):
    folder, said, store = killed
    named = {row[0].hex() for row in store._db.execute("SELECT digest FROM evidence")}
    assert said.files <= named
    for digest in named:
        data = (folder / "evidence" / digest[:2] / digest).read_bytes()
        assert SM2_SM3.digest(data).hex() == digest


def test_the_watermark_did_not_fall_behind_what_was_said(killed):
    _, said, store = killed
    seq, digest = store.watermark()
    assert seq >= said.acked
    assert store.digest_at(seq) == digest


def test_the_lane_is_as_the_last_record_or_clearing_left_it(killed):
    _, said, store = killed
    standing = store.on_scale(1)
    newest = store.head()[0]
    if standing is not None:
        assert standing.seq == newest
    else:
        assert newest % 3 == 0 or said.cleared >= newest


def test_every_record_is_in_one_passage(killed):
    _, _, store = killed
    passages = store._db.execute("SELECT first_seq, seq, records FROM passage ORDER BY first_seq")
    newest = store.head()[0]
    assert passages.fetchall() == [(seq, seq, 1) for seq in range(1, newest + 1)]
