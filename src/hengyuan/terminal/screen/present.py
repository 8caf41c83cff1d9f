"""The gate in words: what the gatekeeper's page shows, ready to be put into place."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.catalogue import kind_of
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.advice import Adviser
from hengyuan.terminal.screen.recent import Recent
from hengyuan.terminal.screen.vocabulary import (
    Vocabulary,
    clock_time,
    level,
    mass,
    moment,
    passage_level,
)
from hengyuan.terminal.store.search import Passage

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal

LIGHTS = {
    DeviceState.OK: "ok",
    DeviceState.UNKNOWN: "quiet",
    DeviceState.STALE: "bad",
    DeviceState.OFFLINE: "bad",
    DeviceState.FAULT: "bad",
}


class Presenter:
    """Everything that a page shows of one terminal, in the language of the gate."""

    def __init__(self, terminal: Terminal, words: Vocabulary) -> None:
        self._terminal = terminal
        self._ = terminal.words.gettext
        self._words = words
        self._adviser = Adviser(terminal.words, words)
        self.recent = Recent(terminal)

    def gate(self) -> dict[str, Any]:
        """The whole page."""
        terminal = self._terminal
        return {
            "lanes": [self._lane(view) for view in terminal.board.lanes.values()],
            "devices": self._devices(),
            "platform": self._platform(),
            "queue": self._queue(),
            "attention": self._attention(),
            "notices": [asdict(notice) for notice in terminal.upkeep.notices],
            "today": self._today(),
            "held": self._held(),
            "newest": [self._row(passage) for passage in self.recent.passages],
        }

    def _lane(self, view: LaneView) -> dict[str, Any]:
        words = self._words
        current = view.current
        sound = view.scale is DeviceState.OK
        return {
            "number": view.number,
            "phase": words.phases[view.phase],
            "mass": f"{view.mass_kg:,}".replace(",", " ") if view.mass_kg is not None else "– – –",
            "sound": sound,
            "scale": "" if sound else words.scale(view.scale, view.scale_fault),
            "faults": [f"{words.fault(code)}: {why}" for code, why in view.faults.items()],
            "advice": [asdict(advice) for advice in self._adviser.lane(view)],
            "barriers": [
                {
                    "text": (f"{name} " if len(view.barriers) > 1 else "")
                    + words.barrier[barrier.position],
                    "trouble": barrier.trouble or "",
                }
                for name, barrier in view.barriers.items()
            ],
            "actions": self._actions(view),
            "truck": None if current is None else self._truck(current),
            "nobody": self._words.nobody(view.phase),
        }

    def _truck(self, weighed: Weighed) -> dict[str, Any]:
        record, finding = weighed.record, weighed.finding
        return {
            "plate": record.plate or self._("Plate not read"),
            "colour": self._words.colour(record.plate_colour),
            "gross": tonnes(record.gross_kg or 0),
            "tare": "" if record.tare_kg is None else tonnes(record.tare_kg),
            "net": "" if record.net_kg is None else tonnes(record.net_kg),
            "limit": mass(record.limit_kg),
            "over": tonnes(finding.overload_kg) if finding and finding.overload_kg else "",
            "rate": f"{finding.overload_rate} %" if finding and finding.overload_kg else "",
            "level": level(finding),
            "verdict": self._words.verdict(finding),
            "vehicle": self._words.vehicle(record),
            "basis": finding.clause if finding else "",
            "assumed": self._("The vehicle is not fully known: the lowest limit that it may have")
            if record.assumed
            else "",
            "flags": [self._words.flags[flag] for flag in record.flags],
            "pictures": [
                {
                    "url": f"/evidence/{file.digest}",
                    "kind": file.kind,
                    "title": self._words.pictures[file.kind],
                }
                for file in record.files
                if file.kind in self._words.pictures
            ],
            "seq": record.seq,
        }

    def _actions(self, view: LaneView) -> list[dict[str, str]]:
        """What can be done at a lane now, each with its key."""
        _, actions = self._, []

        def offer(url: str, name: str, key: str = "", grave: bool = False) -> None:
            style = "grave" if grave else "plain"
            actions.append({"url": url, "name": name, "key": key, "style": style})

        if view.current is not None:
            record = view.current.record
            at = f"/records/{record.seq}"
            offer(f"{at}/plate", _("Type plate"), "F2")
            offer(f"{at}/loading", _("Loading data"), "F4")
            offer(f"{at}/ticket", _("Ticket"), "F8")
            if record.verdict in ("over", "unknown") and "override" not in record.flags:
                offer(f"{at}/override", _("Release by override"), "F9", grave=True)
            offer(f"{at}/void", _("Make void"))
        if view.barriers:
            offer(f"/lanes/{view.number}/barrier", _("Open the barrier"), "F10")
        offer(f"/lanes/{view.number}/manual", _("Weigh by hand"))
        return actions

    def _row(self, passage: Passage) -> dict[str, Any]:
        acked = passage.seq <= self._terminal.uplink.acked_seq
        over = 0
        if passage.verdict == "over" and passage.gross_kg and passage.limit_kg:
            over = passage.gross_kg - passage.limit_kg
        return {
            "seq": passage.first_seq,
            "time": clock_time(passage.began_at),
            "lane": passage.lane,
            "plate": passage.plate or "–",
            "gross": mass(passage.gross_kg),
            "limit": mass(passage.limit_kg),
            "over": tonnes(over) if over > 0 else "",
            "level": passage_level(passage),
            "verdict": self._words.verdict_of(passage),
            "stored": self._("County has it") if acked else self._("Waiting"),
            "acked": acked,
        }

    def _held(self) -> list[dict[str, str]]:
        """Trucks that are held, other than those that stand on a scale: they may come back."""
        _ = self._
        standing = {
            view.current.record.seq
            for view in self._terminal.board.lanes.values()
            if view.current is not None
        }
        rows = []
        for truck in self.recent.held:
            if truck.seq in standing:
                continue
            why = _("no verdict")
            if truck.why == "over" and truck.over_kg is not None:
                why = _("over by {mass} t").format(mass=tonnes(truck.over_kg))
            rows.append(
                {
                    "plate": truck.plate or _("Plate not read"),
                    "why": why,
                    "since": moment(truck.at_ms)[5:16],
                    "url": f"/records/{truck.first_seq}",
                }
            )
        return rows

    def _today(self) -> str:
        _, total = self._, self.recent.today
        parts = [_("{count} trucks").format(count=total.trucks)]
        parts.append(_("gross {mass} t").format(mass=tonnes(total.gross_kg)))
        if total.over:
            parts.append(_("{count} over the limit").format(count=total.over))
        if total.overrides:
            parts.append(_("{count} overrides").format(count=total.overrides))
        return " · ".join(parts)

    def _attention(self) -> list[dict[str, Any]]:
        """What is wrong beside the lanes."""
        terminal = self._terminal
        uplink, clock = terminal.uplink, terminal.clock
        since = None
        if uplink.answered_at is not None:
            since = clock.now_ms() - round((clock.monotonic() - uplink.answered_at) * 1000)
        states = terminal.device_states()
        devices: list[tuple[str, str, DeviceState]] = [
            (name, kind_of(device.settings), DeviceState(states[name]))
            for name, device in terminal.devices.items()
        ]
        if (video := terminal.video) is not None:
            devices += [(name, "video", state) for name, state in video.states().items()]
        advice = self._adviser.gate(
            uplink, since, self.recent.oldest_waiting_ms, self.recent.disk_free_mb, devices
        )
        return [asdict(each) for each in advice]

    def _devices(self) -> list[dict[str, str]]:
        terminal, words = self._terminal, self._words
        states = terminal.device_states()
        listed = [
            (name, words.kinds[kind_of(device.settings)], device.counters)
            for name, device in terminal.devices.items()
        ]
        if (video := terminal.video) is not None:
            listed += [(name, words.stream, video.counters(name)) for name in video.cameras]
        return [
            {
                "name": name,
                "kind": kind,
                "light": LIGHTS[DeviceState(states[name])],
                "state": words.devices[DeviceState(states[name])],
                "why": "" if states[name] == "ok" else counters.last_error or "",
            }
            for name, kind, counters in listed
        ]

    def _platform(self) -> dict[str, str]:
        state, _ = self._terminal.uplink, self._
        if state.diverged:
            text = _("The county holds another history of this terminal: tell the county")
            return {"light": "bad", "text": text, "why": state.diverged}
        if state.refused:
            text = _("The county does not take the records: tell the county")
            return {"light": "bad", "text": text, "why": state.refused}
        if state.error:
            return {"light": "warn", "text": _("County not reached"), "why": state.error}
        if state.answered_at is None:
            return {"light": "quiet", "text": _("Calling the county"), "why": ""}
        return {"light": "ok", "text": _("County reached"), "why": ""}

    def _queue(self) -> str:
        state = self._terminal.uplink
        if not state.records_waiting and not state.files_waiting:
            return self._("All uploaded")
        return self._("{records} records and {files} files to upload").format(
            records=state.records_waiting, files=state.files_waiting
        )
