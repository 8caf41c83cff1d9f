"""The migration to narrow rows: records stored before it are the same to the byte after it."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection

from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing import partitions, rule_pack_numbers
from hengyuan.platform.weighing.columns import SELECTED, to_record
from hengyuan.platform.weighing.models import Weighing
from hengyuan.record.canonical import write_line
from tests.conftest import Cast
from tests.platform.records import START_MS, TestTerminal, current_database_url
from tests.platform.rows import store

MONTH_MS = 31 * 86_400_000
FIELDS = [
    {"cargo": "0100", "weighed_at": START_MS},
    {
        "axle_kg": (6_000, 9_000, 9_000, 7_990, 8_010, 200_000),
        "spacing_mm": (3_300, 1_350, 100_000, 1_310, 1),
        "rule_pack": "临汾-2027.1",
        "cargo": "9999",
        "weighed_at": START_MS + 1,
    },
    {
        "kind": "entry",
        "verdict": None,
        "rule_pack": None,
        "limit_kg": None,
        "layout": None,
        "group_kg": (),
        "weighed_at": START_MS + MONTH_MS,
    },
    # a clock that is years ahead: the partition for what no month takes
    {"cargo": "0001", "trailer_plate": "晋L1234挂", "weighed_at": START_MS + 40 * 12 * MONTH_MS},
]


@pytest.fixture
def stored(committed_intake: None, cast: Cast, enrolled: TestTerminal) -> list[bytes]:
    """The lines of records in two months and in the default partition."""
    with connection.cursor() as cursor:
        for month in partitions.coming_months(date(2026, 9, 1)):
            cursor.execute(partitions.create_statement(month))
    terminal = Terminal.objects.get(code=enrolled.code)
    store(enrolled, terminal, SourceUnit.objects.get(pk=cast.unit.pk), FIELDS)
    return enrolled.lines


@pytest.fixture
def back_at_the_end() -> Iterator[None]:
    """Whatever happens, the tests that follow find the newest schema."""
    yield
    call_command("migrate", "weighing", verbosity=0)


def lines_by_model() -> list[bytes]:
    return [row.line() for row in Weighing.objects.select_related("terminal").order_by("seq")]


def test_records_from_before_are_the_same_after_it_and_back(
    stored: list[bytes], back_at_the_end: None
) -> None:
    parts = "SELECT tableoid::regclass::text, count(*) FROM weighing GROUP BY 1 ORDER BY 1"
    with connection.cursor() as cursor:
        cursor.execute(parts)
        months = cursor.fetchall()
        assert len(months) == 3
        cursor.execute("SELECT seq, platform_limit_kg, digest, county FROM weighing ORDER BY seq")
        others = cursor.fetchall()

        call_command("migrate", "weighing", "0004", verbosity=0)
        cursor.execute("SELECT rule_pack, cargo, axle_kg FROM weighing ORDER BY seq")
        assert cursor.fetchall()[1] == (
            "临汾-2027.1",
            "9999",
            b"".join(kg.to_bytes(4) for kg in (6_000, 9_000, 9_000, 7_990, 8_010, 200_000)),
        )

        call_command("migrate", "weighing", verbosity=0)
        cursor.execute(parts)
        assert cursor.fetchall() == months
        cursor.execute("SELECT seq, platform_limit_kg, digest, county FROM weighing ORDER BY seq")
        assert cursor.fetchall() == others
        cursor.execute(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'weighing_2026_09' ORDER BY 1"
        )
        assert ("weighing_2026_09_key",) in cursor.fetchall()
    assert lines_by_model() == stored


def test_rows_read_without_the_model_are_the_same_records(
    stored: list[bytes], enrolled: TestTerminal
) -> None:
    import psycopg
    from psycopg.rows import namedtuple_row

    with psycopg.connect(current_database_url(), row_factory=namedtuple_row) as reader:
        rows = reader.execute(f"SELECT {SELECTED} FROM weighing w ORDER BY seq").fetchall()
    assert [write_line(to_record(row, enrolled.code)) for row in rows] == stored


def test_a_rule_pack_and_a_cargo_are_searched_by_name(stored: list[bytes]) -> None:
    def numbers(**wanted: str) -> list[int]:
        return list(Weighing.objects.filter(**wanted).values_list("seq", flat=True))

    assert numbers(rule_pack="临汾-2027.1") == [2]
    assert numbers(rule_pack="never named") == []
    assert numbers(cargo="0001") == [4]
    assert list(
        Weighing.objects.order_by("seq").values_list("rule_pack", "cargo").distinct()
    ).count(("cn-2016.1", "0100"))


def test_columns_of_one_width_stand_together(transactional_db: None) -> None:
    """No column pays for bytes that only bring the next one to its place."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attlen FROM pg_attribute WHERE attrelid = 'weighing'::regclass"
            " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        )
        widths = [length if length > 0 else 0 for (length,) in cursor.fetchall()]
    assert widths == sorted(widths, reverse=True)


def test_a_number_is_given_once_and_found_again(stored: list[bytes]) -> None:
    held = rule_pack_numbers.stored_number("cn-2016.1")
    assert held > 0
    assert rule_pack_numbers.name_of(held) == "cn-2016.1"
    with pytest.raises(KeyError):
        rule_pack_numbers.name_of(2**31 - 1)
