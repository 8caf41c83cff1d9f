"""An invitation is handed over, good for once, and makes the account of the one who has it."""

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from hengyuan.platform.accounts import inviting, services
from hengyuan.platform.accounts.models import Invitation, Role, User
from tests.conftest import Cast

pytestmark = pytest.mark.django_db

CHOSEN = {
    "username": "newcomer",
    "display_name": "某新人",
    "phone": "0357-0000001",
    "password1": Cast.PASSWORD,
    "password2": Cast.PASSWORD,
}


@pytest.fixture
def invited(cast) -> tuple[Invitation, str]:
    head = cast.county_head
    return services.invite(head, head.office, display_name="某新人", role=Role.CLERK)


def address(token: str) -> str:
    return f"/account/invitation/{token}/"


def test_a_head_invites_and_the_link_makes_an_account(cast, login, client):
    head = login(cast.county_head)
    page = head.post(
        f"/offices/{cast.county_head.office.pk}/invite/",
        {"display_name": "某新人", "role": "inspector", "phone": ""},
    ).content.decode()
    link = re.search(r"http://testserver(/account/invitation/[\w-]+/)", page)[1]
    form = client.get(link).content.decode()
    assert "测试县治超办" in form
    assert "检查员" in form
    assert "至少 10 个字符" in form, "the rules of passwords are on the page"
    assert client.post(link, CHOSEN)["Location"] == "/account/login/"
    made = User.objects.get(username="newcomer")
    assert (made.office, made.role) == (cast.county_head.office, Role.INSPECTOR)
    assert made.phone == "0357-0000001"
    answer = client.post("/account/login/", {"username": "newcomer", "password": Cast.PASSWORD})
    assert answer["Location"] == "/"


def test_the_link_is_shown_once_and_only_its_digest_kept(cast, invited, login):
    invitation, token = invited
    assert token not in str(vars(invitation))
    assert not Invitation.objects.filter(token_hash=token).exists()
    page = login(cast.county_head).get(f"/offices/{cast.county_head.office.pk}/")
    assert "某新人" in page.content.decode()
    assert token not in page.content.decode()
    assert token not in str(list(invitation.history.values()))


def test_a_link_is_good_once(client, invited):
    _invitation, token = invited
    client.post(address(token), CHOSEN)
    again = client.get(address(token))
    assert again.status_code == 410
    assert "该链接已被使用" in again.content.decode()
    assert client.post(address(token), CHOSEN | {"username": "another"}).status_code == 410
    assert not User.objects.filter(username="another").exists()


def test_a_link_runs_out(client, invited):
    with time_machine.travel(timezone.now() + services.INVITATION_VALID_FOR + timedelta(minutes=1)):
        answer = client.get(address(invited[1]))
    assert answer.status_code == 410
    assert "已过期" in answer.content.decode()


def test_a_link_that_was_never_given_out_opens_nothing(client):
    assert client.get(address("x" * 43)).status_code == 404


def test_a_new_link_takes_the_place_of_the_one_before(cast, invited, client):
    invitation, old = invited
    fresh = services.renew_invitation(cast.county_head, invitation)
    assert client.get(address(old)).status_code == 404
    assert client.get(address(fresh)).status_code == 200


def test_a_withdrawn_invitation_opens_nothing(cast, invited, login, client):
    invitation, token = invited
    answer = login(cast.county_head).post(f"/people/invitations/{invitation.pk}/revoke/")
    assert answer.status_code == 302
    assert client.get(address(token)).status_code == 410
    with pytest.raises(services.LinkSpent):
        services.accept(invitation, "newcomer", Cast.PASSWORD)


def test_what_is_wrong_leaves_the_link_good(client, invited):
    _invitation, token = invited
    for wrong in (
        {"password2": "something-else-1"},
        {"password1": "short", "password2": "short"},
        {"username": "county_clerk"},
        {"username": "County_Clerk"},
        {"username": "no spaces please"},
        {"phone": "not a number"},
    ):
        answer = client.post(address(token), CHOSEN | wrong)
        assert answer.status_code == 200, wrong
        assert answer.context["form"].errors, wrong
    assert client.post(address(token), CHOSEN).status_code == 302


def test_a_closed_office_takes_nobody_in(cast, city_head, invited, client):
    _invitation, token = invited
    services.close_office(city_head, cast.county_head.office, "机构改革")
    assert client.get(address(token)).status_code == 410


def test_a_role_of_another_kind_of_office_is_not_given(cast):
    with pytest.raises(ValidationError):
        services.invite(
            cast.county_head, cast.county_head.office, display_name="某人", role=Role.GATEKEEPER
        )


@pytest.mark.parametrize(
    ("who", "office_of", "status"),
    [
        ("county_head", "county_head", 200),  # one's own
        ("county_head", "department_clerk", 200),  # beside
        ("county_head", "gatekeeper", 200),  # below
        ("county_head", "city_clerk", 404),  # above: not in scope
        ("city_head", "county_head", 200),
        ("city_head", "gatekeeper", 403),  # the county's affair
        ("city_head", "department_clerk", 403),
        ("province_head", "city_clerk", 200),
        ("province_head", "county_head", 403),
        ("department_head", "department_clerk", 200),
        ("department_head", "county_head", 403),
        ("unit_manager", "gatekeeper", 200),
        ("unit_manager", "other_gatekeeper", 404),
        ("county_clerk", "county_head", 403),
    ],
)
def test_heads_invite_to_their_own_office_and_those_they_look_after(
    cast, city_head, department_head, login, who, office_of, status
):
    people = cast.people() | {"city_head": city_head, "department_head": department_head}
    address = f"/offices/{people[office_of].office.pk}/invite/"
    assert login(people[who]).get(address).status_code == status


@pytest.mark.django_db(transaction=True)
def test_of_many_that_open_one_link_at_once_one_gets_the_account(cast, invited):
    invitation, token = invited
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def browser(number: int) -> None:
        found = inviting.invitation_of(token)
        together.wait()
        try:
            services.accept(found, f"newcomer-{number}", Cast.PASSWORD)
            outcomes.append(f"newcomer-{number}")
        except services.LinkSpent:
            outcomes.append("spent")
        finally:
            connection.close()

    browsers = [threading.Thread(target=browser, args=(number,)) for number in range(4)]
    for each in browsers:
        each.start()
    for each in browsers:
        each.join()
    winners = [outcome for outcome in outcomes if outcome != "spent"]
    assert len(outcomes) == 4
    assert len(winners) == 1
    assert User.objects.filter(username__startswith="newcomer").count() == 1
    invitation.refresh_from_db()
    assert invitation.person.username == winners[0]
