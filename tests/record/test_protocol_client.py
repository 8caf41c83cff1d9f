"""The client printed in docs/protocol.md, run as a stranger would run it."""

import subprocess
import sys
from pathlib import Path

import pytest

from hengyuan.record.canonical import read_line
from tests.record.tiny_platform import CODE, TinyPlatform
from tests.record.vectors import PICTURE, PROTOCOL, blocks_in

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def client(tmp_path: Path) -> Path:
    path = tmp_path / "client.py"
    path.write_text(blocks_in(PROTOCOL.read_text())["client"] + "\n")
    return path


def run(client: Path, platform: TinyPlatform, code: str = CODE) -> "subprocess.CompletedProcess":
    return subprocess.run(
        [sys.executable, client.name, platform.url, code],
        cwd=client.parent,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_the_printed_client_works(client: Path) -> None:
    with TinyPlatform() as platform:
        done = run(client, platform)
        assert done.returncode == 0, done.stderr
        assert [read_line(line).kind for line in platform.lines] == ["entry", "exit"]
        assert list(platform.files.values()) == [PICTURE]
        assert platform.beats[0].devices == {"scale": "ok"}
        assert platform.refusals == []
        assert platform.watermark.digest in done.stdout
        # what was sent is what lies on the terminal's disk
        assert (client.parent / "chain.ndjson").read_bytes().splitlines() == platform.lines
        assert (client.parent / "terminal.key").stat().st_mode & 0o077 == 0


def test_run_again_it_goes_on_with_its_chain(client: Path) -> None:
    with TinyPlatform() as platform:
        assert run(client, platform).returncode == 0
        done = run(client, platform)
        assert done.returncode == 0, done.stderr
        assert [read_line(line).seq for line in platform.lines] == [1, 2, 3, 4]


def test_it_comes_through_silence_and_a_busy_platform(client: Path) -> None:
    with TinyPlatform() as platform:
        platform.troubles = {
            "POST enrol": ["silent"],
            "POST batches": ["silent", "busy"],
            "PUT files": ["busy"],
        }
        done = run(client, platform)
        assert done.returncode == 0, done.stderr
        assert len(platform.lines) == 2
        assert platform.requests["POST enrol"] == 2
        assert platform.requests["POST batches"] == 3
        assert platform.refusals == ["busy", "busy"]
        assert list(platform.files.values()) == [PICTURE]


def test_it_sends_a_file_again_when_told_so(client: Path) -> None:
    with TinyPlatform() as platform:
        assert run(client, platform).returncode == 0
        platform.forgotten = list(platform.files)
        done = run(client, platform)
        assert done.returncode == 0, done.stderr
        assert list(platform.files.values()) == [PICTURE]
        assert platform.requests["PUT files"] == 2


def test_it_stops_when_the_platform_holds_another_history(client: Path) -> None:
    with TinyPlatform() as platform:
        assert run(client, platform).returncode == 0
        (client.parent / "chain.ndjson").write_bytes(b"")
        stored = list(platform.lines)
        done = run(client, platform)
        assert done.returncode == 1
        assert "another history" in done.stderr
        assert platform.lines == stored


def test_it_says_why_it_is_not_enrolled(client: Path) -> None:
    with TinyPlatform() as platform:
        done = run(client, platform, code="WRONG")
        assert done.returncode == 1
        assert "not_found" in done.stderr
