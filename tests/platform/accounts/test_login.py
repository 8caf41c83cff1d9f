"""Coming in, staying out, and going."""

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.urls import reverse

from hengyuan.platform.accounts import services
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

LOGIN = "/account/login/"


def log_in(client: Client, username: str, password: str, **more: str):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def test_name_and_password_open_the_home_page(client, cast):
    answer = log_in(client, "county_clerk", Cast.PASSWORD)
    assert answer.status_code == 302
    assert answer["Location"] == "/"
    assert "County Clerk" in client.get("/").content.decode()


def test_a_wrong_password_says_so_and_opens_nothing(client, cast):
    answer = log_in(client, "county_clerk", "wrong")
    assert answer.status_code == 200
    assert "用户名或密码不正确" in answer.content.decode()
    assert client.get("/").status_code == 302


def test_an_unknown_name_is_answered_like_a_wrong_password(client, cast):
    unknown = log_in(client, "nobody", "wrong").content.decode()
    wrong = log_in(client, "county_clerk", "wrong").content.decode()

    def complaint(page: str) -> str:
        return page[page.index('role="alert"') : page.index("</form>")].split("name=")[0]

    assert complaint(unknown) == complaint(wrong)


def test_a_closed_account_stays_out(client, cast):
    cast.county_clerk.is_active = False
    cast.county_clerk.save()
    assert log_in(client, "county_clerk", Cast.PASSWORD).status_code == 200
    assert client.get("/").status_code == 302


def test_after_five_failures_even_the_right_password_is_refused(client, cast):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = log_in(client, "county_clerk", "wrong")
    assert answer.status_code == 429
    assert "登录失败次数过多" in answer.content.decode()
    assert log_in(client, "county_clerk", Cast.PASSWORD).status_code == 429
    assert client.get("/").status_code == 302


def test_a_lock_shuts_out_one_person_and_not_the_next(client, cast):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, "county_clerk", "wrong")
    assert log_in(client, "county_head", Cast.PASSWORD).status_code == 302


def test_logging_in_clears_the_failures_before(client, cast):
    log_in(client, "county_clerk", "wrong")
    log_in(client, "county_clerk", Cast.PASSWORD)
    assert not AccessAttempt.objects.exists()


def test_after_login_nobody_is_sent_to_another_site(client, cast):
    answer = log_in(client, "county_clerk", Cast.PASSWORD, next="https://elsewhere.example/")
    assert answer["Location"] == "/"


def test_login_needs_the_token_of_its_own_page(cast):
    answer = log_in(Client(enforce_csrf_checks=True), "county_clerk", Cast.PASSWORD)
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_logging_out_takes_a_post_and_ends_the_session(client, cast):
    client.force_login(cast.county_clerk)
    assert client.get("/account/logout/").status_code == 405
    assert client.get("/").status_code == 200
    client.post("/account/logout/")
    assert client.get("/").status_code == 302


def test_a_password_that_was_given_must_be_changed_first(client, cast):
    services.set_password(cast.county_head, cast.county_clerk, "given-by-the-head-1")
    log_in(client, "county_clerk", "given-by-the-head-1")
    assert client.get("/units/")["Location"] == "/account/password/"
    answer = client.post(
        "/account/password/",
        {
            "old_password": "given-by-the-head-1",
            "new_password1": "chosen-by-myself-7",
            "new_password2": "chosen-by-myself-7",
        },
    )
    assert answer["Location"] == "/"
    assert client.get("/units/").status_code == 200


@pytest.mark.parametrize("weak", ["short-1", "1234567890123", "password123", "county_clerk"])
def test_weak_passwords_are_refused(client, cast, weak):
    client.force_login(cast.county_clerk)
    fields = {"old_password": Cast.PASSWORD, "new_password1": weak, "new_password2": weak}
    answer = client.post("/account/password/", fields)
    assert answer.status_code == 200
    assert "密码" in str(answer.context["form"].errors)
    cast.county_clerk.refresh_from_db()
    assert cast.county_clerk.check_password(Cast.PASSWORD)


def test_who_is_logged_in_needs_no_login_page(client, cast):
    client.force_login(cast.county_clerk)
    assert client.get(LOGIN)["Location"] == reverse("home")


def test_no_page_of_the_platform_is_open_without_login(client):
    """The list comes from the router; what is meant to be open is named here."""
    from tests.platform.routes import addresses

    open_to_all = {
        "/account/login/",
        # whoever has the link is meant
        "/account/invitation/x/",
        "/account/reset/x/",
        "/language/",
        "/theme/",
        "/api/terminals/v1/enrol",
        # what is offered to terminals is public; its signature makes it worth anything
        "/api/terminals/v1/software",
        "/robots.txt",
    }
    the_public = ("/public/", "/v/", "/api/terminals/v1/software/")
    for address in addresses():
        if address in open_to_all or address.startswith(the_public):
            continue
        answer = client.get(address)
        sent_away = answer.status_code == 302 and answer["Location"].startswith(LOGIN)
        assert sent_away or answer.status_code == 405, address
