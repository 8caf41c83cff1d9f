"""Somebody without a login and the county's office, in a real browser: seen, reported, answered."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from hengyuan.platform.portal.submissions import MIN_FILLING_S
from tests.browser.live import PATIENCE_S, People, Town, in_browser, town
from tests.conftest import Cast
from tests.platform.conftest import committed_intake
from tests.platform.records import TestTerminal

__all__ = ["committed_intake", "town"]

pytestmark = pytest.mark.browser

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1366, "height": 768}


@pytest.fixture
def published(town: Town, cast: Cast) -> str:
    """The cast's county has published its units today; the number of the document."""
    from django.utils.timezone import localdate

    from hengyuan.platform.ledger.services import change_unit
    from hengyuan.platform.publication import services
    from tests.platform.publication.county import County

    for unit in (cast.unit, cast.other_unit):
        change_unit(None, unit, credit_code=f"91141024MA0CADT{unit.code[-3:]}", address="某村")
    county, today = County(cast, cast.county_clerk, cast.county_head, cast.unit.region), localdate()
    number = f"测政公告〔{today.year}〕1号"
    submitted = county.submitted()
    how = services.Publishing(number, today, today + timedelta(days=7))
    services.publish(county.head, submitted.pk, submitted.version, how)
    return number


def visit(people: People, size: dict[str, int]) -> Page:
    """A window of somebody without a login."""
    context = people.browser.new_context(
        base_url=people.town.address, viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    page: Page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    page.on("console", lambda said: said.type == "error" and people.complaints.append(said.text))
    page.on("pageerror", lambda error: people.complaints.append(str(error)))
    return page


def looked_at(page: Page) -> None:
    """Nothing serious for axe, nothing that has to be scrolled sideways."""
    found: Any = Axe().run(page).response["violations"]
    serious = [
        f"{page.url}: {each['id']} {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == []
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    ), f"{page.url} is too wide"


def photograph() -> bytes:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "HengyuanTestPhone"
    Image.new("RGB", (640, 480), "#8899aa").save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@in_browser
def test_somebody_finds_a_unit_reports_it_and_reads_the_answer(
    people: People, town: Town, published: str, size: dict[str, int]
) -> None:
    page = visit(people, size)
    page.goto("/account/login/")
    page.get_by_role("link", name="公众网站").click()
    looked_at(page)
    page.get_by_role("navigation").get_by_role("link", name="公示单位").click()
    page.get_by_label("名称或地址").fill("甲煤矿")
    page.get_by_role("button", name="搜索").click()
    expect(page.get_by_role("link", name="测试乙煤矿")).to_have_count(0)
    looked_at(page)
    page.get_by_role("link", name="测试甲煤矿").click()
    expect(page.get_by_text(published)).to_be_visible()
    looked_at(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="PDF").click()
    assert download.value.suggested_filename.endswith(".pdf")

    page.get_by_role("link", name="举报该单位").click()
    expect(page.get_by_label("具体地点")).to_have_value("测试甲煤矿")
    page.get_by_label("源头单位不称重放行车辆").check()
    page.get_by_label("发生时间").fill(yesterday())
    page.get_by_label("车辆号牌").fill("晋L 12345")
    page.get_by_label("情况描述").fill("太短")
    page.get_by_role("button", name="提交举报").click()
    expect(page.get_by_text("请再写具体些，至少 10 个字。")).to_be_visible()
    looked_at(page)
    page.get_by_label("情况描述").fill("满载的六轴车没有过磅就出了门。")
    page.get_by_label("图片").set_input_files(
        {"name": "truck.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
    )
    page.get_by_label("电话或电子邮箱").fill("13800000000")
    page.wait_for_timeout((MIN_FILLING_S + 1) * 1000)  # nobody fills it in quicker than that
    page.get_by_role("button", name="提交举报").click()
    receipt = page.locator("output").inner_text()
    assert len(receipt) == len("XXXX-XXXX-XXXX")
    looked_at(page)

    office = people.log_in("county_clerk")
    office.get_by_role("link", name="群众举报", exact=True).first.click()
    office.get_by_role("link", name=receipt).click()
    expect(office.get_by_role("link", name="测试甲煤矿")).to_be_visible()
    looked_at(office)
    picture = office.locator(".report-pictures img")
    expect(picture).to_have_js_property("naturalWidth", 640)
    assert "13800000000" not in office.content()
    office.get_by_role("button", name="查看联系方式").click()
    expect(office.get_by_text("13800000000")).to_be_visible()
    looked_at(office)
    office.get_by_role("link", name="交办").click()
    office.get_by_label("核查人").select_option(label="County Inspector")
    office.get_by_role("button", name="交办").click()
    expect(office.get_by_text("该举报现为“核查中”状态。")).to_be_visible()

    ask(page, receipt)
    expect(page.get_by_text("核查中")).to_be_visible()

    inspector = people.log_in("county_inspector")
    inspector.goto(office.url)
    assert "13800000000" not in inspector.content()
    inspector.get_by_role("link", name="填写核查情况").click()
    inspector.get_by_label("属实", exact=True).check()
    inspector.get_by_label("核查情况").fill("监控可见该车未过磅。")
    looked_at(inspector)
    inspector.get_by_role("button", name="填写核查情况").click()
    expect(inspector.get_by_text("该举报现为“已核查”状态。")).to_be_visible()

    office.reload()
    office.get_by_role("link", name="答复").click()
    office.get_by_label("公开答复").fill("经核查属实，已责令该单位整改。")
    office.get_by_role("button", name="答复").click()
    expect(office.get_by_text("该举报现为“已答复”状态。")).to_be_visible()

    ask(page, receipt.lower().replace("-", ""))
    expect(page.get_by_text("经核查属实，已责令该单位整改。")).to_be_visible()
    assert "监控可见" not in page.content()
    looked_at(page)
    assert [said for said in people.complaints if "422" not in said] == []


@in_browser
def test_a_driver_s_ticket_is_checked_by_its_code(people: People, town: Town) -> None:
    from hengyuan.record.ticket import ticket_of, ticket_path

    gate = town.gates["own"]
    gate.pass_truck(3600, plate="晋L12345")
    gate.pass_truck(3700, gross_kg=60_000, verdict="over")
    terminal: TestTerminal = gate.terminal
    passed, over = (ticket_of(terminal.code, seq, terminal.digests[seq]) for seq in (1, 2))

    page = visit(people, PHONE)
    page.goto(ticket_path(passed))
    expect(page.get_by_text("真实有效：记录已存储且未被改动")).to_be_visible()
    expect(page.get_by_text("晋L·1**45")).to_be_visible()
    assert "12345" not in page.content()
    looked_at(page)
    page.get_by_role("link", name="核验其他磅单").click()
    page.get_by_label("磅单编号").fill(str(over).upper())
    page.get_by_role("button", name="核验").click()
    expect(page.get_by_text("超限 11,000 kg（超限率 22.45 %）")).to_be_visible()
    looked_at(page)
    assert people.complaints == []
    page.goto(f"{ticket_path(passed)[:-2]}0/" if str(passed)[-1] != "0" else "/v/x-1-00000000/")
    expect(page.get_by_text("没有与该编号相符的记录")).to_be_visible()
    looked_at(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
@in_browser
def test_every_public_page_fits_a_telephone_in_light_and_dark(
    people: People, town: Town, published: str, theme: str
) -> None:
    page = visit(people, PHONE)
    cookie = {"name": "hengyuan_theme", "value": theme, "url": town.address}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    for address in ("", "units/", "documents/", "report/", "status/", "ticket/"):
        page.goto(f"/public/{address}")
        assert page.locator("html").get_attribute("data-bs-theme") == theme
        looked_at(page)
    page.goto("/public/documents/")
    page.get_by_role("link", name="提出异议").click()
    looked_at(page)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Object to a published list")).to_be_visible()
    looked_at(page)
    assert people.complaints == []


def ask(page: Page, receipt: str) -> None:
    page.goto("/public/status/")
    page.get_by_label("受理编号").fill(receipt)
    page.get_by_role("button", name="查询", exact=True).click()


def yesterday() -> str:
    """As the field for a moment takes it, in the county's own time."""
    from datetime import UTC, datetime, timezone

    at = datetime.now(UTC).astimezone(timezone(timedelta(hours=8))) - timedelta(days=1)
    return at.strftime("%Y-%m-%dT%H:%M")
