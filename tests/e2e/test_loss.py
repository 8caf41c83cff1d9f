"""Real programs under kills, a bad line, outages, a stepping clock and a full disk lose nothing."""

import json
import os
import subprocess
from typing import Any

import pytest

from hengyuan.world.processes import hengyuan_command

PLANNED = ("clock_steps", "platform_kills", "database_kills", "closed_ports", "busy_spells")


def lost(passages: int, kills: int, seed: int, within_s: float) -> dict[str, Any]:
    """Run the loss test to its end; its figures."""
    options = ("--passages", str(passages), "--kills", str(kills), "--seed", str(seed), "--json")
    ended = subprocess.run(
        hengyuan_command("world", "loss", *options),
        capture_output=True,
        text=True,
        timeout=within_s,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    said = f"{ended.stdout}\n{ended.stderr}"
    assert ended.stdout.count("\n") == 1, said
    figures: dict[str, Any] = json.loads(ended.stdout)
    assert ended.returncode == (0 if figures["all_right"] else 1), said
    return figures


def assert_nothing_lost(figures: dict[str, Any], passages: int, kills: int) -> None:
    assert figures["problems"] == []
    assert figures["all_right"]
    assert figures["chain_sound"]
    assert figures["passages"] == passages
    assert figures["recorded"] + figures["without_record"] == passages
    assert figures["recorded"] >= figures["told"] >= figures["patient"] > 0
    assert figures["pictures_stored"] == figures["pictures_due"] > 0
    assert figures["terminal_kills"] >= kills
    # what did not happen proves nothing
    for fault in (*PLANNED, "full_disks"):
        assert figures[fault] > 0, fault
    assert figures["line"], "the line was good all the time"


def test_a_terminal_loses_nothing_whatever_happens():
    assert_nothing_lost(lost(60, 5, 3, within_s=280), 60, 5)


@pytest.mark.slow
def test_a_terminal_loses_nothing_of_ten_thousand_passages():
    assert_nothing_lost(lost(10_000, 200, 1, within_s=3500), 10_000, 200)
