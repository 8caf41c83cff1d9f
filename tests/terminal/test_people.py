"""Who works at the gate: a name, a PIN of their own, and five wrong ones close the door."""

from pathlib import Path

import pytest

from hengyuan.terminal.config import read_config
from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.people import People, PersonTable
from hengyuan.terminal.screen.pin import Sessions, pin_digest
from tests.terminal.post import HandClock, lane_table

GATEKEEPER = PersonTable(name="门卫甲", pin=pin_digest("135790"))
SUPERVISOR = PersonTable(name="班长乙", pin=pin_digest("246802"), role="supervisor")


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def people(clock):
    return People([GATEKEEPER, SUPERVISOR], clock)


def test_a_person_is_known_by_the_pin_that_is_theirs(people):
    found = people.check("班长乙", "246802")
    assert (found.name, found.is_supervisor) == ("班长乙", True)
    assert not people.check("门卫甲", "135790").is_supervisor
    assert people.check("门卫甲", "246802") is None
    assert people.check("门卫丁", "135790") is None
    assert people.check("门卫甲", "") is None


def test_the_list_of_names_says_who_may_be_the_second_person(people):
    assert people.names == ("门卫甲", "班长乙")
    assert people.supervisors == ("班长乙",)
    assert people
    assert not People([], HandClock())


def test_five_wrong_pins_close_the_door_to_all_for_five_minutes(people, clock):
    for name in ("门卫甲", "班长乙", "门卫丁", "门卫甲"):
        assert people.check(name, "000000") is None
        assert not people.locked
    people.check("门卫甲", "000000")
    assert people.locked
    assert people.check("门卫甲", "135790") is None
    clock.seconds += 301
    assert not people.locked
    assert people.check("门卫甲", "135790").name == "门卫甲"


def test_at_the_gate_is_who_logged_in_last_and_has_not_left(clock):
    sessions = Sessions(12, clock)
    assert sessions.at_the_gate() is None
    first = sessions.begin("门卫甲")
    second = sessions.begin("班长乙")
    sessions.begin()
    assert sessions.at_the_gate() == "班长乙"
    sessions.end(second)
    assert sessions.at_the_gate() == "门卫甲"
    sessions.end(first)
    assert sessions.at_the_gate() is None
    sessions.begin("门卫甲")
    clock.seconds += 12 * 3600 + 1
    assert sessions.at_the_gate() is None


def test_people_stand_in_the_configuration_and_what_is_wrong_with_them_is_said(tmp_path):
    def raw(*people):
        return {
            "data_dir": "data",
            "platform": {"url": "http://127.0.0.1:1"},
            "lanes": [lane_table()],
            "people": list(people),
        }

    def person(**more):
        return {"name": "门卫甲", "pin": GATEKEEPER.pin} | more

    path = Path(tmp_path / "gate.toml")
    config = read_config(path, raw(person(), person(name="班长乙", role="supervisor")))
    assert [each.role for each in config.people] == ["gatekeeper", "supervisor"]
    assert read_config(path, raw()).people == ()
    for wrong, where in [
        ([person(), person()], "people[1].name"),
        ([person(pin="135790")], "people[0].pin"),
        ([person(name=" 门卫甲")], "people[0].name"),
        ([person(role="boss")], "people[0].role"),
        ([person(name="")], "people[0].name"),
    ]:
        with pytest.raises(ConfigError) as refused:
            read_config(path, raw(*wrong))
        assert [problem.where for problem in refused.value.problems] == [where]
