"""The page of one record: both judgements, the proof, what stands beside it, who may see it."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from hengyuan.platform.weighing.judgement import explain
from hengyuan.platform.weighing.models import Weighing
from tests.conftest import Cast
from tests.platform.records import TestTerminal
from tests.platform.stored import today_ms, upload, upload_all, weigh_today
from tests.platform.weighing.conftest import Gates


def url(terminal: TestTerminal, seq: int) -> str:
    return f"/weighing/{terminal.code}/{seq}/"


def text(client: Client, terminal: TestTerminal, seq: int) -> str:
    """The page's words, tags taken out, blanks made one."""
    answer = client.get(url(terminal, seq))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


def alter(sql: str, *values: Any) -> None:
    """Somebody with access to the database."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


HOLDS = "自签名以来未被改动"
BROKEN = "核验不通过"


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("province_head", 200),
        ("city_clerk", 200),
        ("county_clerk", 200),
        ("department_clerk", 200),
        ("gatekeeper", 200),
        ("other_gatekeeper", 404),
        ("neighbour_clerk", 404),
        ("outsider", 403),
    ],
)
def test_a_record_is_seen_in_its_scope_and_nowhere_else(
    client: Client, cast: Cast, weighed: Gates, who: str, status: int
) -> None:
    client.force_login(cast.people()[who])
    assert client.get(url(weighed.own, 1)).status_code == status


def test_the_anonymous_are_sent_to_the_login(client: Client, weighed: Gates) -> None:
    assert client.get(url(weighed.own, 1)).headers["Location"].startswith("/account/login/")


@pytest.mark.parametrize("seq", [0, 5, 10**15, 10**30])
def test_a_number_that_was_never_given_is_not_found(
    clerk: Client, weighed: Gates, seq: int
) -> None:
    assert clerk.get(url(weighed.own, seq)).status_code == 404


def test_the_page_says_what_was_weighed_and_by_which_clause_it_was_judged(
    clerk: Client, gates: Gates
) -> None:
    weigh_today(gates.own, 1, gross_kg=58_800, tare_kg=15_000, net_kg=43_800, raw_kg=58_900,
                verdict="over", cargo="0100", note_no="ZX-1", carrier="示例运输公司",
                destination="示例电厂", operator="门卫甲", trailer_plate="晋L1234挂")  # fmt: skip
    upload_all(gates.own)
    page = text(clerk, gates.own, 1)
    for said in (
        "58,800 kg", "15,000 kg", "43,800 kg", "58,900 kg", "49,000 kg", "9,800 kg", "20.00%",
        "超限 10%~30%", "六轴及以上铰接列车（牵引车驱动轴为双轴），总质量限值49吨",
        "煤炭及制品", "ZX-1", "示例运输公司", "示例电厂", "门卫甲", "晋L·1234挂",
        "依规定可处最高 4,500 元罚款", "平台不作处罚决定", "第四十三条",
    ):  # fmt: skip
        assert said in page, said
    # the drawing: three groups, no axle of its own mass
    assert "6,000" in page and "18,000" in page and "24,000" in page


def test_a_pass_says_nothing_of_fines(clerk: Client, weighed: Gates) -> None:
    assert "罚款" not in text(clerk, weighed.own, 1)


def test_up_to_a_tonne_over_the_article_knows_a_warning(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, gross_kg=50_000, verdict="over")
    upload_all(gates.own)
    page = text(clerk, gates.own, 1)
    assert "依规定予以警告" in page
    assert "罚款" not in page


def test_a_difference_between_the_judgements_is_pointed_out(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, limit_kg=46_000, verdict="over")
    weigh_today(gates.own, 2)
    upload_all(gates.own)
    differing = clerk.get(url(gates.own, 1)).content.decode()
    assert differing.count('class="differs"') == 4
    assert "46,000 kg" in differing and "49,000 kg" in differing
    assert 'class="differs"' not in clerk.get(url(gates.own, 2)).content.decode()


def test_what_was_unknown_is_named(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, axles=4, combination=None, layout="1+1+2", drive_axles=None,
                group_kg=(6_000, 8_000, 9_000), gross_kg=23_000, limit_kg=31_000,
                assumed=True)  # fmt: skip
    weigh_today(gates.own, 2, axles=None, combination=None, layout=None, drive_axles=None,
                group_kg=(), limit_kg=None, verdict="unknown", rule_pack=None,
                flags=["axles_unknown"])  # fmt: skip
    upload_all(gates.own)
    page = text(clerk, gates.own, 1)
    assert "按可能的最低限值认定： 车辆组合形式" in page
    page = text(clerk, gates.own, 2)
    assert "轴数未知，无法确定限重" in page
    assert "按最低限值判定，或未判定" in page  # what the flag means


def test_an_arriving_truck_is_shown_as_not_judged(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, kind="entry", verdict=None, limit_kg=None, rule_pack=None)
    upload_all(gates.own)
    page = text(clerk, gates.own, 1)
    assert "进场" in page
    assert "未判定" in page


def test_the_limit_shown_is_the_one_that_intake_stored(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1)
    weigh_today(gates.own, 2, axles=2, combination="rigid", layout="1+1", drive_axles=1,
                licensed_total_kg=16_000, gross_kg=15_000, group_kg=(5_000, 10_000),
                limit_kg=16_000, spacing_mm=(3_800,))  # fmt: skip
    upload_all(gates.own)
    page = text(clerk, gates.own, 2)
    assert "行驶证总质量 16,000 kg" in page
    assert "轴距 3,800 mm" in page
    assert "行驶证标明的总质量（16000千克）" in page
    for row in Weighing.objects.select_related("terminal"):
        said = explain(row)
        assert not said.stored_differs
        assert said.limit is not None
        assert said.limit.limit_kg == row.platform_limit_kg == row.limit_kg


def test_corrections_lead_to_each_other(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1)
    weigh_today(gates.own, 2, kind="reweigh", corrects=1)
    weigh_today(gates.own, 3, kind="void", corrects=2, reason="误称", gross_kg=None, raw_kg=None,
                verdict=None, group_kg=())  # fmt: skip
    upload_all(gates.own)
    assert "该车已复磅。 见第 2 号记录" in text(clerk, gates.own, 1)
    second = text(clerk, gates.own, 2)
    assert "本记录更正另一条记录。 见第 1 号记录" in second
    assert "本记录已作废。 见第 3 号记录" in second
    assert "误称" in text(clerk, gates.own, 3)


def test_an_override_says_who_let_the_truck_out_and_all_records_of_it_stand_together(
    clerk: Client, gates: Gates
) -> None:
    own = gates.own
    weigh_today(own, 1, gross_kg=60_000, verdict="over")
    weigh_today(own, 2, gross_kg=50_500, kind="reweigh", corrects=1, verdict="over")
    weigh_today(own, 3)
    weigh_today(own, 4, gross_kg=50_500, corrects=2, kind="reweigh", verdict="over",
                flags=["override"], operator="门卫甲", witness="班长乙", reason="抢险")  # fmt: skip
    weigh_today(own, 5, gross_kg=50_500, corrects=4, kind="reweigh", verdict="over", cargo="0100",
                flags=["override"], operator="门卫甲", witness="班长乙", reason="抢险")  # fmt: skip
    upload_all(own)
    said = "人工放行：操作员 门卫甲，见证人 班长乙，原因：抢险"
    assert said in text(clerk, own, 4)
    assert said not in text(clerk, own, 1)
    assert "该车已复磅。 见第 2 号记录" in text(clerk, own, 1)
    assert "本记录已被后来的记录更正。 见第 5 号记录" in text(clerk, own, 4)
    for seq in (1, 2, 4, 5):
        page = clerk.get(url(own, seq)).content.decode()
        assert "该车的全部记录" in page
        listed = page.split('id="history-title"')[1].split("</section>")[0]
        assert [other for other in (1, 2, 3, 4, 5) if f'href="{url(own, other)}"' in listed] == [
            other for other in (1, 2, 4, 5) if other != seq
        ]
    assert "该车的全部记录" not in text(clerk, own, 3)


def test_tare_net_and_what_people_wrote_by_hand_are_shown(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, tare_kg=15_000, net_kg=33_000, gross_kg=48_000, raw_kg=None,
                flags=["manual_weight", "plate_typed"], operator="门卫甲", witness="班长乙",
                reason="仪表故障")  # fmt: skip
    weigh_today(gates.own, 2, corrects=1, plate="晋L10002")
    weigh_today(gates.own, 3, gross_kg=None, raw_kg=None, flags=["skipped_scale"], group_kg=(),
                verdict="unknown", limit_kg=None, rule_pack=None)  # fmt: skip
    upload_all(gates.own)
    page = text(clerk, gates.own, 1)
    for shown in ("15,000 kg", "33,000 kg", "人工录入重量", "人工录入号牌", "班长乙", "仪表故障"):
        assert shown in page
    assert "本记录已被后来的记录更正。 见第 2 号记录" in page
    assert "未过磅驶离" in text(clerk, gates.own, 3)


def test_one_walks_along_the_chain(clerk: Client, weighed: Gates) -> None:
    first = clerk.get(url(weighed.own, 1)).content.decode()
    assert 'rel="prev"' not in first
    assert f'rel="next" href="{url(weighed.own, 2)}"' in first
    last = clerk.get(url(weighed.own, 4)).content.decode()
    assert f'rel="prev" href="{url(weighed.own, 3)}"' in last
    assert 'rel="next"' not in last


def test_a_neighbour_in_the_chain_outside_the_scope_is_not_linked(
    client: Client, cast: Cast, gates: Gates
) -> None:
    from hengyuan.platform.ledger.services import change_unit
    from hengyuan.platform.regions.models import Region

    weigh_today(gates.own, 1)
    upload(((gates.own), 1, 1))
    change_unit(cast.city_clerk, cast.unit, region=Region.objects.get(pk="141023"))
    weigh_today(gates.own, 2)
    upload(((gates.own), 2, 2))
    client.force_login(cast.neighbour_clerk)
    page = client.get(url(gates.own, 2)).content.decode()
    assert 'rel="prev"' not in page
    assert HOLDS in page  # its digest is still checked against the one before


# the proof


def test_the_proof_shows_the_line_and_that_it_hashes_to_the_stored_digest(
    clerk: Client, weighed: Gates
) -> None:
    page = text(clerk, weighed.own, 4)
    assert HOLDS in page
    assert weighed.own.lines[3].decode() in page
    assert weighed.own.digests[4].hex() in page
    assert weighed.own.digests[3].hex() in page
    assert "批次 1–4" in page
    assert "本批第 1 至 4 号记录逐条推得签名所认的末条摘要" in page


def test_the_first_record_stands_on_the_enrolment(clerk: Client, weighed: Gates) -> None:
    page = text(clerk, weighed.own, 1)
    assert HOLDS in page
    assert weighed.own.digests[0].hex() in page


def test_a_record_of_the_second_batch_is_proved_by_the_second_batch(
    clerk: Client, gates: Gates
) -> None:
    for second in range(5):
        weigh_today(gates.own, second)
    upload((gates.own, 1, 2), (gates.own, 3, 5))
    page = text(clerk, gates.own, 4)
    assert HOLDS in page
    assert "批次 3–5" in page


@pytest.mark.parametrize(
    "column", ["gross_kg = 47000", "plate = '晋L99999'", "verdict = 1", "flags = 1",
               "weighed_at = weighed_at + interval '1 ms'", "digest = sha256('x')"],
)  # fmt: skip
def test_an_altered_column_breaks_the_proof(clerk: Client, weighed: Gates, column: str) -> None:
    alter(f"UPDATE weighing SET {column} WHERE plate = '晋L10001'")
    page = text(clerk, weighed.own, 2)
    assert BROKEN in page
    assert "得不出库中的摘要" in page
    assert "自第 2 号起断开" in page


def test_who_also_rewrites_the_digests_fails_at_the_signed_head(
    clerk: Client, weighed: Gates
) -> None:
    # a thorough forger: the figure, and every digest behind it
    forged = TestTerminal(weighed.own.code, weighed.own.suite, weighed.own.key)
    forged.lines = list(weighed.own.lines)
    forged.lines[1] = forged.lines[1].replace(b'"gross_kg":48000', b'"gross_kg":40000')
    alter("UPDATE weighing SET gross_kg = 40000 WHERE seq = 2 AND gross_kg = 48000")
    row = Weighing.objects.filter(terminal__code=weighed.own.code).first()
    assert row is not None
    for seq in (2, 3, 4):
        alter(
            "UPDATE weighing SET digest = %s WHERE terminal_id = %s AND seq = %s",
            forged.digests[seq], row.terminal_id, seq,
        )  # fmt: skip
    page = text(clerk, weighed.own, 2)
    assert BROKEN in page
    assert "得出的摘要与库中一致" in page  # the first check is satisfied …
    assert "推不到签名所认的末条摘要" in page  # … and the second is not
    # and who rewrites the head as well lacks the key
    alter("UPDATE intake_batch SET head = %s WHERE terminal_id = %s",
          forged.digests[4], row.terminal_id)  # fmt: skip
    page = text(clerk, weighed.own, 2)
    assert BROKEN in page
    assert "批次签名与该终端登记的公钥不符" in page


def test_a_missing_record_before_is_named(clerk: Client, weighed: Gates) -> None:
    alter("DELETE FROM weighing WHERE seq = 2 AND plate = '晋L10001'")
    page = text(clerk, weighed.own, 3)
    assert BROKEN in page
    assert "前一条记录缺失" in page
    assert "自第 2 号起断开" in page


def test_a_missing_batch_is_named(clerk: Client, weighed: Gates) -> None:
    alter("DELETE FROM intake_batch")
    page = text(clerk, weighed.own, 3)
    assert BROKEN in page
    assert "带来本记录的批次缺失" in page


def test_columns_that_make_no_record_break_the_proof_and_not_the_page(
    clerk: Client, weighed: Gates
) -> None:
    alter("UPDATE weighing SET net_kg = 7 WHERE seq = 2 AND plate = '晋L10001'")
    page = text(clerk, weighed.own, 2)
    assert BROKEN in page
    assert "InvalidRecord" in page


def test_the_page_needs_few_queries_however_large_the_batch(
    clerk: Client, gates: Gates, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    gates.own.weigh(300, weighed_at=today_ms(1))
    upload_all(gates.own)
    clerk.get("/weighing/")  # the first visit of a session is noted down
    with django_assert_max_num_queries(12):
        assert HOLDS in clerk.get(url(gates.own, 150)).content.decode()


def test_data_of_a_record_cannot_become_markup(clerk: Client, gates: Gates) -> None:
    weigh_today(gates.own, 1, plate='<b>"x"', carrier="<script>alert(1)</script>")
    upload_all(gates.own)
    page = clerk.get(url(gates.own, 1)).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
