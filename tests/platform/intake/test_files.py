"""Evidence files: only what a stored record names, whole or in parts, checked by content."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from hengyuan.platform.intake.evidence import note_missing
from hengyuan.platform.weighing.evidence import evidence_store
from tests.conftest import Cast
from tests.platform.records import (
    JPEG,
    TestTerminal,
    current_database_url,
    enrolled_terminal,
    file_ref,
    running_lane,
    send,
)

pytestmark = pytest.mark.usefixtures("committed_intake")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HENGYUAN_HOME", str(tmp_path))
    return tmp_path


def path_of(digest: str) -> str:
    return f"/api/intake/v1/files/{digest}"


async def put(
    client: httpx.AsyncClient, terminal: TestTerminal, digest: str, body: bytes, **headers: str
) -> httpx.Response:
    signed = terminal.headers("PUT", path_of(digest), body)
    more = {"hengyuan-seq": "1"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return await client.put(path_of(digest), content=body, headers=signed | more)


async def progress(client: httpx.AsyncClient, terminal: TestTerminal, digest: str) -> Any:
    signed = terminal.headers("GET", path_of(digest))
    return (await client.get(path_of(digest), headers=signed)).json()


def weigh_with(terminal: TestTerminal, data: bytes) -> str:
    """Record 1 with one picture; its digest."""
    reference = file_ref(terminal.suite, data)
    terminal.weigh(1, files=[{"digest": reference.digest, "kind": "head"}])
    return reference.digest


def test_a_picture_is_stored_under_its_digest(enrolled: TestTerminal) -> None:
    digest = weigh_with(enrolled, JPEG)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            assert await progress(client, enrolled, digest) == {"received": 0, "complete": False}
            answer = await put(client, enrolled, digest, JPEG)
            assert answer.json() == {"received": len(JPEG), "complete": True}
            again = await put(client, enrolled, digest, JPEG)
            assert again.json() == {"received": len(JPEG), "complete": True}

    asyncio.run(work())
    assert evidence_store().path(digest).read_bytes() == JPEG


def test_an_upload_goes_on_where_it_was_cut_off(enrolled: TestTerminal) -> None:
    data = JPEG[:-2] + bytes(range(256)) * 40 + b"\xff\xd9"
    digest, total = weigh_with(enrolled, data), len(data)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            await put(client, enrolled, digest, data[:4000], content_range=f"bytes 0-3999/{total}")
        # another process of the platform, after a restart
        async with running_lane() as client:
            assert (await progress(client, enrolled, digest))["received"] == 4000
            ahead = await put(
                client,
                enrolled,
                digest,
                data[5000:],
                content_range=f"bytes 5000-{total - 1}/{total}",
            )
            assert (ahead.status_code, ahead.json()["received"]) == (422, 4000)
            rest = await put(
                client,
                enrolled,
                digest,
                data[4000:],
                content_range=f"bytes 4000-{total - 1}/{total}",
            )
            assert rest.json() == {"received": total, "complete": True}

    asyncio.run(work())
    assert evidence_store().path(digest).read_bytes() == data


def test_bytes_that_do_not_hash_to_the_digest_are_thrown_away(enrolled: TestTerminal) -> None:
    digest = weigh_with(enrolled, JPEG)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            answer = await put(client, enrolled, digest, JPEG[:-4] + b"xx\xff\xd9")
            assert (answer.status_code, answer.json()["error"]) == (422, "bad_file")
            assert await progress(client, enrolled, digest) == {"received": 0, "complete": False}

    asyncio.run(work())
    assert not evidence_store().has(digest)


def test_what_is_no_picture_is_refused_whatever_it_is_called(enrolled: TestTerminal) -> None:
    script = b"<html><script>alert(1)</script></html>"
    digest = weigh_with(enrolled, script)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            answer = await put(client, enrolled, digest, script, content_type="image/jpeg")
            assert (answer.status_code, answer.json()["error"]) == (422, "bad_file")

    asyncio.run(work())


def test_a_file_that_no_record_names_is_refused(enrolled: TestTerminal) -> None:
    weigh_with(enrolled, JPEG)
    other = JPEG + b"\x00"
    digest = file_ref(enrolled.suite, other).digest

    async def work() -> None:
        async with running_lane() as client:
            before = await put(client, enrolled, digest, other)
            assert (before.status_code, before.json()["error"]) == (404, "not_found")
            await send(client, enrolled.batch())
            after = await put(client, enrolled, digest, other)
            assert (after.status_code, after.json()["error"]) == (422, "bad_file")

    asyncio.run(work())


def test_another_terminal_cannot_bring_the_file(enrolled: TestTerminal, cast: Cast) -> None:
    digest = weigh_with(enrolled, JPEG)
    other = enrolled_terminal(cast.unit, cast.county_clerk)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            answer = await put(client, other, digest, JPEG)
            assert answer.json()["error"] == "not_found"

    asyncio.run(work())


@pytest.mark.parametrize(
    "headers",
    [
        {"content_range": "bytes 0-1/2"},
        {"content_range": "bytes 5-2/9"},
        {"content_range": "rubbish"},
        {"hengyuan_seq": "eins"},
        {"hengyuan_seq": ""},
    ],
)
def test_headers_that_do_not_fit_are_malformed(
    enrolled: TestTerminal, headers: dict[str, str]
) -> None:
    digest = weigh_with(enrolled, JPEG)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            answer = await put(client, enrolled, digest, JPEG, **headers)
            assert (answer.status_code, answer.json()["error"]) == (400, "malformed")

    asyncio.run(work())


@pytest.mark.parametrize("digest", ["AB" * 32, "ab", "0" * 63 + "g"])
def test_only_a_digest_names_a_file(enrolled: TestTerminal, digest: str) -> None:
    async def work() -> None:
        async with running_lane() as client:
            answer = await put(client, enrolled, digest, JPEG)
            assert answer.status_code in (400, 401, 404)

    asyncio.run(work())


def test_a_request_signature_covers_the_body_and_the_path(enrolled: TestTerminal) -> None:
    digest = weigh_with(enrolled, JPEG)

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            signed = enrolled.headers("PUT", path_of(digest), b"other bytes")
            answer = await client.put(
                path_of(digest), content=JPEG, headers=signed | {"hengyuan-seq": "1"}
            )
            assert (answer.status_code, answer.json()["error"]) == (401, "bad_signature")
            old = enrolled.headers("GET", path_of(digest), time_ms=1_700_000_000_000)
            stale = await client.get(path_of(digest), headers=old)
            assert (stale.status_code, stale.json()["error"]) == (401, "stale_request")
            assert stale.json()["time_ms"] > 1_700_000_000_000

    asyncio.run(work())


def test_files_that_did_not_come_are_asked_for_with_the_heartbeat(enrolled: TestTerminal) -> None:
    digest = weigh_with(enrolled, JPEG)
    beat = (
        b'{"clock_ms":1790000000000,"devices":{"scale":"ok"},"disk_free_mb":1000,"queue":1,'
        b'"rule_pack":"cn-2016.1","seq":1,"software":"test"}'
    )

    async def heartbeat(client: httpx.AsyncClient) -> Any:
        signed = enrolled.headers("POST", "/api/intake/v1/heartbeat", beat)
        answer = await client.post("/api/intake/v1/heartbeat", content=beat, headers=signed)
        assert answer.status_code == 200
        return answer.json()

    async def look() -> int:
        pool = await asyncpg.create_pool(current_database_url(), min_size=1, max_size=2)
        try:
            later = datetime.now(UTC) + timedelta(minutes=1)
            return await note_missing(pool, evidence_store(), later)
        finally:
            await pool.close()

    async def work() -> None:
        async with running_lane() as client:
            await send(client, enrolled.batch())
            assert (await heartbeat(client))["commands"] == []
            assert await look() == 1
            assert await look() == 0
            [command] = (await heartbeat(client))["commands"]
            assert command["name"] == "resend_files"
            assert command["arguments"] == {"digests": [digest]}
            await put(client, enrolled, digest, JPEG)
            answer = await heartbeat(client)
            assert answer["commands"] == []
            assert answer["watermark"] == {"seq": 1, "digest": enrolled.digests[1].hex()}

    asyncio.run(work())


def test_a_heartbeat_is_written_down(enrolled: TestTerminal) -> None:
    from hengyuan.platform.terminals.models import Terminal

    beat = (
        b'{"clock_ms":1790000000000,"clock_offset_ms":12,"devices":{"scale":"stale"},'
        b'"disk_free_mb":900,"queue":7,"rule_pack":"cn-2016.1","seq":3,"software":"0.1.0"}'
    )

    async def work(body: bytes) -> httpx.Response:
        async with running_lane() as client:
            path = "/api/intake/v1/heartbeat"
            return await client.post(
                path, content=body, headers=enrolled.headers("POST", path, body)
            )

    assert asyncio.run(work(beat)).status_code == 200
    terminal = Terminal.objects.get(code=enrolled.code)
    assert terminal.is_online
    assert terminal.device_states == {"scale": "stale"}
    assert (terminal.queue_depth, terminal.disk_free_mb) == (7, 900)
    refused = asyncio.run(work(b'{"devices":[]}'))
    assert (refused.status_code, refused.json()["error"]) == (400, "malformed")
