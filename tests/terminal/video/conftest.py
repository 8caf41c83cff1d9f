"""Cameras with key frames every 0.4 s and segments of 0.8 s, so that nobody waits long."""

import pytest

from hengyuan.terminal.video import muxer
from tests.terminal.video.pictures import write_units


@pytest.fixture(autouse=True)
def short_segments(monkeypatch):
    monkeypatch.setattr(muxer, "SEGMENT_S", 0.8)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """320 × 240, two seconds."""
    return write_units(tmp_path_factory.mktemp("units") / "small.au", seconds=2, gop=10)


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """640 × 360, two seconds."""
    path = tmp_path_factory.mktemp("units") / "large.au"
    return write_units(path, (640, 360), seconds=2, gop=10)


@pytest.fixture(scope="session")
def hevc(tmp_path_factory):
    """320 × 240 in H.265, two seconds."""
    path = tmp_path_factory.mktemp("units") / "hevc.au"
    return write_units(path, seconds=2, gop=10, codec="hevc")
