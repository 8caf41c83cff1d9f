"""The divisions come with the program and stay what the law room lists."""

import pytest

from hengyuan.law.regions import REGIONS, RegionLevel
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.regions.services import load_divisions

pytestmark = pytest.mark.django_db


def test_migrating_loads_every_listed_division():
    stored = {
        region.code: (region.name, region.level, region.parent_id, region.is_local)
        for region in Region.objects.all()
    }
    assert stored == {
        region.code: (region.name, region.level.value, region.parent, region.local)
        for region in REGIONS.values()
    }


def test_levels_are_those_of_the_law_room():
    assert set(Level.values) == {level.value for level in RegionLevel}


def test_loading_again_repairs_what_was_changed_and_adds_nothing():
    count = Region.objects.count()
    Region.objects.filter(pk="141024").update(name="?", tile_col=9)
    load_divisions(Region)
    repaired = Region.objects.get(pk="141024")
    assert (repaired.name, repaired.tile_col) == ("洪洞县", 2)
    assert Region.objects.count() == count


def test_every_county_of_the_city_has_a_tile_of_its_own():
    counties = Region.objects.counties().filter(parent="141000")
    tiles = {(county.tile_col, county.tile_row) for county in counties}
    assert len(tiles) == counties.count() == 18
    assert None not in {column for column, _ in tiles}


@pytest.mark.parametrize(
    ("west", "east"), [("141030", "141024"), ("141028", "141002"), ("141002", "141026")]
)
def test_west_is_left_of_east_in_the_cartogram(west, east):
    assert Region.objects.get(pk=west).tile_col < Region.objects.get(pk=east).tile_col


def test_within_a_city_are_its_counties_and_townships_only():
    codes = set(Region.objects.within("141000").values_list("code", flat=True))
    assert {"141000", "141024", "141071", "141024100"} <= codes
    assert all(code.startswith("1410") for code in codes)


def test_a_county_contains_its_townships_and_not_its_neighbours():
    county = Region.objects.get(pk="141024")
    assert county.contains("141024100")
    assert county.contains("141024")
    assert not county.contains("141023")
    assert not county.contains("141000")
