"""The pages of upkeep, as a gatekeeper uses them; and what of it the county hears."""

import asyncio
import re

import msgspec
import pytest

from hengyuan.terminal.screen.pin import pin_digest
from hengyuan.terminal.screen.upkeep_scales import HIGH, WIDE, chart
from hengyuan.terminal.store import upkeep as store
from hengyuan.terminal.store.upkeep import ZeroReading
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
PAGES = ("", "/scales", "/tickets", "/parts", "/plans", "/journal")


def at_gate(scenario, tmp_path, county=None, screen=None, **more):
    """Run a scenario at a gate, with a county where one is given."""

    async def run():
        known = county or County()
        identity = identity_for(known)
        async with open_gate() as gate, known.listening() as url:
            address = url if county else NOWHERE
            async with site(tmp_path, address, identity, gate, screen=screen, more=more) as at:
                await scenario(at)

    asyncio.run(run())


def whats(at):
    # a plain look: a transaction of the test's would meet one of the terminal's thread
    db = at.terminal.worker.store._db
    rows = db.execute("SELECT what, detail FROM journal ORDER BY id").fetchall()
    return [(what, msgspec.json.decode(detail)) for what, detail in rows if what != "shift"]


async def post(at, path, **fields):
    """Send a form; the page it leads to."""
    answer = await at.http.post(path, data=fields)
    if answer.status_code == 303:
        return await at.http.get(answer.headers["location"])
    return answer


class Here:
    """One gate for most of these tests: it runs while a test waits for it."""

    def __init__(self, loop, at):
        self._loop = loop
        self.at = at

    def run(self, scenario):
        """What the scenario wrote into the journal."""
        before = len(whats(self.at))
        self._loop.run_until_complete(scenario(self.at))
        return whats(self.at)[before:]


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    loop = asyncio.new_event_loop()
    leave = asyncio.Event()
    ready = loop.create_future()

    async def run():
        async with (
            open_gate() as gate,
            site(tmp_path_factory.mktemp("gate"), NOWHERE, identity_for(County()), gate) as at,
        ):
            ready.set_result(at)
            await leave.wait()

    task = loop.create_task(run())
    yield Here(loop, loop.run_until_complete(ready))
    leave.set()
    loop.run_until_complete(task)
    loop.close()


def test_every_page_has_something_to_say_before_anything_happened(here):
    async def scenario(at):
        for page in PAGES:
            answer = await at.http.get(f"/upkeep{page}")
            assert answer.status_code == 200, page
            assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=", answer.text), page
        assert "未登记检定证书" in (await at.http.get("/upkeep/scales")).text
        assert "尚无检修单" in (await at.http.get("/upkeep/tickets")).text
        assert "称重设备故障" in (await at.http.get("/upkeep/plans")).text
        for path in ("/upkeep/tickets/7", "/upkeep/plans/7"):
            assert (await at.http.get(path)).status_code == 404

    here.run(scenario)


def test_a_repair_from_asking_to_its_test(here):
    async def scenario(at):
        shown = await post(at, "/upkeep/tickets", device="led", problem="半屏不亮", by="门卫甲")
        assert "检修单第 1 号" in shown.text
        await post(
            at, "/upkeep/parts", name="LED模组", model="P10", count="4", minimum="2", by="甲"
        )
        await post(at, "/upkeep/tickets/1/note", note="已联系维修单位", by="门卫甲")
        await post(at, "/upkeep/tickets/1/part", part="1", count="3", by="门卫甲")
        await post(at, "/upkeep/tickets/1/swap", device="led", old_serial="A1", new_serial="B2",
                   reason="电源烧毁", by="门卫甲")  # fmt: skip
        done = await post(at, "/upkeep/tickets/1/close", done="换模组", test="全屏正常", by="乙")
        for text in ("已联系维修单位", "LED模组 P10 × 3", "A1 → B2", "全屏正常"):
            assert text in done.text
        assert "记录检修进展" not in done.text
        stock = (await at.http.get("/upkeep/parts")).text
        assert "不足" in stock
        too_late = await post(at, "/upkeep/tickets/1/note", note="再记一条", by="门卫甲")
        assert too_late.status_code == 409
        assert "状态已变化" in too_late.text

    assert [what for what, _ in here.run(scenario)] == [
        "ticket_opened", "part_stocked", "ticket_noted", "part_taken", "part_low",
        "device_swapped", "ticket_closed",
    ]  # fmt: skip


def test_a_form_that_is_sent_twice_is_done_once(here):
    async def scenario(at):
        fields = {"device": "led", "problem": "无显示", "by": "甲", "form": "the-same-form"}
        first, second = [await post(at, "/upkeep/tickets", **fields) for _ in range(2)]
        assert first.url == second.url

    assert len(here.run(scenario)) == 1


@pytest.mark.parametrize(
    ("path", "fields", "complaint"),
    [
        ("/tickets", {"device": "led", "problem": "", "by": "甲"}, "请填写故障现象"),
        ("/tickets", {"device": "别的", "problem": "坏", "by": "甲"}, "请选择设备"),
        ("/tickets", {"device": "led", "problem": "坏"}, "请填写操作人"),
        ("/scales", {"scale": "scale", "certificate": "1", "valid_until": "明年", "by": "甲"},
         "请填写日期"),
        ("/scales", {"scale": "scale", "certificate": "", "valid_until": "2027-05-01", "by": "甲"},
         "请填写证书编号"),
        ("/parts", {"name": "模组", "count": "-1", "minimum": "0", "by": "甲"}, "整数"),
        ("/parts", {"name": "", "count": "1", "minimum": "0", "by": "甲"}, "请填写备件名称"),
        ("/plans", {"plan": "99", "by": "甲"}, "整数"),
        ("/parts/1", {"what": "out", "change": "50", "by": "甲"}, "库存不足"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_form_is_said_and_nothing_is_stored(path, fields, complaint, here):
    async def scenario(at):
        answer = await post(at, f"/upkeep{path}", **fields)
        assert answer.status_code in (409, 422)
        assert complaint in answer.text

    assert here.run(scenario) == []


def test_a_certificate_is_entered_and_stands_on_every_page_when_it_has_ended(here):
    async def scenario(at):
        shown = await post(at, "/upkeep/scales", scale="scale", certificate="检2025-001",
                           verified_by="某某计量所", valid_until="2020-01-01", by="甲")  # fmt: skip
        assert "检定已过期" in shown.text
        assert "检2025-001" in shown.text
        assert "检定已过期" in (await at.http.get("/records")).text
        await post(at, "/upkeep/scales", scale="scale", certificate="检2099-001",
                   valid_until="2099-01-01", by="甲")  # fmt: skip
        assert "检定已过期" not in (await at.http.get("/records")).text

    here.run(scenario)


def test_a_plan_begun_by_hand_is_gone_through_and_ended(here):
    async def scenario(at):
        shown = await post(at, "/upkeep/plans", plan="3", cause="停电", by="门卫甲")
        assert "停电或断网" in shown.text
        assert "应急预案执行中" in shown.text
        await post(at, "/upkeep/plans/1/steps/1", result="impossible", by="门卫甲")
        await post(at, "/upkeep/plans/1/steps/2", result="done", by="门卫乙")
        ended = await post(at, "/upkeep/plans/1/end", outcome="stopped", by="门卫乙")
        assert "应急预案执行中" not in ended.text
        for text in ("无法实施", "停止出场", "未执行"):
            assert text in ended.text
        again = await post(at, "/upkeep/plans/1/steps/3", result="done", by="门卫甲")
        assert again.status_code == 409

    assert here.run(scenario)[1] == ("plan_step", {
        "plan": 1, "step": 1, "title": "停电：启用备用电源；无备用电源的停止车辆出场",
        "result": "impossible", "by": "门卫甲",
    })  # fmt: skip


def test_what_the_terminal_itself_cannot_do_stands_among_the_devices_in_words(here):
    async def scenario(at):
        at.terminal.uplink.refused = "suspended: as ordered"
        page = (await at.http.get("/upkeep")).text
        assert "记录上传" in page
        assert "终端自身" in page
        assert 'href="/upkeep/tickets?device=uplink"' not in page
        at.terminal.uplink.refused = None

    here.run(scenario)


def test_the_weighing_page_is_told_of_a_plan_as_it_begins_and_ends(here):
    async def next_notices(lines, shown):
        async for line in lines:
            if line.startswith("data: "):
                notices = msgspec.json.decode(line.removeprefix("data: "))["notices"]
                if bool(notices) is shown:
                    return notices
        raise AssertionError("the page heard nothing more")

    async def scenario(at):
        async with asyncio.timeout(20), at.http.stream("GET", "/live") as live:
            lines = live.aiter_lines()
            await next_notices(lines, shown=False)
            begun = await post(at, "/upkeep/plans", plan="0", by="门卫甲")
            [notice] = await next_notices(lines, shown=True)
            assert notice["level"] == "bad"
            assert notice["path"] == begun.url.path
            await post(at, f"{begun.url.path}/end", outcome="false_alarm", by="门卫甲")
            await next_notices(lines, shown=False)

    here.run(scenario)


def test_who_is_logged_in_signs_whatever_the_form_says(tmp_path):
    people = [{"name": "张三", "pin": pin_digest("246810"), "role": "gatekeeper"}]

    async def scenario(at):
        assert (await at.http.get("/upkeep")).status_code == 303
        refused = await at.http.post("/upkeep/tickets", data={"device": "led", "problem": "x"})
        assert refused.status_code == 303
        await at.http.post("/login", data={"name": "张三", "pin": "246810"})
        await post(at, "/upkeep/tickets", device="led", problem="无显示", by="别人")
        opened = dict(whats(at))["ticket_opened"]
        assert opened["by"] == "张三"

    at_gate(scenario, tmp_path, people=people)


def test_another_site_s_form_is_refused(here):
    async def scenario(at):
        headers = {"origin": "http://elsewhere.example"}
        fields = {"device": "led", "problem": "x", "by": "甲"}
        answer = await at.http.post("/upkeep/tickets", data=fields, headers=headers)
        assert answer.status_code == 403

    assert here.run(scenario) == []


def test_a_display_that_dies_begins_its_plan_and_the_county_hears_of_all_of_it(tmp_path):
    county = County()
    quick = {
        "failed_after_s": 0.5,
        "sound_after_s": 0.5,
        "plan_after_s": 0.5,
        "ticket_after_s": 1.0,
    }

    async def scenario(at):
        await at.until(lambda: at.terminal.device_states()["led"] == "ok")
        await at.gate.led.close()
        heard = lambda: [entry.what for entry in county.journal]  # noqa: E731
        await at.until(lambda: "ticket_opened" in heard())
        assert heard().index("device_failed") < heard().index("plan_begun")
        begun = next(entry for entry in county.journal if entry.what == "plan_begun")
        assert msgspec.json.decode(begun.detail)["cause"] == "led"
        page = (await at.http.get("/upkeep")).text
        assert "显示屏故障" in page
        assert re.search(r"led.*?light bad", page, re.DOTALL)

    at_gate(scenario, tmp_path, county=county, upkeep=quick)


def test_a_chart_keeps_within_its_box_and_shows_the_bounds():
    readings = [ZeroReading(0, kg, "hourly") for kg in (0, 10, -200, 40)]
    drawn = chart(readings, 60)
    points = [tuple(map(float, point.split(","))) for point in drawn.points.split()]
    assert [x for x, _ in points] == [0, WIDE / 3, 2 * WIDE / 3, WIDE]
    assert all(0 <= y <= HIGH for _, y in points)
    assert drawn.upper_y < drawn.zero_y < drawn.lower_y
    assert chart(readings[:1], 60) is None


def test_zeros_are_drawn_once_there_are_some(here):
    async def scenario(at):
        def keep(db):
            for number in range(30):
                store.keep_zero(db, "scale", 1_790_000_000_000 + number, number % 5, "hourly")

        await at.terminal.upkeep.do(keep)
        page = (await at.http.get("/upkeep/scales")).text
        assert "<polyline points=" in page
        assert page.count("定时") == 12

    here.run(scenario)
