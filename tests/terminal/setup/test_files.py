"""What a setup writes can be read again, whole or not at all."""

import os
import stat
import sys
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.setup.draft import Draft, load_draft, save_draft
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.setup.writing import backup_path, put_in_place

NAMES = st.text(min_size=1, max_size=8)
PLAIN = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
VALUES = st.recursive(
    st.one_of(PLAIN, st.lists(PLAIN, max_size=3)),
    lambda inner: st.one_of(
        st.dictionaries(NAMES, inner, max_size=3),
        st.lists(st.dictionaries(NAMES, inner, min_size=1, max_size=2), min_size=1, max_size=2),
    ),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_toml_says_what_was_meant(data):
    assert tomllib.loads(write_toml(data)) == data


def test_transports_stand_in_one_line():
    text = write_toml({"lanes": [{"scale": {"transport": {"kind": "tcp", "port": 4001}}}]})
    assert 'transport = { kind = "tcp", port = 4001 }' in text


def test_the_file_that_stood_there_is_kept(tmp_path):
    path = tmp_path / "gate.toml"
    assert put_in_place(path, "first = 1\n") is None
    assert put_in_place(path, "second = 2\n") == backup_path(path)
    assert path.read_text() == "second = 2\n"
    assert backup_path(path).read_text() == "first = 1\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the system knows no modes")
def test_files_that_may_hold_passwords_are_their_owners_alone(tmp_path):
    path = tmp_path / "gate.toml"
    put_in_place(path, "first = 1\n")
    put_in_place(path, "second = 2\n")
    save_draft(path, Draft({"a": 1}, ["platform"]))
    modes = {file.name: stat.S_IMODE(os.stat(file).st_mode) for file in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3


def test_a_draft_is_gone_on_with_and_a_broken_one_is_none(tmp_path):
    path = tmp_path / "gate.toml"
    assert load_draft(path) is None
    save_draft(path, Draft({"platform": {"url": "https://x"}}, ["platform"]))
    assert load_draft(path) == Draft({"platform": {"url": "https://x"}}, ["platform"])
    path.with_name("gate.toml.draft").write_bytes(b'{"raw": {')
    assert load_draft(path) is None
