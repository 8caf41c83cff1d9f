"""Records as CSV: the same as the list and the workbook, safe in a sheet, noted, bounded."""

import csv
import io
from typing import Any

import pytest
from django.test import Client

from hengyuan.platform.weighing import csv_export
from hengyuan.platform.weighing.models import Export
from tests.conftest import Cast
from tests.platform.stored import plates_in, today_ms, upload, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates
from tests.platform.weighing.test_export import EXCEL, sheet

# the test client reads an asynchronous stream in one go, and says so
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")

CSV = "/weighing/export.csv"
MARK = b"\xef\xbb\xbf"


def table(answer: Any) -> list[dict[str, str]]:
    """The records of a file by their headings."""
    content = b"".join(answer)
    assert content.startswith(MARK)
    assert content.count(MARK) == 1
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_table_holds_what_list_and_workbook_hold_in_their_order(
    clerk: Client, weighed: Gates
) -> None:
    rows = table(clerk.post(CSV))
    assert [row["号牌号码"] for row in rows] == plates_in(clerk.get("/weighing/").content.decode())
    _, columns, records = sheet(clerk.post(EXCEL).content)
    assert list(rows[0]) == list(columns)
    for row, record in zip(rows, records, strict=True):
        for name, at in columns.items():
            shown, other = row[name], record[at]
            if isinstance(other, int | float):
                assert float(shown) == other, name
            else:
                assert shown == ("" if other is None else str(other)), name


def test_it_is_read_in_portions_without_loss_or_repetition_also_while_records_come_in(
    clerk: Client, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    # twelve records of the same four seconds, so that portions end among equal times
    for second in range(12):
        weigh_today(gates.own, second // 3, plate=f"晋L1{second:04d}")
    upload_all(gates.own)
    monkeypatch.setattr(csv_export, "PORTION", 5)
    made = _made()
    pieces = made.pieces()
    first = [next(pieces), next(pieces)]
    weigh_today(gates.own, 60, plate="晋L20000")
    upload((gates.own, 13, 13))
    text = b"".join([*first, *pieces]).decode("utf-8-sig")
    found = [row["号牌号码"] for row in csv.DictReader(io.StringIO(text))]
    assert sorted(found) == [f"晋L1{number:04d}" for number in range(12)]
    assert made.records == 12


def _made() -> csv_export.CsvOfRecords:
    from django.utils.translation import override

    from hengyuan.platform.weighing.filters import search_for
    from hengyuan.platform.weighing.models import Weighing

    with override("zh-hans"):
        return csv_export.CsvOfRecords(search_for(Weighing.objects.all(), {}))


@pytest.mark.parametrize(("who", "count"), [("city_clerk", 6), ("gatekeeper", 4), ("neighbour_clerk", 1)])  # fmt: skip  # noqa: E501
def test_everybody_takes_out_what_they_see_and_it_is_noted_with_its_number(
    client: Client, cast: Cast, weighed: Gates, who: str, count: int
) -> None:
    client.force_login(cast.people()[who])
    assert len(table(client.post(CSV))) == count
    note = Export.objects.get()
    assert (note.by, note.what, note.records) == (cast.people()[who], "table", count)


def test_it_is_a_post_of_those_who_may(client: Client, cast: Cast, weighed: Gates) -> None:
    assert client.post(CSV).status_code == 302
    client.force_login(cast.outsider)
    assert client.post(CSV).status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.county_clerk)
    assert strict.get(CSV).status_code == 405
    assert strict.post(CSV).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.parametrize("evil", ['=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)"])
def test_no_text_of_a_record_becomes_a_formula(clerk: Client, gates: Gates, evil: str) -> None:
    weigh_today(gates.own, 1, carrier=evil)
    upload_all(gates.own)
    [row] = table(clerk.post(CSV))
    assert row["承运人"] == f"'{evil}"


def test_it_is_cut_off_at_the_limit_and_says_so(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_export, "MAX_ROWS", 2)
    rows = table(clerk.post(CSV))
    assert [row["号牌号码"] for row in rows[:2]] == ["晋L20000", "晋L10009"]
    assert "到此截止" in rows[2]["时间"]
    assert Export.objects.get().records == 2


def test_an_export_that_nobody_fetches_keeps_nobody_else_from_theirs(
    clerk: Client, weighed: Gates
) -> None:
    waiting = clerk.post(CSV)  # not read
    assert len(table(clerk.post(CSV))) == 5
    waiting.close()
    assert sorted(Export.objects.values_list("records", flat=True), key=str) == [5, None]


def test_a_portion_costs_the_same_wherever_it_begins(gates: Gates, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip  # noqa: E501
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    gates.own.weigh(30, weighed_at=today_ms(5))
    upload_all(gates.own)
    monkeypatch.setattr(csv_export, "PORTION", 5)
    pieces = _made().pieces()
    next(pieces)
    counted = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as queries:
            next(pieces)
        assert not any("OFFSET" in query["sql"] for query in queries)
        counted.append(len(queries))
    assert max(counted[1:]) <= counted[0]
