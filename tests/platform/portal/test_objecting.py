"""Objections through the portal: open as long as the period runs, and to public lists alone."""

import pytest
import time_machine
from django.urls import reverse

from hengyuan.platform.publication import services
from hengyuan.platform.publication.models import Objection
from tests.platform.portal.reports import mark


def address(found) -> str:
    return reverse("portal:objection", args=[found.pk])


def fields(**more):
    usual = {
        "unit": "",
        "text": "该单位已经停产两年，请核实。",
        "name": "吴示例",
        "contact": "13700000000",
        "website": "",
        "mark": mark(),
    }
    return usual | more


def test_an_objection_is_filed_and_can_be_asked_for(visitor, county):
    found = county.published()
    unit = found.units.get(name="测试甲煤矿")
    answer = visitor.post(address(found), fields(unit=unit.pk))
    objection = Objection.objects.get()
    assert (objection.via, objection.unit, objection.name) == ("portal", unit, "吴示例")
    from hengyuan.platform.portal.receipts import shown

    assert shown(objection.receipt) in answer.content.decode()
    asked = visitor.post(reverse("portal:status"), {"receipt": shown(objection.receipt)})
    text = asked.content.decode()
    assert found.title in text
    assert "已收到" in text
    for secret in ("吴示例", "13700000000", "停产两年"):
        assert secret not in text


def test_the_answer_is_read_with_the_receipt_number(visitor, county):
    found = county.published()
    visitor.post(address(found), fields())
    objection = Objection.objects.get()
    services.answer_objection(
        county.head, objection.pk, objection.version, upheld=False, answer="经核实仍在生产。"
    )
    asked = visitor.post(reverse("portal:status"), {"receipt": objection.receipt})
    assert "经核实仍在生产。" in asked.content.decode()


def test_whoever_comes_from_a_unit_finds_it_chosen(visitor, county):
    found = county.published()
    row = found.units.get(name="测试甲煤矿")
    page = visitor.get(address(found), {"unit": row.unit_code})
    assert page.context["form"].initial == {"unit": row.pk}
    assert visitor.get(address(found), {"unit": "x"}).status_code == 200


def test_a_second_click_files_nothing_more(visitor, county):
    found = county.published()
    sent = fields()
    first, second = (visitor.post(address(found), sent).content.decode() for _ in range(2))
    receipt = Objection.objects.get().receipt
    assert receipt[:4] in first
    assert receipt[:4] in second


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "short"},
        {"text": "x" * 2001},
        {"name": ""},
        {"contact": ""},
        {"unit": "999999"},
        {"website": "x"},
        {"mark": ""},
    ],
    ids=str,
)
def test_what_is_wrong_is_told_and_nothing_is_filed(visitor, county, wrong):
    assert visitor.post(address(county.published()), fields(**wrong)).status_code == 422
    assert not Objection.objects.exists()


def test_a_unit_of_another_list_cannot_be_named(visitor, county):
    first = county.final()
    second = county.published(county.submitted(county.complete()), serial=2)
    foreign = first.units.first()
    assert visitor.post(address(second), fields(unit=foreign.pk)).status_code == 422


def test_the_last_day_counts_and_the_next_does_not(visitor, county):
    found = county.published()
    with time_machine.travel("2026-05-15 23:59+08:00", tick=False):
        assert visitor.post(address(found), fields()).status_code == 200
        assert (
            "对该单位的公示提出异议"
            in visitor.get(reverse("portal:unit", args=[county.cast.unit.code])).content.decode()
        )
    with time_machine.travel("2026-05-16 00:00+08:00", tick=False):
        answer = visitor.post(address(found), fields())
        assert "异议期已结束" in answer.content.decode()
        assert (
            "对该单位的公示提出异议"
            not in visitor.get(
                reverse("portal:unit", args=[county.cast.unit.code])
            ).content.decode()
        )
        assert (
            "异议期已结束，待正式公布" in visitor.get(reverse("portal:documents")).content.decode()
        )
    assert Objection.objects.count() == 1


def test_a_final_list_takes_no_objections(visitor, county):
    found = county.final()
    answer = visitor.post(address(found), fields())
    assert "异议期已结束" in answer.content.decode()
    assert not Objection.objects.exists()
