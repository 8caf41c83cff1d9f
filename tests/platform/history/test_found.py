"""Archived records are found wherever records are looked for, and by what comes from terminals."""

from __future__ import annotations

import asyncio

import pytest
from django.test import Client
from django.urls import reverse

from hengyuan.platform.history import sealing
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing import chains
from hengyuan.platform.weighing import queries as weighing
from hengyuan.platform.weighing.models import Weighing
from hengyuan.platform.weighing.plates import plate_of
from hengyuan.record.archive import verify_archive
from hengyuan.record.ticket import ticket_of
from tests.platform.history.conftest import FEBRUARY, JANUARY, ms
from tests.platform.records import JPEG, current_database_url, file_ref, running_lane, send
from tests.platform.stored import plates_in, upload


@pytest.fixture
def archived(terminals):
    """January and February in files, with a truck that was weighed in all months and corrected."""
    own = terminals[0]
    own.weigh(1, weighed_at=ms(JANUARY, 500), plate="晋L55555", files=(file_ref(own.suite, JPEG),))
    own.weigh(1, weighed_at=ms(FEBRUARY, 500), plate="晋L55555", corrects=19, gross_kg=49_100)
    own.weigh(
        1, weighed_at=ms(FEBRUARY.replace(month=3), 500), plate="晋L55555", corrects=20,
        gross_kg=49_200,
    )  # fmt: skip
    upload((own, 19, 21))
    for month in (JANUARY, FEBRUARY):
        sealing.seal(month)
        sealing.archive(month, drop=True)
    return terminals


def test_archived_records_are_found_wherever_one_looks(archived, cast):
    own = archived[0]
    clerk = Client()
    clerk.force_login(cast.county_clerk)

    # the list, by month and by plate
    rows = clerk.get(
        reverse("weighing:records"), {"from_day": "2026-01-01", "to_day": "2026-01-01"}
    )
    assert "晋L55555" in plates_in(rows.text)

    # the record's own page, with its proof, its neighbours and all that corrects it
    page = clerk.get(reverse("weighing:record", args=[own.code, 19]))
    shown = page.context["page"]
    assert shown.holds and shown.proof.holds
    assert shown.before_url and shown.after_url
    assert [line.row.seq for line in shown.history] == [19, 20, 21]
    assert shown.correction.seq == 20
    last = clerk.get(reverse("weighing:record", args=[own.code, 21])).context["page"]
    assert last.holds and [line.row.seq for line in last.history] == [19, 20, 21]

    # a plate's history and its summary
    plate = clerk.get(reverse("weighing:plate", args=["晋L55555"]))
    assert [line.row.seq for line in plate.context["lines"]] == [21, 20, 19]
    gates = plate_of(cast.county_clerk, "晋L55555").gates()
    assert [(gate.unit_code, gate.weighings) for gate in gates] == [(cast.unit.code, 3)]
    assert gates[0].first_at == Weighing.objects.get(terminal__code=own.code, seq=19).weighed_at

    # the paper ticket, which names a record and its digest
    found = weighing.record_of_ticket(ticket_of(own.code, 5, own.digests[5]))
    assert found is not None and found.standing == weighing.Standing.SOUND
    replaced = weighing.record_of_ticket(ticket_of(own.code, 19, own.digests[19]))
    assert replaced.standing == weighing.Standing.REPLACED

    # exports
    answer = clerk.post(
        reverse("weighing:excel") + "?from_day=2026-01-01&to_day=2026-02-28", follow=True
    )
    assert answer.status_code == 200


@pytest.mark.slow
def test_a_chain_over_archived_and_stored_months_is_exported_whole(archived):
    own = archived[0]
    chosen = chains.chain_range(Terminal.objects.get(code=own.code), None, None)
    exported = b"".join(chains.chain_archive(chosen))
    for line in own.lines:
        assert line in exported
    assert verify_archive(exported.splitlines(keepends=True)).records == len(own.lines)


def test_what_a_terminal_sends_of_archived_months_is_known(archived):
    own, other, _ = archived

    async def work():
        async with running_lane() as client:
            again = await send(client, own.batch(1, 18))
            assert again.status_code == 200, again.text
            assert again.json()["watermark"]["seq"] == 21
            own.lines[2] = own.lines[3]
            forged = await send(client, other.batch(1, 18))
            assert forged.status_code == 200
            path = f"/api/intake/v1/files/{own.suite.digest(JPEG).hex()}"
            headers = own.headers("PUT", path, JPEG) | {"hengyuan-seq": "19"}
            picture = await client.put(path, content=JPEG, headers=headers)
            assert picture.status_code == 200, picture.text
            headers = own.headers("PUT", path, JPEG) | {"hengyuan-seq": "18"}
            unnamed = await client.put(path, content=JPEG, headers=headers)
            assert unnamed.status_code == 422, "that archived record names no such picture"

    asyncio.run(work())


@pytest.mark.slow
def test_another_history_of_an_archived_month_is_a_conflict(archived):
    other = archived[1]
    altered = type(other)(other.code, other.suite, other.key)
    for number in range(18):
        altered.weigh(1, weighed_at=ms(JANUARY, number), gross_kg=30_000)

    async def work():
        async with running_lane() as client:
            answer = await send(client, altered.batch(1, 18))
            assert answer.status_code == 409 and answer.json()["error"] == "conflict"

    asyncio.run(work())


@pytest.mark.slow
def test_a_missing_file_is_said_and_never_taken_for_no_records(archived, cast):
    from hengyuan.platform.history import queries
    from hengyuan.platform.history.reader import ArchiveMissing
    from hengyuan.platform.operations.readiness import problems
    from hengyuan.platform.operations.standing import standing

    def said():
        return {problem.code for problem in problems(standing(current_database_url()))}

    assert "archive_missing" not in said()
    file = queries.readable_files()[0]
    (sealing.folder.folder() / file.name).unlink()
    assert "archive_missing" in said()
    with pytest.raises(ArchiveMissing, match=file.name):
        list(Weighing.objects.all())
    head = Client()
    head.force_login(cast.province_head)
    assert file.name in head.get(reverse("history:months")).text
