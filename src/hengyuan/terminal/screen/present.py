"""The gate in words: what the gatekeeper's page shows, ready to be put into place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.catalogue import kind_of
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.vocabulary import Vocabulary, clock_time, level, mass

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

    def gate(self) -> dict[str, Any]:
        """The whole page."""
        terminal = self._terminal
        return {
            "lanes": [self._lane(view) for view in terminal.board.lanes.values()],
            "devices": self._devices(),
            "platform": self._platform(),
            "queue": self._queue(),
            "newest": [self._row(weighed) for weighed in terminal.board.newest],
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
            "truck": None if current is None else self._truck(current),
            "nobody": self._words.nobody(view.phase),
        }

    def _truck(self, weighed: Weighed) -> dict[str, Any]:
        record, finding = weighed.record, weighed.finding
        return {
            "plate": record.plate or self._("Plate not read"),
            "colour": self._words.colour(record.plate_colour),
            "gross": tonnes(record.gross_kg or 0),
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

    def _row(self, weighed: Weighed) -> dict[str, Any]:
        record, finding = weighed.record, weighed.finding
        acked = record.seq <= self._terminal.uplink.acked_seq
        return {
            "seq": record.seq,
            "time": clock_time(record.weighed_at),
            "lane": record.lane,
            "plate": record.plate or "–",
            "gross": tonnes(record.gross_kg or 0),
            "limit": mass(record.limit_kg),
            "over": tonnes(finding.overload_kg) if finding and finding.overload_kg else "",
            "level": level(finding),
            "verdict": self._words.verdict(finding),
            "stored": self._("County has it") if acked else self._("Waiting"),
            "acked": acked,
        }

    def _devices(self) -> list[dict[str, str]]:
        terminal = self._terminal
        states = terminal.device_states()
        return [
            {
                "name": name,
                "kind": self._words.kinds[kind_of(device.settings)],
                "light": LIGHTS[DeviceState(states[name])],
                "state": self._words.devices[DeviceState(states[name])],
            }
            for name, device in terminal.devices.items()
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
