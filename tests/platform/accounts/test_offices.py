"""Offices are founded by those above them, changed, closed and opened again."""

import io

import pytest
from django.core.exceptions import ValidationError
from openpyxl import load_workbook

from hengyuan.platform.accounts import queries, services
from hengyuan.platform.accounts.hierarchy import LOOKED_AFTER, looked_after_by, looks_after
from hengyuan.platform.accounts.models import Office, OfficeKind
from hengyuan.platform.regions.models import Region

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("who", "kind", "status"),
    [
        ("province_head", "city", 200),
        ("province_head", "department", 200),
        ("province_head", "county", 404),
        ("city_clerk", "county", 200),
        ("city_clerk", "source_unit", 404),
        ("county_clerk", "department", 200),
        ("county_clerk", "source_unit", 200),
        ("county_clerk", "county", 404),
        ("county_inspector", "department", 403),
        ("department_clerk", "department", 403),
        ("unit_manager", "source_unit", 403),
    ],
)
def test_each_level_founds_what_lies_below_or_beside_it(cast, login, who, kind, status):
    assert login(cast.people()[who]).get(f"/offices/new/{kind}/").status_code == status


def test_a_city_founds_the_office_of_a_county_and_is_sent_to_invite_its_head(
    cast, city_head, login
):
    browser = login(city_head)
    form = browser.get("/offices/new/county/").context["form"]
    offered = set(form.fields["region"].queryset.values_list("pk", flat=True))
    assert "141033" in offered
    assert not offered & {"141024", "141023"}, "these have theirs"
    answer = browser.post("/offices/new/county/", {"region": "141033", "duty_phone": "1234"})
    assert answer.context["form"].errors, "a telephone number has five characters"
    answer = browser.post("/offices/new/county/", {"region": "141033"})
    made = Office.objects.get(region="141033")
    assert (made.kind, made.name) == (OfficeKind.COUNTY, "蒲县治超办")
    assert answer["Location"] == f"/offices/{made.pk}/invite/"
    assert made.history.get().history_user == city_head


def test_a_county_founds_a_department_and_a_units_office(cast, login):
    browser = login(cast.county_clerk)
    browser.post("/offices/new/department/", {"department": "market", "name": "测试县市场监管局"})
    made = Office.objects.get(name="测试县市场监管局")
    assert (made.region_id, made.department) == ("141024", "market")
    fresh = cast.unit.__class__.objects.create(
        code="14102451900", name="测试丙煤矿", kind="coal", region=cast.unit.region
    )
    form = browser.get("/offices/new/source_unit/").context["form"]
    assert list(form.fields["source_unit"].queryset) == [fresh], "the others have theirs"
    browser.post("/offices/new/source_unit/", {"source_unit": fresh.pk})
    assert fresh.office.name == "测试丙煤矿"


def test_a_neighbours_unit_is_not_offered_and_not_taken(cast, login):
    answer = login(cast.county_clerk).post(
        "/offices/new/source_unit/", {"source_unit": cast.neighbour_unit.pk}
    )
    assert "source_unit" in answer.context["form"].errors
    assert not Office.objects.filter(source_unit=cast.neighbour_unit).exists()


def test_a_region_has_one_office_of_a_kind_and_a_closed_one_makes_room(cast, city_head):
    county = cast.county_head.office
    fields = {"kind": OfficeKind.COUNTY, "region": county.region}
    with pytest.raises(ValidationError) as refused:
        services.create_office(city_head, name="又一个治超办", **fields)
    assert "已有治超办" in str(refused.value)
    services.close_office(city_head, county, "机构改革")
    services.create_office(city_head, name=county.name, **fields)
    with pytest.raises(ValidationError):
        services.reopen_office(city_head, county, "恢复")


def test_a_region_has_one_department_of_each(cast):
    with pytest.raises(ValidationError) as refused:
        services.create_office(
            cast.county_head,
            kind=OfficeKind.DEPARTMENT,
            region=cast.unit.region,
            department="transport",
            name="又一个交通局",
        )
    assert "已有该部门" in str(refused.value)


def test_closing_says_how_many_lose_access_and_shuts_them_out(cast, city_head, login):
    county = cast.county_head.office
    browser = login(city_head)
    assert "4 名人员" in browser.get(f"/offices/{county.pk}/close/").content.decode()
    at_work = login(cast.county_clerk)
    assert at_work.get("/units/").status_code == 200
    browser.post(f"/offices/{county.pk}/close/", {"reason": "机构改革"})
    county.refresh_from_db()
    assert not county.is_active
    assert county.history.first().history_change_reason == "机构改革"
    assert login(cast.county_clerk).get("/units/").status_code == 403
    browser.post(f"/offices/{county.pk}/reopen/", {"reason": "恢复"})
    assert login(cast.county_clerk).get("/units/").status_code == 200


def test_an_office_neither_closes_itself_nor_its_superior(cast, login):
    for who, office in (
        ("county_head", cast.county_head.office),
        ("county_head", cast.city_clerk.office),
        ("county_head", cast.neighbour_clerk.office),
    ):
        answer = login(cast.people()[who]).post(
            f"/offices/{office.pk}/close/", {"reason": "不该成功"}
        )
        assert answer.status_code in (403, 404)
        office.refresh_from_db()
        assert office.is_active


def test_a_head_changes_telephone_and_address_but_not_the_name(cast, login):
    office = cast.county_head.office
    form = login(cast.county_head).get(f"/offices/{office.pk}/edit/").context["form"]
    assert list(form.fields) == ["duty_phone", "address", "version"]
    login(cast.county_head).post(
        f"/offices/{office.pk}/edit/",
        {"name": "改名", "duty_phone": "0357-0000000", "address": "", "version": office.version},
    )
    office.refresh_from_db()
    assert (office.name, office.duty_phone) == ("测试县治超办", "0357-0000000")


def test_a_superior_office_changes_the_name(cast, city_head, login):
    office = cast.county_head.office
    login(city_head).post(
        f"/offices/{office.pk}/edit/",
        {"name": "测试县交通运输综合执法队", "version": office.version},
    )
    office.refresh_from_db()
    assert office.name == "测试县交通运输综合执法队"


def test_looking_after_reads_the_same_from_both_ends(cast):
    for office in Office.objects.all():
        below = set(looked_after_by(office))
        assert below == {other for other in Office.objects.all() if looks_after(office, other)}
    assert set(looked_after_by(cast.county_head.office)) == {
        cast.department_clerk.office,
        cast.gatekeeper.office,
        cast.other_gatekeeper.office,
    }
    assert set(looked_after_by(cast.province_head.office)) == {cast.city_clerk.office}
    assert not looked_after_by(cast.gatekeeper.office)


def test_only_control_offices_look_after_others():
    assert set(LOOKED_AFTER) == {OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY}


# the list and its tree


def test_the_tree_counts_what_lies_in_a_region_and_below(cast):
    [province] = queries.region_tree(cast.province_head)
    [city] = province.below
    counties = {branch.region.pk: branch for branch in city.below}
    assert (province.offices, province.all_offices) == (1, Office.objects.count())
    assert counties["141024"].offices == 4
    assert counties["141023"].has_control_office
    assert not counties["141033"].has_control_office


def test_a_county_sees_itself_alone_in_the_tree(cast):
    [county] = queries.region_tree(cast.county_clerk)
    assert county.region.pk == "141024"
    assert county.below == []


def test_the_list_shows_an_offices_head_and_finds_by_it(cast, login):
    page = login(cast.city_clerk).get("/offices/?search=County Head").content.decode()
    assert "测试县治超办" in page
    assert "测试邻县治超办" not in page


def test_choosing_a_region_shows_what_lies_below_it(cast, login):
    page = login(cast.city_clerk).get("/offices/?region=141024").content.decode()
    assert "测试县交通运输局" in page
    assert "测试邻县治超办" not in page.partition('id="list"')[2]


def test_offices_that_nobody_leads_are_found(cast, login):
    page = login(cast.city_clerk).get("/offices/?state=headless").content.decode()
    found = page.partition('id="list"')[2]
    assert "测试邻县治超办" in found
    assert "测试县治超办" not in found


def test_names_are_shown_to_all_and_particulars_to_heads(cast, login):
    cast.county_clerk.phone = "0357-7654321"
    cast.county_clerk.save()
    address = f"/offices/{cast.county_clerk.office.pk}/"
    for who, sees in (
        ("county_head", True),
        ("province_head", True),
        ("county_clerk", False),
        ("city_clerk", False),
        ("department_clerk", False),
    ):
        page = login(cast.people()[who]).get(address).content.decode()
        assert "County Clerk" in page, who
        assert ("0357-7654321" in page) is sees, who
        assert (f"/people/{cast.county_clerk.pk}/" in page) is sees, who


def test_the_file_has_the_rows_of_the_list_and_no_formulas(cast, login):
    office = cast.department_clerk.office
    office.name = '=HYPERLINK("http://elsewhere.example")'
    office.save()
    answer = login(cast.county_clerk).post("/offices/excel/?kind=department")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert [row[0] for row in rows] == [office.name]
    assert sheet["A4"].data_type == "s"
    assert sheet["A4"].quotePrefix


def test_regions_and_their_offices_are_watched_over_by_the_levels_above(cast, city_head):
    without = set(queries.counties_without_office(city_head).values_list("pk", flat=True))
    assert "141033" in without
    assert not without & {"141024", "141023"}
    assert not queries.counties_without_office(cast.county_head).exists()
    services.office_of_region(city_head, Region.objects.get(pk="141033"))
    assert not queries.counties_without_office(city_head).filter(pk="141033").exists()


def test_people_are_employed_and_offices_open_and_neither_is_in_production(cast, login):
    """One word for one thing: the filter says what the table's state says."""
    head = login(cast.county_head)
    for address, state in (("/people/", "在职"), ("/offices/", "正常")):
        page = head.get(address).content.decode()
        assert "在产" not in page
        assert f'<option value="active">{state}</option>' in page
