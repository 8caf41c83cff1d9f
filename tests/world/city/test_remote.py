"""Terminals without devices: their batches are sound, nothing waits twice, keys are kept."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import httpx
import pytest

from hengyuan.record.batch import check_lines, check_signature, parse
from hengyuan.record.chain import genesis
from hengyuan.record.model import Record
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.city.entered import EnteredTerminal
from hengyuan.world.city.keys import KeyGone, make_key
from hengyuan.world.city.remote import Past, RemoteTerminal, join_all, passing_trucks
from hengyuan.world.demo.town import kept_password

CODE = "14102451001-01"
NEW = EnteredTerminal(CODE, "1号磅", "洪洞县示例一号煤矿", "ABCDE-FGHJK-MNPQR-STVWX")
KNOWN = EnteredTerminal(CODE, "1号磅", "洪洞县示例一号煤矿", None)
NOW = datetime(2026, 11, 3, 4, tzinfo=UTC)


class Platform:
    """Takes what a terminal sends; `away` answers 503."""

    def __init__(self) -> None:
        self.away = False
        self.batches: list[bytes] = []
        self.files: dict[str, bytes] = {}
        self.mark: dict[str, object] = {"seq": 0, "digest": "00" * 32}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            return httpx.Response(503)
        path = request.url.path
        if path.endswith("/batches"):
            self.batches.append(request.content)
        if "/files/" in path:
            self.files[path.rpartition("/")[2]] = request.content
        return httpx.Response(200, json={"watermark": self.mark})


@pytest.fixture
def platform() -> Platform:
    return Platform()


@pytest.fixture
def http(platform: Platform) -> httpx.Client:
    return httpx.Client(base_url="http://platform", transport=httpx.MockTransport(platform))


def weigh(terminal: RemoteTerminal, count: int, pictured: bool = False) -> None:
    for number, truck in enumerate(islice(passing_trucks(), count)):
        terminal.weigh(NOW + timedelta(minutes=number), truck, pictured)


def test_what_is_uploaded_is_one_chain_signed_by_the_key(
    http: httpx.Client, platform: Platform, tmp_path: Path
) -> None:
    terminal = RemoteTerminal.join(http, NEW, tmp_path)
    weigh(terminal, 250)
    terminal.upload(http)
    public = make_key(tmp_path, CODE).public_bytes()
    head = genesis(SM2_SM3, CODE, public)
    records: list[Record] = []
    for body in platform.batches:
        batch = parse(body)
        assert batch.header.prev == head.hex()
        check_signature(batch.header, SM2_SM3.load_public(public))
        verified = check_lines(batch, SM2_SM3)
        records += verified.records
        head = verified.digests[-1]
    assert [record.seq for record in records] == list(range(1, 251))
    assert (terminal.seq, terminal.head) == (250, head)


def test_what_did_not_arrive_waits_and_is_sent_once(
    http: httpx.Client, platform: Platform, tmp_path: Path
) -> None:
    terminal = RemoteTerminal.join(http, NEW, tmp_path)
    weigh(terminal, 2, pictured=True)
    platform.away = True
    with pytest.raises(httpx.HTTPStatusError):
        terminal.upload(http)
    platform.away = False
    terminal.upload(http)
    terminal.upload(http)
    assert len(platform.batches) == 1
    named = {file.digest for record in records_of(platform) for file in record.files}
    assert named == set(platform.files)
    assert all(SM2_SM3.digest(data).hex() == name for name, data in platform.files.items())


def records_of(platform: Platform) -> list[Record]:
    return [
        record for body in platform.batches for record in check_lines(parse(body), SM2_SM3).records
    ]


def test_a_known_terminal_goes_on_where_the_platform_stands(
    http: httpx.Client, platform: Platform, tmp_path: Path
) -> None:
    make_key(tmp_path, CODE)
    platform.mark = {"seq": 41, "digest": "ab" * 32}
    (terminal,) = join_all(http, [KNOWN], tmp_path, Past(days=3, trucks_per_day=5))
    assert platform.batches == [], "its past lies behind it"
    weigh(terminal, 1)
    terminal.upload(http)
    header = parse(platform.batches[0]).header
    assert (header.first, header.prev) == (42, "ab" * 32)


def test_a_new_one_has_a_past_and_none_of_it_lies_ahead(
    http: httpx.Client, platform: Platform, tmp_path: Path
) -> None:
    join_all(http, [NEW], tmp_path, Past(days=3, trucks_per_day=5))
    moments = [record.weighed_at for record in records_of(platform)]
    assert len(moments) >= 15
    assert moments == sorted(moments)
    now_ms = datetime.now(UTC).timestamp() * 1000
    assert now_ms - 3 * 86_400_000 - 60_000 <= moments[0] <= moments[-1] < now_ms


def test_an_enrolled_one_without_its_key_is_said(http: httpx.Client, tmp_path: Path) -> None:
    with pytest.raises(KeyGone, match=CODE):
        RemoteTerminal.join(http, KNOWN, tmp_path)


def test_keys_and_password_are_for_their_owner_alone(tmp_path: Path) -> None:
    make_key(tmp_path, CODE)
    kept_password(tmp_path, None)
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.parametrize(
    ("first", "second", "same"), [(None, None, True), ("a-b-c", None, True), (None, "x", False)]
)
def test_a_home_keeps_its_password_until_another_is_wanted(
    tmp_path: Path, first: str | None, second: str | None, same: bool
) -> None:
    before = kept_password(tmp_path, first)
    assert before == first or len(before) >= 12
    assert (kept_password(tmp_path, second) == before) is same
