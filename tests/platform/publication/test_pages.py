"""The pages of publication lists, as people use them."""

from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.test import Client
from openpyxl import load_workbook

from hengyuan.platform.accounts.models import Role
from hengyuan.platform.ledger.services import change_unit
from hengyuan.platform.publication import services
from hengyuan.platform.publication.models import (
    ListState,
    Objection,
    PublicationList,
    PublicationRules,
)
from tests.platform.documents.files import all_text
from tests.platform.publication.county import DECIDED, NUMBER, TODAY, fresh

pytestmark = pytest.mark.django_db

LATER = f"{TODAY + timedelta(days=8)} 10:00+08:00"


@pytest.fixture
def clerk(county) -> Client:
    client = Client()
    client.force_login(county.clerk)
    return client


@pytest.fixture
def head(county) -> Client:
    client = Client()
    client.force_login(county.head)
    return client


def logged_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text_of(answer) -> str:
    return answer.content.decode()


def at(found, route: str = "") -> str:
    return f"/publication/{found.pk}/{route}"


def test_a_list_goes_its_whole_way_through_the_pages(county, clerk, head):
    clerk.post("/publication/new/")
    found = PublicationList.objects.get()
    rows = list(found.units.values_list("pk", "version"))
    seen = [f"{pk}:{version}" for pk, version in rows]
    clerk.post(at(found, "units/set/"), {**DECIDED, "mode": "", "whom": "all", "seen": seen})
    assert clerk.get(at(found, "findings/")).context["findings"] == []
    clerk.post(at(found, "submit/"), {"version": fresh(found).version})
    assert fresh(found).state == ListState.IN_REVIEW

    asked = head.get(at(found, "publish/"))
    suggested = asked.context["form"].initial
    assert suggested["objection_until"] == TODAY + timedelta(days=7)
    head.post(
        at(found, "publish/"),
        {
            "version": suggested["version"],
            "document_no": "洪政公告[2026]3号",
            "published_on": TODAY.isoformat(),
            "objection_until": suggested["objection_until"].isoformat(),
        },
    )
    assert fresh(found).document_no == "洪政公告〔2026〕3号"
    clerk.post(at(found, "report/"), {"version": fresh(found).version})
    assert fresh(found).reported_to_city_at is not None

    row = found.units.get(name="测试大矿")
    clerk.post(
        at(found, "objections/new/"),
        {
            "name": "赵示例",
            "contact": "13000000000",
            "unit": row.pk,
            "via": "letter",
            "received_on": TODAY.isoformat(),
            "text": "该矿已停产",
        },
    )
    objection = Objection.objects.get()
    assert objection.receipt in text_of(clerk.get(at(found, "objections/")))
    head.post(
        at(found, f"objections/{objection.pk}/"),
        {
            "version": objection.version,
            "decision": "upheld",
            "strike": "on",
            "answer": "经查属实，予以移出。",
        },
    )
    with time_machine.travel(LATER, tick=False):
        logged_in(county.head).post(at(found, "finalise/"), {"version": fresh(found).version})
    assert fresh(found).state == ListState.FINAL
    documents = clerk.get(at(found, "documents/")).context["attachments"]
    assert len(documents) == 4
    final = next(d for d in documents if d.stage == "final" and d.document.form == "docx")
    said = all_text(clerk.get(at(found, f"documents/{final.document_id}/")).content)
    assert "测试甲煤矿" in said
    assert "测试大矿" not in said


def test_the_page_of_a_draft_shows_its_units_and_what_is_missing(county, clerk):
    found = county.draft()
    page = text_of(clerk.get(at(found)))
    for words in ("测试甲煤矿", "测试大矿", "缺少", "提交审核", "批量设置", "驻点"):
        assert words in page
    assert "测试在建厂" in text_of(clerk.get(at(found, "left-out/")))


def test_the_draft_tells_what_stops_it_from_what_does_not(county, clerk):
    found = county.draft()
    assert "提交前须完成" in text_of(clerk.get(at(found)))
    county.complete(found)
    change_unit(None, found.units.first().unit, credit_code="")
    services.refresh(county.clerk, found.pk)
    page = text_of(clerk.get(at(found, "findings/")))
    assert "统一社会信用代码" in page
    assert "请注意" in page
    assert "提交前须完成" not in page


def test_a_unit_that_was_taken_off_is_not_counted(county, clerk):
    found = county.published()
    filed = county.objection(found, "测试大矿")
    before = clerk.get(at(found)).context["tabs"][0]["count"]
    services.answer_objection(
        county.head, filed.pk, filed.version, upheld=True, answer="属实", strike=True
    )
    page = clerk.get(at(found))
    assert page.context["tabs"][0]["count"] == before - 1
    assert "因异议移出" in text_of(page)


def test_the_history_has_chinese_punctuation(county, clerk):
    found = county.submitted()
    page = text_of(clerk.get(at(found, "history/")))
    assert "状态：<del>" in page
    assert "(提交审核)" not in page


def test_a_reader_sees_no_way_to_change(county):
    found = county.draft()
    page = text_of(logged_in(county.cast.city_clerk).get(at(found)))
    assert "测试大矿" in page
    for words in ("提交审核", "批量设置", "作废", "移出</a>"):
        assert words not in page


def test_departments_see_what_is_public_and_nothing_of_its_making(county):
    reader = logged_in(county.cast.department_clerk)
    found = county.submitted()
    assert reader.get(at(found)).status_code == 404
    published = county.published(found)
    assert reader.get(at(published)).status_code == 200
    assert reader.get(at(published, "documents/")).status_code == 200
    page = text_of(reader.get(at(published)))
    assert "变更记录" not in page
    for hidden in ("objections/", "history/"):
        assert reader.get(at(published, hidden)).status_code == 403


def test_who_objected_is_seen_by_those_who_answer_only(county, clerk):
    found = county.published()
    objection = county.objection(found)
    address = at(found, f"objections/{objection.pk}/")
    assert "13000000000" in text_of(clerk.get(address))
    for reader in (county.cast.city_clerk, county.cast.county_inspector):
        page = text_of(logged_in(reader).get(address))
        assert "该单位已停产" in page
        assert "13000000000" not in page
        assert "赵示例" not in page
    assert "13000000000" not in text_of(clerk.get(at(found, "history/")))


def test_who_may_not_answer_cannot_by_posting_either(county):
    found = county.published()
    objection = county.objection(found)
    answer = logged_in(county.cast.city_clerk).post(
        at(found, f"objections/{objection.pk}/"),
        {"version": 1, "decision": "upheld", "answer": "市里说了算"},
    )
    assert answer.status_code == 403
    objection.refresh_from_db()
    assert objection.is_open


def test_who_answers_second_is_told_who_was_first(county, clerk, head):
    found = county.published()
    objection = county.objection(found)
    address = at(found, f"objections/{objection.pk}/")
    head.post(address, {"version": 1, "decision": "rejected", "answer": "经查在产"})
    second = {"version": 1, "decision": "upheld", "answer": "属实"}
    told = text_of(clerk.post(address, second, follow=True))
    assert f"{county.head} 已答复" in told
    assert "未保存" in told
    objection.refresh_from_db()
    assert objection.answer == "经查在产"


def test_an_answer_sent_twice_is_no_conflict(county, clerk):
    found = county.published()
    objection = county.objection(found)
    address = at(found, f"objections/{objection.pk}/")
    sent = {"version": 1, "decision": "rejected", "answer": "经查在产"}
    for _ in range(2):
        answer = clerk.post(address, sent, follow=True)
        assert "异议已答复" in text_of(answer)
    assert "未保存" not in text_of(answer)
    assert Objection.objects.get(pk=objection.pk).version == objection.version + 1


def test_a_row_is_edited_in_place(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    address = at(found, f"units/{row.pk}/edit/")
    form = clerk.get(address, headers={"HX-Request": "true"})
    assert text_of(form).strip().startswith("<tr")
    saved = clerk.post(address, {**DECIDED, "version": row.version}, headers={"HX-Request": "true"})
    assert "王示例" in text_of(saved)
    assert f'value="{row.pk}:{row.version + 1}"' in text_of(saved)
    assert saved.headers["HX-Trigger"] == "publication-saved"


def test_without_a_script_the_row_has_a_page(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    address = at(found, f"units/{row.pk}/edit/")
    assert "<html" in text_of(clerk.get(address))
    answer = clerk.post(address, {**DECIDED, "version": row.version})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.supervisor_name == "王示例"


def test_a_wrong_value_stays_in_the_form_with_its_reason(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    answer = clerk.post(
        at(found, f"units/{row.pk}/edit/"),
        {**DECIDED, "duty_telephone": "打我手机", "version": row.version},
        headers={"HX-Request": "true"},
    )
    page = text_of(answer)
    assert "打我手机" in page
    assert "errors" in page
    row.refresh_from_db()
    assert row.duty_telephone == ""


def test_a_conflict_shows_the_others_work_and_takes_the_next_try(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    services.set_unit(county.head, row.pk, row.version, {"supervisor_name": "李示例"})
    address = at(found, f"units/{row.pk}/edit/")
    answer = clerk.post(
        address, {**DECIDED, "version": row.version}, headers={"HX-Request": "true"}
    )
    page = text_of(answer)
    assert "County Head" in page
    assert "李示例" in page
    row.refresh_from_db()
    assert row.supervisor_name == "李示例"
    again = clerk.post(address, {**DECIDED, "version": row.version}, headers={"HX-Request": "true"})
    assert "王示例" in text_of(again)


def test_an_edit_of_a_list_that_was_submitted_meanwhile_leads_back(county, clerk):
    found = county.complete()
    row = found.units.first()
    services.submit(county.head, found.pk, found.version)
    address = at(found, f"units/{row.pk}/edit/")
    part = clerk.post(address, {**DECIDED, "version": 1}, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == at(found)
    page = clerk.post(address, {**DECIDED, "version": 1}, follow=True)
    assert "只有草稿可以修改" in text_of(page)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"whom": "chosen", "mode": "patrol"}, "请勾选"),
        ({"whom": "all"}, "请至少填写一项"),
        ({"whom": "all", "duty_telephone": "打我手机"}, "数字"),
        ({"whom": "everybody", "mode": "patrol"}, "everybody"),
    ],
)
def test_setting_several_says_what_is_missing(county, clerk, fields, told):
    found = county.draft()
    seen = [f"{pk}:{version}" for pk, version in found.units.values_list("pk", "version")]
    answer = clerk.post(at(found, "units/set/"), {"seen": seen, **fields}, follow=True)
    assert told in " ".join(str(message) for message in answer.context["messages"])
    assert set(found.units.values_list("version", flat=True)) == {1}


def test_only_the_ticked_units_are_set(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    seen = [f"{pk}:{version}" for pk, version in found.units.values_list("pk", "version")]
    clerk.post(
        at(found, "units/set/"),
        {"seen": seen, "rows": [row.pk], "whom": "chosen", "supervisor_name": "王示例"},
    )
    named = found.units.filter(supervisor_name="王示例").values_list("name", flat=True)
    assert list(named) == ["测试大矿"]


def test_rows_of_another_list_cannot_be_slipped_in(county, clerk):
    other = services.draft_from_ledger(
        county.cast.neighbour_clerk, county.cast.neighbour_unit.region
    )
    foreign = other.units.get()
    found = county.draft()
    clerk.post(
        at(found, "units/set/"),
        {"seen": [f"{foreign.pk}:1"], "whom": "all", "supervisor_name": "王示例"},
    )
    foreign.refresh_from_db()
    assert foreign.supervisor_name == ""
    assert clerk.get(at(found, f"units/{foreign.pk}/edit/")).status_code == 404
    assert clerk.get(at(other, f"units/{foreign.pk}/edit/")).status_code == 404


def test_leaving_out_and_putting_on(county, clerk):
    found = county.draft()
    row = found.units.get(name="测试大矿")
    address = at(found, f"units/{row.pk}/leave-out/")
    refused = clerk.post(address, {"version": row.version, "reason": ""})
    assert refused.status_code == 200
    clerk.post(address, {"version": row.version, "reason": "长期停产"})
    assert "长期停产" in text_of(clerk.get(at(found, "left-out/")))
    clerk.post(
        at(found, f"left-out/{row.unit_id}/reason/"),
        {"version": 1, "reason": "证照已注销"},
    )
    assert "证照已注销" in text_of(clerk.get(at(found, "left-out/")))
    clerk.post(at(found, f"left-out/{row.unit_id}/put-on/"))
    assert found.units.filter(name="测试大矿").exists()


def test_a_unit_of_another_county_is_not_found(county, clerk):
    found = county.draft()
    foreign = county.cast.neighbour_unit.pk
    assert clerk.post(at(found, f"left-out/{foreign}/put-on/")).status_code == 404
    assert clerk.post(at(found, f"left-out/{foreign}/reason/")).status_code == 404


def test_who_drafted_is_told_that_another_publishes(county, head):
    drafted = services.draft_from_ledger(county.head, county.region)
    found = county.submitted(county.complete(drafted))
    answer = head.post(
        at(found, "publish/"),
        {
            "version": found.version,
            "document_no": NUMBER.format(1),
            "published_on": TODAY.isoformat(),
            "objection_until": (TODAY + timedelta(days=7)).isoformat(),
        },
    )
    assert "须由另一人审核发布" in text_of(answer)
    assert fresh(found).state == ListState.IN_REVIEW


def test_a_wrong_number_is_explained_at_its_field(county, head):
    found = county.submitted()
    answer = head.post(
        at(found, "publish/"),
        {
            "version": found.version,
            "document_no": "洪政公告〔2025〕3号",
            "published_on": TODAY.isoformat(),
            "objection_until": (TODAY + timedelta(days=3)).isoformat(),
        },
    )
    assert "2025" in str(answer.context["form"].errors["document_no"])
    assert "洪政公告〔2025〕3号" in text_of(answer)


def test_the_number_is_suggested_after_the_countys_last_one(county, head):
    county.final()
    found = county.submitted(county.complete())
    initial = head.get(at(found, "publish/")).context["form"].initial
    assert initial["document_no"] == "洪政公告〔2026〕号"


def test_an_incomplete_draft_cannot_be_submitted_from_its_page(county, clerk):
    found = county.draft()
    page = clerk.get(at(found, "submit/"))
    assert page.context["blocked"]
    answer = clerk.post(at(found, "submit/"), {"version": found.version})
    assert answer.context["problems"]
    assert "尚不完整" in text_of(answer)


def test_a_step_from_another_state_leads_back(county, head):
    found = county.published()
    answer = head.get(at(found, "publish/"), follow=True)
    assert answer.redirect_chain[-1][0] == at(found)
    assert "状态已改变" in text_of(answer)


def test_the_draft_is_seen_as_pdf_and_word_before_it_goes_out(county, clerk):
    found = county.complete()
    pdf = clerk.get(at(found, "preview.pdf"))
    assert pdf.content.startswith(b"%PDF")
    assert "inline" in pdf["Content-Disposition"]
    word = clerk.get(at(found, "preview.docx"))
    assert "测试大矿" in all_text(word.content)


def test_a_missing_font_is_explained(county, clerk, monkeypatch):
    from hengyuan.platform.documents import pdf

    class NoFonts:
        def families(self) -> list[str]:
            return []

    monkeypatch.setattr(pdf, "_installed", lambda _folder: NoFonts())
    found = county.complete()
    answer = clerk.get(at(found, "preview.pdf"), follow=True)
    assert "fonts-noto-cjk" in text_of(answer)


def test_the_workbook_has_every_unit_and_no_formula(county, clerk):
    change_unit(county.clerk, county.cast.unit, name='=HYPERLINK("http://x","y")')
    found = county.complete()
    answer = clerk.get(at(found, "list.xlsx"))
    book = load_workbook(BytesIO(answer.content))
    units, absent = book.worksheets
    rows = list(units.iter_rows(min_row=2))
    assert len(rows) == 3
    names = {row[2].value: row[2].data_type for row in rows}
    assert names['=HYPERLINK("http://x","y")'] == "s"
    assert [cell.value for cell in rows[2]][8] == "驻点"
    assert [cell.value for cell in next(absent.iter_rows(min_row=2))][1] == "测试在建厂"


def test_filters_and_order_of_the_units(county, clerk):
    found = county.draft()

    def shown(query: str) -> list[str]:
        return [row.name for row in clerk.get(at(found) + query).context["rows"]]

    assert shown("?search=大矿") == ["测试大矿"]
    assert shown("?mode=stationed") == ["测试大矿"]
    assert shown("?mode=none") == []
    assert shown("?sort=-name") == sorted(shown(""), reverse=True)
    assert shown("?sort=;drop") == shown("")
    assert "没有符合" in text_of(clerk.get(at(found) + "?search=无此")) or not shown("?search=无此")


def test_a_list_that_is_empty_says_so(county, clerk):
    assert "尚未起草公示名单" in text_of(clerk.get("/publication/"))
    found = county.draft()
    assert "名单发布后开始受理异议" in text_of(clerk.get(at(found, "objections/")))
    assert "名单发布时生成公示文件" in text_of(clerk.get(at(found, "documents/")))


def test_a_second_draft_is_refused_with_the_reason(county, clerk):
    county.draft()
    answer = clerk.post("/publication/new/", follow=True)
    assert "已有正在准备的名单" in text_of(answer)
    assert PublicationList.objects.count() == 1


def test_the_history_tells_who_changed_what(county, clerk):
    found = county.published()
    page = text_of(clerk.get(at(found, "history/")))
    for words in ("County Clerk", "County Head", "发布公示", "提交审核", "王示例", "测试大矿"):
        assert words in page


# the city


def test_the_city_sees_at_a_glance_who_has_published(county):
    published = county.published()
    county.objection(published)
    city = logged_in(county.cast.city_clerk)
    shown = city.get("/publication/overview/").context["overview"]
    by_code = {row.region.code: row for row in shown.counties}
    assert len(by_code) == 18
    assert (shown.published, shown.missing, shown.reported) == (1, 17, 0)
    assert (shown.units, shown.open_objections) == (3, 1)
    own = by_code["141024"]
    assert (own.unit_count, own.ledger_count, own.standing) == (3, 3, published)
    assert by_code["141023"].standing is None
    services.report(county.clerk, published.pk, fresh(published).version)
    assert city.get("/publication/overview/").context["overview"].reported == 1


def test_a_draft_stands_beside_the_list_in_public(county):
    county.final()
    drafted = county.draft()
    overview = logged_in(county.cast.city_clerk).get("/publication/overview/")
    own = next(c for c in overview.context["overview"].counties if c.region.code == "141024")
    assert own.next == drafted
    assert own.standing.state == ListState.FINAL


def test_lateness_is_measured_against_the_milestone(county):
    city = county.cast.city_clerk
    region = city.office.region
    services.set_rules(city, region, publish_by=TODAY - timedelta(days=3))
    county.published()
    with time_machine.travel(LATER, tick=False):
        page = logged_in(city).get("/publication/overview/")
        late = {c.region.code: c.days_late for c in page.context["overview"].counties}
    assert late["141024"] == 3
    assert late["141023"] == 11
    services.set_rules(city, region, publish_by=TODAY + timedelta(days=30))
    page = logged_in(city).get("/publication/overview/")
    assert {c.days_late for c in page.context["overview"].counties} == {0}


def test_the_plans_date_holds_until_the_city_sets_another(county):
    shown = logged_in(county.cast.city_clerk).get("/publication/overview/").context["overview"]
    assert shown.publish_by.isoformat() == "2024-05-15"


def test_the_map_has_a_figure_for_each_county(county):
    county.published()
    page = logged_in(county.cast.city_clerk).get("/publication/overview/")
    figures = page.context["map"].figures
    assert figures["141024"].value == 3
    assert figures["141023"].value is None
    assert len(figures) == 18


def test_the_overview_goes_to_excel(county):
    county.published()
    answer = logged_in(county.cast.city_clerk).get("/publication/overview.xlsx")
    sheet = load_workbook(BytesIO(answer.content)).active
    rows = {row[0].value: [cell.value for cell in row] for row in sheet.iter_rows(min_row=2)}
    assert len(rows) == 18
    assert rows["洪洞县"][2] == NUMBER.format(1)
    assert rows["洪洞县"][5] == 3


def test_a_citys_head_sets_the_rules_and_a_clerk_does_not(county):
    person = county.cast.city_clerk
    client = logged_in(person)
    assert client.get("/publication/rules/").status_code == 403
    person.role = Role.HEAD
    person.save()
    assert client.get("/publication/rules/").status_code == 200
    client.post(
        "/publication/rules/",
        {"publish_by": "2026-06-30", "objection_days": "10", "counting": "weekdays"},
    )
    rules = PublicationRules.objects.get()
    assert (rules.region_id, rules.objection_days, rules.counting) == ("141000", 10, "weekdays")
    assert rules.own_review is False
    assert rules.history.get().history_user == person
    wrong = client.post("/publication/rules/", {"objection_days": "0", "counting": "weekdays"})
    assert wrong.status_code == 200
    assert "objection_days" in wrong.context["form"].errors


def test_the_navigation_marks_one_entry(county):
    client = logged_in(county.cast.city_clerk)
    found = county.published()
    for address, label in (("/publication/overview/", "公示总览"), (at(found), "公示名单")):
        sections = client.get(address).context["navigation"]
        marked = [e["label"] for s in sections for e in s["entries"] if e["is_here"]]
        assert [str(entry) for entry in marked] == [label]
