"""A terminal becomes one by a code that works once."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from hengyuan.platform.terminals import services
from hengyuan.platform.terminals.models import EnrolmentCode, SuiteName, Terminal
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3, SUITES

pytestmark = pytest.mark.django_db


def key(suite=SM2_SM3) -> str:
    return suite.generate().public_bytes().hex()


@pytest.fixture
def terminal(cast) -> Terminal:
    return services.create_terminal(cast.county_clerk, cast.unit, "1号终端")


@pytest.fixture
def code(cast, terminal) -> str:
    return services.issue_enrolment_code(terminal, cast.county_clerk)


def test_the_suites_are_those_of_the_record_room():
    assert set(SuiteName.values) == set(SUITES)


def test_terminals_are_numbered_within_their_unit(cast):
    made = [services.create_terminal(None, cast.unit, "终端").code for _ in range(2)]
    assert made == ["14102451001-01", "14102451001-02"]
    assert services.create_terminal(None, cast.other_unit, "终端").code == "14102451002-01"


@pytest.mark.parametrize("suite", [SM2_SM3, ED25519_SHA256])
def test_a_code_gives_the_terminal_its_key(terminal, code, suite):
    public = key(suite)
    enrolled = services.enrol(code, suite.name, public)
    assert enrolled == terminal
    assert (enrolled.state, enrolled.suite, enrolled.public_key) == (
        "enrolled",
        suite.name,
        public,
    )
    assert enrolled.enrolled_at is not None


def test_only_a_digest_of_the_code_is_kept(code):
    stored = EnrolmentCode.objects.values().get()
    assert code not in str(stored)
    assert code.replace("-", "") not in str(stored)


@pytest.mark.parametrize(
    "typed",
    [str.lower, lambda code: code.replace("-", ""), lambda code: f" {code.replace('-', ' ')} "],
)
def test_how_a_code_is_typed_does_not_matter(code, typed):
    assert services.enrol(typed(code), "SM2-SM3", key()).state == "enrolled"


def test_letters_that_look_like_figures_are_read_as_figures():
    assert services._hash("O0IL1") == services._hash("00111")


def test_a_code_that_was_never_issued_is_unknown(code):
    with pytest.raises(services.UnknownCode):
        services.enrol("AAAAA-AAAAA-AAAAA-AAAAA", "SM2-SM3", key())


def test_a_code_runs_out(terminal, code):
    EnrolmentCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(services.ExpiredCode):
        services.enrol(code, "SM2-SM3", key())
    terminal.refresh_from_db()
    assert terminal.state == "planned"


def test_a_new_code_ends_the_one_before(cast, terminal, code):
    newer = services.issue_enrolment_code(terminal, cast.county_clerk)
    with pytest.raises(services.ExpiredCode):
        services.enrol(code, "SM2-SM3", key())
    assert services.enrol(newer, "SM2-SM3", key()).state == "enrolled"


def test_a_used_code_gives_nothing_to_another_key(terminal, code):
    first = key()
    services.enrol(code, "SM2-SM3", first)
    with pytest.raises(services.UsedCode):
        services.enrol(code, "SM2-SM3", key())
    terminal.refresh_from_db()
    assert terminal.public_key == first


def test_a_lost_answer_can_be_asked_for_again_with_the_same_key(terminal, code):
    public = key()
    first = services.enrol(code, "SM2-SM3", public)
    again = services.enrol(code, "SM2-SM3", public.upper())
    assert again == first == terminal
    assert terminal.history.filter(state="enrolled").count() == 1


@pytest.mark.parametrize(
    ("suite", "public"),
    [
        ("SM2-SM3", "04" + "00" * 64),
        ("SM2-SM3", "not hex"),
        ("SM2-SM3", ""),
        ("SM2-SM3", "00" * 32),
        ("Ed25519-SHA256", "00" * 31),
    ],
)
def test_a_bad_key_is_refused_and_the_code_stays_good(code, suite, public):
    with pytest.raises(services.UnusableKey):
        services.enrol(code, suite, public)
    assert services.enrol(code, "SM2-SM3", key()).state == "enrolled"


def test_an_unknown_suite_is_refused_by_name(code):
    with pytest.raises(services.UnknownSuite, match="SM2-SM3"):
        services.enrol(code, "RSA", key())


def test_a_key_serves_one_terminal_only(cast, code):
    public = key()
    services.enrol(code, "SM2-SM3", public)
    second = services.create_terminal(None, cast.unit, "2号终端")
    second_code = services.issue_enrolment_code(second, cast.county_clerk)
    with pytest.raises(services.UnusableKey):
        services.enrol(second_code, "SM2-SM3", public)
    second.refresh_from_db()
    assert second.state == "planned"
    assert services.enrol(second_code, "SM2-SM3", key()).state == "enrolled"


def test_a_code_for_another_terminal_is_told_apart(code):
    with pytest.raises(services.WrongTerminal):
        services.enrol(code, "SM2-SM3", key(), "14102451001-09")


def test_an_enrolled_terminal_gets_no_further_code(cast, terminal, code):
    services.enrol(code, "SM2-SM3", key())
    with pytest.raises(services.WrongState):
        services.issue_enrolment_code(terminal, cast.county_clerk)


def test_suspending_and_resuming_leave_the_key_alone(cast, terminal, code):
    public = key()
    services.enrol(code, "SM2-SM3", public)
    suspended = services.suspend(terminal, cast.county_clerk, "检修")
    assert (suspended.state, suspended.public_key) == ("suspended", public)
    assert services.resume(terminal, cast.county_clerk, "修好").state == "enrolled"
    reasons = list(terminal.history.values_list("history_change_reason", flat=True)[:2])
    assert reasons == ["修好", "检修"]


def test_a_retired_terminal_never_comes_back(cast, terminal, code):
    services.retire(terminal, cast.county_clerk, "更换")
    with pytest.raises(services.ExpiredCode):
        services.enrol(code, "SM2-SM3", key())
    for move in (services.suspend, services.resume, services.retire):
        with pytest.raises(services.WrongState):
            move(terminal, cast.county_clerk, "再来")


def test_a_planned_terminal_cannot_be_suspended(cast, terminal):
    with pytest.raises(services.WrongState):
        services.suspend(terminal, cast.county_clerk, "太早")


def test_online_means_heard_within_three_heartbeats(cast, terminal, code):
    services.enrol(code, "SM2-SM3", key())
    now = timezone.now()
    for ago_s, online in ((0, True), (80, True), (100, False)):
        Terminal.objects.update(last_seen_at=now - timedelta(seconds=ago_s))
        terminal.refresh_from_db()
        assert terminal.is_online is online
        assert Terminal.objects.online().exists() is online
    Terminal.objects.update(last_seen_at=now, state="suspended")
    terminal.refresh_from_db()
    assert not terminal.is_online
    assert not Terminal.objects.online().exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_that_try_one_code_at_once_one_gets_it(cast, terminal, code):
    keys = [key() for _ in range(6)]
    outcomes: list[str] = []
    together = threading.Barrier(len(keys))

    def machine(public: str) -> None:
        together.wait()
        try:
            services.enrol(code, "SM2-SM3", public)
            outcomes.append(public)
        except services.UsedCode:
            outcomes.append("used")
        finally:
            connection.close()

    machines = [threading.Thread(target=machine, args=(public,)) for public in keys]
    for each in machines:
        each.start()
    for each in machines:
        each.join()
    winners = [outcome for outcome in outcomes if outcome != "used"]
    assert len(outcomes) == len(keys)
    assert len(winners) == 1
    terminal.refresh_from_db()
    assert terminal.public_key == winners[0]
