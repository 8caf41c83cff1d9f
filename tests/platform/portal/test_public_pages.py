"""What anybody reads: what is published, and nothing that is not."""

import re

import pytest
from django.urls import reverse

from hengyuan.platform.publication.models import ListState, PublicationList
from tests.platform.publication.county import fresh

READ = ["portal:home", "portal:units", "portal:documents"]
ALL = [*READ, "portal:report_form", "portal:status", "portal:verify"]
SECRET = [ListState.DRAFT, ListState.IN_REVIEW, ListState.WITHDRAWN]


def text_of(answer) -> str:
    return answer.content.decode()


def unit_page(unit) -> str:
    return reverse("portal:unit", args=[unit.code])


def document_page(found: PublicationList, document_pk: int) -> str:
    return reverse("portal:document", args=[found.pk, document_pk])


@pytest.mark.parametrize("name", ALL)
def test_a_page_needs_no_login_and_no_session(visitor, name):
    answer = visitor.get(reverse(name))
    assert answer.status_code == 200
    assert "hengyuan_session" not in answer.cookies


@pytest.mark.parametrize("name", ALL)
def test_a_page_runs_no_script_and_says_whose_it_is(visitor, cast, name):
    answer = visitor.get(reverse(name))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in text_of(answer)
    assert "测试市治超办" in text_of(answer)


@pytest.mark.parametrize("name", ALL)
def test_search_engines_keep_no_copy_and_see_lists_alone(visitor, name):
    answer = visitor.get(reverse(name))
    if name in READ:
        assert '<meta name="robots" content="index, noarchive">' in text_of(answer)
        assert answer.headers["X-Robots-Tag"] == "noarchive"
        assert answer.headers["Cache-Control"] == "private, no-cache"
    else:
        assert '<meta name="robots" content="noindex, nofollow">' in text_of(answer)
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_login_page_leads_to_the_portal(visitor):
    assert f'href="{reverse("portal:home")}"' in text_of(visitor.get(reverse("accounts:login")))


def test_robots_are_told_to_leave_tickets_and_reports_alone(visitor):
    lines = text_of(visitor.get("/robots.txt")).splitlines()
    assert "Disallow: /" in lines
    assert [line for line in lines if line.startswith("Allow: ")] == [
        "Allow: /public/$",
        "Allow: /public/units/",
        "Allow: /public/documents/",
    ]


def test_nothing_published_is_said_in_words(visitor, cast):
    for name in READ:
        assert "目前还没有县（市、区）发布公示名单。" in text_of(visitor.get(reverse(name)))


def test_a_published_unit_is_shown_with_mode_and_supervisor(visitor, county):
    county.published()
    listed = text_of(visitor.get(reverse("portal:units")))
    for shown in (
        "测试甲煤矿",
        "测试乙煤矿",
        "巡查",
        "王示例",
        "洪政公告〔2026〕1号",
        "2026-05-08",
    ):
        assert shown in listed
    page = text_of(visitor.get(unit_page(county.cast.unit)))
    for shown in ("测试甲煤矿", "某村", "煤炭", "巡查", "王示例", "测试县交通运输局"):
        assert shown in page


def test_of_a_unit_only_what_its_list_says_is_shown(visitor, county):
    from hengyuan.platform.ledger.services import change_unit

    change_unit(
        None,
        county.cast.unit,
        legal_person="孙法人",
        contact_name="周联系",
        contact_phone="13911112222",
        longitude="111.672300",
        latitude="36.253400",
        annual_throughput_t=654321,
    )
    county.published()
    change_unit(None, county.cast.unit, name="改了名的煤矿", address="改了的地址")
    page = text_of(visitor.get(unit_page(county.cast.unit)))
    listed = text_of(visitor.get(reverse("portal:units")))
    for hidden in ("孙法人", "周联系", "13911112222", "111.67", "654", "改了名", "改了的地址"):
        assert hidden not in page
        assert hidden not in listed


@pytest.mark.parametrize("state", SECRET)
def test_a_list_that_is_not_public_cannot_be_reached(visitor, county, state):
    found = county.in_state(state)
    for name in READ:
        page = text_of(visitor.get(reverse(name)))
        assert "测试甲煤矿" not in page
        assert found.title not in page
    assert visitor.get(unit_page(county.cast.unit)).status_code == 404
    assert visitor.get(reverse("portal:objection", args=[found.pk])).status_code == 404
    for attachment in found.attachments.all():
        assert visitor.get(document_page(found, attachment.document_id)).status_code == 404
    report = text_of(visitor.get(reverse("portal:report_form"), {"unit": county.cast.unit.code}))
    assert "测试甲煤矿" not in report


def test_a_draft_beside_a_published_list_stays_unseen(visitor, county):
    county.published()
    drafted = county.complete()
    county.unit("测试新增矿")
    from hengyuan.platform.publication import services

    services.refresh(county.clerk, drafted.pk)
    for name in READ:
        assert "测试新增矿" not in text_of(visitor.get(reverse(name)))
    assert visitor.get(reverse("portal:objection", args=[drafted.pk])).status_code == 404


def test_logged_in_people_see_on_public_pages_what_everybody_sees(client, cast, county):
    county.submitted()
    client.force_login(cast.county_head)
    for name in READ:
        assert "测试甲煤矿" not in text_of(client.get(reverse(name)))


def test_a_superseded_list_is_history_and_its_units_are_counted_once(visitor, county):
    first = county.superseded()
    home = visitor.get(reverse("portal:home")).context["summary"]
    assert (home.units, home.counties) == (2, 1)
    documents = text_of(visitor.get(reverse("portal:documents")))
    assert first.document_no in documents
    assert "已被新名单替代" in documents
    assert first.document_no not in text_of(visitor.get(unit_page(county.cast.unit)))


def test_a_unit_taken_off_after_an_objection_is_gone(visitor, county):
    from hengyuan.platform.publication import services

    found = county.published()
    objection = county.objection(found, "测试乙煤矿")
    services.answer_objection(
        county.head, objection.pk, objection.version, upheld=True, answer="属实", strike=True
    )
    assert "测试乙煤矿" not in text_of(visitor.get(reverse("portal:units")))
    assert visitor.get(unit_page(county.cast.other_unit)).status_code == 404
    assert visitor.get(unit_page(county.cast.unit)).status_code == 200


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
        ({"search": "甲"}, {"测试甲煤矿"}),
        ({"search": "石料厂旁"}, {"测试石料厂"}),
        ({"kind": "sand-stone"}, {"测试石料厂"}),
        ({"mode": "patrol"}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
        ({"mode": "stationed"}, set()),
        ({"county": "141024"}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
        ({"county": "141023"}, set()),
        ({"county": "110101", "search": "甲"}, {"测试甲煤矿"}),
        ({"mode": "none of these", "page": "-1"}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
        ({"page": "99999999999999999999"}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
        ({"search": "%"}, set()),
        ({"search": "x" * 5000}, {"测试甲煤矿", "测试乙煤矿", "测试石料厂"}),
    ],
    ids=str,
)
def test_units_are_searched_by_name_county_kind_and_mode(visitor, county, asked, found):
    county.unit("测试石料厂", kind="sand-stone")
    county.published()
    page = visitor.get(reverse("portal:units"), asked)
    assert {unit.name for unit in page.context["page"]} == found
    assert ("没有符合条件的公示单位。" in text_of(page)) == (not found)


def test_units_come_in_pages(visitor, county):
    from hengyuan.platform.portal.views import UNITS_A_PAGE

    for number in range(UNITS_A_PAGE):
        county.unit(f"测试{number:02d}号矿")
    county.published()
    first = visitor.get(reverse("portal:units"), {"county": "141024"})
    assert len(first.context["page"]) == UNITS_A_PAGE
    link = re.search(r'rel="next" href="([^"]+)"', text_of(first))
    assert link
    second = visitor.get(reverse("portal:units") + link[1].replace("&amp;", "&"))
    names = {unit.name for page in (first, second) for unit in page.context["page"]}
    assert len(names) == UNITS_A_PAGE + 2


def test_the_map_shows_each_county_that_has_published(visitor, county):
    county.published()
    page = text_of(visitor.get(reverse("portal:home")))
    assert f'href="{reverse("portal:units")}?county=141024"' in page
    assert "?county=141023" not in page


def test_a_document_is_handed_out_as_it_was_issued(visitor, county):
    from hengyuan.record.suites import SM2_SM3

    found = county.published()
    page = text_of(visitor.get(reverse("portal:documents")))
    for attachment in found.attachments.select_related("document"):
        answer = visitor.get(document_page(found, attachment.document_id))
        assert SM2_SM3.digest(answer.content).hex() == attachment.document.digest
        assert attachment.document.digest in page
        assert answer.headers["Content-Type"] == attachment.document.media_type
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        again = visitor.get(
            document_page(found, attachment.document_id),
            headers={"if-none-match": answer.headers["ETag"]},
        )
        assert (again.status_code, again.content) == (304, b"")


def test_a_withdrawn_document_is_gone_even_for_who_has_it_in_the_browser(visitor, county):
    from hengyuan.platform.publication import services

    found = county.published()
    address = document_page(found, found.attachments.first().document_id)
    tag = visitor.get(address).headers["ETag"]
    services.withdraw(county.head, found.pk, fresh(found).version, "内容有误")
    assert visitor.get(address, headers={"if-none-match": tag}).status_code == 404


def test_a_document_that_was_altered_is_not_handed_out(visitor, county):
    from hengyuan.platform.documents.models import IssuedDocument

    found = county.published()
    pk = found.attachments.first().document_id
    IssuedDocument.objects.filter(pk=pk).update(content=b"%PDF altered")
    answer = visitor.get(document_page(found, pk))
    assert answer.status_code == 500
    assert b"%PDF" not in answer.content
    assert "摘要不一致" in text_of(answer)


def test_a_document_of_another_list_is_not_found_under_this_one(visitor, county):
    first = county.superseded()
    other = PublicationList.objects.exclude(pk=first.pk).get(state=ListState.FINAL)
    assert (
        visitor.get(document_page(first, other.attachments.first().document_id)).status_code == 404
    )


def test_what_is_not_there_is_told_in_the_portal_s_own_frame(visitor, cast):
    answer = visitor.get(reverse("portal:unit", args=["14102451999"]))
    assert answer.status_code == 404
    assert "没有公示这项内容" in text_of(answer)
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("name", READ)
def test_pages_to_read_are_not_written_to(visitor, name, method):
    assert getattr(visitor, method)(reverse(name)).status_code == 405


def test_in_english_too(visitor, county):
    county.published()
    visitor.cookies["hengyuan_language"] = "en"
    page = text_of(visitor.get(reverse("portal:units")))
    assert "Published units" in page
    assert "Patrol" in page


class TestWhosePortalItIs:
    """The office in the header: the nearest one above all county offices."""

    def name(self, visitor) -> str:
        return visitor.get(reverse("portal:status")).context["authority"].name

    def test_the_city_s_where_several_counties_take_part(self, visitor, cast):
        assert self.name(visitor) == "测试市治超办"

    def test_the_county_s_where_it_is_alone(self, visitor, cast):
        cast.neighbour_clerk.office.is_active = False
        cast.neighbour_clerk.office.save()
        assert self.name(visitor) == "测试县治超办"

    def test_that_of_the_setting(self, visitor, cast, settings):
        settings.PORTAL_REGION = "140000"
        assert self.name(visitor) == "测试省治超办"
        assert visitor.get(reverse("portal:home")).context["map"] is None

    def test_nobody_s_before_there_is_an_office(self, visitor, db):
        assert self.name(visitor) == ""
        assert visitor.get(reverse("portal:home")).status_code == 200
