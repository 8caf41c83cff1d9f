"""Taking records out: what is in the files, who may, and that it is noted."""

import io
from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from hengyuan.platform.weighing import export
from hengyuan.platform.weighing.models import Export, Weighing
from hengyuan.record.archive import verify_archive
from tests.conftest import Cast
from tests.platform.stored import today_ms, upload, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates

# the test client reads an asynchronous stream in one go, and says so
pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")

EXCEL = "/weighing/export.xlsx"
CHAIN = "/weighing/chain/export"


def sheet(content: bytes) -> tuple[list[list[Any]], dict[str, int], list[list[Any]]]:
    """Lines about the export, the columns by heading, and the records."""
    rows = [list(row) for row in load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)]  # fmt: skip  # noqa: E501
    head = next(index for index, row in enumerate(rows) if row[0] == "时间")
    return rows[:head], {name: i for i, name in enumerate(rows[head])}, rows[head + 1 :]


def test_the_workbook_holds_the_filtered_records_with_units_in_the_headings(
    clerk: Client, weighed: Gates
) -> None:
    answer = clerk.post(f"{EXCEL}?verdict=over")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith('.xlsx"')
    about, columns, records = sheet(answer.content)
    [row] = records
    assert row[columns["号牌号码"]] == "晋L10009"
    assert row[columns["毛重（kg）"]] == 58_800
    assert row[columns["限重（kg）"]] == 49_000
    assert row[columns["超限量（kg）"]] == 9_800
    assert row[columns["超限率（%）"]] == 20.0
    assert row[columns["判定"]] == "超限"
    assert row[columns["摘要"]] == weighed.own.digests[4].hex()
    assert row[columns["时间"]].isoformat().endswith("T00:01:10")
    said = {str(line[0]): line[1] for line in about if line[0]}
    assert said["判定"] == "超限"
    assert "County Clerk" in str(said["导出人"])


@pytest.mark.parametrize(
    ("who", "count"),
    [
        ("city_clerk", 6),
        ("county_readonly", 5),
        ("gatekeeper", 4),
        ("neighbour_clerk", 1),
    ],
)
def test_everybody_takes_out_what_they_see_and_it_is_noted(
    client: Client, cast: Cast, weighed: Gates, who: str, count: int
) -> None:
    client.force_login(cast.people()[who])
    _, _, records = sheet(client.post(EXCEL).content)
    assert len(records) == count
    note = Export.objects.get()
    assert (note.by, note.what, note.records) == (cast.people()[who], "records", count)
    assert note.wanted["from_day"] == note.wanted["to_day"] != ""


def test_who_may_not_export_gets_nothing_and_nothing_is_noted(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    assert client.post(EXCEL).status_code == 302
    client.force_login(cast.outsider)
    assert client.post(EXCEL).status_code == 403
    assert not Export.objects.exists()


def test_an_export_is_a_post_with_the_forms_token(cast: Cast, weighed: Gates) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.county_clerk)
    assert strict.get(EXCEL).status_code == 405
    assert strict.post(EXCEL).status_code == 403
    assert not Export.objects.exists()


@pytest.mark.parametrize("evil", ['=HYPERLINK("http://x")', "+1", "-1+2", "@SUM(A1)", "=1+1"])
def test_no_text_of_a_record_becomes_a_formula(clerk: Client, gates: Gates, evil: str) -> None:
    weigh_today(gates.own, 1, carrier=evil, note_no=evil)
    upload_all(gates.own)
    answer = clerk.post(f"{EXCEL}?q={evil[:2]}".replace("+", "%2B"))
    book = load_workbook(io.BytesIO(answer.content))
    cells = [cell for row in book.active.iter_rows() for cell in row if cell.value == evil]
    assert len(cells) >= 2
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in cells)


def test_an_export_is_bounded_and_says_so(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MAX_ROWS", 2)
    monkeypatch.setattr(export.read_in_order, "__defaults__", (2,))
    about, columns, records = sheet(clerk.post(EXCEL).content)
    assert [row[columns["号牌号码"]] for row in records] == ["晋L20000", "晋L10009"]
    assert any("最新的 2 条" in str(line[1]) for line in about)


def test_a_filter_that_is_not_valid_exports_nothing(clerk: Client, weighed: Gates) -> None:
    answer = clerk.post(f"{EXCEL}?unit=14102351001", follow=True)
    assert "筛选条件有误，未导出" in answer.content.decode()
    assert not Export.objects.exists()


def test_an_export_that_takes_too_long_is_ended_and_says_so(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import connection

    from hengyuan.platform.weighing import views_export

    def slow(*_: Any, **__: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")

    monkeypatch.setattr(views_export, "QUERY_TIMEOUT_MS", 20)
    monkeypatch.setattr(views_export, "read_in_order", slow)
    assert "查询超时" in clerk.post(EXCEL, follow=True).content.decode()
    # the attempt is noted, with no number of records
    assert Export.objects.get().records is None


def test_only_one_workbook_is_made_at_a_time(
    clerk: Client, weighed: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hengyuan.platform.weighing import views_export

    monkeypatch.setattr(views_export, "_WAIT_S", 0.01)
    with views_export._one_at_a_time:
        answer = clerk.post(EXCEL, follow=True)
    assert "另一个导出正在进行" in answer.content.decode()
    assert clerk.post(EXCEL).status_code == 200


def test_a_workbook_is_read_in_portions(
    clerk: Client, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_READ_AT_ONCE", 7)
    gates.own.weigh(20, weighed_at=today_ms(1))
    upload_all(gates.own)
    _, columns, records = sheet(clerk.post(EXCEL).content)
    assert [row[columns["序号"]] for row in records] == list(range(20, 0, -1))


# chains


def chain(client: Client, terminal: str, first: object = "", last: object = "") -> Any:
    return client.post(CHAIN, {"terminal": terminal, "first": str(first), "last": str(last)})


def lines(answer: Any) -> Iterable[bytes]:
    return b"".join(answer).splitlines(keepends=True)


def test_the_whole_chain_proves_itself(clerk: Client, gates: Gates) -> None:
    gates.own.weigh(30, weighed_at=today_ms(1))
    upload((gates.own, 1, 1), (gates.own, 2, 20), (gates.own, 21, 30))
    answer = chain(clerk, gates.own.code)
    assert answer.status_code == 200
    report = verify_archive(lines(answer))
    assert report.sound, report.problem
    assert (report.first, report.last, report.batches, report.from_genesis) == (1, 30, 3, True)
    assert report.head == gates.own.digests[30].hex()
    note = Export.objects.get()
    assert (note.what, note.records, note.wanted["last"]) == ("chain", 30, 30)


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ((1, 1), (1, 10)),
        ((5, 12), (1, 20)),
        ((11, 20), (11, 20)),
        ((15, ""), (11, 30)),
        (("", 21), (1, 30)),
        ((30, 999), (21, 30)),
    ],
)
def test_a_range_is_rounded_out_to_whole_batches(
    clerk: Client, gates: Gates, asked: tuple[Any, Any], got: tuple[int, int]
) -> None:
    gates.own.weigh(30, weighed_at=today_ms(1))
    upload((gates.own, 1, 10), (gates.own, 11, 20), (gates.own, 21, 30))
    report = verify_archive(lines(chain(clerk, gates.own.code, *asked)))
    assert report.sound, report.problem
    assert (report.first, report.last) == got


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ((31, ""), "该终端在此范围内没有记录"),
        ((9, 3), "截止序号小于起始序号"),
        ((0, 3), "不能小于 1"),
    ],
)
def test_a_range_without_records_is_refused_in_words(
    clerk: Client, gates: Gates, asked: tuple[Any, Any], said: str
) -> None:
    gates.own.weigh(3, weighed_at=today_ms(1))
    upload_all(gates.own)
    answer = chain(clerk, gates.own.code, *asked)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Export.objects.exists()


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("city_clerk", 200),
        ("county_clerk", 200),
        ("gatekeeper", 200),
        ("other_gatekeeper", 422),
        ("neighbour_clerk", 422),
        ("outsider", 403),
    ],
)
def test_a_chain_is_exported_in_its_scope_and_nowhere_else(
    client: Client, cast: Cast, weighed: Gates, who: str, status: int
) -> None:
    client.force_login(cast.people()[who])
    answer = chain(client, weighed.own.code)
    assert answer.status_code == status
    if status == 422:
        assert "没有该编码的已接入终端" in answer.content.decode()


def test_the_anonymous_get_no_chain(client: Client, weighed: Gates) -> None:
    assert chain(client, weighed.own.code).status_code == 302


def test_a_chain_that_lies_partly_in_another_county_is_not_exported(
    client: Client, cast: Cast, gates: Gates
) -> None:
    from hengyuan.platform.ledger.services import change_unit
    from hengyuan.platform.regions.models import Region

    weigh_today(gates.own, 1)
    upload((gates.own, 1, 1))
    change_unit(cast.city_clerk, cast.unit, region=Region.objects.get(pk="141023"))
    weigh_today(gates.own, 2)
    upload((gates.own, 2, 2))
    client.force_login(cast.neighbour_clerk)
    assert chain(client, gates.own.code).status_code == 404
    assert chain(client, gates.own.code, 2, 2).status_code == 200
    client.force_login(cast.city_clerk)
    assert chain(client, gates.own.code).status_code == 200


def test_an_altered_record_is_exported_as_it_is_and_the_check_names_it(
    clerk: Client, weighed: Gates
) -> None:
    Weighing.objects.filter(plate="晋L10001").update(gross_kg=40_000)
    report = verify_archive(lines(chain(clerk, weighed.own.code)))
    assert not report.sound
    assert (report.code, report.seq) == ("digest_differs", 2)


def test_a_deleted_record_is_found_missing_by_the_check(clerk: Client, weighed: Gates) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM weighing WHERE plate = '晋L10001'")
    report = verify_archive(lines(chain(clerk, weighed.own.code)))
    assert not report.sound
    assert report.seq == 2


def test_a_long_chain_of_single_records_is_read_in_groups(
    clerk: Client, gates: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hengyuan.platform.weighing import chains

    monkeypatch.setattr(chains, "MAX_LINES", 4)
    gates.own.weigh(15, weighed_at=today_ms(1))
    upload(*((gates.own, seq, seq) for seq in range(1, 11)), (gates.own, 11, 15))
    report = verify_archive(lines(chain(clerk, gates.own.code)))
    assert report.sound, report.problem
    assert (report.records, report.batches) == (15, 11)


# the log


def test_the_log_shows_a_superior_what_its_offices_took_out(
    client: Client, cast: Cast, weighed: Gates
) -> None:
    for person in (cast.gatekeeper, cast.county_clerk, cast.neighbour_clerk):
        client.force_login(person)
        client.post(f"{EXCEL}?verdict=over")
    seen = {}
    for name in ("city_clerk", "county_head", "gatekeeper", "neighbour_clerk"):
        client.force_login(cast.people()[name])
        page = client.get("/weighing/exports/").content.decode()
        seen[name] = {who for who in ("Gatekeeper", "County Clerk", "Neighbour Clerk")
                      if f"<td>{who}</td>" in page}  # fmt: skip
    assert seen == {
        "city_clerk": {"Gatekeeper", "County Clerk", "Neighbour Clerk"},
        "county_head": {"Gatekeeper", "County Clerk"},
        "gatekeeper": {"Gatekeeper"},
        "neighbour_clerk": {"Neighbour Clerk"},
    }


def test_an_empty_log_says_so(clerk: Client, gates: Gates) -> None:
    assert "还没有人导出过记录" in clerk.get("/weighing/exports/").content.decode()


def test_the_form_for_a_chain_opens_with_the_terminal_that_one_came_from(
    clerk: Client, gates: Gates
) -> None:
    page = clerk.get(f"/weighing/chain/?terminal={gates.own.code}").content.decode()
    assert f'value="{gates.own.code}"' in page
