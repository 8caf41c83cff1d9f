"""The second step at login: a code of the telephone, or one of the recovery codes."""

import re
import time
from base64 import b32decode

import pytest
import time_machine
from django.utils import timezone
from django_otp.oath import TOTP

from hengyuan.platform.accounts import second_factor, services
from hengyuan.platform.accounts.models import AccessEntry, AccessKind, RecoveryCode
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

LOGIN, CODE = "/account/login/", "/account/login/code/"


class Telephone:
    """An app for verification codes, on a telephone whose clock goes on with each code."""

    def __init__(self, secret: str) -> None:
        self.key = b32decode(secret.replace(" ", ""))
        self.now = time.time()

    def code(self) -> str:
        self.now += 30
        steps = TOTP(self.key)
        steps.time = self.now
        return f"{steps.token():06d}"


@pytest.fixture
def telephone(cast, login) -> Telephone:
    """Two-step login is on for the county's clerk."""
    browser = login(cast.county_clerk)
    page = browser.get("/account/two-step/").content.decode()
    telephone = Telephone(re.search(r'secret">([A-Z2-7 ]+)<', page)[1])
    answer = browser.post("/account/two-step/", {"code": telephone.code()})
    assert len(answer.context["codes"]) == second_factor.RECOVERY_CODES
    telephone.recovery = answer.context["codes"]
    return telephone


def password_given(client) -> str:
    answer = client.post(LOGIN, {"username": "county_clerk", "password": Cast.PASSWORD})
    return answer["Location"]


def is_in(client) -> bool:
    return client.get("/units/").status_code == 200


def test_the_secret_is_drawn_as_a_picture_and_written_in_letters(cast, login):
    page = login(cast.county_clerk).get("/account/two-step/").content.decode()
    assert "<svg" in page
    assert "segno" in page
    assert "style=" not in page.partition("<svg")[2].partition("</svg>")[0]


def test_without_it_the_password_suffices(cast, client):
    assert password_given(client) == "/"


def test_with_it_the_password_alone_opens_nothing(telephone, client):
    assert password_given(client) == CODE
    assert not is_in(client)
    assert "验证码" in client.get(CODE).content.decode()


def test_the_code_of_the_telephone_lets_in(telephone, client):
    password_given(client)
    with time_machine.travel(telephone.now + 31):
        assert client.post(CODE, {"code": telephone.code()})["Location"] == "/"
        assert is_in(client)


def test_a_code_is_good_once(telephone, client):
    code = telephone.code()
    with time_machine.travel(telephone.now):
        password_given(client)
        client.post(CODE, {"code": code})
        client.post("/account/logout/")
        password_given(client)
        again = client.post(CODE, {"code": code})
        assert "已使用过" in again.content.decode()
        assert not is_in(client)


def test_a_wrong_code_is_refused_and_the_next_try_has_to_wait(telephone, client):
    password_given(client)
    assert "验证码不正确" in client.post(CODE, {"code": "000000"}).content.decode()
    assert "秒后再试" in client.post(CODE, {"code": "000000"}).content.decode()
    assert not is_in(client)
    assert AccessEntry.objects.filter(kind=AccessKind.CODE_FAILED).count() == 1


def test_a_recovery_code_lets_in_once(telephone, client):
    code = telephone.recovery[0]
    password_given(client)
    # as people type it: no hyphens, small letters
    assert client.post(CODE, {"code": code.replace("-", "").lower()})["Location"] == "/"
    client.post("/account/logout/")
    password_given(client)
    assert client.post(CODE, {"code": code}).status_code == 200
    assert not is_in(client)
    assert AccessEntry.objects.filter(kind=AccessKind.RECOVERY_USED).count() == 1


def test_somebody_elses_recovery_code_is_worth_nothing(telephone, cast):
    device = second_factor.begin(cast.county_head)
    device.confirmed = True
    device.save()
    assert not second_factor.verify(cast.county_head, telephone.recovery[0])


def test_recovery_codes_are_not_kept_in_clear(telephone):
    kept = str(list(RecoveryCode.objects.values()))
    for code in telephone.recovery:
        assert code not in kept
        assert code.replace("-", "") not in kept


def test_new_recovery_codes_end_the_old_ones(telephone, cast, login, client):
    answer = login(cast.county_clerk).post("/account/two-step/codes/", {"password": Cast.PASSWORD})
    assert set(answer.context["codes"]).isdisjoint(telephone.recovery)
    assert not second_factor.verify(cast.county_clerk, telephone.recovery[0])


def test_the_second_step_does_not_wait_for_ever(telephone, client):
    password_given(client)
    later = timezone.now() + timezone.timedelta(minutes=6)
    with time_machine.travel(later):
        assert client.get(CODE)["Location"] == LOGIN
        assert client.post(CODE, {"code": telephone.recovery[0]})["Location"] == LOGIN


def test_a_password_changed_in_between_ends_the_second_step(telephone, cast, client):
    password_given(client)
    services.set_password(None, cast.county_clerk, "quite-another-one-5", must_change=False)
    assert client.post(CODE, {"code": telephone.recovery[0]})["Location"] == LOGIN
    assert not is_in(client)


def test_nobody_comes_to_the_second_step_without_the_first(cast, client):
    assert client.get(CODE)["Location"] == LOGIN


def test_after_the_second_step_nobody_is_sent_to_another_site(telephone, client):
    fields = {"username": "county_clerk", "password": Cast.PASSWORD}
    client.post(LOGIN, fields | {"next": "https://elsewhere.example/"})
    assert client.post(CODE, {"code": telephone.recovery[0]})["Location"] == "/"


def test_turning_it_off_takes_the_password(telephone, cast, login):
    browser = login(cast.county_clerk)
    answer = browser.post("/account/two-step/off/", {"password": "not-this-one"})
    assert "密码不正确" in answer.content.decode()
    assert second_factor.is_on(cast.county_clerk)
    browser.post("/account/two-step/off/", {"password": Cast.PASSWORD})
    assert not second_factor.is_on(cast.county_clerk)
    assert not RecoveryCode.objects.exists()


def test_a_head_resets_it_for_somebody_who_lost_the_telephone(telephone, cast, login, client):
    login(cast.county_head).post(f"/people/{cast.county_clerk.pk}/two-step-reset/")
    entry = AccessEntry.objects.get(kind=AccessKind.TWO_STEP_RESET)
    assert (entry.person, entry.about) == (cast.county_head, cast.county_clerk)
    assert password_given(client) == "/"


def test_a_link_for_a_new_password_does_not_pass_the_second_step(telephone, cast, client):
    _link, token = services.issue_reset(cast.county_head, cast.county_clerk)
    fields = {"new_password1": "quite-another-one-5", "new_password2": "quite-another-one-5"}
    client.post(f"/account/reset/{token}/", fields)
    answer = client.post(LOGIN, {"username": "county_clerk", "password": "quite-another-one-5"})
    assert answer["Location"] == CODE


def test_it_is_not_on_until_a_code_was_right(cast, login, client):
    answer = login(cast.county_clerk).post("/account/two-step/", {"code": "000000"})
    assert "验证码不正确" in answer.content.decode()
    assert not second_factor.is_on(cast.county_clerk)
    assert password_given(client) == "/"
