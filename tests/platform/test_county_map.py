"""Figures of counties: as tiles without a map, as an approved map with one."""

import re

import pytest
from django.template import Context, Template
from django.utils.html import strip_tags

from hengyuan.platform.county_map import CountyFigure, county_map, short_name
from hengyuan.platform.regions import services
from hengyuan.platform.regions.models import BoundaryMap, Region
from tests.platform.regions.polygons import EAST, WEST, collection, feature, square

pytestmark = pytest.mark.django_db

CITY = "141000"
ZONE = "141071"


@pytest.fixture
def approved() -> BoundaryMap:
    """A map of two counties only."""
    content = collection(feature(WEST, square(0, 0)), feature(EAST, square(0.1, 0)))
    return services.import_map(
        content, file_name="a.geojson", approval="晋S(2024)001号", source="测试院"
    )


def drawn(figures, **more):
    return county_map("今日车辆", figures, city=CITY, unit="辆", **more)


def html(shown) -> str:
    return Template("{% county_map shown %}").render(Context({"shown": shown}))


def cells(sheet):
    return {cell.code: cell for cell in sheet.cells}


def test_every_county_has_a_tile_where_the_regions_say():
    found = cells(drawn({}).tiles)
    assert len(found) == 18
    west, east = found["141030"], found["141024"]
    assert west.x < east.x
    assert found["141032"].y < found["141081"].y
    places = {(cell.x, cell.y) for cell in found.values()}
    assert len(places) == 18


def test_a_county_without_a_tile_is_drawn_below_the_others():
    Region.objects.filter(pk=ZONE).update(tile_col=None, tile_row=None)
    found = cells(drawn({}).tiles)
    assert found[ZONE].y > max(cell.y for code, cell in found.items() if code != ZONE)


def test_a_figure_is_shown_spoken_and_leads_to_its_records():
    shown = drawn({WEST: CountyFigure(1204, url="/weighing/?region=141024", note="超限 3 辆")})
    page = html(shown)
    assert 'href="/weighing/?region=141024"' in page
    assert 'aria-label="洪洞县：1,204 辆，超限 3 辆"' in page
    assert "<title>洪洞县：1,204 辆，超限 3 辆</title>" in page
    assert ">1,204<" in page


def test_nothing_no_data_and_out_of_sight_look_different():
    found = cells(drawn({WEST: CountyFigure(0), EAST: CountyFigure(None)}).tiles)
    assert (found[WEST].css, found[WEST].shown) == ("level-0", "0")
    assert (found[EAST].css, found[EAST].shown) == ("level-none", "—")
    assert found[EAST].spoken == "尧都区：无数据"
    assert (found[ZONE].css, found[ZONE].shown) == ("level-outside", "")


def test_no_data_is_hatched_and_has_its_place_in_the_legend():
    page = html(drawn({WEST: CountyFigure(None)}))
    hatch = re.search(r'<pattern id="([^"]+)"', page)
    assert hatch
    assert f'fill="url(#{hatch[1]})"' in page
    assert "无数据" in strip_tags(page)


def test_a_county_without_records_to_see_is_no_link():
    assert "<a " not in html(drawn({WEST: CountyFigure(3)}))


@pytest.mark.parametrize(
    ("values", "legend"),
    [
        ([0, 7, 100], ["0", "1–20", "21–40", "41–60", "61–80", "81–100"]),
        ([3], ["1", "2", "3"]),
        ([1985, 120], ["1–500", "501–1,000", "1,001–1,500", "1,501–2,000"]),
        ([12], ["1–5", "6–10", "11–15"]),
        ([0], ["0"]),
        ([], []),
    ],
)
def test_the_scale_has_round_steps_without_gaps(values, legend):
    codes = ["141024", "141002", "141023"]
    shown = drawn({code: CountyFigure(v) for code, v in zip(codes, values, strict=False)})
    assert [entry.label for entry in shown.legend] == legend


@pytest.mark.parametrize(("value", "level"), [(1, 1), (20, 1), (21, 2), (40, 2), (81, 5), (100, 5)])
def test_a_figure_has_the_colour_that_the_legend_says(value, level):
    shown = drawn({WEST: CountyFigure(value), EAST: CountyFigure(100)})
    assert cells(shown.tiles)[WEST].css == f"level-{level}"


def test_shares_are_told_apart_by_their_decimal():
    figures = {WEST: CountyFigure(0.0), EAST: CountyFigure(4.3)}
    shown = county_map("超限率", figures, city=CITY, unit="%", over=True, decimals=1)
    assert [entry.label for entry in shown.legend] == [
        "0.0", "0.1–1.0", "1.1–2.0", "2.1–3.0", "3.1–4.0", "4.1–5.0",
    ]  # fmt: skip
    assert cells(shown.tiles)[EAST].shown == "4.3"


@pytest.mark.parametrize(
    ("value", "shown", "css"),
    [(6.67, "6.7", "over-4"), (6.04, "6.0", "over-3"), (6.05, "6.1", "over-4")],
)
def test_a_share_is_rounded_and_has_the_colour_of_what_is_shown(value, shown, css):
    figures = {WEST: CountyFigure(value), EAST: CountyFigure(9.9)}
    cell = cells(county_map("超限率", figures, city=CITY, over=True, decimals=1).tiles)[WEST]
    assert (cell.shown, cell.css) == (shown, css)


def test_red_is_for_measures_of_overload_alone():
    plain = html(drawn({WEST: CountyFigure(5)}))
    red = html(county_map("超限", {WEST: CountyFigure(5)}, city=CITY, over=True))
    assert "over-" not in plain
    assert "over-5" in red


def test_without_a_map_there_is_no_switch_and_no_approval_number():
    page = html(drawn({WEST: CountyFigure(5)}))
    assert "data-map-switch" not in page
    assert "审图号" not in page


def test_a_map_is_shown_with_its_approval_number_and_a_switch_to_the_tiles(approved):
    shown = drawn({WEST: CountyFigure(5, url="/west/")})
    page = html(shown)
    assert "审图号：晋S（2024）001号" in page
    assert "测试院" in page
    assert page.count("data-map-switch") == 2
    assert page.count('href="/west/"') == 2
    assert cells(shown.outline)[WEST].path.startswith("M")


def test_a_county_that_the_file_lacks_stands_beside_the_map(approved):
    found = cells(drawn({ZONE: CountyFigure(9)}).outline)
    assert len(found) == 18
    assert found[ZONE].path == ""
    assert found[ZONE].y > approved.height
    assert found[ZONE].shown == "9"


def test_the_map_is_gone_when_it_is_removed(approved):
    assert services.remove_map(CITY)
    assert drawn({}).outline is None
    assert not services.remove_map(CITY)


def test_an_import_leaves_in_the_history_which_file_it_was(approved):
    services.import_map(
        collection(feature(WEST, square(0, 0))), file_name="b.geojson", approval="GS(2025)1号"
    )
    entries = BoundaryMap.history.order_by("history_id").values_list("file_name", "approval")
    assert list(entries) == [("a.geojson", "晋S（2024）001号"), ("b.geojson", "GS（2025）1号")]


def test_names_are_shortened_only_where_they_are_long():
    names = {county.code: short_name(county) for county in Region.objects.counties()}
    assert names[ZONE] == "经济开发区"
    assert names[WEST] == "洪洞县"


def test_two_of_them_on_a_page_do_not_share_their_ids(approved):
    both = [drawn({WEST: CountyFigure(None)}, slug=slug) for slug in ("one", "two")]
    ids = re.findall(r'\bid="([^"]+)"', "".join(html(shown) for shown in both))
    assert len(ids) == len(set(ids))


def test_figures_cannot_bring_in_markup():
    page = html(drawn({WEST: CountyFigure(1, url='/"><script>', note="<b>")}))
    assert "<script>" not in page
    assert "<b>" not in page
