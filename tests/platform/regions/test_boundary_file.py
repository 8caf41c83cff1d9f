"""A boundary file is taken as a whole or refused with a line for each fault."""

import json

import pytest

from hengyuan.law.regions import REGIONS, RegionLevel
from hengyuan.platform.regions import boundary_file
from hengyuan.platform.regions.boundary_file import BoundaryFileWrong, read
from tests.platform.regions.polygons import (
    EAST,
    NORTH,
    WEST,
    collection,
    feature,
    neighbours,
    square,
)

COUNTIES = {code for code, region in REGIONS.items() if region.level == RegionLevel.COUNTY}


def problems(content: bytes, **more: str) -> str:
    with pytest.raises(BoundaryFileWrong) as refused:
        read(content, COUNTIES, **more)
    return "\n".join(refused.value.problems)


def test_every_county_is_read_with_its_rings():
    found = read(neighbours(), COUNTIES)
    assert set(found.rings) == {WEST, EAST, NORTH}
    assert found.rings[WEST] == (
        ((1110000000, 360000000), (1111000000, 360000000),
         (1111000000, 361000000), (1110000000, 361000000)),
    )  # fmt: skip
    assert found.positions == 4 + 4 + 5


def test_several_parts_and_holes_are_kept():
    hole = square(0.04, 0.04, 0.02)
    parts = feature(WEST)
    parts["geometry"] = {
        "type": "MultiPolygon",
        "coordinates": [[square(0, 0), hole], [square(0.3, 0)]],
    }
    assert len(read(collection(parts), COUNTIES).rings[WEST]) == 3


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("adcode", "141024"),
        ("adcode", 141024),
        ("gb", "156141024"),
        ("PAC", 141024),
        ("XZQDM", "141024000000"),
        ("code", "141024000"),
    ],
)
def test_a_code_is_found_as_makers_of_maps_write_it(name, code):
    assert set(read(collection(feature(code, square(0, 0), name=name)), COUNTIES).rings) == {WEST}


def test_another_property_can_be_named():
    content = collection(feature("141024", square(0, 0), name="区划"))
    assert "区划" not in problems(content)
    assert set(read(content, COUNTIES, "区划").rings) == {WEST}


@pytest.mark.parametrize("code", ["141099", "141000", "14102", "x", None, 141024.0, ["141024"]])
def test_a_code_that_is_no_county_is_named_with_its_feature(code):
    content = collection(feature(WEST, square(0, 0)), feature(code, square(0.1, 0)))
    assert "第 2 个要素" in problems(content)


def test_a_county_that_comes_twice_is_refused():
    content = collection(feature(WEST, square(0, 0)), feature(WEST, square(0.1, 0)))
    assert "141024 出现两次" in problems(content)


def test_an_open_ring_is_named():
    said = problems(collection(feature(WEST, square(0, 0), square(0.02, 0.02, 0.01)[:-1])))
    assert "第 1 个要素" in said
    assert "第 2 条边界线" in said
    assert "没有闭合" in said


@pytest.mark.parametrize(
    "ring",
    [
        [[111, 36], [111.1, 36], [111, 36]],
        [[111, 36], [111.1, 36], [111.2, 36], [111, 36]],
        [[111, 36]] * 5,
    ],
)
def test_a_ring_without_area_is_refused(ring):
    assert "第 1 条边界线" in problems(collection(feature(WEST, ring)))


@pytest.mark.parametrize(
    ("ring", "word"),
    [
        ([[y, x] for x, y in square(0, 0)], "纬度写在了经度前面"),
        ([[x * 1000, y * 1000] for x, y in square(0, 0)], "不在中国范围内"),
        ([[37, 36], [38, 36], [38, 37], [37, 36]], "不在中国范围内"),
        ([["111", 36], *square(0, 0)[1:]], "不是一对数字"),
        ([[111], *square(0, 0)[1:]], "不是一对数字"),
        ([[True, 36], *square(0, 0)[1:]], "不是一对数字"),
    ],
)
def test_what_is_no_longitude_and_latitude_is_said_with_the_remedy(ring, word):
    assert word in problems(collection(feature(WEST, ring)))


@pytest.mark.parametrize(
    "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4490", "urn:ogc:def:crs:EPSG::4326"]
)
def test_degrees_under_any_of_their_names_are_taken(name):
    crs = {"type": "name", "properties": {"name": name}}
    assert read(collection(feature(WEST, square(0, 0)), crs=crs), COUNTIES).rings


def test_a_projected_file_is_refused_by_its_reference_system():
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4547"}}
    assert "EPSG::4547" in problems(collection(feature(WEST, square(0, 0)), crs=crs))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe{}",
        b"[]",
        b"{}",
        b'{"type": "Topology"}',
        b'{"type": "FeatureCollection", "features": []}',
        b'{"type": "FeatureCollection", "features": [1]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature"}]}',
        b'{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": []}]}',
        b"[" * 100_000,
        collection(feature(WEST)),
        collection(feature(WEST, geometry={"type": "Point", "coordinates": [111, 36]})),
        collection(feature(WEST, geometry={"type": "Polygon", "coordinates": {}})),
        collection(feature(WEST, geometry={"type": "MultiPolygon", "coordinates": []})),
        collection(feature(WEST, geometry={"type": "MultiPolygon", "coordinates": [1]})),
        collection(feature(WEST, square(0, 0))).replace(b"111.0", b"NaN"),
        collection(feature(WEST, square(0, 0))).replace(b"111.0", b"1e999"),
    ],
)
def test_rubbish_is_refused_in_words(content):
    assert problems(content)


def test_counties_of_two_cities_are_two_maps():
    known = COUNTIES | {"141181"}
    with pytest.raises(BoundaryFileWrong, match="几个市"):
        read(collection(feature(WEST, square(0, 0)), feature("141181", square(0.1, 0))), known)


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr(boundary_file, "MAX_BYTES", 1_000_000)
    assert "超过 1 MB" in problems(b" " * 2_000_000)


def test_a_file_of_too_many_points_is_refused(monkeypatch):
    monkeypatch.setattr(boundary_file, "MAX_POSITIONS", 10)
    assert "超过 10 个点" in problems(neighbours())


def test_the_list_of_faults_ends_somewhere():
    content = collection(*(feature("x", square(0, 0)) for _ in range(100)))
    lines = problems(content).split("\n")
    assert len(lines) == boundary_file.MAX_PROBLEMS + 1
    assert json.loads(content)["features"]
