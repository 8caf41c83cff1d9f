"""The pages of the ledger, as people of each office use them."""

import pytest
from django.test import Client

from hengyuan.law.credit_code import check_character
from hengyuan.platform.ledger.models import Gate, SourceUnit
from hengyuan.platform.ledger.services import change_unit, register_unit

pytestmark = pytest.mark.django_db

GOOD_CODE = "91141024MA0000001"
GOOD_CODE += check_character(GOOD_CODE)
DOUBTFUL_CODE = GOOD_CODE[:-1] + ("0" if GOOD_CODE[-1] != "0" else "1")


def form(**fields: str) -> dict[str, str]:
    blank = {"name": "新煤矿", "kind": "coal", "grade": "key", "state": "working"}
    return blank | {"region": "141024"} | fields


@pytest.fixture
def clerk(client: Client, cast) -> Client:
    client.force_login(cast.county_clerk)
    return client


def test_the_list_shows_the_units_of_the_county_and_no_other(clerk):
    page = clerk.get("/units/").content.decode()
    assert "测试甲煤矿" in page
    assert "测试乙煤矿" in page
    assert "测试邻县煤矿" not in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("search=甲", "测试甲煤矿", "测试乙煤矿"),
        ("search=14102451002", "测试乙煤矿", "测试甲煤矿"),
        ("kind=steel", "没有符合条件的记录", "测试甲煤矿"),
        ("grade=general", "测试甲煤矿", "没有符合条件"),
        # a county outside the scope is no choice: the filter says so by showing nothing of it
        ("region=141023", "测试甲煤矿", "测试邻县煤矿"),
    ],
)
def test_the_list_filters(clerk, query, shown, hidden):
    page = clerk.get(f"/units/?{query}").content.decode()
    assert shown in page
    assert hidden not in page


def test_filtering_by_htmx_answers_with_the_table_alone(clerk):
    part = clerk.get("/units/?search=甲", headers={"HX-Request": "true"}).content.decode()
    assert "测试甲煤矿" in part
    assert "<html" not in part


@pytest.mark.parametrize("sort", ["name", "-code", "region", "state", "-annual_throughput_t"])
def test_every_column_sorts(clerk, sort):
    assert clerk.get(f"/units/?sort={sort}").status_code == 200


def test_an_empty_county_says_that_it_is_empty(client, cast):
    SourceUnit.objects.filter(region="141023").delete()
    client.force_login(cast.neighbour_clerk)
    assert "管辖范围内尚未录入源头单位" in client.get("/units/").content.decode()


def test_a_long_ledger_has_pages(clerk, cast):
    for number in range(60):
        register_unit(None, region=cast.unit.region, name=f"示例{number}号", kind="coal")
    first = clerk.get("/units/").content.decode()
    assert "共 62 条" in first
    assert "示例59号" not in first
    assert "示例59号" in clerk.get("/units/?page=2").content.decode()


def test_a_new_unit_is_entered_with_its_code_and_its_author(clerk, cast):
    answer = clerk.post("/units/new/", form(credit_code=GOOD_CODE, cargo_codes="0100"))
    made = SourceUnit.objects.get(name="新煤矿")
    assert answer["Location"] == f"/units/{made.code}/"
    assert (made.credit_code, made.cargo_codes) == (GOOD_CODE, ["0100"])
    assert made.history.get().history_user == cast.county_clerk
    assert made.code in clerk.get(answer["Location"]).content.decode()


def test_a_county_cannot_enter_a_unit_next_door(clerk):
    answer = clerk.post("/units/new/", form(region="141023"))
    assert answer.status_code == 200
    assert not SourceUnit.objects.filter(name="新煤矿").exists()


def test_a_wrong_field_is_told_at_the_field_and_what_was_typed_stays(clerk):
    page = clerk.post("/units/new/", form(contact_phone="call me")).content.decode()
    assert "只能填写数字" in page
    assert 'value="call me"' in page


def test_a_doubtful_credit_code_is_taken_after_a_look_at_the_licence(clerk):
    page = clerk.post("/units/new/", form(credit_code=DOUBTFUL_CODE)).content.decode()
    assert "校验位不符" in page
    assert not SourceUnit.objects.filter(name="新煤矿").exists()
    clerk.post("/units/new/", form(credit_code=DOUBTFUL_CODE, accept_credit_code="on"))
    assert SourceUnit.objects.get(name="新煤矿").credit_code == DOUBTFUL_CODE


def test_an_impossible_credit_code_is_never_taken(clerk):
    clerk.post("/units/new/", form(credit_code="O" * 18, accept_credit_code="on"))
    assert not SourceUnit.objects.filter(name="新煤矿").exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "长" * 101}, "最多 100 个字符，现有 101 个。"),
        ({"name": ""}, "必填。"),
        ({"name": "甲\x00"}, "空字符"),
        ({"longitude": "999", "latitude": "36"}, "不能大于 136"),
        ({"longitude": "东", "latitude": "36"}, "请填写数字"),
        ({"township": "141023100"}, "请从所列选项中选择"),
    ],
)
def test_what_is_wrong_is_said_in_the_fields_own_words(clerk, fields, told):
    page = clerk.post("/units/new/", form(**fields)).content.decode()
    assert told in page
    assert "确保该" not in page


def test_what_is_not_chosen_yet_is_no_row_of_dashes(clerk):
    page = clerk.get("/units/new/").content.decode()
    assert "-----" not in page
    assert '<option value="" selected>选择</option>' in page


def test_a_unit_can_be_changed_and_keeps_its_county(clerk, cast):
    address = f"/units/{cast.unit.code}/edit/"
    clerk.post(address, form(name="改名煤矿", region="141023"))
    cast.unit.refresh_from_db()
    assert (cast.unit.name, cast.unit.region_id) == ("改名煤矿", "141024")


def test_a_second_writer_sees_the_first_ones_work_before_writing_over_it(clerk, cast):
    address = f"/units/{cast.unit.code}/edit/"
    read_at = clerk.get(address).context["form"]["read_at"].value()
    change_unit(cast.county_head, cast.unit, contact_name="甲联系人")
    mine = form(name="改名煤矿", contact_name="乙联系人", read_at=read_at)
    answer = clerk.post(address, mine)
    page = answer.content.decode()
    assert f"<strong>{cast.county_head}</strong>" in page
    assert "甲联系人" in page
    assert "乙联系人" in page
    cast.unit.refresh_from_db()
    assert (cast.unit.name, cast.unit.contact_name) == ("测试甲煤矿", "甲联系人")
    again = mine | {"read_at": answer.context["form"]["read_at"].value()}
    assert clerk.post(address, again).status_code == 302
    cast.unit.refresh_from_db()
    assert (cast.unit.name, cast.unit.contact_name) == ("改名煤矿", "乙联系人")


@pytest.mark.parametrize("made_up", ["yesterday", "2026-01-01T00:00:00", "9999-99-99"])
def test_a_made_up_reading_is_no_reading(clerk, cast, made_up):
    address = f"/units/{cast.unit.code}/edit/"
    assert clerk.post(address, form(name="改名煤矿", read_at=made_up)).status_code == 200
    cast.unit.refresh_from_db()
    assert cast.unit.name == "测试甲煤矿"


def test_gates_and_lanes_are_added_on_their_pages(clerk, cast):
    clerk.post(f"/units/{cast.unit.code}/gates/new/", {"name": "南门", "direction": "both"})
    gate = Gate.objects.get(unit=cast.unit)
    clerk.post(
        f"/units/{cast.unit.code}/gates/{gate.number}/lanes/new/",
        {"name": "出场道", "direction": "out"},
    )
    page = clerk.get(f"/units/{cast.unit.code}/").content.decode()
    assert "南门" in page
    assert "出场道" in page


def test_names_are_shown_as_text_whatever_they_contain(clerk, cast):
    SourceUnit.objects.filter(pk=cast.unit.pk).update(name="<script>alert(1)</script>")
    for address in ("/units/", f"/units/{cast.unit.code}/", f"/units/{cast.unit.code}/edit/"):
        page = clerk.get(address).content.decode()
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_unit_that_looks_like_another_is_entered_after_a_look_at_it(clerk, cast):
    page = clerk.post("/units/new/", form(name="测试甲煤矿")).content.decode()
    assert "台账中有相似的单位" in page
    assert cast.unit.code in page
    assert SourceUnit.objects.filter(name="测试甲煤矿").count() == 1
    clerk.post("/units/new/", form(name="测试甲煤矿", accept_similar="on"))
    assert SourceUnit.objects.filter(name="测试甲煤矿").count() == 2


def test_without_a_grade_it_follows_from_the_yearly_tonnage(clerk):
    clerk.post("/units/new/", form(grade="", annual_throughput_t="120000"))
    assert SourceUnit.objects.get(name="新煤矿").grade == "next"


def test_a_position_outside_of_the_county_is_told_and_swapped_figures_are_refused(clerk):
    far = clerk.post("/units/new/", form(longitude="112.9", latitude="36.25"), follow=True)
    assert "位置不在洪洞县范围内" in far.content.decode()
    swapped = clerk.post("/units/new/", form(name="又一煤矿", longitude="36.25", latitude="111.6"))
    assert swapped.status_code == 200
    assert not SourceUnit.objects.filter(name="又一煤矿").exists()


def test_ticked_units_are_changed_together_and_those_next_door_are_not(clerk, cast):
    codes = [cast.unit.code, cast.neighbour_unit.code]
    clerk.post("/units/change/", {"unit": codes, "change": "mode-patrol"})
    modes = dict(SourceUnit.objects.values_list("code", "supervision_mode"))
    assert (modes[cast.unit.code], modes[cast.neighbour_unit.code]) == ("patrol", "")


def test_the_export_holds_what_the_filter_shows_and_is_noted(clerk, cast):
    from hengyuan.platform.accounts.models import AccessEntry
    from tests.platform.ledger.books import opened

    answer = clerk.post("/units/export/?search=乙")
    names = [row[1].value for row in opened(answer.content)["源头单位"].iter_rows(min_row=2)]
    assert names == ["测试乙煤矿"]
    assert AccessEntry.objects.filter(kind="export", person=cast.county_clerk).exists()


def test_choosing_a_county_brings_its_townships(client, cast):
    client.force_login(cast.city_clerk)
    part = client.get("/units/?region=141024", headers={"HX-Request": "true"}).content.decode()
    assert 'hx-swap-oob="true"' in part
    assert "大槐树镇" in part
    assert "大槐树镇" not in client.get("/units/").content.decode()


def test_a_unit_is_closed_and_re_opened_on_its_page(clerk, cast):
    address = f"/units/{cast.unit.code}"
    clerk.post(f"{address}/close/", {"on": "2026-03-01", "reason": "资源枯竭"})
    assert "已于 2026-03-01 关闭：资源枯竭" in clerk.get(f"{address}/").content.decode()
    clerk.post(f"{address}/reopen/", {"state": "working", "reason": "复工"})
    cast.unit.refresh_from_db()
    assert cast.unit.state == "working"


def test_a_unit_is_not_closed_tomorrow(clerk, cast):
    answer = clerk.post(f"/units/{cast.unit.code}/close/", {"on": "2199-01-01", "reason": "x"})
    assert "日期不能晚于今天" in answer.content.decode()
    cast.unit.refresh_from_db()
    assert cast.unit.state == "working"


def test_two_entries_are_merged_on_their_page(clerk, cast):
    address = f"/units/duplicates/{cast.unit.code}/{cast.other_unit.code}/merge/"
    clerk.post(address, {"kept": cast.other_unit.code, "on": "2026-03-01", "reason": "重复录入"})
    cast.unit.refresh_from_db()
    assert (cast.unit.state, cast.unit.merged_into) == ("closed", cast.other_unit)
    page = clerk.get(f"/units/{cast.other_unit.code}/").content.decode()
    assert cast.unit.code in page
