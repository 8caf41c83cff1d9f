"""`hengyuan platform …`: what its keeper types, and what is answered."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hengyuan.platform.embedded import EmbeddedPostgres
from tests.platform.running.conftest import command, environment, temporary_home


@pytest.fixture(scope="module")
def migrated_home() -> Iterator[Path]:
    """A home with its tables made and its server at work, so that each command is quick."""
    with temporary_home() as home:
        EmbeddedPostgres(home).start()
        subprocess.run(command("platform", "migrate"), env=environment(home), check=True)
        yield home


@pytest.fixture
def platform(migrated_home: Path):
    def call(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command("platform", *arguments),
            env=environment(migrated_home),
            input=typed,
            capture_output=True,
            text=True,
        )

    return call


ADD = ("user", "add", "clerk", "--name", "某人", "--role", "clerk", "--password-stdin")
GOOD = "long-enough-for-1\n"


def test_a_command_leaves_no_server_behind(platform_home):
    done = subprocess.run(command("platform", "migrate"), env=environment(platform_home))
    assert done.returncode == 0
    assert not EmbeddedPostgres(platform_home).is_running()


def test_people_are_added_listed_and_given_passwords(platform):
    added = platform(*ADD, "--region", "141024", typed=GOOD)
    assert added.returncode == 0, added.stderr
    assert "洪洞县治超办" in added.stdout
    assert "clerk\t某人\t洪洞县治超办" in platform("user", "list").stdout
    again = platform(*ADD, "--region", "141024", typed=GOOD)
    assert again.returncode == 1
    assert "Traceback" not in again.stderr
    changed = platform("user", "passwd", "clerk", "--password-stdin", typed="another-good-one-2\n")
    assert changed.returncode == 0, changed.stderr


@pytest.mark.parametrize(
    ("more", "typed", "complaint"),
    [
        (("--region", "141024"), "short\n", "密码"),
        (("--region", "999999"), GOOD, "999999"),
        (("--unit", "14102451999"), GOOD, "14102451999"),
        (("--region", "141024", "--department", "casino"), GOOD, "casino"),
        ((), GOOD, "--region"),
        (("--region", "141024", "--unit", "14102451001"), GOOD, "--region"),
    ],
)
def test_a_mistake_is_told_in_one_line(platform, more, typed, complaint):
    someone_new = [part if part != "clerk" else "readonly" for part in ADD]
    refused = platform(*someone_new, *more, typed=typed)
    assert refused.returncode == 1
    assert complaint in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_a_role_of_another_kind_of_office_is_refused(platform):
    someone_new = [part if part != "clerk" else "gatekeeper" for part in ADD]
    refused = platform(*someone_new, "--region", "141024", typed=GOOD)
    assert refused.returncode == 1
    assert "该类单位没有这个角色" in refused.stderr


def test_commands_of_django_are_passed_on(platform):
    checked = platform("manage", "makemigrations", "--check", "--dry-run")
    assert checked.returncode == 0, checked.stdout
    assert "No changes detected" in checked.stdout


def test_every_command_has_help(platform):
    for arguments in (
        ("--help",),
        ("run", "--help"),
        ("user", "--help"),
        ("user", "add", "--help"),
    ):
        answer = platform(*arguments)
        assert answer.returncode == 0
        assert "Options" in answer.stdout
