"""The records that a terminal makes of what happens at its gate."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from hengyuan.record.model import FileKind, FileRef, Flag, Record
from hengyuan.world.fill import calendar
from hengyuan.world.fill.calendar import HOUR_MS
from hengyuan.world.fill.loads import indicated
from hengyuan.world.fill.passages import NO_PLATE, Day, Gate, Passage, Step

RULE_PACK = "cn-2016.1"
_BETWEEN_TRUCKS_MS = 20_000
_SHIFT_HOURS = 8
_SHIFTS = ("磅房一班", "磅房二班", "磅房三班")
_WITNESSES = ("赵演示", "孙演示", "李演示")
_VOID_REASONS = ("误操作，车辆未完全上磅", "车辆倒车，重新上磅", "测试称重")
_OVERRIDE_REASON = "应急物资运输，经县治超办同意放行"
_DESTINATIONS = ("示例电厂", "示例焦化厂", "示例钢铁厂", "示例物流园", "示例洗煤厂", "示例搅拌站")
_CARRIERS = ("示例运输一队", "示例运输二队", "示例物流车队", "示例汽运车队")
_GROUP_NOISE = 0.008
_UNLOADED_TO = (0.93, 0.995)
"""What was above the limit is unloaded to such a share of it."""


class Recorder:
    """Makes the records of one gate on one day, one after the other."""

    def __init__(self, gate: Gate, day: date, chance: random.Random) -> None:
        self._gate = gate
        self._habits = gate.habits
        self._day = day
        self._chance = chance
        self._begin_ms = calendar.begin_ms(day)
        self._notes = 0
        self._day_flags: tuple[Flag, ...] = ()

    def records(self, day: Day, first_seq: int) -> list[Record]:
        """The day's records, numbered from `first_seq` on."""
        if day.unsynced:
            self._day_flags = ("clock_unsynced",)
        made = []
        last_ms = self._begin_ms
        for seq, (at, _, step, passage) in enumerate(day.steps, start=first_seq):
            last_ms = max(self._begin_ms + at, last_ms + _BETWEEN_TRUCKS_MS)
            made.append(self._record(step, passage, seq, last_ms))
            passage.seq = seq
        return made

    def _record(self, step: Step, passage: Passage, seq: int, at_ms: int) -> Record:
        if step == "void":
            return self._void(passage, seq, at_ms)
        if step == "entry":
            return self._entry(passage, seq, at_ms)
        return self._leaving(step, passage, seq, at_ms)

    def _void(self, passage: Passage, seq: int, at_ms: int) -> Record:
        return Record(
            v=1,
            terminal=self._gate.code,
            seq=seq,
            kind="void",
            lane=1,
            weighed_at=at_ms,
            corrects=passage.seq,
            reason=self._chance.choice(_VOID_REASONS),
            operator=self._operator(at_ms) or _SHIFTS[0],
            flags=self._day_flags,
        )

    def _entry(self, passage: Passage, seq: int, at_ms: int) -> Record:
        truck = passage.truck
        empty = [1 / len(truck.shares)] * len(truck.shares)
        return Record(
            v=1,
            terminal=self._gate.code,
            seq=seq,
            kind="entry",
            lane=1,
            weighed_at=at_ms,
            gross_kg=passage.tare_kg,
            raw_kg=passage.tare_kg,
            plate=truck.plate,
            plate_colour=truck.plate_colour,
            operator=self._operator(at_ms),
            files=self._files(("plate",)),
            flags=self._day_flags,
            **self._axles(passage, passage.tare_kg, empty),
        )

    def _leaving(self, step: Step, passage: Passage, seq: int, at_ms: int) -> Record:
        """A truck that drives out, is corrected, or comes back lighter."""
        habits, truck = self._habits, passage.truck
        flag, gross_kg, plate = passage.flag, passage.gross_kg, truck.plate
        if step == "exit" and passage.misread is not None:
            plate = passage.misread
        if step == "reweigh" and passage.limit is not None:
            gross_kg = indicated(passage.limit[0] * self._chance.uniform(*_UNLOADED_TO))
        more: dict[str, Any] = {}
        flags = list(self._day_flags)
        if flag is not None:
            flags.append(flag)
        if step == "corrected":
            flags.append("plate_typed")
        if step != "exit":
            more["corrects"] = passage.seq
        if passage.overridden and step == "exit":
            flags.append("override")
            more["reason"] = _OVERRIDE_REASON
            more["witness"] = _WITNESSES[seq % len(_WITNESSES)]
        unread = flag in NO_PLATE
        if not unread:
            more["plate"], more["plate_colour"] = plate, truck.plate_colour
            if habits.sees_trailers:
                more["trailer_plate"] = truck.trailer_plate
        if flag != "skipped_scale":
            more["gross_kg"] = gross_kg
            if flag != "manual_weight":
                more["raw_kg"] = gross_kg
            if not unread and plate is truck.plate and passage.tare_kg < gross_kg:
                more["tare_kg"], more["net_kg"] = passage.tare_kg, gross_kg - passage.tare_kg
            more |= self._axles(passage, gross_kg, truck.shares)
            more |= _verdict(passage, gross_kg)
        else:
            more["verdict"] = "unknown"
        if habits.keeps_notes:
            more |= self._loading(truck.number)
        return Record(
            v=1,
            terminal=self._gate.code,
            seq=seq,
            kind="reweigh" if step == "reweigh" else "exit",
            lane=1,
            weighed_at=at_ms,
            cargo=passage.cargo,
            operator=self._operator(at_ms),
            files=() if flag == "camera_missing" else self._files(self._kinds(passage)),
            flags=tuple(sorted(flags)),
            **more,
        )

    def _axles(self, passage: Passage, kg: int, shares: Any) -> dict[str, Any]:
        if passage.flag == "axles_unknown":
            return {}
        habits, truck = self._habits, passage.truck
        found: dict[str, Any] = {
            "axles": truck.axles,
            "layout": truck.layout,
            "combination": truck.combination,
        }
        if habits.knows_bogies and truck.has_bogie:
            found["drive_axles"] = 2
        if habits.sees_groups:
            wrong = kg * (1 + self._chance.uniform(-_GROUP_NOISE, _GROUP_NOISE)) / 10
            found["group_kg"] = tuple([int(wrong * share + 0.5) * 10 for share in shares])
        if habits.sees_distances:
            found["spacing_mm"] = truck.spacings_mm
        return found

    def _loading(self, number: int) -> dict[str, Any]:
        self._notes += 1
        return {
            "note_no": f"{self._day:%y%m%d}{self._notes:04d}",
            "destination": _DESTINATIONS[number % len(_DESTINATIONS)],
            "carrier": _CARRIERS[number // 7 % len(_CARRIERS)],
        }

    def _operator(self, at_ms: int) -> str | None:
        if not self._habits.attended:
            return None
        return _SHIFTS[(at_ms - self._begin_ms) // HOUR_MS // _SHIFT_HOURS % len(_SHIFTS)]

    def _kinds(self, passage: Passage) -> tuple[FileKind, ...]:
        if passage.is_over:
            return ("front_side", "head", "plate")
        if self._habits.has_room_camera:
            return ("head", "plate", "weigh_room")
        return ("head", "plate")

    def _files(self, kinds: tuple[FileKind, ...]) -> tuple[FileRef, ...]:
        """Pictures that nobody took: digests of chance, with no file behind them."""
        digits = self._chance.randbytes(32 * len(kinds)).hex()
        return tuple(
            [
                FileRef(kind=kind, digest=digits[64 * at : 64 * at + 64])
                for at, kind in enumerate(kinds)
            ]
        )


def _verdict(passage: Passage, gross_kg: int) -> dict[str, Any]:
    if passage.limit is None:
        return {"verdict": "unknown"}
    limit_kg, assumed = passage.limit
    return {
        "verdict": "over" if gross_kg > limit_kg else "pass",
        "limit_kg": limit_kg,
        "assumed": assumed,
        "rule_pack": RULE_PACK,
    }
