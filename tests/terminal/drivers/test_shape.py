"""A driver is a folder of a certain shape; a folder without it is refused, with the reason."""

import shutil
from pathlib import Path

import pytest

from hengyuan.terminal.drivers.catalogue import FOLDER, catalogue, folders
from hengyuan.terminal.drivers.shape import FILES, problems

HERE = Path(__file__).parent


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_driver_folder_has_its_shape(folder: Path) -> None:
    assert problems(folder, HERE) == []


def test_drivers_are_found_by_looking() -> None:
    found = {path.parent.name for path in FOLDER.glob("*/manifest.toml")}
    assert set(catalogue()) == found
    assert {"f1", "f4", "wanji", "hikvision", "onbon", "html"} <= found


def test_what_a_removed_driver_left_behind_is_no_driver(tmp_path: Path) -> None:
    (tmp_path / "gone" / "__pycache__").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "codec.py").touch()
    (tmp_path / "_draft").mkdir()
    assert [folder.name for folder in folders(tmp_path)] == ["there"]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A sound driver folder to break."""
    return Path(shutil.copytree(FOLDER / "f1", tmp_path / "f1"))


@pytest.mark.parametrize("name", FILES)
def test_a_folder_that_lacks_a_file_is_refused(copy: Path, name: str) -> None:
    (copy / name).unlink()
    assert problems(copy) == [f"{name} is missing"]


def broken(copy: Path, file: str, old: str, new: str) -> list[str]:
    path = copy / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return problems(copy)


def test_a_manifest_that_cannot_be_read_is_refused(copy: Path) -> None:
    (said,) = broken(copy, "manifest.toml", 'kind = "scale"', 'kind = "oven"')
    assert "Invalid enum value 'oven'" in said


def test_a_manifest_that_names_another_driver_is_refused(copy: Path) -> None:
    (said,) = broken(copy, "manifest.toml", 'name = "f1"', 'name = "f2"')
    assert "'f2'" in said


def test_a_driver_of_another_kind_is_refused(copy: Path) -> None:
    (said,) = broken(copy, "manifest.toml", 'kind = "scale"', 'kind = "camera"')
    assert said == "driver.py: has no Driver made from CameraDriver"


def test_a_driver_without_frames_is_refused(copy: Path) -> None:
    (copy / "frames.json").write_text("[]")
    assert problems(copy) == ["frames.json: records no frame"]


def test_a_driver_that_claims_captured_frames_must_have_one(copy: Path) -> None:
    (said,) = broken(copy, "frames.json", '"captured"', '"derived"')
    assert said == "frames.json: maturity is captured, but no frame is"


def test_a_codec_that_does_io_is_refused(copy: Path) -> None:
    (said,) = broken(copy, "codec.py", "from functools", "import socket\nfrom functools")
    assert said == "codec.py: imports socket; codecs do no I/O"


def test_a_driver_without_tests_is_refused(copy: Path, tmp_path: Path) -> None:
    assert problems(copy, tmp_path / "tests") == ["no tests in tests/f1/"]
