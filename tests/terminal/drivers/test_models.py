"""The table of indicators agrees with the drivers, and what it says to set can be set."""

import pytest

from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.models import Model, find, models, sources
from hengyuan.terminal.drivers.recorded import load_frames
from hengyuan.terminal.drivers.settings import ScaleSettings
from tests.terminal.drivers.at_hand import tcp

SCALES = {name: entry for name, entry in catalogue().items() if entry.manifest.kind == "scale"}


@pytest.mark.parametrize("family", SCALES)
def test_a_driver_and_the_table_name_the_same_indicators(family: str) -> None:
    listed = {model.name for model in models() if model.family == family}
    assert listed == set(SCALES[family].manifest.models)


def test_no_indicator_stands_there_twice_or_under_no_driver() -> None:
    names = [model.name for model in models()]
    assert len(names) == len(set(names))
    assert {model.family for model in models()} == set(SCALES)


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_every_row_can_be_configured_and_says_how_it_is_known(model: Model) -> None:
    table = {"driver": model.family, "name": "s", "transport": tcp(), **model.settings}
    assert isinstance(load_settings(table), ScaleSettings)
    assert sources()[model.source].en and sources()[model.source].zh


def test_every_source_is_used() -> None:
    assert {model.source for model in models()} == set(sources())


@pytest.mark.parametrize("name", ["Rinstrum R320", "Cardinal (SMA)", "MCGS"])
def test_a_description_in_the_table_is_one_that_recordings_were_read_with(name: str) -> None:
    (model,) = find(name)
    recorded = [frame.settings["frame"] for frame in load_frames(catalogue()[model.family].folder)]
    assert model.settings["frame"] in recorded


@pytest.mark.parametrize(
    ("written", "families"),
    [
        ("xk3190a12", {"f3"}),
        ("XK3190-A9", {"f1"}),
        ("d2008f", {"f1", "f2"}),
        ("ds822", {"f7"}),
        ("nothing such", set()),
        ("  ", set()),
    ],
)
def test_an_indicator_is_found_however_it_is_written(written: str, families: set[str]) -> None:
    assert {model.family for model in find(written)} == families
