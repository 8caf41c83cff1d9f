"""Pictures: whole JPEGs, the plate to be seen on them, as many wheels as axles."""

import io
from datetime import UTC, datetime
from itertools import islice

import pytest
from PIL import Image

from hengyuan.terminal.drivers.hikvision.codec import jpeg_problem
from hengyuan.world import fonts
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.pictures import (
    HEIGHT,
    WIDTH,
    Snapshot,
    photograph,
    plate_picture,
    wheel_positions,
)
from hengyuan.world.trucks import Truck, trucks

AT = datetime(2025, 6, 1, 8, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def fleet() -> list[Truck]:
    return list(islice(trucks(load_axle_records(), seed=1), 60))


@pytest.fixture(scope="module")
def snapshot(fleet: list[Truck]) -> Snapshot:
    return photograph(fleet[0], AT, "示例磅房 1号磅")


def opened(data: bytes) -> Image.Image:
    assert jpeg_problem(data) is None
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == "JPEG"
    return image


def yellow_pixels(image: Image.Image) -> int:
    return sum(
        count
        for count, (red, green, blue) in image.getcolors(maxcolors=1 << 24) or []
        if red > 210 and 150 < green < 215 and blue < 90
    )


def test_the_pictures_are_jpegs_of_a_cameras_size(snapshot: Snapshot) -> None:
    assert opened(snapshot.plate).size == (440, 140)
    assert opened(snapshot.head).size == opened(snapshot.panorama).size == (WIDTH, HEIGHT)
    for large in (snapshot.head, snapshot.panorama):
        assert 20_000 < len(large) < 100_000
    assert 4_000 < len(snapshot.plate) < 30_000


def test_the_plate_is_large_enough_to_be_read_on_every_picture(snapshot: Snapshot) -> None:
    assert yellow_pixels(opened(snapshot.plate)) > 440 * 140 * 0.5
    assert yellow_pixels(opened(snapshot.head)) > 220 * 70 * 0.4
    assert yellow_pixels(opened(snapshot.panorama)) > 176 * 56 * 0.4


def test_two_plates_look_different_and_a_blue_one_is_blue() -> None:
    first, second = plate_picture("晋LHYA01", "yellow"), plate_picture("晋LHYB01", "yellow")
    assert first.tobytes() != second.tobytes()
    red, green, blue = plate_picture("晋LHYA01", "blue").getpixel((20, 20))  # type: ignore[misc]
    assert blue > red
    assert blue > green


def test_every_axle_has_its_wheel_on_the_panorama(fleet: list[Truck]) -> None:
    for truck in fleet:
        positions = wheel_positions(truck)
        assert len(positions) == truck.axles
        assert positions == sorted(positions)
        assert positions[0] > 0
        assert positions[-1] < WIDTH
        image = opened(photograph(truck, AT, "x").panorama)
        for x in positions:
            # hubs are light, tyres dark; one hub below every axle
            assert any(min(image.getpixel((round(x), y))) > 120 for y in range(520, 558))  # type: ignore[type-var]


def test_without_a_chinese_font_the_plate_is_written_in_latin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fonts.font.cache_clear()
    monkeypatch.setattr(fonts, "chinese_font_file", lambda: None)
    try:
        assert fonts.drawable("晋L·HYA3挂") == "JINLHYA3TRL"
        image = plate_picture("晋LHYA01", "yellow")
        assert len(set(image.get_flattened_data())) > 2
    finally:
        fonts.font.cache_clear()


def test_a_font_without_chinese_characters_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not fonts._has_chinese("/nowhere/font.ttf", 0)
    found = fonts.chinese_font_file()
    if found is not None:
        assert fonts._has_chinese(*found)
