"""Pictures of a record: in scope only, as what they are, and honest when they are missing."""

import pytest
from django.test import Client

from tests.conftest import Cast
from tests.platform.records import JPEG, TestTerminal, file_ref
from tests.platform.stored import upload_all, upload_files, weigh_today
from tests.platform.weighing.conftest import Gates

PNG = b"\x89PNG\r\n\x1a\n" + b"hengyuan test plate"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(range(200))


def url(terminal: TestTerminal, data: bytes, seq: int = 1) -> str:
    return f"/weighing/{terminal.code}/{seq}/files/{terminal.suite.digest(data).hex()}"


@pytest.fixture
def pictured(gates: Gates) -> Gates:
    """The first record of the own gate names a picture, a plate and a clip; a second none."""
    suite = gates.own.suite
    files = (
        file_ref(suite, JPEG, "head"),
        file_ref(suite, MP4, "head_clip"),
        file_ref(suite, PNG, "plate"),
    )
    weigh_today(gates.own, 1, files=[{"kind": f.kind, "digest": f.digest} for f in files])
    weigh_today(gates.own, 2)
    weigh_today(gates.neighbour, 1)
    upload_all(gates.own, gates.neighbour)
    upload_files(gates.own, 1, [JPEG, MP4])
    return gates


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("city_clerk", 200),
        ("county_readonly", 200),
        ("gatekeeper", 200),
        ("other_gatekeeper", 404),
        ("neighbour_clerk", 404),
        ("outsider", 403),
    ],
)
def test_a_picture_is_seen_where_its_record_is(
    client: Client, cast: Cast, pictured: Gates, who: str, status: int
) -> None:
    client.force_login(cast.people()[who])
    assert client.get(url(pictured.own, JPEG)).status_code == status


def test_the_anonymous_are_sent_to_the_login(client: Client, pictured: Gates) -> None:
    assert client.get(url(pictured.own, JPEG)).status_code == 302


def test_a_digest_does_not_open_another_records_picture(
    client: Client, cast: Cast, pictured: Gates
) -> None:
    # the neighbour knows the digest and has a record of their own to ask through
    client.force_login(cast.neighbour_clerk)
    assert client.get(url(pictured.neighbour, JPEG)).status_code == 404
    client.force_login(cast.county_clerk)
    assert client.get(url(pictured.own, JPEG, seq=2)).status_code == 404


@pytest.mark.parametrize(("data", "media_type"), [(JPEG, "image/jpeg"), (MP4, "video/mp4")])
def test_a_file_is_served_as_what_it_is_and_as_nothing_else(
    clerk: Client, pictured: Gates, data: bytes, media_type: str
) -> None:
    answer = clerk.get(url(pictured.own, data))
    assert answer.content == data
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]


def test_an_unchanged_picture_is_not_sent_twice_and_asked_for_each_time(
    client: Client, cast: Cast, pictured: Gates
) -> None:
    client.force_login(cast.county_clerk)
    tag = client.get(url(pictured.own, JPEG)).headers["ETag"]
    again = client.get(url(pictured.own, JPEG), headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert "no-cache" in again.headers["Cache-Control"]
    # the next person at the same desk has the tag in the cache, and not the right
    client.force_login(cast.neighbour_clerk)
    assert client.get(url(pictured.own, JPEG), headers={"If-None-Match": tag}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-9", 206, 0, 9),
        ("bytes=100-", 206, 100, len(MP4) - 1),
        ("bytes=5-999999", 206, 5, len(MP4) - 1),
        ("bytes=900-", 200, 0, len(MP4) - 1),
        ("bytes=-5", 200, 0, len(MP4) - 1),
        ("lines=1-2", 200, 0, len(MP4) - 1),
    ],
)
def test_a_clip_is_played_from_where_one_points(
    clerk: Client, pictured: Gates, asked: str, status: int, first: int, last: int
) -> None:
    answer = clerk.get(url(pictured.own, MP4), headers={"Range": asked})
    assert answer.status_code == status
    assert answer.content == MP4[first : last + 1]
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(MP4)}"


def test_a_picture_that_has_not_come_yet_is_said_to_be_missing(
    clerk: Client, pictured: Gates
) -> None:
    assert clerk.get(url(pictured.own, PNG)).status_code == 404
    page = clerk.get(f"/weighing/{pictured.own.code}/1/").content.decode()
    assert page.count("尚未上传") == 1
    assert url(pictured.own, JPEG) in page
    assert url(pictured.own, PNG) not in page
    assert "<video" in page


def test_a_record_without_pictures_says_so(clerk: Client, pictured: Gates) -> None:
    page = clerk.get(f"/weighing/{pictured.own.code}/2/").content.decode()
    assert "本记录没有图像" in page
