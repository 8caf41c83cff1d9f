"""A rule pack as a document: there and back, and nothing that is none."""

import copy
import json
from datetime import date

import pytest

from hengyuan.law.limits import limit_for
from hengyuan.law.pack_documents import BadPack, read_pack, write_pack
from hengyuan.law.rule_packs import CN_2016_1, PACKS
from hengyuan.law.vehicles import Combination, Vehicle
from hengyuan.law.verdict import JudgeSettings, judge


def document():
    return copy.deepcopy(write_pack(CN_2016_1))


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.version)
def test_every_pack_survives_being_written_down(pack):
    assert read_pack(json.loads(json.dumps(write_pack(pack)))) == pack


def test_another_table_judges_from_its_day_on():
    written = document()
    written |= {"version": "sx-2027.1", "effective_from": "2027-01-01"}
    for cell in written["cells"]:
        cell["limit_kg"] -= 1_000
    packs = (*PACKS, read_pack(written))
    truck = Vehicle(4, Combination.RIGID)
    assert limit_for(truck, date(2026, 12, 31), packs).limit_kg == 31_000
    after = limit_for(truck, date(2027, 1, 1), packs)
    assert (after.limit_kg, after.rule_pack) == (30_000, "sx-2027.1")
    settings = JudgeSettings(packs=packs)
    assert judge(truck, 30_500, date(2027, 1, 1), settings).verdict == "over"
    assert judge(truck, 30_500, date(2026, 12, 31), settings).verdict == "pass"


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda d: d.pop("notes"), "notes"),
        (lambda d: d.update(extra=1), "extra"),
        (lambda d: d.update(version="CN 2016"), "version"),
        (lambda d: d.update(version="a" * 33), "version"),
        (lambda d: d.update(effective_from="soon"), "effective_from"),
        (lambda d: d.update(instrument=" "), "instrument"),
        (lambda d: d.update(cells=[]), "cells"),
        (lambda d: d["cells"][0].update(limit_kg=18), r"cells\[0\].limit_kg"),
        (lambda d: d["cells"][0].update(limit_kg=18_000.5), r"cells\[0\].limit_kg"),
        (lambda d: d["cells"][0].update(limit_kg=True), r"cells\[0\].limit_kg"),
        (lambda d: d["cells"][0].update(combination="bus"), r"cells\[0\].combination"),
        (lambda d: d["cells"][0].update(layout=[1, 2]), r"cells\[0\].layout"),
        (lambda d: d["cells"][0].update(single_drive_axle="yes"), "single_drive_axle"),
        (lambda d: d["cells"][0].update(colour="red"), r"cells\[0\].colour"),
        (lambda d: d["row_words"].pop("4"), "row_words"),
        (lambda d: d["notes"].pop("pair_of_tyres_kg"), "pair_of_tyres_kg"),
        (lambda d: d["notes"].update(air_sprung_rigid_axles=3), "air_sprung_rigid_axles"),
        (
            lambda d: d.update(cells=[c for c in d["cells"] if c["axles"] != 4]),
            "no row for 4 axles",
        ),
    ],
)
def test_what_is_no_pack_is_refused_with_its_place(change, where):
    written = document()
    change(written)
    with pytest.raises(BadPack, match=where):
        read_pack(written)


@pytest.mark.parametrize("value", [None, [], "cn-2016.1", 7, {"cells": {}}])
def test_anything_else_is_refused(value):
    with pytest.raises(BadPack):
        read_pack(value)
