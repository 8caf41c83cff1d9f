"""A month is sealed, written to a file that proves itself, dropped, and still found everywhere."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import DatabaseError, connection, transaction

from hengyuan.platform.history import partitions, queries, sealing
from hengyuan.platform.history.models import MonthSeal, SealState
from hengyuan.platform.history.sealing import CannotSeal
from hengyuan.platform.weighing import queries as weighing
from hengyuan.platform.weighing.filters import matching
from hengyuan.platform.weighing.forms import band_choices, heavy_choices
from hengyuan.platform.weighing.models import Weighing
from tests.platform.history.conftest import FEBRUARY, JANUARY, ms
from tests.platform.stored import upload

OF_A_MONTH = 18  # three terminals, six records each


def in_database() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM weighing")
        return cursor.fetchone()[0]


def archive(month=JANUARY) -> MonthSeal:
    sealing.seal(month)
    return sealing.archive(month, drop=True)


def test_a_sealed_month_keeps_its_totals_and_digest(terminals):
    seal = sealing.seal(JANUARY)
    assert seal.state == SealState.SEALED
    assert (seal.records, seal.terminals, seal.over) == (OF_A_MONTH, 3, 12)
    rows = Weighing.objects.filter(weighed_at__lt="2026-02-01T00:00Z").order_by(
        "county", "unit_id", "terminal_id", "seq"
    )
    assert seal.gross_kg == sum(row.gross_kg for row in rows)
    digest = hashlib.new("sm3")
    for row in rows:
        limit = -1 if row.platform_limit_kg is None else row.platform_limit_kg
        for number, size in (
            (row.terminal_id, 4),
            (row.seq, 8),
            (row.county, 4),
            (row.unit_id, 4),
            (limit, 4),
            (row.platform_verdict, 1),
            (int(row.weighed_at.timestamp() * 1000), 8),
        ):
            digest.update(number.to_bytes(size, "big", signed=True))
        digest.update(bytes(row.digest))
    assert bytes(seal.digest) == digest.digest(), "the digest is the one that is documented"


@pytest.mark.slow
def test_sealing_again_gives_the_same_seal(terminals):
    assert sealing.seal(JANUARY) == sealing.seal(JANUARY)


@pytest.mark.slow
def test_a_month_that_goes_on_or_holds_nothing_is_not_sealed(terminals):
    with pytest.raises(CannotSeal, match="no record"):
        partitions.make_coming()
        with connection.cursor() as cursor:
            cursor.execute(partitions.create_statement(JANUARY.replace(year=2025)))
        sealing.seal(JANUARY.replace(year=2025))
    this = partitions.partitions()[0].month
    with pytest.raises(CannotSeal, match="not ended"):
        sealing.seal(this)
    assert not MonthSeal.objects.exists()


def test_records_of_a_sealed_month_are_not_changed(terminals):
    sealing.seal(JANUARY)
    for statement in (
        "UPDATE weighing SET gross_kg = 1 WHERE weighed_at < '2026-02-01'",
        "DELETE FROM weighing WHERE weighed_at < '2026-02-01'",
        "TRUNCATE weighing_2026_01",
    ):
        with (
            pytest.raises(DatabaseError, match="sealed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_a_late_record_of_a_sealed_month_is_taken_and_breaks_the_seal(terminals):
    late = terminals[0]
    seal = sealing.seal(JANUARY)
    sealing.archive(JANUARY)
    late.weigh(1, weighed_at=ms(JANUARY, 99))
    upload((late, len(late.lines), len(late.lines)))
    seal.refresh_from_db()
    assert seal.state == SealState.REOPENED and seal.reopened_at
    with pytest.raises(CannotSeal, match="not sealed"):
        sealing.archive(JANUARY, drop=True)
    again = archive()
    assert (again.part, again.records) == (2, OF_A_MONTH + 1)


def test_a_late_record_of_an_archived_month_is_taken_and_becomes_a_part_of_its_own(terminals):
    late = terminals[0]
    archive()
    late.weigh(2, weighed_at=ms(JANUARY, 99), plate="晋L88888")
    upload((late, len(late.lines) - 1, len(late.lines)))
    assert Weighing.objects.filter(plate="晋L88888").count() == 2
    states = [(row.key, row.part, row.state) for row in queries.months()][-2:]
    assert states == [("2026-01", 0, "open"), ("2026-01", 1, "archived")]
    second = archive()
    assert (second.part, second.records) == (2, 2)
    assert Weighing.objects.filter(plate="晋L88888").count() == 2
    assert sealing.check(second).is_sound


@pytest.mark.slow
def test_archiving_takes_the_month_out_of_the_database_and_every_record_is_found(terminals, cast):
    before = {(row.terminal_id, row.seq): row.line() for row in Weighing.objects.all()}
    assert len(before) == 3 * OF_A_MONTH
    archive()
    archive(FEBRUARY)
    assert in_database() == OF_A_MONTH
    after = list(Weighing.objects.all())
    assert {(row.terminal_id, row.seq): row.line() for row in after} == before
    assert [row.weighed_at for row in after] == sorted(
        (row.weighed_at for row in after), reverse=True
    )
    assert Weighing.objects.count() == len(before)
    for row in after:
        assert isinstance(row.group_kg, tuple) and row.rule_pack == "cn-2016.1"


@pytest.mark.slow
def test_pages_of_the_list_go_through_archived_months_in_both_directions(terminals, cast):
    archive()
    archive(FEBRUARY)
    for oldest_first in (False, True):
        seen, after = [], None
        while True:
            page = weighing.page(
                Weighing.objects.visible_to(cast.county_clerk),
                after=weighing.Cursor.parse(after),
                oldest_first=oldest_first,
                size=5,
            )
            seen += [(row.terminal_id, row.seq, row.weighed_at) for row in page.rows]
            after = page.after
            if after is None:
                break
        assert len(seen) == len(set(seen)) == 36
        assert [at for *_, at in seen] == sorted((at for *_, at in seen), reverse=not oldest_first)
    first = weighing.page(Weighing.objects.visible_to(cast.county_clerk), size=5, oldest_first=True)
    second = weighing.page(
        Weighing.objects.visible_to(cast.county_clerk),
        after=weighing.Cursor.parse(first.after),
        size=5,
        oldest_first=True,
    )
    back = weighing.page(
        Weighing.objects.visible_to(cast.county_clerk),
        before=weighing.Cursor.parse(second.before),
        size=5,
        oldest_first=True,
    )
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]


def wishes(unit):
    january = {"from_day": date(2026, 1, 1), "to_day": date(2026, 1, 31)}
    return [
        {},
        january,
        january | {"hour": 20},
        {"from_day": date(2026, 1, 5), "to_day": date(2026, 1, 5), "hour": 20},
        {"to_day": date(2026, 2, 9)},
        {"plate": "晋L01004"},
        {"plate": "晋L0100"},
        {"plate": "1002"},
        *({"verdict": name} for name in ("pass", "over", "unknown")),
        *({"band": band} for band, _ in band_choices()),
        *({"heavy": name} for name, _ in heavy_choices()),
        *({"kind": name} for name in ("exit", "entry", "correction", "void")),
        *({"flag": name} for name in ("any", "override")),
        *({"differs": name} for name in ("any", "verdict", "limit")),
        {"region": "141024"},
        {"region": "141000"},
        {"unit": unit},
        {"q": "大"},
        january | {"plate": "晋L", "verdict": "over", "kind": "exit", "unit": unit},
    ]


def test_every_wish_of_the_filter_finds_the_same_before_and_after(terminals, cast):
    wanted = wishes(cast.unit)

    def found():
        answers = []
        for wish in wanted:
            rows = matching(Weighing.objects.visible_to(cast.city_clerk), wish)
            answers.append(([row.pk for row in rows], rows.all().count(), rows.all().exists()))
        return answers

    before = found()
    assert sum(1 for pks, *_ in before if pks) > 15, "most wishes find something"
    archive()
    archive(FEBRUARY)
    for wish, then, now in zip(wanted, before, found(), strict=True):
        assert now == then, wish


@pytest.mark.slow
def test_scope_holds_in_archived_months(terminals, cast):
    archive()
    code = terminals[2].code
    assert weighing.find(cast.neighbour_clerk, code, 1) is not None
    assert weighing.find(cast.county_clerk, code, 1) is None
    assert not Weighing.objects.visible_to(cast.outsider).exists()


@pytest.mark.slow
def test_an_altered_byte_an_altered_weight_and_a_missing_record_are_found(terminals):
    sealing.seal(JANUARY)
    seal = sealing.archive(JANUARY)
    path = sealing.path_of(seal)
    good = path.read_bytes()
    table, meta = pq.read_table(path), pq.read_metadata(path).metadata

    def problems(changed: pa.Table) -> list[str]:
        pq.write_table(changed.replace_schema_metadata(meta), path)
        return sealing.check(seal).problems

    weights = table.column("gross_kg").to_pylist()
    weights[3] -= 1_000
    place = table.schema.get_field_index("gross_kg")
    lighter = table.set_column(place, "gross_kg", pa.array(weights, pa.int32()))
    name = f"{terminals[2].code}/4"
    assert problems(lighter)[0] == f"{name}: the line does not lead to its digest"
    assert "missing" in problems(pa.concat_tables([table.slice(0, 2), table.slice(3)]))[0]
    verdicts = [1] * table.num_rows
    place = table.schema.get_field_index("platform_verdict")
    judged = table.set_column(place, "platform_verdict", pa.array(verdicts, pa.int16()))
    assert problems(judged), "what the platform added is covered by the month's digest"
    middle = len(good) // 2
    path.write_bytes(good[:middle] + bytes([good[middle] ^ 0xFF]) + good[middle + 1 :])
    assert sealing.check(seal).problems
    path.write_bytes(good)
    assert sealing.check(seal).is_sound


@pytest.mark.slow
def test_a_partition_that_differs_from_its_seal_is_not_archived(terminals):
    sealing.seal(JANUARY)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE weighing_2026_01 DISABLE TRIGGER history_rows")
        cursor.execute("UPDATE weighing_2026_01 SET platform_limit_kg = 55000 WHERE seq = 2")
        cursor.execute("ALTER TABLE weighing_2026_01 ENABLE TRIGGER history_rows")
    with pytest.raises(CannotSeal, match="not what was sealed"):
        sealing.archive(JANUARY, drop=True)
    assert in_database() == 3 * OF_A_MONTH
    assert not list(sealing.folder.folder().glob("*.parquet"))


@pytest.mark.slow
def test_an_altered_record_is_not_archived(terminals):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE weighing_2026_01 SET gross_kg = 40000 WHERE seq = 2")
    sealing.seal(JANUARY)
    with pytest.raises(CannotSeal, match=f"{terminals[0].code}/2: the line does not lead"):
        sealing.archive(JANUARY, drop=True)
    assert in_database() == 3 * OF_A_MONTH


@pytest.mark.slow
def test_while_both_are_searched_each_record_is_shown_once(terminals):
    sealing.seal(JANUARY)
    sealing.archive(JANUARY)
    MonthSeal.objects.update(state=SealState.HANDING)
    sealing.announce()
    assert in_database() == 3 * OF_A_MONTH
    assert len(list(Weighing.objects.all())) == 3 * OF_A_MONTH
    sealing.archive(JANUARY, drop=True)
    assert len(list(Weighing.objects.all())) == 3 * OF_A_MONTH
    assert in_database() == 2 * OF_A_MONTH


@pytest.mark.slow
def test_the_newest_records_cost_no_look_into_the_archive(terminals, monkeypatch):
    archive()
    asked = []
    monkeypatch.setattr(sealing.reader, "_rows", lambda *a: asked.append(a) or iter(()))
    begin = Weighing.objects.order_by("-weighed_at").first().weighed_at - timedelta(days=3)
    assert list(Weighing.objects.filter(weighed_at__gte=begin))
    assert list(Weighing.objects.all()[:10])
    assert not asked
    list(Weighing.objects.all()[:100])
    assert len(asked) == 1
