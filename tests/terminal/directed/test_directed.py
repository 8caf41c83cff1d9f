"""Orders of the county at a working terminal: followed, refused, on trial, taken back."""

import asyncio
import copy
import tomllib
from types import SimpleNamespace

import msgspec
import pytest

from hengyuan.law.pack_documents import write_pack
from hengyuan.law.rule_packs import CN_2016_1
from hengyuan.record.directives import Directive, seal
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.config import load_config
from hengyuan.terminal.directed import inbox, trial
from hengyuan.terminal.directed.book import (
    Entry,
    begin,
    keep,
    load_book,
    load_packs,
    roll_back,
    save_book,
)
from hengyuan.terminal.directed.effective import effective, in_force
from hengyuan.terminal.directed.part import LANE_KEYS, BadPart, check_part, lay_over
from hengyuan.terminal.directed.trial import Trial
from hengyuan.terminal.directed.trust import Trust, enter_key, load_trust
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.uplink.commands import CommandFailed
from tests.terminal.test_config import WHOLE

CODE = "141002510010-01"
KEY = SM2_SM3.generate()


@pytest.fixture
def base(tmp_path):
    """The installer's configuration in its file."""
    path = tmp_path / "gate.toml"
    path.write_text(write_toml(copy.deepcopy(WHOLE) | {"data_dir": "data"}), "utf-8")
    config = load_config(path)
    config.data_dir.mkdir()
    return config


class Worker:
    """A store's worker that only takes notes."""

    def __init__(self, data_dir):
        self.notes = []
        self.store = SimpleNamespace(
            note=lambda at, lane, what, detail: self.notes.append((what, detail)),
            path=data_dir / "terminal.db",
        )

    async def do(self, method, *args):
        return method(*args)


class Box:
    """An inbox, and whether the terminal was asked to begin anew."""

    def __init__(self, base, key=KEY):
        self.worker = Worker(base.data_dir)
        self.restarts = 0
        trust = Trust(CODE, "SM2-SM3", key.public_bytes() if key else b"")
        clock = SimpleNamespace(now_ms=lambda: 1_785_538_800_000)
        self.inbox = inbox.Inbox(
            base, trust, self.worker, clock, lambda: ["scale-1"], self._restart
        )

    def _restart(self):
        self.restarts += 1

    def order(self, body, kind="configuration", version=1, terminal=CODE, key=KEY):
        directive = Directive(
            body=body, issued_at=1, kind=kind, reason="试行", terminal=terminal, version=version
        )
        asked = SimpleNamespace(arguments=msgspec.to_builtins(seal(directive, SM2_SM3, key)))
        take = self.inbox.configure if kind == "configuration" else self.inbox.rule_pack

        async def work():
            answer = await take(asked)
            await asyncio.sleep(0.01)
            return answer

        return asyncio.run(work())


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(inbox, "RESTART_AFTER_S", 0.0)


PART = {
    "part": {
        "judge": {"driven_bogie": True},
        "lanes": [{"number": 1, "texts": {"idle_after_ms": 9}}],
    }
}


def test_settings_lie_over_the_installers_file_which_stays_as_it_is(base):
    before = base.path.read_text()
    box = Box(base)
    assert "on trial" in box.order(PART)
    assert box.restarts == 1
    config, book, notes = effective(base)
    assert config.judge.driven_bogie is True
    assert config.lanes[0].table.texts.idle_after_ms == 9
    assert [d.name for d in config.lanes[0].devices] == [d.name for d in base.lanes[0].devices]
    assert (book.state, book.starts, notes) == ("trial", 1, [])
    assert base.path.read_text() == before
    assert [what for what, _ in box.worker.notes] == ["configuration_applied"]


def test_the_same_order_again_changes_nothing_and_an_old_one_is_refused(base):
    box = Box(base)
    box.order(PART, version=5)
    assert "in force" in box.order(PART, version=5)
    assert box.restarts == 1
    with pytest.raises(CommandFailed, match="old_version"):
        box.order(PART, version=4)
    save_book(base.data_dir, roll_back(load_book(base.data_dir), "dark"))
    # what was taken back is not taken a second time
    with pytest.raises(CommandFailed, match="old_version"):
        box.order(PART, version=5)


def test_only_the_platforms_key_is_obeyed(base):
    box = Box(base)
    with pytest.raises(CommandFailed, match="not_trusted"):
        box.order(PART, key=SM2_SM3.generate())
    with pytest.raises(CommandFailed, match="not_trusted"):
        box.order(PART, terminal="141002510010-02")
    with pytest.raises(CommandFailed, match="hengyuan terminal trust"):
        Box(base, key=None).order(PART)
    assert load_book(base.data_dir).current is None
    assert box.worker.notes == []
    assert box.restarts == 0


@pytest.mark.parametrize(
    "body",
    [
        {"part": {"judge": {"tolerance_kg": 500}}},  # without the document that grants it
        {"part": {"judge": {"no_such_key": 1}}},
        {"part": {"screen": {"pin": None}}},
        {"part": {"platform": {"url": "https://elsewhere.example"}}},
        {"part": {"lanes": [{"number": 1, "scale": {"driver": "f1"}}]}},
        {"part": {"lanes": [{"number": 9, "texts": {"idle_after_ms": 9}}]}},
        {"part": {}},
        {"whole": "not [ toml"},
        {"whole": "language = 'en'"},
        {},
        {"part": {}, "whole": ""},
    ],
)
def test_what_does_not_hold_is_refused_whole_and_nothing_changes(base, body):
    box = Box(base)
    with pytest.raises(CommandFailed, match="bad_configuration"):
        box.order(body)
    assert load_book(base.data_dir).current is None
    assert box.restarts == 0


def test_a_whole_file_replaces_devices_and_keeps_the_data_where_it_is(base):
    whole = copy.deepcopy(WHOLE) | {"data_dir": "/elsewhere"}
    whole["lanes"][0]["displays"] = [{"driver": "html", "name": "new screen"}]
    Box(base).order({"whole": write_toml(whole)})
    config, _, _ = effective(base)
    assert [d.name for d in config.lanes[0].displays] == ["new screen"]
    assert config.data_dir == base.data_dir


def test_a_trial_that_is_not_survived_is_taken_back(base):
    Box(base).order(PART)
    assert effective(base)[1].starts == 1
    assert effective(base)[1].starts == 2
    config, book, notes = effective(base)
    assert book.state == "rolled_back"
    assert config.judge.driven_bogie is base.judge.driven_bogie
    assert [what for what, _ in notes] == ["configuration_rolled_back"]
    # it is said once
    assert effective(base)[2] == []


def test_a_file_that_no_longer_carries_the_settings_falls_back_to_the_ones_before(base):
    box = Box(base)
    box.order({"part": {"judge": {"driven_bogie": True}}}, version=1)
    save_book(base.data_dir, keep(load_book(base.data_dir)))
    box.order({"part": {"lanes": [{"number": 1, "texts": {"idle_after_ms": 9}}]}}, version=2)
    changed = tomllib.loads(base.path.read_text())
    changed["lanes"][0]["number"] = 7
    base.path.write_text(write_toml(changed))
    config, book, notes = effective(load_config(base.path))
    assert config.judge.driven_bogie is True
    assert book.current.version == 1
    assert len(notes) == 1


def test_an_order_during_a_trial_goes_back_to_what_was_kept(base):
    box = Box(base)
    box.order(PART, version=1)
    box.order({"part": {"judge": {"driven_bogie": False}}}, version=2)
    book = load_book(base.data_dir)
    assert (book.current.version, book.previous) == (2, None)
    box.order(PART, version=3)
    assert roll_back(load_book(base.data_dir), "dark").current is None


def test_whoever_only_looks_sees_what_is_in_force_and_counts_no_start(base):
    Box(base).order(PART)
    for _ in range(4):
        assert in_force(base).judge.driven_bogie is True
    assert load_book(base.data_dir).starts == 0


def watched(base, states, reached=True, body=PART):
    """A trial with devices in these states, in a time that runs by itself."""
    entry = Entry(version=3, body=body, applied_ms=0)
    save_book(base.data_dir, begin(load_book(base.data_dir), entry, ["scale-1", "gone"]))
    worker = Worker(base.data_dir)
    now = [0.0]

    def monotonic():
        now[0] += 10.0
        return now[0]

    clock = SimpleNamespace(monotonic=monotonic, now_ms=lambda: 0)
    restarts = []
    asyncio.run(
        Trial(
            load_book(base.data_dir),
            worker,
            clock,
            lambda: states(now[0]),
            lambda: reached,
            lambda: restarts.append(1),
        ).run()
    )
    return load_book(base.data_dir), worker.notes, restarts


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(trial, "LOOK_EVERY_S", 0.0)


def test_what_lasts_is_kept(base, quick):
    book, notes, restarts = watched(base, lambda now: {"scale-1": "ok"})
    assert (book.state, book.current.version) == ("kept", 3)
    assert [what for what, _ in notes] == ["configuration_kept"]
    assert restarts == []


def test_a_device_that_goes_dark_takes_it_back(base, quick):
    book, notes, restarts = watched(base, lambda now: {"scale-1": "ok" if now < 100 else "offline"})
    assert (book.state, book.current) == ("rolled_back", None)
    assert "scale-1" in book.why
    assert [what for what, _ in notes] == ["configuration_rolled_back"]
    assert restarts == [1]


def test_a_moment_in_the_dark_is_none(base, quick):
    def states(now):
        return {"scale-1": "offline" if 100 < now < 140 else "ok"}

    assert watched(base, states)[0].state == "kept"


def test_a_device_that_was_dark_before_is_none_of_its_faults(base, quick):
    book, _, _ = watched(base, lambda now: {"scale-1": "ok", "display": "offline"})
    assert book.state == "kept"


def test_a_whole_file_that_cuts_the_line_to_the_county_is_taken_back(base, quick):
    whole = {"whole": base.path.read_text()}
    assert watched(base, lambda now: {}, reached=False, body=whole)[0].state == "rolled_back"
    assert watched(base, lambda now: {}, reached=True, body=whole)[0].state == "kept"
    assert watched(base, lambda now: {}, reached=False, body=PART)[0].state == "kept"


def lighter(version="sx-2027.1"):
    document = write_pack(CN_2016_1) | {"version": version, "effective_from": "2026-01-01"}
    for cell in document["cells"]:
        cell["limit_kg"] -= 1_000
    return document


def test_a_rule_pack_judges_from_then_on(base):
    box = Box(base)
    answer = box.order({"pack": lighter()}, kind="rule_pack")
    assert "sx-2027.1" in answer
    assert box.restarts == 1
    config, _, _ = effective(base)
    assert [pack.version for pack in config.judge_settings.packs] == ["cn-2016.1", "sx-2027.1"]
    box.order({"pack": lighter()}, kind="rule_pack", version=2)
    assert box.restarts == 1
    assert len(load_packs(base.data_dir)) == 1


@pytest.mark.parametrize(
    "document", [{}, {"pack": {}}, {"pack": lighter("cn-2016.1")}, {"pack": lighter("../../x")}]
)
def test_what_is_no_table_or_takes_anothers_name_is_refused(base, document):
    with pytest.raises(CommandFailed, match="bad_rule_pack"):
        Box(base).order(document, kind="rule_pack")
    assert load_packs(base.data_dir) == ()


def test_a_key_entered_by_hand_counts_before_the_enrolments(base):
    enrolment = SimpleNamespace(platform_suite="SM2-SM3", platform_key="")
    identity = SimpleNamespace(terminal=CODE, enrolment=enrolment)
    assert load_trust(base.data_dir, identity).key == b""
    enter_key(base.data_dir, "SM2-SM3", KEY.public_bytes().hex())
    assert load_trust(base.data_dir, identity).key == KEY.public_bytes()
    with pytest.raises(ValueError, match="uncompressed"):
        enter_key(base.data_dir, "SM2-SM3", "00")


def test_devices_are_no_settings():
    assert not {"scale", "axles", "cameras", "displays", "barriers", "videos"} & set(LANE_KEYS)
    assert {"stability", "joining", "hold", "texts"} <= set(LANE_KEYS)
    with pytest.raises(BadPart, match="people"):
        check_part({"people": []})


def test_laying_over_joins_tables_and_leaves_the_rest():
    base = {"judge": {"a": 1, "b": 2}, "lanes": [{"number": 1, "x": {"y": 1, "z": 2}}]}
    part = {"judge": {"b": 3}, "lanes": [{"number": 1, "x": {"z": 4}}]}
    assert lay_over(base, part) == {
        "judge": {"a": 1, "b": 3},
        "lanes": [{"number": 1, "x": {"y": 1, "z": 4}}],
    }
    assert base["judge"]["b"] == 2


def test_nothing_ordered_is_the_installers_file_alone(base):
    config, book, notes = effective(base)
    assert (config, book.current, notes) == (base, None, [])
