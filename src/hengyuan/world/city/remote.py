"""Terminals that weigh without simulated devices, to fill a city with days of records.

Each has a key and a chain of its own and speaks the terminal's protocol: it enrols by its code,
uploads signed batches and the pictures that they name, and sends heartbeats. What a device would
have told it the world knows: the truck's mass, axles and plate. Its key lies in a file, so that the
same terminal goes on when the city is started again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import msgspec

from hengyuan.law.vehicles import format_layout
from hengyuan.record.answers import DeviceStateName, Heartbeat
from hengyuan.record.batch import CONTENT_TYPE, seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import genesis, link
from hengyuan.record.model import FileRef, Record
from hengyuan.record.requests import sign_request
from hengyuan.record.suites import SM2_SM3, PrivateKey
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.city.entered import EnteredTerminal
from hengyuan.world.city.keys import load_key, make_key
from hengyuan.world.pictures import photograph
from hengyuan.world.trucks import Truck, trucks

DIVISION_KG = 20
_SUITE = SM2_SM3
_CHINA = timezone(timedelta(hours=8))
_BATCH = 200
_SEED = 7
_MADE_SHARE = 0.04
_TYPED_EVERY = 23


@dataclass
class RemoteTerminal:
    """One terminal: its key, the end of its chain as the platform has it, and what waits."""

    entered: EnteredTerminal
    key: PrivateKey
    seq: int = 0
    head: bytes = b""
    camera_is_faulty: bool = False
    _lines: list[bytes] = field(default_factory=list)
    _pictures: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    @classmethod
    def join(cls, http: httpx.Client, entered: EnteredTerminal, folder: Path) -> RemoteTerminal:
        """Go on with the key in `folder`, KeyGone where that is missing; or enrol by the code."""
        if entered.enrolment_code is None:
            terminal = cls(entered, load_key(folder, entered.code))
            mark = terminal._signed(http, "GET", "watermark", b"").json()["watermark"]
            terminal.seq, terminal.head = mark["seq"], bytes.fromhex(mark["digest"])
            return terminal
        terminal = cls(entered, make_key(folder, entered.code))
        public = terminal.key.public_bytes()
        asked = {
            "code": entered.enrolment_code,
            "suite": _SUITE.name,
            "public_key": public.hex(),
        }
        http.post("/api/terminals/v1/enrol", json=asked).raise_for_status()
        terminal.head = genesis(_SUITE, entered.code, public)
        return terminal

    def weigh(self, at: datetime, truck: Truck, pictured: bool = False) -> None:
        """Record a truck at that moment; it waits for the next upload."""
        seq = self.seq + len(self._lines) + 1
        files = self._photograph(seq, truck, at) if pictured else ()
        self._lines.append(write_line(self._record(seq, truck, at, files)))

    def upload(self, http: httpx.Client) -> None:
        """Send what waits: batches first, then the pictures. httpx.HTTPError: it waits still."""
        while self._lines:
            part = self._lines[:_BATCH]
            body = seal(_SUITE, self.key, self.entered.code, self.seq + 1, self.head, part)
            headers = {"content-type": CONTENT_TYPE}
            http.post("/api/intake/v1/batches", content=body, headers=headers).raise_for_status()
            for line in part:
                self.head = link(_SUITE, self.head, line)
            self.seq += len(part)
            del self._lines[: len(part)]
        for digest, (seq, data) in list(self._pictures.items()):
            self._signed(http, "PUT", f"files/{digest}", data, {"hengyuan-seq": str(seq)})
            del self._pictures[digest]

    def beat(self, http: httpx.Client) -> None:
        """Send a heartbeat: all is well, but for the camera where it is faulty."""
        camera: DeviceStateName = "fault" if self.camera_is_faulty else "ok"
        beat = Heartbeat(
            clock_ms=time.time_ns() // 1_000_000,
            devices={"scale": "ok", "camera": camera, "led": "ok"},
            disk_free_mb=18_000,
            queue=len(self._lines),
            rule_pack="cn-2016.1",
            seq=self.seq,
            software="0.1.0",
        )
        self._signed(http, "POST", "heartbeat", msgspec.json.encode(beat))

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
        if seq % _TYPED_EVERY == 0:
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
            digest = _SUITE.digest(data).hex()
            self._pictures[digest] = (seq, data)
            refs.append(msgspec.convert({"kind": kind, "digest": digest}, FileRef))
        return tuple(sorted(refs, key=lambda ref: (ref.kind, ref.digest)))

    def _signed(
        self,
        http: httpx.Client,
        method: str,
        name: str,
        body: bytes,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        path = f"/api/intake/v1/{name}"
        now_ms = time.time_ns() // 1_000_000
        signature = sign_request(_SUITE, self.key, self.entered.code, method, path, now_ms, body)
        answer = http.request(method, path, content=body, headers=(headers or {}) | signature)
        answer.raise_for_status()
        return answer


@dataclass(frozen=True, slots=True)
class Past:
    """How much lies behind each terminal: days, trucks a day, and how many of them pictured."""

    days: int
    trucks_per_day: int
    pictured: int = 1


USUAL_PAST = Past(days=14, trucks_per_day=12)


def join_all(
    http: httpx.Client, entered: list[EnteredTerminal], folder: Path, past: Past
) -> list[RemoteTerminal]:
    """All of them, with their past where they are new; in the order of `entered`."""
    chance = random.Random(_SEED)
    supply = passing_trucks()
    found = []
    for number, one in enumerate(entered):
        terminal = RemoteTerminal.join(http, one, folder)
        terminal.camera_is_faulty = number % 9 == 4
        if terminal.seq == 0:
            count = past.days * past.trucks_per_day
            count += chance.randrange(max(1, count // 2))
            moments = _moments(count, past.days, chance)
            for index, (at, truck) in enumerate(zip(moments, islice(supply, count), strict=True)):
                terminal.weigh(at, truck, pictured=index >= count - past.pictured)
        terminal.upload(http)
        found.append(terminal)
    return found


def passing_trucks(seed: int = _SEED) -> Iterator[Truck]:
    """Trucks as they pass such terminals, without end."""
    return trucks(load_axle_records(), seed=seed, made_share=_MADE_SHARE)


def _moments(count: int, days: int, chance: random.Random) -> list[datetime]:
    """Moments of the last days, oldest first, by day more than by night, none in the future."""
    now = datetime.now(UTC)
    moments: list[datetime] = []
    while len(moments) < count:
        at = now - timedelta(minutes=chance.randrange(2, days * 24 * 60))
        if 6 <= at.astimezone(_CHINA).hour < 21 or chance.random() < 0.25:
            moments.append(at.replace(microsecond=0))
    return sorted(moments)
