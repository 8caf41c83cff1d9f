"""The enrolment call, as a terminal makes it."""

import json
import time

import pytest
from django.test import Client

from hengyuan.platform.signing_key import signing_key
from hengyuan.platform.terminals import services
from hengyuan.record.suites import SM2_SM3

pytestmark = pytest.mark.django_db

ENROL = "/api/terminals/v1/enrol"


@pytest.fixture
def terminal(cast):
    return services.create_terminal(None, cast.unit, "1号终端")


@pytest.fixture
def asked(cast, terminal) -> dict[str, str]:
    return {
        "code": services.issue_enrolment_code(terminal, cast.county_clerk),
        "suite": "SM2-SM3",
        "public_key": SM2_SM3.generate().public_bytes().hex(),
    }


def post(body, client: Client | None = None):
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    caller = client or Client(enforce_csrf_checks=True)
    return caller.post(ENROL, text, content_type="application/json")


def test_a_terminal_enrols_without_login_or_token(asked, terminal):
    before_ms = time.time_ns() // 1_000_000
    answer = post(asked)
    assert answer.status_code == 200
    said = answer.json()
    assert before_ms <= said.pop("platform_time") <= time.time_ns() // 1_000_000
    assert said.pop("platform_key") == signing_key().public_hex
    assert said.pop("platform_suite") == signing_key().suite.name
    assert said == {
        "terminal": terminal.code,
        "terminal_name": "1号终端",
        "suite": "SM2-SM3",
        "unit": "14102451001",
        "unit_name": "测试甲煤矿",
        "county": "141024",
    }


def test_the_same_request_again_gets_the_same_answer(asked):
    first, second = post(asked).json(), post(asked).json()
    assert first | {"platform_time": 0} == second | {"platform_time": 0}


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"code": "AAAAA-AAAAA-AAAAA-AAAAA"}, 404, "unknown_code"),
        ({"suite": "RSA"}, 422, "unknown_suite"),
        ({"public_key": "00"}, 422, "bad_key"),
        ({"terminal": "14102451001-77"}, 409, "wrong_terminal"),
        ({"code": 5}, 400, "malformed"),
        ({"surplus": "x"}, 400, "malformed"),
    ],
)
def test_a_refusal_names_its_reason(asked, terminal, change, status, error):
    answer = post(asked | change)
    assert answer.status_code == status
    assert answer.json()["error"] == error
    assert answer.json()["detail"]
    terminal.refresh_from_db()
    assert terminal.state == "planned"


def test_used_and_expired_codes_have_their_own_answers(asked, cast):
    post(asked)
    other = SM2_SM3.generate().public_bytes().hex()
    assert post(asked | {"public_key": other}).json()["error"] == "used_code"
    second = services.create_terminal(None, cast.unit, "2号终端")
    old = services.issue_enrolment_code(second, cast.county_clerk)
    services.issue_enrolment_code(second, cast.county_clerk)
    answer = post(asked | {"code": old, "public_key": other})
    assert (answer.status_code, answer.json()["error"]) == (410, "expired_code")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"null"])
def test_what_is_no_request_is_malformed(body):
    answer = post(body)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")


def test_a_huge_body_is_refused():
    assert post(b"x" * 100_000).status_code == 413


def test_only_post_is_answered(client):
    assert client.get(ENROL).status_code == 405


def test_guessing_is_slowed_down(asked):
    statuses = [post(asked | {"code": "A" * 20}).status_code for _ in range(40)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    refused = post(asked)
    assert refused.json()["error"] == "too_many_requests"
    assert int(refused["Retry-After"]) > 0


def test_slowing_down_one_address_leaves_others_alone(asked):
    for _ in range(40):
        post(asked | {"code": "A" * 20})
    elsewhere = Client(enforce_csrf_checks=True, REMOTE_ADDR="192.0.2.7")
    assert post(asked, elsewhere).status_code == 200
