"""Whatever a terminal of ours writes into its journal has words, at the gate and at the county."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.utils.translation import override

import hengyuan.terminal
from hengyuan.platform.upkeep import words
from hengyuan.terminal.upkeep.words import JournalWords
from hengyuan.terminal.words import translations

SOURCES = Path(hengyuan.terminal.__file__).parent
_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
# what writes an entry, and at which place its code stands
_WRITERS = {"note": (0, 2), "_note": (0, 2), "write": (2,), "_pass": (1,), "_wrong": (2,)}
_NO_CODES = {"opened", "closed"}
"""What the recorder of raw bytes notes in its own files."""


def codes_of(source: str) -> set[str]:
    """The codes that a module writes: constants in calls, and module constants that end so."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else ""
            name = function.id if isinstance(function, ast.Name) else name
            for place in _WRITERS.get(name, ()):
                found |= _constants(node.args[place]) if place < len(node.args) else set()
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
            if any(name.endswith("_WORD") for name in names):
                found |= _constants(node.value)
            elif "what" in names:
                found |= {text for text in _constants(node.value) if "_" in text}
    return {code for code in found if _CODE.fullmatch(code)} - _NO_CODES


def _constants(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return {node.value}
    if isinstance(node, ast.IfExp):
        return _constants(node.body) | _constants(node.orelse)
    return set()


def all_codes() -> set[str]:
    return set().union(*(codes_of(path.read_text("utf-8")) for path in SOURCES.rglob("*.py")))


def test_the_codes_are_found_in_the_sources() -> None:
    assert all_codes() >= {
        "left_unweighed", "ticket_opened", "plan_begun", "zero_drifted", "shift_handover",
        "disk_full", "disk_room", "clock_off", "override", "barrier_moved_by_hand",
    }  # fmt: skip


def test_every_code_has_words_on_both_sides() -> None:
    at_gate = JournalWords(translations("zh_Hans"))
    assert all_codes() - set(words.WHATS) == set()
    assert all_codes() - set(at_gate.whats) == set()


def test_both_sides_say_the_same() -> None:
    at_gate = JournalWords(translations("zh_Hans"))
    with override("zh-hans"):
        assert {code: str(text) for code, text in words.WHATS.items()} == at_gate.whats


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ('{"seq":7,"left":"晋L00001"}', "记录号: 7；出场车牌: 晋L00001"),
        ('{"part":"模组","left":3}', "备件: 模组；结存: 3"),
        ('{"began_ms":1785542400000}', "开始时间: 2026-08-01 08:00:00"),
        ('{"began_ms":99999999999999999}', "开始时间: 99999999999999999"),
        ('{"totals":{"trucks":5,"over":1}}', "合计: 车辆数: 5；超限: 1"),
        ('{"lost":["front_edge","rear_edge"]}', "失效: front_edge, rear_edge"),
    ],
)
def test_a_detail_is_read_member_by_member(detail: str, expected: str) -> None:
    with override("zh-hans"):
        assert words.detail_words(detail) == expected
    at_gate = JournalWords(translations("zh_Hans")).detail(detail)
    assert at_gate.replace(" · ", "；") == expected.replace(": ", " ")
