"""What a county orders of a terminal is signed, numbered, and sent once as a command."""

import json
import stat

import msgspec
import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from hengyuan.law.pack_documents import write_pack
from hengyuan.law.rule_packs import CN_2016_1
from hengyuan.platform import rule_packs
from hengyuan.platform.home import home_dir
from hengyuan.platform.intake.judging import second_limit_kg
from hengyuan.platform.signing_key import FILE_NAME, NoSigningKey, signing_key
from hengyuan.platform.terminals.directing import send_rule_pack, send_settings
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import WrongState, create_terminal
from hengyuan.record.directives import Sealed, open_sealed
from tests.platform.records import enrolled_terminal, make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def terminal(cast):
    made = enrolled_terminal(cast.unit, cast.county_clerk)
    return Terminal.objects.get(code=made.code)


@pytest.fixture(autouse=True)
def nothing_issued():
    yield
    rule_packs.forget_all()


def opened(order, kind="configuration"):
    """What the terminal makes of the command."""
    key = signing_key()
    sealed = msgspec.convert(order.command.arguments, Sealed)
    return open_sealed(
        sealed, key.suite.name, bytes.fromhex(key.public_hex), order.terminal.code, kind
    )


def lighter_table(version="sx-2027.1", first_day="2016-09-21"):
    document = write_pack(CN_2016_1) | {"version": version, "effective_from": first_day}
    for cell in document["cells"]:
        cell["limit_kg"] -= 1_000
    return document


def test_settings_go_out_signed_for_this_terminal_alone(terminal, cast):
    text = "[judge]\ntolerance_kg = 0\n# why\n[[lanes]]\nnumber = 1\n"
    order = send_settings(terminal, cast.county_clerk, text, "试行", whole=False)
    assert order.command.name == "configure"
    assert order.command.asked_by == cast.county_clerk
    said = opened(order)
    assert said.body == {"part": {"judge": {"tolerance_kg": 0}, "lanes": [{"number": 1}]}}
    assert (said.terminal, said.version, said.reason) == (terminal.code, 1, "试行")
    assert order.text == text


def test_numbers_rise_and_each_kind_has_its_own(terminal, cast):
    by = cast.county_clerk
    first = send_settings(terminal, by, "[judge]\ndriven_bogie = true\n", "一", whole=False)
    second = send_settings(terminal, by, "[judge]\ndriven_bogie = false\n", "二", whole=False)
    pack = send_rule_pack(terminal, by, json.dumps(lighter_table()), "三")
    assert [first.version, second.version, pack.version] == [1, 2, 1]


@pytest.mark.parametrize("text", ["", "# only a comment", "[judge", "[judge]\nday = 2026-01-01\n"])
def test_what_is_no_settings_is_not_sent(terminal, cast, text):
    with pytest.raises(ValidationError):
        send_settings(terminal, cast.county_clerk, text, "试行", whole=False)
    assert terminal.commands.count() == 0


def test_a_planned_terminal_is_told_nothing(cast):
    planned = create_terminal(cast.county_clerk, cast.unit, "未登记")
    with pytest.raises(WrongState):
        send_settings(planned, cast.county_clerk, "[judge]\ntolerance_kg = 0\n", "一", whole=False)


def test_a_name_of_a_table_is_never_given_to_another(terminal, cast):
    send_rule_pack(terminal, cast.county_clerk, json.dumps(lighter_table()), "一")
    other = lighter_table()
    other["cells"][0]["limit_kg"] -= 500
    with pytest.raises(ValidationError, match="another table"):
        send_rule_pack(terminal, cast.county_clerk, json.dumps(other), "二")
    taken = lighter_table(version=CN_2016_1.version)
    with pytest.raises(ValidationError, match="another table"):
        send_rule_pack(terminal, cast.county_clerk, json.dumps(taken), "三")


def test_records_are_judged_again_by_the_table_that_they_name(terminal, cast):
    record = make_record(terminal.code, 1)
    before = second_limit_kg(record)
    assert before is not None
    named = make_record(terminal.code, 1, rule_pack="sx-2027.1")
    assert second_limit_kg(named) == before
    send_rule_pack(terminal, cast.county_clerk, json.dumps(lighter_table()), "一")
    assert second_limit_kg(named) == before - 1_000
    assert second_limit_kg(record) == before


def test_the_key_is_made_once_and_is_its_owners_alone():
    key = signing_key()
    assert signing_key().public_hex == key.public_hex
    file = home_dir() / FILE_NAME
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.public.verify(key.key.sign(b"text"), b"text")


def test_a_damaged_key_is_said_and_its_secret_is_not(tmp_path):
    (tmp_path / FILE_NAME).write_text('{"suite": "SM2-SM3", "secret": "abc123secret"}')
    with pytest.raises(NoSigningKey) as said:
        signing_key(tmp_path)
    assert "abc123secret" not in str(said.value)


def test_the_page_sends_what_was_typed_and_shows_what_became_of_it(client, terminal, cast):
    client.force_login(cast.county_clerk)
    address = reverse("terminals:settings", args=[terminal.code])
    typed = {"text": "[retention]\nevidence_days = 90\n", "reason": "磁盘小"}
    answer = client.post(address, typed)
    assert answer.status_code == 302
    order = terminal.directives.get()
    assert opened(order).body == {"part": {"retention": {"evidence_days": 90}}}
    order.command.state, order.command.answer = "failed", "bad_configuration: no"
    order.command.save()
    page = client.get(address).content.decode()
    assert "磁盘小" in page
    assert "bad_configuration: no" in page
    assert "evidence_days = 90" in page
    assert signing_key().public_hex in page


def test_the_page_says_what_is_wrong_and_sends_nothing(client, terminal, cast):
    client.force_login(cast.county_clerk)
    address = reverse("terminals:rule_pack", args=[terminal.code])
    answer = client.post(address, {"text": "{}", "reason": "一"})
    assert answer.status_code == 200
    assert "is missing" in answer.content.decode()
    assert terminal.directives.count() == 0
