"""What the gatekeeper finds and does on the pages: records, orders, sums, hand-over, tickets."""

import asyncio
import csv
import io
import re

import pytest
from openpyxl import load_workbook

from hengyuan.record.ticket import parse_ticket
from hengyuan.terminal.screen.pin import pin_digest
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
GATEKEEPER, SUPERVISOR = "111111", "222222"
PEOPLE = {
    "people": [
        {"name": "张三", "pin": pin_digest(GATEKEEPER)},
        {"name": "李四", "pin": pin_digest(SUPERVISOR), "role": "supervisor"},
    ]
}
TWO_SIGN = {
    "operator": "张三",
    "operator_pin": GATEKEEPER,
    "witness": "李四",
    "witness_pin": SUPERVISOR,
    "reason": "抢险救灾物资",
}


@pytest.fixture
def identity():
    return identity_for(County())


def at_gate(scenario, tmp_path, identity, more=None, **lane):
    """Run a scenario against a terminal with its devices."""

    async def run():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, more=more, **lane) as at,
        ):
            await scenario(at)

    asyncio.run(run())


async def weigh(at, plate, mass_kg, stay=False):
    """A truck is weighed and told; it leaves again unless it stays."""
    lane = at.terminal.lanes[1].lane
    await at.push(plate)
    at.roll_on(mass_kg)
    await at.until(lambda: at.gate.axle_wire.listeners)
    at.axles(mass_kg)
    await at.until(lambda: lane.phase.value == "told")
    if not stay:
        at.roll_off()
        await at.until(lambda: lane.phase.value == "empty")


async def log_in(at, name="张三", pin=GATEKEEPER):
    answer = await at.http.post("/login", data={"name": name, "pin": pin})
    assert answer.status_code == 303, answer.text


async def send(at, path, **fields):
    """Fill in the form of a page as it was shown, and send it."""
    shown = (await at.http.get(path)).text
    return await at.http.post(path, data=hidden_in(shown) | fields)


def hidden_in(page):
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def problems(answer):
    return re.findall(r'class="problem"[^>]*>([^<]+)<', answer.text)


# finding

NONSENSE = {
    "from=gestern": "gestern 不是日期",
    "from=2026-02-02&to=2026-01-01": "结束日期早于开始日期",
    "seq=abc": "不是这里使用的编号",
    "verdict=guilty": "不能按 guilty 查询",
    "plate=京A00000": "没有符合的记录",
    "before=9e9&plate=%27%3B--": "没有符合的记录",
}


def test_records_are_found_by_what_is_known_and_nonsense_is_named(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 24_000)
        await weigh(at, "晋LA8888", 31_500)
        page = (await at.http.get("/records")).text
        assert page.index("晋LA8888") < page.index("晋L12345")
        assert "2 辆" in page
        for query, found in {
            "plate=888": {"晋LA8888"},
            "plate=l12": {"晋L12345"},
            "verdict=over": {"晋LA8888"},
            "verdict=pass": {"晋L12345"},
            "flag=override": set(),
            "lane=2": set(),
            "seq=1": {"晋L12345"},
            "from=2020-01-01&to=2020-01-02": set(),
            "from=2020-01-01": {"晋L12345", "晋LA8888"},
        }.items():
            page = (await at.http.get(f"/records?{query}")).text
            shown = {plate for plate in ("晋L12345", "晋LA8888") if plate in page}
            assert shown == found, query
        number = re.search(r'class="code">([^<]+)<', (await at.http.get("/records/2")).text)[1]
        page = (await at.http.get("/records", params={"seq": number})).text
        assert "晋LA8888" in page
        assert "晋L12345" not in page
        for query, said in NONSENSE.items():
            answer = await at.http.get(f"/records?{query}")
            assert answer.status_code == 200
            assert said in answer.text

    at_gate(scenario, tmp_path, identity)


def test_what_was_found_can_be_taken_along(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 24_000)
        await weigh(at, "晋LA8888", 31_500)
        await send(at, "/records/2/loading", destination="=1+1")
        answer = await at.http.get("/records.csv?verdict=pass")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [row[6] for row in rows] == ["车牌", "晋L12345"]
        assert rows[1][8:12] == ["24000", "", "", "25000"]
        book = load_workbook(io.BytesIO((await at.http.get("/records.xlsx")).content))
        (sheet,) = book.worksheets
        assert [row[6].value for row in sheet.rows] == ["车牌", "晋LA8888", "晋L12345"]
        assert [row[17].value for row in sheet.rows] == ["目的地", "'=1+1", None]
        assert sheet["I3"].value == 24_000

    at_gate(scenario, tmp_path, identity)


def test_a_record_shows_all_that_was_recorded_of_the_truck(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 31_500)
        page = (await at.http.get("/records/1")).text
        for text in ("晋L12345", "31.50", "25.00", "6.50", "3轴 · 1+2 · 载货汽车", "待上传"):
            assert text in page
        (record,) = at.records()
        assert f"/evidence/{record.files[0].digest}" in page
        digest = at.terminal.worker.store.digest_at(1)
        assert digest.hex() in page
        missing = await at.http.get("/records/99")
        assert missing.status_code == 404
        assert "没有序号为 99 的记录" in missing.text

    at_gate(scenario, tmp_path, identity)


# orders


def test_a_plate_is_typed_and_undone_by_typing_it_again(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        await weigh(at, None, 24_000, stay=True)
        form = (await at.http.get("/records/1/plate")).text
        assert "/evidence/" in form
        assert "data-plate-keys" in form
        answer = await send(at, "/records/1/plate", plate="晋L1234")
        assert answer.status_code == 422
        assert "晋L1234" in answer.text
        answer = await send(at, "/records/1/plate", plate="晋l12345", colour="yellow")
        assert answer.headers["location"] == "/records/1?said=plate"
        page = (await at.http.get("/records/1?said=plate")).text
        assert "车牌已补录" in page
        answer = await send(at, "/records/1/plate", plate="晋L54321", colour="yellow")
        assert answer.status_code == 303
        first, second, third = at.records()
        assert (first.plate, second.plate, third.plate) == (None, "晋L12345", "晋L54321")
        assert "plate_typed" in third.flags
        assert third.operator == "张三"

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_loading_data_stand_on_record_and_ticket(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 24_000)
        answer = await send(
            at,
            "/records/1/loading",
            cargo="0100",
            note_no="ZZ-1",
            carrier="示例运输公司",
            destination="示例电厂",
        )
        assert answer.headers["location"] == "/records/1?said=loading"
        ticket = (await at.http.get("/records/1/ticket")).text
        for text in ("货物装载单", "煤炭及制品", "ZZ-1", "示例运输公司", "示例电厂", "24.00 t"):
            assert text in ticket
        assert "过磅单</h2>" in (await at.http.get("/records/1/ticket?form=weigh")).text
        again = await send(at, "/records/1/loading", cargo="0100", note_no="Z" * 65)
        assert problems(again) == ["最多 64 个字符"]
        answer = await send(at, "/records/1/loading", cargo="9999")
        assert answer.status_code == 422

    at_gate(scenario, tmp_path, identity)


def test_an_override_takes_two_people_a_reason_and_both_pins(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        await weigh(at, "晋L12345", 31_500, stay=True)
        at_form = "/records/1/override"
        for wrong, said in [
            ({"reason": ""}, "请填写原因"),
            ({"operator_pin": SUPERVISOR}, "口令不正确"),
            ({"witness_pin": GATEKEEPER}, "口令不正确"),
            ({"witness": "张三", "witness_pin": GATEKEEPER}, ""),
        ]:
            answer = await send(at, at_form, **(TWO_SIGN | wrong))
            assert answer.status_code == 422
            assert said in "".join(problems(answer))
            assert GATEKEEPER not in answer.text
            assert SUPERVISOR not in answer.text
        assert len(at.records()) == 1
        answer = await send(at, at_form, **TWO_SIGN)
        assert answer.headers["location"] == "/records/1?said=override"
        released = at.records()[-1]
        assert "override" in released.flags
        assert (released.operator, released.witness) == ("张三", "李四")
        assert released.reason == "抢险救灾物资"
        ticket = (await at.http.get("/records/1/ticket")).text
        assert "第二人：李四" in ticket
        again = await send(at, at_form, **TWO_SIGN)
        assert again.status_code == 422

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_without_people_nobody_is_let_out_by_override(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 31_500, stay=True)
        form = (await at.http.get("/records/1/override")).text
        assert "[[people]]" in form
        assert "operator_pin" not in form
        answer = await send(at, "/records/1/override", **TWO_SIGN)
        assert answer.status_code == 422
        assert len(at.records()) == 1

    at_gate(scenario, tmp_path, identity)


def test_a_void_record_counts_no_more_and_says_so(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        await weigh(at, "晋L12345", 24_000)
        answer = await send(at, "/records/1/void", **TWO_SIGN)
        assert answer.headers["location"] == "/records/1?said=void"
        page = (await at.http.get("/records/1")).text
        assert "作废" in page
        assert "24.00" in page
        assert "0 辆" in (await at.http.get("/records?verdict=pass")).text
        assert "作废 1 辆" in (await at.http.get("/records")).text
        assert "不能再填写" in (await at.http.get("/records/1/plate")).text
        ticket = (await at.http.get("/records/1/ticket")).text
        assert 'class="outcome">作废<' in ticket

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_a_weight_by_hand_is_signed_by_two_and_judged(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        fields = TWO_SIGN | {
            "gross_kg": "26 000",
            "plate": "晋L12345",
            "axles": "3",
            "layout": "1+2",
        }
        answer = await send(at, "/lanes/1/manual", **(fields | {"gross_kg": "much"}))
        assert problems(answer) == ["应为 1 至 200000 的整数"]
        assert 'value="晋L12345"' in answer.text
        answer = await send(at, "/lanes/1/manual", **fields)
        assert problems(answer) == ["本磅没有正在执行的应急预案：请先启动预案，或说明未启动的原因"]
        assert at.records() == []
        await send(at, "/upkeep/plans", plan="0", cause="仪表坏")
        assert "称重设备故障" in (await at.http.get("/lanes/1/manual")).text
        answer = await send(at, "/lanes/1/manual", **fields)
        assert answer.headers["location"] == "/records/1?said=manual"
        (record,) = at.records()
        assert (record.gross_kg, record.verdict) == (26_000, "over")
        assert "manual_weight" in record.flags
        assert (await at.http.get("/lanes/7/manual")).status_code == 404

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_a_form_is_done_once_and_only_about_the_truck_as_it_was_shown(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 24_000)
        first, second = [(await at.http.get("/records/1/loading")).text for _ in range(2)]
        fields = hidden_in(first) | {"cargo": "0100"}
        both = await asyncio.gather(
            *(at.http.post("/records/1/loading", data=fields) for _ in range(2))
        )
        late = await at.http.post("/records/1/loading", data=fields)
        assert {each.headers["location"] for each in (*both, late)} == {"/records/1?said=loading"}
        assert len(at.records()) == 2
        answer = await at.http.post(
            "/records/1/loading", data=hidden_in(second) | {"cargo": "0500"}
        )
        assert answer.status_code == 422
        assert "已有变化" in answer.text
        assert at.records()[-1].cargo == "0100"

    at_gate(scenario, tmp_path, identity)


ORDERS = ("/records/1/plate", "/records/1/loading", "/records/1/override", "/records/1/void",
          "/records/1/print", "/lanes/1/manual", "/lanes/1/barrier", "/lanes/1/alone",
          "/shifts")  # fmt: skip
PAGES = ("/records", "/records/1", "/records.csv", "/records.xlsx", "/records/1/ticket", "/totals",
         "/records/1/ticket.pdf", "/records/1/qr.svg", "/shifts", "/shifts/1")  # fmt: skip


def test_nothing_is_shown_or_done_without_a_login_nor_by_another_page(tmp_path, identity):
    async def scenario(at):
        for path in (*PAGES, *ORDERS):
            answer = await at.http.get(path)
            assert answer.headers.get("location") == "/login" or answer.status_code == 405, path
        for path in ORDERS:
            answer = await at.http.post(path, data={"reason": "x"})
            assert answer.headers["location"] == "/login", path
        await log_in(at)
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            for path in ORDERS:
                answer = await at.http.post(path, data={"reason": "x"}, headers=headers)
                assert answer.status_code == 403, path
        assert at.records() == []

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_people_log_in_by_name_and_the_page_says_who(tmp_path, identity):
    async def scenario(at):
        page = (await at.http.get("/login")).text
        assert "<option>张三</option>" in page
        wrong = await at.http.post("/login", data={"name": "张三", "pin": SUPERVISOR})
        assert wrong.status_code == 403
        unknown = await at.http.post("/login", data={"name": "王五", "pin": SUPERVISOR})
        assert unknown.status_code == 403
        await log_in(at, "李四", SUPERVISOR)
        assert "李四 · 退出" in (await at.http.get("/")).text

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


# tickets


def test_the_code_on_a_ticket_names_record_and_digest(tmp_path, identity):
    async def scenario(at):
        await weigh(at, "晋L12345", 24_000)
        page = (await at.http.get("/records/1/ticket?paper=a5")).text
        number = re.search(r"<title>([^<]+)</title>", page)[1]
        read = parse_ticket(number)
        assert (read.terminal, read.seq) == (identity.terminal, 1)
        assert read.fits(at.terminal.worker.store.digest_at(1))
        code = await at.http.get("/records/1/qr.svg")
        assert code.headers["content-type"] == "image/svg+xml"
        assert code.text.startswith("<svg")
        pdf = await at.http.get("/records/1/ticket.pdf?paper=58mm")
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF")
        for path in ("ticket", "ticket.pdf", "qr.svg"):
            assert (await at.http.get(f"/records/9/{path}")).status_code == 404
        # a gate without a printer prints from the browser
        answer = await at.http.post("/records/1/print")
        assert answer.status_code == 409
        assert "请用浏览器打印" in answer.text

    at_gate(scenario, tmp_path, identity)


def test_a_ticket_goes_to_the_printer_of_the_gate(tmp_path, identity):
    got = bytearray()

    async def take(reader, writer):
        while data := await reader.read(4096):
            got.extend(data)
        writer.close()

    async def run():
        server = await asyncio.start_server(take, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        printer = {"transport": {"kind": "tcp", "host": "127.0.0.1", "port": port}}
        async with (
            server,
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, more={"printer": printer}) as at,
        ):
            await weigh(at, "晋L12345", 24_000)
            answer = await send(at, "/records/1/ticket")
            assert answer.status_code == 405
            shown = (await at.http.get("/records/1/ticket")).text
            token = re.search(r'name="form" value="([^"]+)"', shown)[1]
            for _ in range(2):
                answer = await at.http.post("/records/1/print", data={"form": token})
                assert answer.status_code == 303
            await at.until(lambda: got.endswith(b"\x1dV\x42\x00"))
            assert got.count(b"\x1b@") == 1
            assert "晋L12345".encode("gb18030") in got
            server.close()
            await server.wait_closed()
            answer = await at.http.post("/records/1/print", data={"form": "another"})
            assert answer.status_code == 502
            assert "未能打印" in answer.text

    asyncio.run(run())


# sums and shifts


def test_the_sums_of_a_day_are_by_lane_cargo_and_shift(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        await weigh(at, "晋L12345", 24_000)
        handed = await send(
            at, "/shifts", gave="张三", gave_pin=GATEKEEPER, took="李四", took_pin=SUPERVISOR
        )
        assert handed.headers["location"] == "/shifts/1?said=handed_over"
        await weigh(at, "晋LA8888", 31_500)
        await send(at, "/records/2/loading", cargo="0100")
        page = (await at.http.get("/totals")).text
        cells = [re.sub(r"<[^>]+>|\s+", " ", row).split() for row in page.split("<tr>")]
        sums = {row[0]: row[1:3] for row in cells if len(row) > 5}
        assert sums["煤炭及制品"] == ["1", "31.50"]
        assert sums["未填写"] == ["1", "24.00"]
        assert sums["1"] == ["2", "55.50"]
        assert "进行中" in page
        month = (await at.http.get(f"/totals?month={page.split('<h1>')[1][:7]}")).text
        assert "55.50" in month
        assert "没有称重车辆" in (await at.http.get("/totals?day=2020-01-01")).text
        assert (await at.http.get("/totals?day=nonsense")).status_code == 200

    at_gate(scenario, tmp_path, identity, more=PEOPLE)


def test_a_shift_is_handed_over_by_two_who_both_sign(tmp_path, identity):
    async def scenario(at):
        await log_in(at)
        await weigh(at, "晋L12345", 24_000)
        right = {"gave": "张三", "gave_pin": GATEKEEPER, "took": "李四", "took_pin": SUPERVISOR}
        for wrong, said in [
            ({"took_pin": GATEKEEPER}, "口令不正确"),
            ({"took": "张三", "took_pin": GATEKEEPER}, "接班人应为另一人"),
            ({"gave": ""}, "请选择人员"),
            ({"remarks": "长" * 301}, "最多 300 个字符"),
        ]:
            answer = await send(at, "/shifts", **(right | wrong))
            assert answer.status_code == 422
            assert said in problems(answer)
        answer = await send(at, "/shifts", **right, remarks="秤台\n已清扫")
        assert answer.headers["location"] == "/shifts/1?said=handed_over"
        page = (await at.http.get("/shifts/1")).text
        for text in ("张三", "李四", "秤台 已清扫", "24.00", "李四 · 退出"):
            assert text in page
        assert "晋L12345" in (await at.http.get("/records?shift=1")).text
        assert (await at.http.get("/shifts/9")).status_code == 404
        assert "李四，自" in (await at.http.get("/shifts")).text

    at_gate(scenario, tmp_path, identity, more=PEOPLE)
