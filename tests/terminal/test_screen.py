"""The gate's web server: who may see what, and that a camera's 200 means stored."""

import asyncio
import contextlib
import json
import re
import sqlite3

import pytest

from hengyuan.terminal.screen.pin import Sessions, check_digest, pin_digest, pin_matches
from hengyuan.terminal.store import Store
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
PIN = "246810"


@pytest.fixture
def identity():
    return identity_for(County())


def at_gate(scenario, tmp_path, identity, screen=None, **lane):
    """Run a scenario against a terminal with its devices."""

    async def run():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, screen=screen, **lane) as at,
        ):
            await scenario(at)

    asyncio.run(run())


async def first_event(http, path):
    async with http.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                return json.loads(line.removeprefix("data: "))
    raise AssertionError(f"{path} ended without an event")


# the gatekeeper's page


def test_the_page_and_its_parts_are_served_to_this_machine(tmp_path, identity):
    async def scenario(at):
        page = await at.http.get("/")
        assert page.status_code == 200
        assert "示例煤矿" not in page.text
        assert 'lang="zh-Hans"' in page.text
        assert "最近车辆" in page.text
        for path in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text):
            assert (await at.http.get(path)).status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"

    at_gate(scenario, tmp_path, identity)


def test_no_page_needs_anything_from_elsewhere_or_runs_inline_code(tmp_path, identity):
    async def scenario(at):
        for path in ("/", "/display/1", "/static/gate.css", "/static/gate.js"):
            text = (await at.http.get(path)).text
            assert not re.search(r"https?://(?!www\.w3\.org)", text)
            assert not re.search(r"<script(?![^>]*\ssrc=)", text)
            assert not re.search(r"\son\w+=", text)
            assert " style=" not in text

    at_gate(scenario, tmp_path, identity, displays=[{"driver": "html", "name": "page"}])


def test_the_page_shows_a_truck_as_it_passes(tmp_path, identity):
    async def scenario(at):
        empty = await first_event(at.http, "/live")
        assert empty["lanes"][0]["truck"] is None
        assert empty["newest"] == []
        await at.push("晋L12345")
        at.roll_on(31_500)
        at.axles(31_500)
        await at.shown("晋L12345", "超限")
        await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "told")
        gate = await first_event(at.http, "/live")
        (lane,) = gate["lanes"]
        assert lane["mass"] == "31 500"
        assert lane["phase"] == "已告知驾驶员"
        truck = lane["truck"]
        assert (truck["plate"], truck["gross"], truck["limit"]) == ("晋L12345", "31.50", "25.00")
        assert (truck["over"], truck["rate"], truck["level"]) == ("6.50", "26.00 %", "over")
        assert truck["vehicle"] == "3轴 · 1+2 · 载货汽车"
        assert "限值25吨" in truck["basis"]
        await at.until(lambda: at.terminal.uplink.files_waiting)
        gate = await first_event(at.http, "/live")
        assert gate["newest"][0]["stored"] == "待上传"
        assert gate["queue"] == "待上传 1 条记录、1 个文件"
        assert gate["platform"]["light"] == "warn"
        lights = {device["name"]: device["light"] for device in gate["devices"]}
        assert lights == {"scale": "ok", "axles": "ok", "front": "ok", "led": "ok"}
        kinds = {device["name"]: device["kind"] for device in gate["devices"]}
        assert kinds == {
            "scale": "衡器",
            "axles": "轮轴识别器",
            "front": "抓拍相机",
            "led": "显示屏",
        }
        picture = await at.http.get(truck["pictures"][0]["url"])
        assert picture.status_code == 200
        assert picture.headers["content-type"] == "image/jpeg"
        clip = await at.terminal.worker.put_file(b"\0\0\0\x20ftypiso5" + bytes(100))
        part = await at.http.get(f"/evidence/{clip}", headers={"range": "bytes=4-7"})
        assert (part.status_code, part.content) == (206, b"ftyp")
        assert part.headers["content-type"] == "video/mp4"
        other = await at.terminal.worker.put_file(b"<html>")
        assert (await at.http.get(f"/evidence/{other}")).status_code == 404

    at_gate(scenario, tmp_path, identity)


@pytest.mark.parametrize("digest", ["ab" * 32, "..%2f..%2fterminal.key", "nonsense"])
def test_a_picture_that_is_not_there_is_not_found(tmp_path, identity, digest):
    async def scenario(at):
        assert (await at.http.get(f"/evidence/{digest}")).status_code == 404

    at_gate(scenario, tmp_path, identity)


def test_without_a_pin_a_name_from_elsewhere_is_not_this_machine(tmp_path, identity):
    async def scenario(at):
        headers = {"host": "evil.example"}
        assert (await at.http.get("/", headers=headers)).status_code == 403
        assert (await at.http.get("/live", headers=headers)).status_code == 403
        assert (await at.http.get("/status.json", headers=headers)).status_code == 403
        assert (await at.http.get("/evidence/" + "ab" * 32, headers=headers)).status_code == 403

    at_gate(scenario, tmp_path, identity)


# logging in


def test_with_a_pin_the_page_asks_for_it(tmp_path, identity):
    async def scenario(at):
        assert (await at.http.get("/")).headers["location"] == "/login"
        assert (await at.http.get("/live")).status_code == 403
        wrong = await at.http.post("/login", data={"pin": "000000"})
        assert wrong.status_code == 403
        assert "口令不正确" in wrong.text
        right = await at.http.post("/login", data={"pin": PIN})
        assert right.status_code == 303
        cookie = right.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await at.http.get("/")).status_code == 200
        assert (await at.http.post("/logout")).status_code == 303
        assert (await at.http.get("/live")).status_code == 403

    at_gate(scenario, tmp_path, identity, screen={"pin": pin_digest(PIN)})


def test_figures_for_local_tools_need_no_pin(tmp_path, identity):
    async def scenario(at):
        assert (await at.status())["seq"] == 0
        text = json.dumps(await at.status())
        assert "晋" not in text

    at_gate(scenario, tmp_path, identity, screen={"pin": pin_digest(PIN)})


def test_a_form_from_another_page_logs_nobody_in(tmp_path, identity):
    async def scenario(at):
        for headers in ({"origin": "http://evil.example"}, {"sec-fetch-site": "cross-site"}):
            answer = await at.http.post("/login", data={"pin": PIN}, headers=headers)
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers

    at_gate(scenario, tmp_path, identity, screen={"pin": pin_digest(PIN)})


def test_many_wrong_pins_lock_the_door_also_for_the_right_one(tmp_path, identity):
    async def scenario(at):
        for _ in range(5):
            assert (await at.http.post("/login", data={"pin": "1"})).status_code == 403
        answer = await at.http.post("/login", data={"pin": PIN})
        assert answer.status_code == 429
        assert "五分钟" in answer.text

    at_gate(scenario, tmp_path, identity, screen={"pin": pin_digest(PIN)})


class _Clock:
    now = 0.0

    def monotonic(self):
        return self.now

    def now_ms(self):
        return 0


def test_sessions_end_and_locks_open_with_time():
    clock = _Clock()
    sessions = Sessions(1.0, clock)
    token = sessions.begin()
    assert sessions.holds(token)
    assert not sessions.holds("")
    clock.now = 3601
    assert not sessions.holds(token)
    for _ in range(5):
        sessions.failed()
    assert sessions.locked
    clock.now += 301
    assert not sessions.locked


def test_a_pin_is_kept_as_a_digest_of_its_own_salt():
    first, second = pin_digest(PIN), pin_digest(PIN)
    assert first != second
    assert PIN not in first
    assert pin_matches(PIN, first)
    assert not pin_matches("246811", first)
    check_digest(first)
    with pytest.raises(ValueError, match="at least"):
        pin_digest("12345")
    for broken in ("246810", "scrypt$1$1$1$ab$cd", first[:-2], first.replace("16384", "9999999")):
        with pytest.raises(ValueError, match=r".*"):
            check_digest(broken)


# the driver's display


def test_the_display_page_gets_every_message_as_it_comes(tmp_path, identity):
    async def scenario(at):
        assert (await at.http.get("/display/1")).status_code == 200
        heard = []

        async def listen():
            async with at.http.stream("GET", "/display/1/live") as answer:
                async for line in answer.aiter_lines():
                    what, _, data = line.partition(": ")
                    heard.extend([json.loads(data)] if what == "data" else [])

        listening = asyncio.create_task(listen())
        await at.until(lambda: heard and heard[-1]["lines"][:1] == ["欢迎光临"])
        await at.push("晋L12345")
        at.roll_on(31_500)
        at.axles(31_500)
        await at.until(lambda: heard[-1]["level"] == "over")
        assert heard[-1]["lines"] == ["晋L12345", "总重 31.50 吨", "限重 25.00 吨", "超限 6.50 吨"]
        await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "told")
        listening.cancel()

    at_gate(scenario, tmp_path, identity, displays=[{"driver": "html", "name": "page"}])


def test_a_verdict_that_no_page_shows_is_not_told(tmp_path, identity):
    async def scenario(at):
        await at.push("晋L12345")
        at.roll_on(20_000)
        await at.until(lambda: at.gate.axle_wire.listeners)
        at.axles()
        await at.until(lambda: at.terminal.board.newest)
        await at.until(lambda: "displays" in at.terminal.board.lanes[1].faults)
        assert at.terminal.lanes[1].lane.phase.value == "judged"

    at_gate(scenario, tmp_path, identity, displays=[{"driver": "html", "name": "page"}])


def test_a_lane_without_a_display_page_says_how_to_get_one(tmp_path, identity):
    async def scenario(at):
        answer = await at.http.get("/display/1")
        assert answer.status_code == 404
        assert "driver = &#34;html&#34;" in answer.text
        assert (await at.http.get("/display/7/live")).status_code == 404

    at_gate(scenario, tmp_path, identity)


# cameras


def test_a_push_is_stored_before_it_is_answered(tmp_path, identity):
    async def scenario(at):
        assert await at.push("晋L12345", "uuid-1") == 200
        store = at.terminal.worker.store
        (kept,) = store.open_sightings(1)
        assert "晋L12345" in kept.body.decode()
        digest = json.loads(kept.body)["files"][0]["ref"]["digest"]
        assert at.terminal.worker.files.path(digest).exists()

    at_gate(scenario, tmp_path, identity)


def test_a_push_sent_twice_is_one_event(tmp_path, identity):
    async def scenario(at):
        statuses = await asyncio.gather(*[at.push("晋L12345", "uuid-1") for _ in range(5)])
        assert statuses == [200] * 5
        assert len(at.terminal.worker.store.open_sightings(1)) == 1
        assert len(at.terminal.lanes[1].lane.waiting.kept) == 1

    at_gate(scenario, tmp_path, identity)


def test_one_that_was_taken_before_a_restart_is_not_taken_again(tmp_path, identity):
    async def scenario():
        async with open_gate() as gate:
            for _ in range(2):
                async with site(tmp_path, NOWHERE, identity, gate) as at:
                    assert await at.push("晋L12345", "uuid-1") == 200
                    assert len(at.terminal.lanes[1].lane.waiting.kept) == 1

    asyncio.run(scenario())


def test_a_push_that_cannot_be_stored_is_refused_and_taken_when_it_comes_again(
    tmp_path, identity, monkeypatch
):
    async def scenario(at):
        with monkeypatch.context() as full:

            def refuse(*event):
                raise sqlite3.OperationalError("database or disk is full")

            full.setattr(Store, "keep_sighting", refuse)
            assert await at.push("晋L12345", "uuid-1") == 503
            assert at.terminal.lanes[1].lane.waiting.kept == []
        assert await at.push("晋L12345", "uuid-1") == 200
        assert len(at.terminal.worker.store.open_sightings(1)) == 1

    at_gate(scenario, tmp_path, identity)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("", b""),
        ("application/json", b"{}"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><EventNotificationAlert/>"),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason_and_counted(
    tmp_path, identity, content_type, body
):
    async def scenario(at):
        headers = {"content-type": content_type}
        answer = await at.http.post("/camera/front", content=body, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["error"]
        assert answer.json()["detail"]
        status = await at.status()
        assert sum(status["devices"]["front"]["counters"]["refused"].values()) == 1
        assert at.terminal.worker.store.open_sightings(1) == []

    at_gate(scenario, tmp_path, identity)


def test_an_unknown_camera_is_told_which_are_known(tmp_path, identity):
    async def scenario(at):
        answer = await at.http.post("/camera/rear", content=b"x")
        assert answer.status_code == 404
        assert "front" in answer.json()["detail"]

    at_gate(scenario, tmp_path, identity)


def test_a_push_from_another_address_than_the_cameras_is_refused(tmp_path, identity):
    camera = {"driver": "hikvision", "name": "front", "host": "10.0.0.9"}

    async def scenario(at):
        assert await at.push("晋L12345") == 400

    at_gate(scenario, tmp_path, identity, cameras=[camera])


@pytest.mark.parametrize("length", ["content-length: 1000000000", "transfer-encoding: chunked"])
def test_a_body_without_end_is_cut_off(tmp_path, identity, length):
    async def scenario(at):
        reader, writer = await asyncio.open_connection("127.0.0.1", at.server.port)
        head = f"POST /camera/front HTTP/1.1\r\nhost: x\r\n{length}\r\n\r\n"
        writer.write(head.encode())
        answer = asyncio.create_task(reader.readline())
        part = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
        for _ in range(200):
            if answer.done():
                break
            writer.write(part)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        assert b" 413 " in await answer
        writer.close()

    at_gate(scenario, tmp_path, identity)
