"""The verdict at the gate, the record of it, and what the driver reads."""

from datetime import UTC, datetime

import pytest

from hengyuan.law.limits import RULE_PACK
from hengyuan.law.vehicles import Combination
from hengyuan.law.verdict import JudgeSettings
from hengyuan.record.canonical import write_line
from hengyuan.record.model import FileRef
from hengyuan.terminal.judging import Finding, VehicleFacts, facts_of, find
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.recording import (
    MAX_FILES,
    files_of,
    finding_of,
    flags_of,
    make_record,
    plate_text,
)
from hengyuan.terminal.lane.sightings import AxlesSeen, PlateSeen, Sighting, StoredFile
from hengyuan.terminal.messages import Messages, tonnes
from hengyuan.terminal.words import translations

AT_MS = round(datetime(2026, 5, 4, 8, tzinfo=UTC).timestamp() * 1000)
RIGID = AxlesSeen(axles=3, layout=(1, 2), group_kg=(7_000, 18_000), spacings_mm=(3900, 1350))
TRAIN = AxlesSeen(
    axles=6,
    layout=(1, 2, 3),
    group_kg=(7_000, 18_000, 24_000),
    group_codes=(1, 5, 7),
    spacings_mm=(3300, 1350, 6500, 1310, 1310),
)


def found(seen, gross_kg, settings=None, **more):
    facts = facts_of(seen, gross_kg, 25, **more)
    return find(facts, gross_kg, AT_MS, settings or JudgeSettings())


def test_a_truck_over_its_limit_is_over_by_the_difference():
    finding = found(RIGID, 31_500)
    assert (finding.verdict, finding.limit_kg, finding.overload_kg) == ("over", 25_000, 6_500)
    assert finding.overload_rate == "26.00"
    assert finding.rule_pack == RULE_PACK
    assert "三轴载货汽车" in finding.clause


def test_a_single_kilogram_is_over_and_a_granted_tolerance_is_not():
    assert found(RIGID, 25_000).verdict == "pass"
    assert found(RIGID, 25_001).verdict == "over"
    granted = JudgeSettings(tolerance_kg=500, tolerance_basis="示例文件〔2026〕1号")
    assert found(RIGID, 25_500, granted).verdict == "pass"
    assert found(RIGID, 25_501, granted).verdict == "over"


def test_what_the_axles_do_not_tell_lowers_the_limit_and_is_said():
    finding = found(AxlesSeen(axles=4), 33_000)
    assert (finding.verdict, finding.limit_kg, finding.assumed) == ("over", 31_000, True)
    assert found(TRAIN, 48_000).limit_kg == 46_000


@pytest.mark.parametrize("axles", [0, 1, 17, 30])
def test_a_count_that_no_record_can_hold_is_no_count(axles):
    facts = facts_of(AxlesSeen(axles=axles), 20_000, 25)
    assert facts == VehicleFacts(flags=frozenset({"axles_unknown"}))
    assert find(facts, 20_000, AT_MS, JudgeSettings()).verdict == "unknown"


def test_without_axles_nothing_is_guessed():
    finding = found(None, 5_000)
    assert (finding.verdict, finding.limit_kg, finding.why_unknown) == ("unknown", None, "axles")


def test_a_day_before_the_first_table_has_no_verdict():
    facts = facts_of(RIGID, 20_000, 25)
    at_ms = round(datetime(2001, 1, 1, tzinfo=UTC).timestamp() * 1000)
    assert find(facts, 20_000, at_ms, JudgeSettings()).why_unknown == "date"


def test_layouts_are_read_from_distances_where_the_codes_say_nothing():
    facts = facts_of(AxlesSeen(axles=3, spacings_mm=(3900, 1350)), 20_000, 25)
    assert (facts.layout, facts.combination) == ((1, 2), Combination.RIGID)
    assert facts.group_kg == ()
    assert facts.spacing_mm == (3900, 1350)


def test_readings_that_contradict_themselves_are_flagged_and_not_used():
    too_few = facts_of(AxlesSeen(axles=3, layout=(1, 2), spacings_mm=(3900,)), 20_000, 25)
    assert too_few.flags == {"axles_disagree"}
    assert too_few.spacing_mm == ()
    wrong_layout = facts_of(AxlesSeen(axles=3, layout=(1, 3)), 20_000, 25)
    assert wrong_layout.flags == {"axles_disagree"}
    assert wrong_layout.layout is None


def test_axles_that_weigh_another_truck_are_flagged():
    assert facts_of(RIGID, 25_500, 25).flags == set()
    assert facts_of(RIGID, 49_000, 25).flags == {"axles_disagree"}


def test_single_tyres_count_only_where_the_authority_says_so():
    single = AxlesSeen(
        axles=6, layout=(1, 2, 3), group_codes=(1, 5, 6), spacings_mm=TRAIN.spacings_mm
    )
    assert found(single, 40_000).limit_kg == 46_000
    assert found(single, 40_000, count_tyres=True).limit_kg == 37_000
    assert facts_of(TRAIN, 40_000, 25, count_tyres=True).missing_tyres is None
    unexplained = AxlesSeen(axles=6, layout=(1, 2, 3), group_codes=(1, 5, 0))
    assert facts_of(unexplained, 40_000, 25, count_tyres=True).missing_tyres is None


def test_a_bogie_drives_only_where_the_authority_says_so():
    assert found(TRAIN, 48_000).limit_kg == 46_000
    assert found(TRAIN, 48_000).assumed
    granted = found(TRAIN, 48_000, driven_bogie=True)
    assert (granted.limit_kg, granted.assumed, granted.verdict) == (49_000, False, "pass")
    assert facts_of(TRAIN, 48_000, 25, driven_bogie=True).drive_axles == 2
    assert facts_of(RIGID, 20_000, 25, driven_bogie=True).drive_axles is None
    single = AxlesSeen(axles=6, layout=(1, 1, 4), group_kg=(7_000, 11_000, 24_000))
    assert facts_of(single, 42_000, 25, driven_bogie=True).drive_axles is None


# the record


def passage(*bodies, mass_kg=20_000, **more):
    result = Passage(0.0, settled_at=1.0, mass_kg=mass_kg, **more)
    for number, body in enumerate(bodies):
        kind = "plate" if isinstance(body, PlateSeen) else "axles"
        result.sightings[str(number)] = Sighting(number, str(number), kind, 0.0, body)
    return result


def recorded(of, facts=None, finding=None, kind="exit", flags=frozenset()):
    facts = facts or facts_of(of.axles, of.mass_kg, 25)
    record = make_record(
        7,
        terminal="141002510010-01",
        lane=1,
        kind=kind,
        weighed_at=AT_MS,
        passage=of,
        facts=facts,
        finding=finding or find(facts, of.mass_kg, AT_MS, JudgeSettings()),
        flags=flags_of(of, facts, False) | flags,
    )
    assert write_line(record)
    return record


@pytest.mark.parametrize("seen", [None, RIGID, TRAIN, AxlesSeen(axles=4), AxlesSeen(axles=30)])
@pytest.mark.parametrize("plate", ["晋L12345", None, "??", "X" * 40])
def test_every_passage_makes_a_record_that_the_protocol_takes(seen, plate):
    bodies = [PlateSeen(plate=plate, colour="yellow")] + ([seen] if seen else [])
    record = recorded(passage(*bodies))
    assert record.gross_kg == record.raw_kg == 20_000
    assert record.plate == (plate and plate_text(plate))


def test_what_is_out_of_the_ordinary_is_flagged():
    assert recorded(passage()).flags == ("axles_unknown", "camera_missing")
    assert recorded(passage(PlateSeen(), RIGID)).flags == ("plate_unread",)
    assert recorded(passage(PlateSeen(plate="晋L12345"), RIGID)).flags == ()
    resumed = passage(PlateSeen(plate="晋L12345"), RIGID, resumed=True)
    assert recorded(resumed).flags == ("resumed",)


def test_front_and_rear_plates_are_compared():
    front = PlateSeen(plate="晋L12345")
    trailer = recorded(
        passage(front, PlateSeen(plate="晋L1234挂", rear=True), TRAIN, mass_kg=49_000)
    )
    assert (trailer.plate, trailer.trailer_plate, trailer.flags) == ("晋L12345", "晋L1234挂", ())
    same = recorded(passage(front, PlateSeen(plate="晋L12345", rear=True), RIGID))
    assert (same.trailer_plate, same.flags) == (None, ())
    other = recorded(passage(front, PlateSeen(plate="晋L99999", rear=True), RIGID))
    assert other.flags == ("rear_plate_differs",)


def test_a_rear_camera_alone_names_no_truck():
    record = recorded(passage(PlateSeen(plate="晋L1234挂", rear=True), TRAIN, mass_kg=49_000))
    assert (record.plate, record.flags) == (None, ("camera_missing",))


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("晋L·12345", "晋L12345"),
        ("晋l12345", "晋L12345"),
        ("XYZ", "XYZ"),
        ("", None),
        (None, None),
        ("\x00\x07", None),
        ("X" * 40, "X" * 16),
    ],
)
def test_plates_are_written_by_the_rule_or_as_they_were_read(read, written):
    assert plate_text(read) == written


def test_pictures_are_named_once_in_the_records_order_and_not_without_end():
    files = tuple(StoredFile(FileRef(digest=f"{n % 20:064x}", kind="head"), n) for n in range(40))
    of = passage(PlateSeen(plate="晋L12345", files=files), RIGID)
    refs = list(files_of(of))
    assert len(refs) == MAX_FILES
    assert refs == sorted(set(refs), key=lambda ref: (ref.kind, ref.digest))
    assert recorded(of).files == tuple(refs)


def test_a_stored_verdict_is_shown_again_as_it_was():
    of = passage(PlateSeen(plate="晋L12345"), RIGID, mass_kg=31_500)
    finding = finding_of(recorded(of))
    assert finding is not None
    assert (finding.verdict, finding.limit_kg, finding.overload_kg) == ("over", 25_000, 6_500)


# what the driver reads


def test_gross_limit_and_excess_add_up_to_the_kilogram():
    messages = Messages(translations("en"))
    shown = messages.verdict("晋L12345", 31_005, found(RIGID, 31_005))
    assert shown.lines == ("晋L12345", "Gross 31.005 t", "Limit 25.00 t", "Over by 6.005 t")
    assert shown.level == "over"


@pytest.mark.parametrize(
    ("kg", "text"),
    [(0, "0.00"), (49_000, "49.00"), (49_005, "49.005"), (990, "0.99"), (-20, "-0.02")],
)
def test_tonnes_are_exact(kg, text):
    assert tonnes(kg) == text


def test_the_level_says_what_the_words_say():
    messages = Messages(translations("zh_Hans"))
    assert messages.verdict("晋L12345", 20_000, found(RIGID, 20_000)).level == "ok"
    assert messages.verdict(None, 20_000, found(None, 20_000)).lines[0] == "车牌未识别"
    assert messages.verdict(None, 20_000, found(None, 20_000)).level == "wait"
    assert messages.verdict("晋L12345", 13_000, None).level == "ok"
    assert messages.scale_fault().level == messages.store_fault().level == "fault"
    assert messages.verdict("晋L12345", 1, Finding("unknown")).lines[2] == "限重未知"
