"""No string reaches the screen without its Chinese."""

import os
import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

from scripts import messages
from scripts.catalogues import catalogues, compile_catalogues

# what only one of the two ways of writing would find
PYTHON = """
from django.utils.translation import gettext_lazy as _, ngettext, pgettext
a = _("plain")
b = ngettext("one", "many", n) % {}
c = pgettext("context", "with context")
d = _(variable)
e = other("not for the screen")
f = _("joined " "from two")
"""
TEMPLATE = """{% load i18n %}
{% translate "plain" %} {% translate "with (brackets) and it's quotes" as x %}
{% blocktranslate trimmed %}
   two
   lines of {{ name }}
{% endblocktranslate %}
{% blocktranslate count n=n %}one{% plural %}many{% endblocktranslate %}
{{ value|default:_("in a filter") }}
{% comment %}{% translate "commented out" %}{% endcomment %}
"""


def found_in(text: str, name: str, tmp_path: Path, monkeypatch) -> set[tuple]:
    monkeypatch.setattr(messages, "SOURCE", tmp_path / "a" / "b")
    path = tmp_path / name
    path.write_text(text)
    return {(found.context, found.msgid, found.plural) for found in messages._messages_of(path)}


def test_python_is_read(tmp_path, monkeypatch):
    assert found_in(PYTHON, "some.py", tmp_path, monkeypatch) == {
        (None, "plain", None),
        (None, "one", "many"),
        ("context", "with context", None),
        (None, "joined from two", None),
    }


def test_templates_are_read(tmp_path, monkeypatch):
    assert found_in(TEMPLATE, "some.html", tmp_path, monkeypatch) == {
        (None, "plain", None),
        (None, "with (brackets) and it's quotes", None),
        (None, "two lines of %(name)s", None),
        (None, "one", "many"),
        (None, "in a filter", None),
    }


def test_every_string_on_screen_has_its_chinese():
    assert messages.untranslated() == []


def test_every_catalogue_is_what_the_collector_would_write():
    used = messages.collect()
    # the terminal's catalogue has a collector of its own, tests/terminal/texts.py
    platform = [path for path in catalogues() if "platform" in path.parts]
    assert platform
    for path in platform:
        keys = {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(path))}
        assert keys == set(used[path]), f"run python -m scripts.messages: {path}"


def test_placeholders_survive_translation():
    placeholder = re.compile(r"%\((\w+)\)[sd]|%[sd]")
    for path in catalogues():
        for entry in polib.pofile(str(path)):
            for text in [entry.msgstr, *entry.msgstr_plural.values()]:
                if text:
                    wanted = sorted(placeholder.findall(entry.msgid))
                    assert sorted(placeholder.findall(text)) == wanted, entry.msgid


def test_compiled_catalogues_are_used_and_english_stays_english():
    compile_catalogues()
    translation.trans_real._translations.clear()
    with translation.override("zh-hans"):
        assert translation.gettext("Source units") == "源头单位"
    with translation.override("en"):
        assert translation.gettext("Source units") == "Source units"


def test_compiling_twice_does_nothing_the_second_time():
    compile_catalogues()
    assert compile_catalogues() == []
    source = catalogues()[0]
    newer = source.with_suffix(".mo").stat().st_mtime + 5
    before = source.stat()
    os.utime(source, (newer, newer))
    try:
        assert compile_catalogues() == [source.with_suffix(".mo")]
    finally:
        os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("path", sorted(messages.PLATFORM.rglob("templates/**/*.html")), ids=str)
def test_templates_have_no_script_and_no_style_of_their_own(path):
    """The content policy would stop them in the browser; here it is told at once."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"\sstyle\s*=\s*[\"']", text)
    assert "<style" not in text
