"""Roles change and people leave, what they held goes to somebody, and an office keeps a head."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from hengyuan.platform.accounts import handover, second_factor, services
from hengyuan.platform.accounts.models import Invitation, Role, User
from tests.conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_head_changes_a_role_and_says_why(cast, login):
    clerk = cast.county_clerk
    answer = login(cast.county_head).post(
        f"/people/{clerk.pk}/edit/",
        {
            "display_name": clerk.display_name,
            "phone": "",
            "role": "inspector",
            "reason": "调岗",
            "version": clerk.version,
        },
    )
    assert answer["Location"] == f"/people/{clerk.pk}/"
    clerk.refresh_from_db()
    assert clerk.role == Role.INSPECTOR
    entry = clerk.history.first()
    assert (entry.history_user, entry.history_change_reason) == (cast.county_head, "调岗")


def test_a_role_does_not_change_without_a_reason(cast, login):
    clerk = cast.county_clerk
    fields = {"display_name": "某人", "role": "inspector", "reason": "", "version": clerk.version}
    answer = login(cast.county_head).post(f"/people/{clerk.pk}/edit/", fields)
    assert "reason" in answer.context["form"].errors
    clerk.refresh_from_db()
    assert clerk.role == Role.CLERK


def test_nobody_changes_their_own_role_or_closes_their_own_account(cast, hire):
    head = cast.county_head
    hire("second_head", head.office, Role.HEAD)
    with pytest.raises(ValidationError):
        services.change_person(head, head, role=Role.CLERK)
    with pytest.raises(services.WrongState):
        services.leave(head, head, "走了")


def test_an_account_stays_with_its_office(cast):
    with pytest.raises(TypeError):
        services.change_person(
            cast.county_head, cast.county_clerk, office=cast.department_clerk.office
        )


def test_the_last_head_is_neither_let_go_nor_given_another_role(cast, city_head, hire):
    head = cast.county_head
    with pytest.raises(services.LastHead):
        services.leave(city_head, head, "调离")
    with pytest.raises(services.LastHead):
        services.change_person(city_head, head, role=Role.CLERK)
    hire("second_head", head.office, Role.HEAD)
    services.leave(city_head, head, "调离")
    head.refresh_from_db()
    assert not head.is_active


def test_a_head_who_has_left_counts_for_nothing(cast, city_head, hire):
    second = hire("second_head", cast.county_head.office, Role.HEAD)
    services.leave(city_head, second, "调离")
    with pytest.raises(services.LastHead):
        services.leave(city_head, cast.county_head, "调离")


def test_a_source_unit_keeps_its_manager(cast):
    with pytest.raises(services.LastHead):
        services.leave(cast.county_head, cast.unit_manager, "离职")
    services.leave(cast.county_head, cast.gatekeeper, "离职")


@pytest.mark.django_db(transaction=True)
def test_two_heads_who_let_each_other_go_leave_one(cast, hire):
    first = cast.county_head
    second = hire("second_head", first.office, Role.HEAD)
    together = threading.Barrier(2)
    refused: list[type[Exception]] = []

    def let_go(by: User, person: User) -> None:
        together.wait()
        try:
            services.leave(by, person, "调离")
        except services.LastHead as error:
            refused.append(type(error))
        finally:
            connection.close()

    both = [
        threading.Thread(target=let_go, args=pair) for pair in ((first, second), (second, first))
    ]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert refused == [services.LastHead]
    assert User.objects.filter(office=first.office, role=Role.HEAD, is_active=True).count() == 1


def test_whoever_leaves_is_out_at_once(cast, login, client):
    clerk = cast.county_clerk
    at_work = login(clerk)
    assert at_work.get("/units/").status_code == 200
    device = second_factor.begin(clerk)
    device.confirmed = True
    device.save()
    _link, token = services.issue_reset(cast.county_head, clerk)
    services.leave(cast.county_head, clerk, "调离")
    assert at_work.get("/units/").status_code == 302
    assert (
        client.post(
            "/account/login/", {"username": clerk.username, "password": Cast.PASSWORD}
        ).status_code
        == 200
    )
    assert client.get(f"/account/reset/{token}/").status_code == 410
    assert not second_factor.is_on(clerk)
    clerk.refresh_from_db()
    assert clerk.left_at is not None


def test_what_was_written_stays_under_the_name(cast):
    clerk = cast.county_clerk
    before = cast.unit.history.filter(history_user=clerk).count()
    services.leave(cast.county_head, clerk, "调离")
    assert before > 0
    assert cast.unit.history.filter(history_user=clerk).count() == before


def test_open_duties_need_a_successor_and_go_to_them(cast, hire, login):
    office = cast.county_head.office
    leaver = hire("second_head", office, Role.HEAD)
    services.invite(leaver, office, display_name="将来的人", role=Role.CLERK)
    held = handover.held_by(leaver)
    assert [(holding.name, count) for holding, count in held] == [("accounts.invitations", 1)]
    page = login(cast.county_head).get(f"/people/{leaver.pk}/leave/")
    assert "尚未接受的邀请" in page.content.decode()
    with pytest.raises(ValidationError):
        services.leave(cast.county_head, leaver, "调离")
    leaver.refresh_from_db()
    assert leaver.is_active
    answer = login(cast.county_head).post(
        f"/people/{leaver.pk}/leave/", {"reason": "调离", "successor": cast.county_clerk.pk}
    )
    assert answer.status_code == 302
    assert Invitation.objects.get().created_by == cast.county_clerk
    leaver.refresh_from_db()
    assert (leaver.is_active, leaver.successor) == (False, cast.county_clerk)


def test_the_successor_works_in_the_same_office(cast):
    for wrong in (cast.neighbour_clerk, cast.department_clerk, cast.county_clerk):
        with pytest.raises(ValidationError):
            services.leave(cast.county_head, cast.county_clerk, "调离", wrong)
    assert not User.objects.filter(is_active=False).exists()


def test_the_form_offers_nobody_of_another_office(cast, login):
    form = login(cast.county_head).get(f"/people/{cast.county_clerk.pk}/leave/").context["form"]
    offered = set(form.fields["successor"].queryset.values_list("username", flat=True))
    assert offered == {"county_head", "county_inspector", "county_readonly"}


def test_somebody_comes_back_with_a_link_for_a_password(cast, login, client):
    clerk = cast.county_clerk
    services.leave(cast.county_head, clerk, "借调")
    page = login(cast.county_head).post(f"/people/{clerk.pk}/take-back/", {"reason": "回来了"})
    token = page.context["link"].rstrip("/").rpartition("/")[2]
    fields = {"new_password1": "chosen-by-myself-7", "new_password2": "chosen-by-myself-7"}
    assert client.post(f"/account/reset/{token}/", fields)["Location"] == "/account/login/"
    fields = {"username": clerk.username, "password": "chosen-by-myself-7"}
    assert client.post("/account/login/", fields)["Location"] == "/"


def test_every_holding_counts_and_transfers_within_a_transaction(cast):
    """A registry entry of any app must bear a person who holds nothing."""
    names = [holding.name for holding in handover.holdings()]
    assert len(names) == len(set(names))
    for holding in handover.holdings():
        assert holding.count(cast.county_readonly) == 0, holding.name
        assert holding.transfer(cast.county_head, cast.county_readonly, cast.county_clerk) == 0
