"""Templates say only what the document holds, and do nothing."""

import pytest

from hengyuan.platform.documents.sandbox import render_text, text_problems

SCHEMA = {
    "county": frozenset[str](),
    "count": frozenset[str](),
    "units": frozenset({"name", "mode"}),
}
CONTENT = {
    "county": "示例县",
    "count": "2",
    "units": [{"name": "甲", "mode": "驻点"}, {"name": "乙", "mode": ""}],
}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ county }}共{{ count }}家", "示例县共2家"),
        ("{% for unit in units %}{{ loop.index }}{{ unit.name }}{% endfor %}", "1甲2乙"),
        ("{% if county %}有{% else %}无{% endif %}", "有"),
        (
            "{% for unit in units %}{% if unit.mode %}{{ unit.mode }}{% else %}未定{% endif %}"
            "{% endfor %}",
            "驻点未定",
        ),
        ("{{ units|length }}", "2"),
        ("{{ county ~ '政府' }}", "示例县政府"),
        ("{% for unit in units if unit.mode %}{{ unit.name }}{% endfor %}", "甲"),
    ],
)
def test_what_a_template_may_say(source, text):
    assert text_problems(source, SCHEMA) == []
    assert render_text(source, CONTENT, SCHEMA) == text


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("{{ contry }}", "contry"),
        ("{% for unit in units %}{{ unit.nmae }}{% endfor %}", "unit.nmae"),
        ("{{ unit.name }}", "unit.name"),
        ("{% for unit in unist %}{{ unit.name }}{% endfor %}", "unist"),
        ("{{ county.__class__ }}", "county.__class__"),
        ("{{ county.upper() }}", "county.upper"),
        ("{{ ''.__class__.__mro__ }}", "__mro__"),
        ("{{ county['__class__'] }}", "getitem"),
        ("{{ county|attr('__class__') }}", "attr"),
        ("{{ county|format }}", "format"),
        ("{{ range(9) }}", "range"),
        ("{{ cycler.__init__.__globals__ }}", "__globals__"),
        ("{% macro m() %}{% endmacro %}", "macro"),
        ("{% set x = 1 %}", "set"),
        ("{% include 'x' %}", "include"),
        ("{% import 'x' as y %}", "import"),
        ("{% extends 'x' %}", "extends"),
        ("{{ 'x' * 999999999 }}", "*"),
        ("{{ 9 ** 9 ** 9 }}", "**"),
        ("{% autoescape false %}{{ county }}{% endautoescape %}", "autoescape"),
        ("{{ county|safe }}", "safe"),
        ("{{ units }}", "units"),
        ("{% for unit in units recursive %}{{ unit.name }}{% endfor %}", "循环"),
        ("{% for a in units %}{% for b in units %}x{% endfor %}{% endfor %}", "循环"),
        ("{% for a, b in units %}{% endfor %}", "for unit in units"),
    ],
)
def test_what_it_may_not_is_named(source, named):
    problems = text_problems(source, SCHEMA)
    assert any(named in problem for problem in problems), problems
    with pytest.raises(ValueError):
        render_text(source, CONTENT, SCHEMA)


@pytest.mark.parametrize("source", ["{{ county", "{% if %}", "{% for x in units %}", "{{ a b }}"])
def test_a_broken_placeholder_is_told(source):
    assert text_problems(source, SCHEMA)


def test_a_placeholder_nested_without_end_is_refused_and_not_run():
    assert text_problems("{{ " + "(" * 20000 + "county" + ")" * 20000 + " }}", SCHEMA)


def test_every_problem_is_told_once():
    problems = text_problems("{{ one }}{{ two }}{{ one }}", SCHEMA)
    assert len(problems) == 2
    assert "one" in problems[0]
    assert "two" in problems[1]


def test_values_are_text_and_never_read_as_templates():
    content = CONTENT | {"county": "{{ count }}{% for x in units %}"}
    assert render_text("{{ county }}", content, SCHEMA) == "{{ count }}{% for x in units %}"
