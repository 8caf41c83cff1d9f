"""Upkeep at work: looks at devices, scales, clock and certificates, and writes down what changes.

What is to be written waits here until the store has taken it, in its order: a full disk loses
nothing as long as the terminal runs, and what it had not written a restart finds anew.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from gettext import NullTranslations
from typing import Literal, NoReturn, Protocol, TypeVar

import structlog

from hengyuan.terminal.clock import CheckedClock, Clock
from hengyuan.terminal.judging import CHINA
from hengyuan.terminal.store import StoreWorker, plans, repairs
from hengyuan.terminal.store import upkeep as store
from hengyuan.terminal.upkeep.settings import PlanTable, UpkeepTable, plans_of
from hengyuan.terminal.upkeep.verification import validity, warning_due
from hengyuan.terminal.upkeep.watches import ClockWatch, DeviceChange, DeviceWatch, ZeroWatch

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
SLOW_EVERY_S = 60.0
CLOCK_AFTER_S = 10.0
_MOST_DAYS = 31
T = TypeVar("T")
Write = Callable[[sqlite3.Connection], object]


class ScaleView(Protocol):
    """A lane's scale as upkeep sees it."""

    name: str

    def free_kg(self) -> int | None:
        """What it shows while no truck is there and it is sound; None otherwise."""
        ...


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that stands on every page until somebody has seen to it."""

    level: Literal["warn", "bad"]
    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What upkeep looks at and writes to."""

    worker: StoreWorker
    clock: Clock
    checked: CheckedClock
    states: Callable[[], Mapping[str, str]]
    kinds: Mapping[str, str]
    """Kind of each device by its name; what is not there is the terminal's own."""
    scales: tuple[ScaleView, ...]
    words: NullTranslations
    written: Callable[[], None]
    """Called when the journal has new entries, or a notice came or went."""


class Upkeep:
    """One for a terminal. `run` looks once a second; pages write through `do`."""

    def __init__(self, settings: UpkeepTable, around: Surroundings) -> None:
        self.settings = settings
        self._around = around
        self.plans: tuple[PlanTable, ...] = plans_of(settings, around.words.gettext)
        self.zeros = {
            scale.name: ZeroWatch(
                settings.zero_bound_kg, settings.zero_free_s, settings.zero_every_s
            )
            for scale in around.scales
        }
        self.clock = ClockWatch(CLOCK_AFTER_S)
        self.notices: tuple[Notice, ...] = ()
        self._devices: DeviceWatch | None = None
        self._done: dict[str, set[str]] = {}
        self._pending: deque[Write] = deque()
        self._slow_at = float("-inf")

    @property
    def scale_names(self) -> tuple[str, ...]:
        """All scales of the gate, in the order of the lanes."""
        return tuple(self.zeros)

    async def run(self) -> NoReturn:
        """Look for ever."""
        await self.load()
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def load(self) -> None:
        """Take up what the last run left."""

        def read(db: sqlite3.Connection) -> tuple[frozenset[str], set[str], bool]:
            down = frozenset(outage.device for outage in store.open_outages(db))
            drifting = {name for name in self.zeros if store.mark(db, f"drift {name}")}
            return down, drifting, store.mark(db, "clock_off") is not None

        down, drifting, clock_off = await self._around.worker.read(read)
        self._devices = DeviceWatch(self.settings.failed_after_s, self.settings.sound_after_s, down)
        for name in drifting:
            self.zeros[name].drifting = True
        self.clock.off = clock_off
        await self.refresh()

    async def look(self) -> None:
        """Look once at everything, and write down what has changed."""
        now = self._around.clock.monotonic()
        self._look_at_devices(now)
        self._look_at_scales(now)
        self._look_at_clock(now)
        if now - self._slow_at >= SLOW_EVERY_S and not self._pending:
            self._slow_at = now
            today = self.today()
            self._pending.append(lambda db: self._warn_of_certificates(db, today))
            self._pending.append(lambda db: self._close_days(db, today))
        await self._flush()

    async def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Write in one transaction, for a page. sqlite3.Error or OSError if it cannot be stored."""
        worker = self._around.worker
        result = await worker.do(worker.store.within, work)
        await self.refresh()
        self._around.written()
        return result

    async def refresh(self) -> None:
        """Make the notices anew."""
        before = self.notices
        self.notices = await self._around.worker.read(self._notices)
        if self.notices != before:
            self._around.written()

    def today(self) -> date:
        """The day in China by this machine's clock."""
        return datetime.fromtimestamp(self._around.clock.now_ms() / 1000, CHINA).date()

    # what is looked at

    def _look_at_devices(self, now: float) -> None:
        assert self._devices is not None, "load comes first"
        for change in self._devices.look(self._around.states(), now):
            (self._failed if change.failed else self._recovered)(change, now)
        for device in set(self._around.kinds) | set(self._around.states()):
            self._look_at_broken(device, self._devices.down_for_s(device, now))

    def _failed(self, change: DeviceChange, now: float) -> None:
        kind = self._around.kinds.get(change.device, "terminal")
        at_ms = self._at_ms(change.since, now)
        log.warning("upkeep.device_failed", device=change.device, state=change.state)
        self._pending.append(lambda db: store.failed(db, change.device, kind, change.state, at_ms))

    def _look_at_broken(self, device: str, down_for_s: float) -> None:
        """Begin its plans, ask for its repair: each once for an outage, over restarts too."""
        at_ms = self._around.clock.now_ms()
        kind = self._around.kinds.get(device)
        if down_for_s >= self.settings.plan_after_s:
            for plan in self.plans:
                if (kind or "terminal") in plan.begins_with:
                    begin = self._plan_begins(plan, device, at_ms)
                    self._once(f"plan {plan.title} {device}", device, begin)
        if kind is not None and down_for_s >= self.settings.ticket_after_s:
            self._once(f"ticket {device}", device, self._repair_of(device, at_ms))

    def _once(self, name: str, device: str, work: Write) -> None:
        """Do it if it was not done in this outage of the device."""
        if name in self._done.setdefault(device, set()):
            return
        self._done[device].add(name)

        def write(db: sqlite3.Connection) -> None:
            if store.mark(db, f"done {name}") is None:
                store.remember(db, f"done {name}", "")
                work(db)

        self._pending.append(write)

    @staticmethod
    def _plan_begins(plan: PlanTable, cause: str, at_ms: int) -> Write:
        return lambda db: plans.begin_plan_once(db, at_ms, plan.title, cause, plan.steps)

    def _recovered(self, change: DeviceChange, now: float) -> None:
        assert self._devices is not None
        at_ms, for_s = self._at_ms(change.since, now), self._devices.outage_s(change)
        log.info("upkeep.device_recovered", device=change.device, for_s=for_s)
        self._done.pop(change.device, None)
        titles = [plan.title for plan in self.plans]

        def write(db: sqlite3.Connection) -> None:
            store.recovered(db, change.device, at_ms, for_s)
            store.remember(db, f"done ticket {change.device}", None)
            for title in titles:
                store.remember(db, f"done plan {title} {change.device}", None)

        self._pending.append(write)

    def _repair_of(self, device: str, at_ms: int) -> Write:
        minutes = round(self.settings.ticket_after_s / 60)
        problem = self._around.words.gettext("Out of order for {minutes} minutes").format(
            minutes=minutes
        )
        return lambda db: repairs.open_ticket_once(db, at_ms, device, problem)

    def _look_at_scales(self, now: float) -> None:
        for scale in self._around.scales:
            kg = scale.free_kg()
            zero = self.zeros[scale.name].look(kg is not None, kg, now)
            if zero is not None:
                self._pending.append(
                    self._zero_is(scale.name, zero.kg, zero.why, self._around.clock.now_ms())
                )

    def _zero_is(self, name: str, kg: int, why: str, at_ms: int) -> Write:
        bound_kg = self.settings.zero_bound_kg

        def write(db: sqlite3.Connection) -> None:
            store.keep_zero(db, name, at_ms, kg, why)
            if why == "drifted":
                store.remember(db, f"drift {name}", str(kg))
                detail = {"scale": name, "kg": kg, "bound_kg": bound_kg}
                store.write(db, at_ms, "zero_drifted", detail)
            elif why == "returned":
                store.remember(db, f"drift {name}", None)
                store.write(db, at_ms, "zero_returned", {"scale": name, "kg": kg})

        return write

    def _look_at_clock(self, now: float) -> None:
        offset_ms = self._around.checked.offset_ms
        unsynced = offset_ms is not None and self._around.checked.unsynced
        changed = self.clock.look(unsynced, now)
        if changed is None:
            return
        what = "clock_off" if changed else "clock_right"
        at_ms = self._around.clock.now_ms()
        log.warning(f"upkeep.{what}", offset_ms=offset_ms)

        def write(db: sqlite3.Connection) -> None:
            store.remember(db, "clock_off", str(offset_ms) if changed else None)
            store.write(db, at_ms, what, {"offset_ms": offset_ms})

        self._pending.append(write)

    def _warn_of_certificates(self, db: sqlite3.Connection, today: date) -> None:
        at_ms = self._around.clock.now_ms()
        for scale, found in store.verifications(db).items():
            warning = warning_due(validity(found.valid_until, today).standing, found.warned)
            if scale in self.zeros and warning is not None:
                store.warn_of(db, at_ms, found, warning)

    def _close_days(self, db: sqlite3.Connection, today: date) -> None:
        """Sum up the zeros of each day that is over since the last one summed up."""
        yesterday = today - timedelta(days=1)
        closed = store.mark(db, "zero_day")
        day = date.fromisoformat(closed) if closed else yesterday - timedelta(days=1)
        day = max(day, yesterday - timedelta(days=_MOST_DAYS))
        while day < yesterday:
            day += timedelta(days=1)
            for name in self.zeros:
                self._close_day(db, name, day)
        # a clock that was set back sums up no day twice
        if closed is None or date.fromisoformat(closed) < yesterday:
            store.remember(db, "zero_day", yesterday.isoformat())

    def _close_day(self, db: sqlite3.Connection, name: str, day: date) -> None:
        begins = datetime(day.year, day.month, day.day, tzinfo=CHINA)
        from_ms, to_ms = (int(at.timestamp() * 1000) for at in (begins, begins + timedelta(days=1)))
        readings = store.zeros_between(db, name, from_ms, to_ms)
        if readings:
            shown = [reading.kg for reading in readings]
            store.write(
                db,
                readings[-1].at_ms,
                "zero_daily",
                {
                    "scale": name,
                    "kg": shown[-1],
                    "low_kg": min(shown),
                    "high_kg": max(shown),
                    "readings": len(shown),
                },
            )

    def _at_ms(self, at: float, now: float) -> int:
        return max(0, self._around.clock.now_ms() - round((now - at) * 1000))

    # what is written and said

    async def _flush(self) -> None:
        if not self._pending:
            return
        due = list(self._pending)

        def write(db: sqlite3.Connection) -> None:
            for each in due:
                each(db)

        worker = self._around.worker
        try:
            await worker.do(worker.store.within, write)
        except (sqlite3.Error, OSError) as error:
            log.error("upkeep.not_stored", error=str(error), waiting=len(self._pending))
            return
        for _ in due:
            self._pending.popleft()
        await self.refresh()
        self._around.written()

    def _notices(self, db: sqlite3.Connection) -> tuple[Notice, ...]:
        _ = self._around.words.gettext
        notices = [
            Notice(
                "bad",
                _("Emergency plan running: {title}").format(title=run.title),
                f"/upkeep/plans/{run.id}",
            )
            for run in plans.running_plans(db)
        ]
        certificates, today = store.verifications(db), self.today()
        for name in self.zeros:
            found = certificates.get(name)
            stands = validity(found.valid_until if found else None, today)
            if stands.standing == "expired":
                text = _("{scale}: the verification has expired, {days} days ago")
                text = text.format(scale=name, days=-stands.days)
                notices.append(Notice("bad", text, "/upkeep/scales"))
            elif stands.standing == "due":
                text = _("{scale}: the verification ends in {days} days")
                text = text.format(scale=name, days=stands.days)
                notices.append(Notice("warn", text, "/upkeep/scales"))
        drifting = [name for name in self.zeros if store.mark(db, f"drift {name}")]
        for name in drifting:
            text = _("{scale}: the zero has drifted").format(scale=name)
            notices.append(Notice("warn", text, "/upkeep/scales"))
        offset = store.mark(db, "clock_off")
        if offset is not None:
            seconds = round(int(offset) / 1000)
            text = _("The clock is {seconds} s off: set it right; records are flagged")
            notices.append(Notice("warn", text.format(seconds=seconds), "/upkeep"))
        return tuple(notices)
