"""Axle records: the sample that comes with the package, and what is said about a bad file."""

from collections import Counter
from pathlib import Path

import pytest

from hengyuan.world.axle_records import (
    AxleRecord,
    BadAxleRecords,
    load_axle_records,
    parse_axle_records,
    write_axle_records,
)
from hengyuan.world.sampling import sample_records

HEADER = "record,gross_kg,axle_kg,spacing_cm,length_cm"


def parsed(*rows: str) -> list[AxleRecord]:
    return parse_axle_records([HEADER, *rows], "trucks.csv")


def test_the_bundled_sample_has_2000_measured_trucks_with_a_heavy_tail() -> None:
    records = load_axle_records()
    assert len(records) == 2_000
    assert all(record.measured for record in records)
    assert max(record.gross_kg for record in records) > 46_000
    mix = Counter(record.axles for record in records)
    assert mix == {2: 142, 3: 119, 4: 519, 5: 1124, 6: 89, 7: 6, 8: 1}


def test_a_row_becomes_a_record_in_kg_and_mm() -> None:
    [record] = parsed("0,20900,5700 5700 4800 4700,379 631 184,1636")
    assert record == AxleRecord(
        0, 20_900, (5_700, 5_700, 4_800, 4_700), (3_790, 6_310, 1_840), 16_360
    )


def test_too_few_distances_count_as_not_measured() -> None:
    [record] = parsed("7,13532,4511 4511 4511,345,690")
    assert record.spacings_mm == ()
    assert not record.measured


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1,20900,5700 5700 4800 4700,379 631 184", "has 4 columns instead of 5"),
        ("x,20900,5700 15200,379,700", "record: 'x' is not a whole number"),
        ("1,-5,5700 15200,379,700", "gross_kg: '-5' is not a whole number"),
        ("1,5700,5700,,700", "1 axles where 2 to 16"),
        ("1,20900,5700 14000,379,700", "the axles add up to 19700, gross_kg is 20900"),
        ("1,20900,0 20900,379,700", "every axle carries something"),
        ("1,250000,100000 150000,379,700", "250000 is not within"),
        ("1,20900,5700 15200,379 200,700", "2 distances between 2 axles; at most 1"),
        ("1,20900,5700 15200,10,700", "10 is no distance between axles"),
        ("1,20900,5700 15200,800,700", "further apart than the truck is long"),
        ("1,20900,5700 15200,379,0", "0 is not a truck's length"),
        ("1,20900,5700 ١٥٢٠٠,379,700", "is not a whole number"),
    ],
)
def test_a_bad_row_is_named_with_its_number_and_reason(row: str, said: str) -> None:
    with pytest.raises(BadAxleRecords) as caught:
        parsed("5,20900,5700 15200,379,700", row)
    assert caught.value.problems == [caught.value.problems[0]]
    assert caught.value.problems[0].startswith("row 3: ")
    assert said in caught.value.problems[0]
    assert "trucks.csv" in str(caught.value)


def test_every_bad_row_is_named_and_a_repeated_number_too() -> None:
    with pytest.raises(BadAxleRecords) as caught:
        parsed(
            "5,20900,5700 15200,379,700",
            "",
            "6,1,2,3",
            "5,20900,5700 15200,379,700",
        )
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["row 4", "row 5"]
    assert "already in row 2" in caught.value.problems[1]


def test_a_long_list_of_problems_is_cut_in_the_message_only() -> None:
    with pytest.raises(BadAxleRecords) as caught:
        parsed(*["bad"] * 50)
    assert len(caught.value.problems) == 50
    assert "and 30 more" in str(caught.value)


@pytest.mark.parametrize("content", ["", "a,b\n", HEADER + "\n"])
def test_no_header_or_no_truck_is_an_error(tmp_path: Path, content: str) -> None:
    file = tmp_path / "trucks.csv"
    file.write_text(content)
    with pytest.raises(BadAxleRecords):
        load_axle_records(file)


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    file = tmp_path / "trucks.csv"
    file.write_bytes(HEADER.encode() + b"\n1,\xff\n")
    with pytest.raises(BadAxleRecords, match="not UTF-8"):
        load_axle_records(file)


def test_a_byte_order_mark_is_forgiven(tmp_path: Path) -> None:
    file = tmp_path / "trucks.csv"
    file.write_text("\ufeff" + HEADER + "\n1,20900,5700 15200,379,700\n", "utf-8")
    assert len(load_axle_records(file)) == 1


def test_what_is_written_is_read_again() -> None:
    records = load_axle_records()[:50]
    assert parse_axle_records("".join(write_axle_records(records)).splitlines(), "x") == records


def test_a_sample_is_repeatable_keeps_the_mix_and_the_heaviest() -> None:
    records = load_axle_records()
    sample = sample_records(records, 200, seed=3)
    assert sample == sample_records(records, 200, seed=3)
    assert sample != sample_records(records, 200, seed=4)
    assert len(sample) == 200
    whole, part = (Counter(r.axles for r in group) for group in (records, sample))
    for axles, count in whole.items():
        assert abs(part[axles] - count / 10) < 1 or part[axles] == 1
        heaviest = max(r.gross_kg for r in records if r.axles == axles)
        assert heaviest in {r.gross_kg for r in sample if r.axles == axles}


def test_a_sample_leaves_out_what_was_not_measured() -> None:
    made = AxleRecord(9, 4_000, (2_000, 2_000), (), 5_000)
    real = AxleRecord(1, 4_000, (2_000, 2_000), (3_000,), 5_000)
    assert sample_records([made, real], 1) == [real]
    with pytest.raises(ValueError, match="2 records are wanted, 1 measured"):
        sample_records([made, real], 2)
