"""What the pages load is there, made from the packages that the lock file names."""

import re
import xml.etree.ElementTree as ET

import pytest

from scripts import assets
from scripts.build import main as build


@pytest.fixture(scope="module", autouse=True)
def built():
    build()


def test_building_again_writes_nothing(capsys):
    build()
    assert capsys.readouterr().out == ""


def test_every_icon_that_is_used_is_in_the_sprite():
    sprite = ET.parse(assets.VENDOR / "icons.svg").getroot()
    names = {symbol.get("id") for symbol in sprite}
    assert names == set(assets.used_icons())
    assert "building-factory-2" in names
    assert all(len(symbol) for symbol in sprite)


def test_an_icon_that_does_not_exist_stops_the_build():
    with pytest.raises(SystemExit, match="no-such-icon-here"):
        assets._sprite(["no-such-icon-here"])


def test_nothing_is_loaded_from_elsewhere():
    address = re.compile(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""")
    for path in assets.PLATFORM.rglob("templates/**/*.html"):
        assert not address.search(path.read_text(encoding="utf-8")), path
    for path in [*assets.VENDOR.rglob("*.css"), *assets.PLATFORM.rglob("static/hengyuan/*.css")]:
        text = path.read_text(encoding="utf-8")
        assert "@import" not in text, path
        assert not re.search(r"url\([\"']?(?:https?:)?//", text), path


def test_no_source_map_is_asked_for():
    vendors = (assets.VENDOR, assets.TERMINAL_VENDOR)
    shipped = [path for vendor in vendors for path in vendor.rglob("*.[cj]s*")]
    assert {path.name for path in shipped} > {"tabler.min.css", "hls.light.min.js"}
    for path in shipped:
        if path.suffix == ".gz":
            continue
        assert "sourceMappingURL" not in path.read_text(encoding="utf-8"), path


def test_every_file_of_a_template_exists():
    named = re.compile(r"""\{%\s*static\s+["']([^"'{}]+)["']""")
    for path in assets.PLATFORM.rglob("templates/**/*.html"):
        for name in named.findall(path.read_text(encoding="utf-8")):
            homes = [assets.PLATFORM / "static", *assets.PLATFORM.glob("*/static")]
            assert any((home / name).exists() for home in homes), f"{path}: {name}"


def test_packages_are_pinned():
    found = assets.packages()
    assert {"@tabler/core", "@tabler/icons", "htmx.org", "htmx-ext-sse", "echarts"} <= set(found)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in found.values())
