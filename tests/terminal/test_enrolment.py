"""Who the terminal is: a key of its own, shown once by its public half."""

import asyncio
import copy
import os
from pathlib import Path

import httpx
import pytest

from hengyuan.record.chain import genesis
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.config import read_config
from hengyuan.terminal.enrolment import EnrolmentFailed, NotEnrolled, enrol, load_identity
from tests.terminal.county import CODE, ONE_TIME_CODE, County, lose, portal
from tests.terminal.test_config import WHOLE


@pytest.fixture
def config(tmp_path):
    raw = copy.deepcopy(WHOLE)
    raw["data_dir"] = str(tmp_path / "data")
    return read_config(Path("/gate/gate.toml"), raw)


class _Bridge(httpx.BaseTransport):
    """Answers a synchronous client from the county's application."""

    def __init__(self, county):
        self._inner = httpx.ASGITransport(county.app())

    def handle_request(self, request):
        async def answer():
            response = await self._inner.handle_async_request(
                httpx.Request(request.method, request.url, headers=request.headers,
                              content=request.read())
            )  # fmt: skip
            return response.status_code, response.headers, await response.aread()

        status, headers, content = asyncio.run(answer())
        return httpx.Response(status, headers=headers, content=content)


def client(county):
    return httpx.Client(transport=_Bridge(county))


@pytest.mark.parametrize("suite", ["SM2-SM3", "Ed25519-SHA256"])
def test_the_county_gets_the_public_half_and_the_terminal_its_code(config, suite):
    county = County()
    enrolled = enrol(config, f" {ONE_TIME_CODE} ", suite, SystemClock(), client(county))
    assert enrolled.terminal == CODE
    identity = load_identity(config.data_dir)
    assert identity.terminal == CODE
    assert identity.suite.name == suite
    assert identity.key.public_bytes() == county.public_key
    assert identity.genesis == genesis(identity.suite, CODE, county.public_key)


def test_the_clocks_offset_is_known_from_then_on(config):
    county = County()
    county.clock_ahead_ms = -60_000
    enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))
    offset_ms = load_identity(config.data_dir).enrolment.clock_offset_ms
    assert offset_ms == pytest.approx(60_000, abs=5_000)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_the_key_is_never_readable_for_others(config):
    enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(County()))
    assert (config.data_dir / "terminal.key").stat().st_mode & 0o777 == 0o600


def test_a_lost_answer_is_asked_for_again_with_the_same_key(config):
    county = County()
    county.after = [lose]
    with pytest.raises(EnrolmentFailed):
        enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))
    first = county.public_key
    enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))
    assert county.public_key == first


def test_a_wrong_code_leaves_no_enrolment(config):
    with pytest.raises(EnrolmentFailed, match="never issued") as failed:
        enrol(config, "WRONG", "SM2-SM3", SystemClock(), client(County()))
    assert failed.value.code == "not_found"
    with pytest.raises(NotEnrolled):
        load_identity(config.data_dir)


def test_what_answers_and_is_no_platform_is_not_believed(config):
    county = County()
    county.before = [portal]
    with pytest.raises(EnrolmentFailed, match="不是治超平台"):
        enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))


def test_no_answer_is_said_to_be_one(config):
    raw = copy.deepcopy(WHOLE)
    raw["data_dir"] = str(config.data_dir)
    raw["platform"]["url"] = "http://127.0.0.1:1"
    with pytest.raises(EnrolmentFailed) as failed:
        enrol(read_config(config.path, raw), ONE_TIME_CODE, "SM2-SM3", SystemClock())
    assert failed.value.code == "no_answer"


def test_an_enrolled_terminal_does_not_enrol_again(config):
    county = County()
    enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))
    before = county.public_key
    with pytest.raises(EnrolmentFailed, match=CODE):
        enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(county))
    assert county.public_key == before


def test_a_damaged_key_is_said_to_be_one_and_not_shown(config):
    enrol(config, ONE_TIME_CODE, "SM2-SM3", SystemClock(), client(County()))
    key = config.data_dir / "terminal.key"
    secret = key.read_text()
    key.write_text(secret[:-10])
    with pytest.raises(NotEnrolled, match=r"terminal\.key") as refused:
        load_identity(config.data_dir)
    assert secret[30:50] not in str(refused.value)
