"""A platform with a city in it, for pictures and for tests in a browser.

Everything comes in by the ways that it has in earnest: the platform by its command, offices and
units by the world's own command, terminals by their enrolment codes, weighings as signed batches,
pictures by their digests, the state of the devices by heartbeats. One terminal in four stays
silent, so that the pages have something to say.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hengyuan.law.vehicles import format_layout
from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.home import HOME_VARIABLE
from hengyuan.record.answers import Heartbeat
from hengyuan.record.batch import CONTENT_TYPE, seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import genesis, link
from hengyuan.record.model import FileRef, Record
from hengyuan.record.requests import sign_request
from hengyuan.record.suites import SM2_SM3, PrivateKey, Suite
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.city import EnteredCity, EnteredTerminal, Login
from hengyuan.world.pictures import photograph
from hengyuan.world.trucks import Truck, trucks

PASSWORD = "weigh-every-truck-1"  # noqa: S105 - of a city that lives for minutes on this machine
DIVISION_KG = 20
_PASSWORD_FOR_ALL = {"HENGYUAN_DEMO_PASSWORD": PASSWORD}
_ROOT = Path(__file__).resolve().parent.parent
_CHINA = timezone(timedelta(hours=8))
_BATCH = 200
_BEAT_EVERY_S = 30.0
_PICTURED = 3
_START_WITHIN_S = 180.0
_STOP_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class City:
    """A running platform: where it answers, where it lives, and who can log in."""

    address: str
    home: Path
    entered: EnteredCity

    def command(self, *arguments: str) -> str:
        """Run a `hengyuan` command in this platform's home; what it printed."""
        return _hengyuan(self.home, *arguments)


@contextmanager
def running_city(
    home: Path | None = None, terminals: int = 6, days: int = 14, trucks_per_day: int = 9
) -> Iterator[City]:
    """A platform of its own with the city in it, stopped at the end; without `home` it is gone."""
    folder = home or Path(tempfile.mkdtemp(prefix="hengyuan-city-"))
    if home is None:
        folder.chmod(0o711)  # the database's user passes through
    try:
        with running_platform(folder) as address:
            said = _hengyuan(
                folder,
                *("world", "city", "--terminals", str(terminals), "--json"),
                more=_PASSWORD_FOR_ALL,
            )
            entered = msgspec.json.decode(said.strip().splitlines()[-1], type=EnteredCity)
            terminals = weigh(address, entered, days, trucks_per_day)
            with _hearts(address, terminals):
                yield City(address, folder, _with_inhabitants(folder, entered))
    finally:
        if home is None:
            EmbeddedPostgres(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


def _with_inhabitants(home: Path, entered: EnteredCity) -> EnteredCity:
    """The city with a person of every office and role, and with publication lists."""
    said = _python(home, "-m", "scripts.inhabitants", more=_PASSWORD_FOR_ALL)
    logins = msgspec.json.decode(said.strip().splitlines()[-1], type=list[Login])
    return EnteredCity(terminals=entered.terminals, logins=[*entered.logins, *logins])


@contextmanager
def running_platform(home: Path) -> Iterator[str]:
    """A platform in a process of its own; its address."""
    process = subprocess.Popen(
        [*_COMMAND, "platform", "run", "--port", "0"],
        env=_environment(home),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise SystemExit("the platform did not start; its log says why")
        yield line[line.index("http://") :].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def _hearts(address: str, terminals: list[_Terminal]) -> Iterator[None]:
    """These terminals stay online meanwhile."""
    stopped = threading.Event()

    def beat() -> None:
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
            while not stopped.wait(_BEAT_EVERY_S):
                for terminal in terminals:
                    # one that was suspended meanwhile is refused, and stays silent
                    with contextlib.suppress(httpx.HTTPError):
                        terminal.beat(http)

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        yield
    finally:
        stopped.set()
        beating.join()


def weigh(address: str, city: EnteredCity, days: int, trucks_per_day: int) -> list[_Terminal]:
    """Enrol the terminals that wait for it and let trucks of the last days pass through them.

    Those that are online, three of four.
    """
    online = []
    supply = trucks(load_axle_records(), seed=7, made_share=0.06)
    chance = random.Random(7)  # noqa: S311 - the same city each time, no secret
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
        for number, entered in enumerate(city.terminals):
            if entered.enrolment_code is None:
                continue
            terminal = _Terminal.enrol(http, entered)
            count = days * trucks_per_day + chance.randrange(trucks_per_day)
            terminal.weigh(_times(count, days, chance), list(islice(supply, count)))
            terminal.upload(http)
            if number % 4 != 3:
                terminal.beat(http)
                online.append(terminal)
    return online


def _times(count: int, days: int, chance: random.Random) -> list[datetime]:
    """Moments of the last days, oldest first, by day more than by night, none in the future."""
    now = datetime.now(UTC)
    moments = []
    while len(moments) < count:
        at = now - timedelta(minutes=chance.randrange(2, days * 24 * 60))
        if 6 <= at.astimezone(_CHINA).hour < 21 or chance.random() < 0.25:
            moments.append(at.replace(microsecond=0))
    return sorted(moments)


@dataclass
class _Terminal:
    """A terminal that was enrolled here: its key, its chain, its pictures."""

    entered: EnteredTerminal
    suite: Suite
    key: PrivateKey
    lines: list[bytes] = field(default_factory=list)
    pictures: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @classmethod
    def enrol(cls, http: httpx.Client, entered: EnteredTerminal) -> _Terminal:
        key = SM2_SM3.generate()
        asked = {
            "code": entered.enrolment_code,
            "suite": SM2_SM3.name,
            "public_key": key.public_bytes().hex(),
        }
        http.post("/api/terminals/v1/enrol", json=asked).raise_for_status()
        return cls(entered, SM2_SM3, key)

    def weigh(self, moments: list[datetime], passing: list[Truck]) -> None:
        """Record one truck at each moment; the newest ones are pictured."""
        first_pictured = len(moments) - _PICTURED
        for index, (at, truck) in enumerate(zip(moments, passing, strict=True)):
            seq = len(self.lines) + 1
            files: tuple[FileRef, ...] = ()
            if index >= first_pictured:
                files = self._photograph(seq, truck, at)
            self.lines.append(write_line(self._record(seq, truck, at, files)))

    def _record(self, seq: int, truck: Truck, at: datetime, files: tuple[FileRef, ...]) -> Record:
        judgement = truck.judged(DIVISION_KG, at.astimezone(_CHINA).date())
        gross_kg = truck.indicated_kg(DIVISION_KG)
        fields: dict[str, Any] = {
            "v": 1,
            "terminal": self.entered.code,
            "seq": seq,
            "kind": "exit",
            "weighed_at": int(at.timestamp() * 1000),
            "lane": 1,
            "gross_kg": gross_kg,
            "raw_kg": gross_kg,
            "axles": truck.axles,
            "layout": format_layout(truck.layout),
            "combination": truck.vehicle.combination,
            "group_kg": truck.group_kg,
            "plate": truck.plate,
            "plate_colour": truck.plate_colour,
            "trailer_plate": truck.trailer_plate,
            "cargo": truck.cargo,
            "files": files,
            "limit_kg": judgement.limit_kg,
            "verdict": judgement.verdict,
            "assumed": judgement.assumed,
            "rule_pack": judgement.limit.rule_pack,
            "operator": "磅房一班",
        }
        if seq % 23 == 0:
            fields["flags"] = ("plate_typed",)
        return msgspec.convert(fields, Record)

    def _photograph(self, seq: int, truck: Truck, at: datetime) -> tuple[FileRef, ...]:
        shot = photograph(truck, at, f"{self.entered.unit_name} {self.entered.name}")
        refs = []
        for kind, data in (
            ("plate", shot.plate),
            ("head", shot.head),
            ("front_side", shot.panorama),
        ):
            digest = self.suite.digest(data).hex()
            self.pictures[digest] = (seq, data)
            refs.append(msgspec.convert({"kind": kind, "digest": digest}, FileRef))
        return tuple(sorted(refs, key=lambda ref: (ref.kind, ref.digest)))

    def upload(self, http: httpx.Client) -> None:
        """Send everything: batches first, then the pictures that they name."""
        previous = genesis(self.suite, self.entered.code, self.key.public_bytes())
        for begin in range(0, len(self.lines), _BATCH):
            part = self.lines[begin : begin + _BATCH]
            body = seal(self.suite, self.key, self.entered.code, begin + 1, previous, part)
            headers = {"content-type": CONTENT_TYPE}
            http.post("/api/intake/v1/batches", content=body, headers=headers).raise_for_status()
            for line in part:
                previous = link(self.suite, previous, line)
        for digest, (seq, data) in self.pictures.items():
            self._signed(http, "PUT", f"files/{digest}", data, {"hengyuan-seq": str(seq)})

    def beat(self, http: httpx.Client) -> None:
        """Say that all is well, but for one camera here and there."""
        state = "fault" if self.entered.code.endswith("2") else "ok"
        beat = Heartbeat(
            clock_ms=time.time_ns() // 1_000_000,
            devices={"scale": "ok", "camera": state, "led": "ok"},
            disk_free_mb=18_000,
            queue=0,
            rule_pack="cn-2016.1",
            seq=len(self.lines),
            software="0.1.0",
        )
        self._signed(http, "POST", "heartbeat", msgspec.json.encode(beat), {})

    def _signed(
        self, http: httpx.Client, method: str, name: str, body: bytes, headers: dict[str, str]
    ) -> None:
        path = f"/api/intake/v1/{name}"
        now_ms = time.time_ns() // 1_000_000
        signature = sign_request(
            self.suite, self.key, self.entered.code, method, path, now_ms, body
        )
        answer = http.request(method, path, content=body, headers=headers | signature)
        answer.raise_for_status()


_COMMAND = [sys.executable, "-c", "from hengyuan.cli import main; main()"]


def _hengyuan(home: Path, *arguments: str, more: dict[str, str] | None = None) -> str:
    return _python(home, *_COMMAND[1:], *arguments, more=more)


def _python(home: Path, *arguments: str, more: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env=_environment(home) | (more or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=_START_WITHIN_S,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments[-6:])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment(home: Path) -> dict[str, str]:
    """A home and a database of its own, whatever this process uses."""
    left_out = {URL_VARIABLE, "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {HOME_VARIABLE: str(home)}


__all__ = ["PASSWORD", "City", "running_city", "running_platform", "weigh"]
