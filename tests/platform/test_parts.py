"""The small parts say what they mean: in words, escaped, with the figures beside each drawing."""

import json
import re

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory

from hengyuan.platform.charts import Chart, Kind, Series, Sparkline, Tone


def shown(template: str, **context: object) -> str:
    return Template(template).render(Context(context))


def chart(**more: object) -> Chart:
    fields = {
        "kind": Kind.BAR,
        "title": "分时车流",
        "labels": ["08", "09"],
        "series": [Series("车辆", [41, None]), Series("超限", [2, 0], Tone.OVER)],
        "unit": "辆",
    }
    return Chart(**(fields | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("晋L12345", "晋L·12345"),
        ("晋LD12345", "晋L·D12345"),
        ("晋L1234挂", "晋L·1234挂"),
        ("晋L·12345", "晋L·12345"),
        ("不清", "不清"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_plate_has_its_dot(stored, text):
    assert shown("{{ plate|plate_text }}", plate=stored) == text


def test_a_plate_is_drawn_in_its_colour_and_the_colour_is_named():
    drawn = shown('{% plate "晋L12345" "yellow" %}')
    assert "plate-yellow" in drawn
    assert 'title="黄色"' in drawn
    assert re.sub(r"<[^>]+>", "", drawn) == "晋L·12345"


@pytest.mark.parametrize("colour", [None, "", "x", "<b>"])
def test_a_plate_of_no_known_colour_is_drawn_as_unknown(colour):
    drawn = shown("{% plate text colour %}", text="晋L12345", colour=colour)
    assert "plate-unknown" in drawn
    assert "<b>" not in drawn


def test_a_truck_without_a_plate_is_told_so():
    assert "无号牌" in shown("{% plate none %}", none=None)


def test_what_was_read_off_a_plate_is_escaped():
    assert "<script>" not in shown("{% plate text %}", text="<script>")


@pytest.mark.parametrize(
    ("name", "word", "is_red"),
    [
        ("over", "超限", True),
        ("pass", "放行", False),
        ("unknown", "无法判定", False),
        (None, "未判定", False),
    ],
)
def test_only_the_verdict_over_the_limit_is_red(name, word, is_red):
    drawn = shown("{% verdict name %}", name=name)
    assert word in drawn
    assert ("verdict-over" in drawn) is is_red


def test_a_state_has_a_word_and_one_of_four_tones():
    assert "state-warn" in shown('{% state "warn" "失联" %}')
    with pytest.raises(TemplateSyntaxError):
        shown('{% state "red" "失联" %}')


def test_a_chart_stands_beside_its_figures():
    drawn = shown("{% chart chart %}", chart=chart(urls=["/8/", "/9/"]))
    assert '<a href="/8/">08</a>' in drawn
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", drawn)
    assert [re.findall(r'class="num">([^<]*)<', row) for row in rows] == [["41", "2"], ["—", "0"]]


def test_a_chart_is_drawn_from_the_same_figures():
    drawn = shown("{% chart chart %}", chart=chart())
    spec = json.loads(re.search(r'<script id="chart-data"[^>]*>(.*?)</script>', drawn)[1])
    assert spec["labels"] == ["08", "09"]
    assert [(row["name"], row["tone"], row["values"]) for row in spec["series"]] == [
        ("车辆", "main", [41, None]),
        ("超限", "over", [2, 0]),
    ]


def test_no_figure_brings_in_a_script():
    drawn = shown("{% chart chart %}", chart=chart(labels=["</script><b>", "<i>"]))
    assert "</script><b>" not in drawn
    assert "<i>" not in drawn


def test_a_chart_of_nothing_says_so_and_fetches_nothing():
    drawn = shown("{% chart chart %}", chart=chart(labels=[], series=[Series("车辆", [])]))
    assert "该时段没有数据" in drawn
    assert "<script" not in drawn


@pytest.mark.parametrize(
    "wrong",
    [{"series": [Series("车辆", [1])]}, {"labels": ["08"]}, {"urls": ["/8/"]}],
)
def test_figures_that_do_not_fit_their_labels_are_a_fault(wrong):
    with pytest.raises(ValueError, match="labels"):
        chart(**wrong)


def test_a_course_begins_at_zero_and_leaves_gaps():
    path = Sparkline([0, None, 10, 5], "最近四天").path
    assert path == "M2.0 22.0M63.3 2.0L94.0 12.0"


def test_a_course_is_told_in_words():
    drawn = shown("{% sparkline course %}", course=Sparkline([1, 2], "最近两天"))
    assert 'role="img" aria-label="最近两天"' in drawn


@pytest.mark.parametrize("values", [[], [0], [None, None], [3]])
def test_a_short_course_is_no_fault(values):
    assert "NaN" not in Sparkline(values, "x").path


def test_the_tab_of_the_page_is_marked():
    request = RequestFactory().get("/b/")
    entries = [{"label": "甲", "url": "/a/"}, {"label": "乙", "url": "/b/", "count": 3}]
    drawn = Template("{% tabs '页' entries %}").render(
        Context({"request": request, "entries": entries})
    )
    assert '<a href="/b/" aria-current="page">乙' in drawn
    assert '<a href="/a/">甲' in drawn
    assert drawn.count("tab-count") == 1
