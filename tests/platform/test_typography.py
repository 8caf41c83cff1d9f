"""The Chinese of the catalogues follows the rules of docs/look.md."""

import re
from collections import defaultdict

import polib
import pytest

from scripts.catalogues import SOURCE, catalogues

HAN = r"\u4e00-\u9fff"
# ASCII punctuation that touches a Chinese character, on either side
HALF_WIDTH = re.compile(rf"[{HAN}][,:;?!()]|[,:;?!()][{HAN}]")
# Chinese beside Latin letters or figures without a space; codes such as 1号 and T2 are names
UNSPACED = re.compile(
    rf"[{HAN}][A-Za-z]{{2,}}|[A-Za-z]{{2,}}[{HAN}]|[{HAN}]\d{{2,}}|\d{{2,}}[{HAN}]"
)
_FULL = "\uff0c\u3002\uff1a\uff1b\uff1f\uff01\uff08\uff09\u3001"
SPACED = re.compile(rf" [{_FULL}]|[{_FULL}] ")
# what Python and templates put in may be anything, and the numbers of documents are names
_NAMES = re.compile(
    r"%\([a-z_]+\)[sd]|%[sd]|%%|\{[a-z_]*\}|[GS]+\uff08\d{4}\uff09\d+号|\u3014\d{4}\u3015\d+号"
)


def translations() -> list[tuple[str, str, str]]:
    """App, msgid and Chinese of every entry."""
    found = []
    for path in catalogues():
        app = path.relative_to(SOURCE).parts[1]
        for entry in polib.pofile(str(path), encoding="utf-8"):
            texts = [entry.msgstr, *entry.msgstr_plural.values()]
            found += [(app, entry.msgid, text) for text in texts if text]
    return found


def wrong(rule: re.Pattern[str]) -> list[str]:
    return [
        f"{app}: {text}"
        for app, _msgid, text in translations()
        if rule.search(_NAMES.sub("\ufffc", text))
    ]


def test_there_is_something_to_read():
    assert len(translations()) > 300


def test_punctuation_beside_chinese_is_full_width():
    assert wrong(HALF_WIDTH) == []


def test_a_space_stands_between_chinese_and_latin():
    assert wrong(UNSPACED) == []


def test_no_space_stands_beside_full_width_punctuation():
    assert wrong(SPACED) == []


def test_one_thing_has_one_name():
    """Django puts all catalogues into one: of two translations only one would ever be shown."""
    by_msgid = defaultdict(set)
    for path in catalogues():
        if "terminal" in path.name:
            continue
        for entry in polib.pofile(str(path), encoding="utf-8"):
            text = entry.msgstr or entry.msgstr_plural.get(0, "")
            if text:
                by_msgid[entry.msgctxt, entry.msgid].add(text)
    assert {key: texts for key, texts in by_msgid.items() if len(texts) > 1} == {}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("单位:全部", HALF_WIDTH),
        ("名称(全称)", HALF_WIDTH),
        ("导出Excel", UNSPACED),
        ("超过90秒", UNSPACED),
        ("未保存 。", SPACED),
    ],
)
def test_the_rules_find_what_is_wrong(text, rule):
    assert rule.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "单位\uff1a全部",
        "导出 Excel",
        "超过 90 秒",
        "1号磅",
        "2026-09-21 14:13:20",
        "文件\uff08RFC 7946\uff09",
    ],
)
def test_the_rules_leave_what_is_right(text):
    assert not any(rule.search(text) for rule in (HALF_WIDTH, UNSPACED, SPACED))
