"""The design page shows the parts, live: its form is checked, its list filters, sorts and pages."""

import re

import pytest
from django.urls import reverse

from hengyuan.platform.design import samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(client, cast):
    client.force_login(cast.county_readonly)
    return client


def page(client, path: str, **more: str) -> str:
    return client.get(path, **more).content.decode()


def rows(html: str) -> list[list[str]]:
    body = html.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", line, re.S)]
        for line in body.split("</tr>")[:-1]
    ]


@pytest.mark.parametrize(
    "mark",
    [
        'class="sheet"', 'class="figure card"', 'class="facts"', "has-errors", "form-errors",
        "plate-yellow", "plate-none", "verdict-over", "state-wait", "tag-warn", "timeline",
        'data-chart="hours-data"', "sparkline-over", "county-sheet", "level-none", "over-3",
        "empty-state", 'class="loading"', "failed-state", "btn-primary", "btn-grave", "<dialog",
        "notice-warning", 'class="tabs"', 'data-bs-theme="dark"',
    ],
)  # fmt: skip
def test_every_part_is_on_it(reader, mark):
    assert mark in page(reader, reverse("design:parts"))


def test_no_id_is_given_twice(reader):
    ids = re.findall(r'\sid="([^"]+)"', page(reader, reverse("design:parts")))
    assert sorted({one for one in ids if ids.count(one) > 1}) == []


def test_a_wrong_form_comes_back_with_what_is_wrong(reader):
    html = reader.post(reverse("design:parts"), {"gross_kg": "x", "kind": "steel"}).content.decode()
    assert html.count("有错误的表单") == 1
    assert "钢铁不足 1000 kg" in html
    assert html.count("必填。") >= 6


def test_a_right_form_is_taken_with_a_message(reader):
    filled = {
        "name": "甲",
        "gross_kg": "49000",
        "day": "2026-09-21",
        "mode": "post",
        "agreed": "on",
    }
    answer = reader.post(reverse("design:parts"), filled, follow=True)
    assert "填写无误" in answer.content.decode()


def test_the_list_pages(reader):
    first, last = (page(reader, reverse("design:table") + f"?page={n}") for n in (1, 7))
    assert len(rows(first)) == 20
    assert len(rows(last)) == samples.ROWS - 6 * 20
    assert not set(map(tuple, rows(first))) & set(map(tuple, rows(last)))


@pytest.mark.parametrize(("sort", "reverse_order"), [("gross_kg", False), ("-gross_kg", True)])
def test_the_list_sorts(reader, sort, reverse_order):
    shown = rows(page(reader, reverse("design:table") + f"?sort={sort}"))
    masses = [int(line[4].replace(",", "")) for line in shown]
    assert masses == sorted(masses, reverse=reverse_order)
    assert len(set(masses)) > 3


def test_the_list_filters(reader):
    shown = rows(page(reader, reverse("design:table") + "?verdict=over"))
    assert {line[6] for line in shown} == {"超限"}
    assert all(int(line[4].replace(",", "")) > int(line[5].replace(",", "")) for line in shown)


def test_a_filter_that_fits_nothing_says_so_and_leads_back(reader):
    html = page(reader, reverse("design:table") + "?search=没有这个")
    assert "没有符合条件的记录" in html
    assert f'href="{reverse("design:table")}"' in html


def test_filtering_sends_the_list_alone(reader):
    whole = page(reader, reverse("design:table"))
    part = page(reader, reverse("design:table") + "?verdict=pass", headers={"HX-Request": "true"})
    assert "<html" in whole
    assert "<html" not in part
    assert len(rows(part)) == 20


def test_it_is_linked_for_those_who_may_see_it_and_for_nobody_else(client, cast):
    link = f'href="{reverse("design:parts")}"'
    client.force_login(cast.city_clerk)
    assert link in page(client, "/")
    client.force_login(cast.gatekeeper)
    assert link not in page(client, "/")
