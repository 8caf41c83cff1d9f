"""Tickets: what stands on them, how they reach a printer, that their number fits the record."""

import asyncio
import contextlib
import io

import msgspec
import pytest
from pypdf import PdfReader
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.record.model import Record
from hengyuan.record.ticket import parse_ticket
from hengyuan.terminal.screen.escpos import COLUMNS, qr_bytes, ticket_bytes
from hengyuan.terminal.screen.printing import NotPrinted, Printer, PrinterTable
from hengyuan.terminal.screen.ticket_pdf import ticket_pdf
from hengyuan.terminal.screen.tickets import Issuer, make_ticket
from hengyuan.terminal.screen.vocabulary import Vocabulary
from hengyuan.terminal.transports.settings import Tcp
from hengyuan.terminal.words import translations
from tests.terminal.county import CODE

WORDS = translations("zh_Hans")
ISSUER = Issuer("示例煤矿", CODE, "https://platform.example/")
DIGEST = bytes(range(32))
LOADED = Record(
    v=1,
    terminal=CODE,
    seq=42,
    kind="exit",
    lane=1,
    weighed_at=1_790_000_000_000,
    gross_kg=48_620,
    tare_kg=15_020,
    net_kg=33_600,
    limit_kg=49_000,
    verdict="pass",
    rule_pack="GB1589",
    axles=6,
    layout="1+2+3",
    plate="晋L12345",
    plate_colour="yellow",
    cargo="0100",
    note_no="ZZ-2026-0042",
    carrier="示例运输公司",
    destination="示例电厂",
    operator="张三",
)


def ticket(record=LOADED, **more):
    return make_ticket(record, DIGEST, ISSUER, Vocabulary(WORDS), WORDS, 1_790_000_060_000, **more)


def stands(made):
    return {line.label: line.value for line in made.lines}


def test_a_loading_note_has_what_the_order_asks_for():
    made = ticket()
    assert made.title == "货物装载单"
    assert stands(made) == {
        "时间": "2026-09-21 22:13:20",
        "车牌": "晋L12345",
        "车辆": "6轴 · 1+2+3",
        "装载单号": "ZZ-2026-0042",
        "货物": "煤炭及制品",
        "承运单位": "示例运输公司",
        "目的地": "示例电厂",
        "毛重": "48.62 t",
        "皮重": "15.02 t",
        "净重": "33.60 t",
        "限重": "49.00 t",
        "司磅员": "张三",
    }
    assert made.verdict == "未超限"
    assert made.signatures == ("装载人", "司磅员", "驾驶员")


def test_without_loading_data_it_is_a_weigh_ticket_and_either_can_be_asked_for():
    plain = msgspec.structs.replace(
        LOADED, cargo=None, note_no=None, carrier=None, destination=None
    )
    assert ticket(plain).title == "过磅单"
    assert "货物" not in stands(ticket(plain))
    assert ticket(plain, form="loading").title == "货物装载单"
    assert ticket(form="weigh").title == "过磅单"


def test_number_and_code_hold_the_paper_against_the_record():
    made = ticket()
    read = parse_ticket(made.address)
    assert (read.terminal, read.seq) == (CODE, 42)
    assert read.fits(DIGEST)
    assert not read.fits(DIGEST[::-1])
    assert made.address == f"https://platform.example/v/{made.number}/"
    assert parse_ticket(made.number) == read


def test_an_override_and_a_void_are_seen_on_the_paper():
    released = msgspec.structs.replace(
        LOADED,
        gross_kg=52_000,
        net_kg=36_980,
        verdict="over",
        flags=("override",),
        reason="抢险救灾",
        witness="李四",
    )
    made = ticket(released)
    assert stands(made)["超限"] == "3.00 t"
    assert made.notes == ("人工放行", "原因：抢险救灾", "第二人：李四")
    void = Record(
        v=1,
        terminal=CODE,
        seq=43,
        kind="void",
        lane=1,
        weighed_at=1,
        corrects=42,
        reason="重复",
    )
    made = ticket(void, last_weighed=LOADED)
    assert (made.verdict, stands(made)["毛重"]) == ("作废", "48.62 t")
    assert made.number.startswith(f"{CODE}-43-")


# on a receipt printer


def lines_of(data):
    """The texts of what is printed, commands aside, up to the code."""
    text = data.split(b"\x1d(k")[0]
    for command in (b"\x1b@", b"\x1c&", b"\x1ba\x00", b"\x1ba\x01", b"\x1d!\x00", b"\x1d!\x01",
                    b"\x1d!\x11", b"\x1bE\x01", b"\x1bE\x00"):  # fmt: skip
        text = text.replace(command, b"")
    return text.decode("gb18030").splitlines()


def test_a_code_is_drawn_by_the_five_functions_of_gs_k():
    assert qr_bytes(b"HY", 6) == (
        b"\x1d(k\x04\x00\x31\x41\x32\x00"
        b"\x1d(k\x03\x00\x31\x43\x06"
        b"\x1d(k\x03\x00\x31\x45\x31"
        b"\x1d(k\x05\x00\x31\x50\x30HY"
        b"\x1d(k\x03\x00\x31\x51\x30"
    )
    with pytest.raises(ValueError, match="do not go"):
        qr_bytes(b"")


def test_a_long_text_in_a_code_has_its_length_in_two_bytes():
    data = qr_bytes(b"x" * 300)
    at = data.index(b"\x31\x50\x30")
    assert int.from_bytes(data[at - 2 : at], "little") == 303


@pytest.mark.parametrize("paper", ["80mm", "58mm"])
def test_no_line_is_wider_than_the_paper(paper):
    record = msgspec.structs.replace(LOADED, carrier="长" * 40, note_no="N" * 64)
    for line in lines_of(ticket_bytes(ticket(record), paper)):
        assert sum(1 if each.isascii() else 2 for each in line) <= COLUMNS[paper]


def test_the_bytes_begin_with_a_reset_and_end_with_a_cut():
    data = ticket_bytes(ticket())
    assert data.startswith(b"\x1b@\x1c&\x1ba\x01\x1d!\x11" + "货物装载单".encode("gb18030"))
    assert data.endswith(b"\x1bd\x03\x1dV\x42\x00")
    assert ticket().address.encode() in data
    assert not ticket_bytes(ticket(), cut=False).endswith(b"\x1dV\x42\x00")
    text = "\n".join(lines_of(data))
    assert "晋L12345" in text
    assert "示例电厂" in text
    with pytest.raises(ValueError, match="not a5"):
        ticket_bytes(ticket(), "a5")


def test_no_text_can_command_the_printer():
    evil = msgspec.structs.replace(LOADED, destination="a\x1b@\x1dV\x00b")
    data = ticket_bytes(ticket(evil))
    assert data.count(b"\x1b@") == 1
    assert data.count(b"\x1dV") == 1
    assert "a@Vb" in data.decode("gb18030", errors="ignore")


@contextlib.asynccontextmanager
async def printer_on_a_line(answer=b""):
    """A printer that keeps what it gets, and its transport."""
    got = bytearray()
    ended = asyncio.Event()

    async def take(reader, writer):
        while data := await reader.read(4096):
            if answer and not got and data.startswith(b"\x10\x04"):
                writer.write(answer)
                data = data[3:]
            got.extend(data)
        ended.set()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield Tcp(host="127.0.0.1", port=port, connect_timeout_s=2), got, ended


def test_a_ticket_reaches_a_printer_byte_for_byte():
    async def scenario():
        async with printer_on_a_line() as (transport, got, ended):
            printer = Printer(PrinterTable(transport=transport, copies=2))
            await printer.print(ticket())
            await ended.wait()
            assert bytes(got) == ticket_bytes(ticket()) * 2
            assert bytes(got) == printer.bytes_of(ticket())

    asyncio.run(scenario())


@pytest.mark.parametrize(("answer", "printed"), [(b"\x12", True), (b"\x72", False)])
def test_a_printer_without_paper_gets_nothing(answer, printed):
    async def scenario():
        async with printer_on_a_line(answer) as (transport, got, ended):
            printer = Printer(PrinterTable(transport=transport, check_paper=True))
            if printed:
                await printer.print(ticket())
            else:
                with pytest.raises(NotPrinted, match="paper"):
                    await printer.print(ticket())
            await ended.wait()
            assert bool(got) is printed

    asyncio.run(scenario())


def test_a_printer_that_is_off_is_said():
    async def scenario():
        async with printer_on_a_line() as (transport, _, _):
            pass
        with pytest.raises(NotPrinted):
            await Printer(PrinterTable(transport=transport)).print(ticket())

    asyncio.run(scenario())


def test_an_installer_tries_the_printer_with_a_sample(tmp_path):
    config = tmp_path / "gate.toml"
    table = """
data_dir = "data"
[platform]
url = "https://platform.example"
[printer]
transport = { kind = "tcp", host = "127.0.0.1", port = PORT }
paper = "58mm"
[[lanes]]
number = 1
scale = { driver = "f4", name = "秤", transport = { kind = "tcp", host = "127.0.0.1", port = 9 } }
displays = [{ driver = "html", name = "屏" }]
"""
    config.write_text(table.replace("PORT", "9"), "utf-8")
    dry = CliRunner().invoke(app, ["print-test", str(config), "--dry-run", str(tmp_path / "out")])
    assert dry.exit_code == 0, dry.output
    data = (tmp_path / "out").read_bytes()
    assert data.startswith(b"\x1b@")
    assert "示例" in "\n".join(lines_of(data))
    failed = CliRunner().invoke(app, ["print-test", str(config)])
    assert failed.exit_code == 1
    assert "未能打印" in failed.output
    config.write_text(table.replace("[printer]", "[video]\n#").partition("paper")[0], "utf-8")
    assert CliRunner().invoke(app, ["print-test", str(config)]).exit_code == 2


# as PDF


@pytest.mark.parametrize(("paper", "width_mm"), [("80mm", 80), ("a5", 210)])
def test_a_pdf_has_the_size_of_its_paper_and_all_that_stands_on_the_ticket(paper, width_mm):
    pdf = asyncio.run(ticket_pdf(ticket(), paper))
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    assert float(page.mediabox.width) == pytest.approx(width_mm / 25.4 * 72, abs=1)
    text = page.extract_text()
    for value in ("货物装载单", "晋L12345", "48.62 t", "示例电厂", "未超限", ticket().number):
        assert value in text


def test_what_people_wrote_is_not_read_as_typst():
    evil = msgspec.structs.replace(LOADED, destination="#panic() $x$ *b*")
    pdf = asyncio.run(ticket_pdf(ticket(evil), "80mm"))
    assert "#panic()" in PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
