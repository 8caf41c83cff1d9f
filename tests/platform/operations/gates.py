"""Gates that send records and pictures to a real platform, and what must be found again."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from hengyuan.record.suites import SM2_SM3
from tests.platform.intake.test_kill import Platform, Sender
from tests.platform.records import JPEG, TestTerminal, file_ref

PASSWORD = "weigh-every-truck-1"
PASSPHRASE = "a passphrase for tests only\n"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that the database's user may pass; everything below it is removed at the end."""
    import shutil

    path = Path(tempfile.mkdtemp(prefix="hy-backup-"))
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    (path / "passphrase").write_text(PASSPHRASE)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def running(home: Path) -> Iterator[Platform]:
    """A platform of its own process; killed at the end, its database stopped."""
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, exist_ok=True)
    made = Platform(home)
    made.start()
    try:
        made.wait(300)
        yield made
    finally:
        made.kill()
        made.postgres.stop()


def command(
    home: Path, *arguments: str, typed: str = "", url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """`hengyuan platform …` with this home, and with the outside database if one is named."""
    platform = Platform(home)
    environment = platform.environment() | ({"HENGYUAN_DATABASE_URL": url} if url else {})
    return subprocess.run(
        platform.command(*arguments), env=environment, input=typed, capture_output=True, text=True
    )


def add_clerk(home: Path, url: str | None = None) -> None:
    """Somebody who can log in."""
    add = ["user", "add", "clerk", "--name", "某人", "--role", "clerk", "--region", "141024"]
    added = command(home, *add, "--keep", "--password-stdin", typed=f"{PASSWORD}\n", url=url)
    assert added.returncode == 0, added.stderr


def logs_in(platform: Platform) -> bool:
    """True when the clerk gets in with the password."""
    with httpx.Client(base_url=platform.url, timeout=30) as client:
        client.get("/account/login/")
        form = {
            "username": "clerk",
            "password": PASSWORD,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        answer = client.post("/account/login/", data=form, headers={"referer": platform.url})
        return answer.status_code == 302 and client.get("/").status_code == 200


@dataclass
class Gates:
    """Three gates that only weigh, in threads, and one that takes pictures, by hand."""

    platform: Platform
    until: threading.Event = field(default_factory=threading.Event)
    senders: list[Sender] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [SM2_SM3.generate() for _ in range(4)]
        codes = self.platform.enrol([key.public_bytes().hex() for key in keys])
        *weighing, self.filming = [
            TestTerminal(code, SM2_SM3, key) for code, key in zip(codes, keys, strict=True)
        ]
        self.senders = [Sender(self.platform.url, each, self.until) for each in weighing]
        for sender in self.senders:
            sender.start()

    def film(self, count: int) -> None:
        """Weigh so many trucks with a picture each, and upload all of it."""
        first = len(self.filming.lines) + 1
        taken = []
        for number in range(first, first + count):
            data = JPEG[:-2] + os.urandom(2_000 + number) + JPEG[-2:]
            taken.append(data)
            self.filming.weigh(files=(file_ref(SM2_SM3, data),))
        body = self.filming.batch(first, first + count - 1)
        answer = httpx.post(f"{self.platform.url}/api/intake/v1/batches", content=body, timeout=30)
        assert answer.status_code == 200, answer.text
        for seq, data in enumerate(taken, first):
            digest = SM2_SM3.digest(data).hex()
            path = f"/api/intake/v1/files/{digest}"
            headers: dict[str, Any] = self.filming.headers("PUT", path, data)
            headers["hengyuan-seq"] = str(seq)
            sent = httpx.put(self.platform.url + path, content=data, headers=headers, timeout=30)
            assert sent.json()["complete"], sent.text
            self.pictures[digest] = data

    def acknowledged(self) -> dict[str, int]:
        """The last record of each terminal that the platform has acknowledged."""
        marks = {sender.terminal.code: sender.acknowledged for sender in self.senders}
        return marks | {self.filming.code: len(self.filming.lines)}

    def stop(self) -> None:
        self.until.set()
        for sender in self.senders:
            sender.join(30)
            assert sender.wrong == []

    def terminals(self) -> list[TestTerminal]:
        return [*(sender.terminal for sender in self.senders), self.filming]
