"""The gate in words: what the gatekeeper's page shows, ready to be put into place."""

from __future__ import annotations

from datetime import datetime
from gettext import NullTranslations
from typing import TYPE_CHECKING, Any

from hengyuan.law.plate_colours import PlateColour
from hengyuan.law.vehicles import Combination
from hengyuan.record.model import Record
from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.catalogue import Kind, kind_of
from hengyuan.terminal.judging import CHINA, Finding
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.messages import tonnes

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

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._ = terminal.words.gettext
        self._words = Vocabulary(terminal.words)

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
            "colour": self._colour(record),
            "gross": tonnes(record.gross_kg or 0),
            "limit": "–" if record.limit_kg is None else tonnes(record.limit_kg),
            "over": tonnes(finding.overload_kg) if finding and finding.overload_kg else "",
            "rate": f"{finding.overload_rate} %" if finding and finding.overload_kg else "",
            "level": level(finding),
            "verdict": self._words.verdict(finding),
            "vehicle": self._vehicle(record),
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
            "time": datetime.fromtimestamp(record.weighed_at / 1000, CHINA).strftime("%H:%M:%S"),
            "lane": record.lane,
            "plate": record.plate or "–",
            "gross": tonnes(record.gross_kg or 0),
            "limit": "–" if record.limit_kg is None else tonnes(record.limit_kg),
            "over": tonnes(finding.overload_kg) if finding and finding.overload_kg else "",
            "level": level(finding),
            "verdict": self._words.verdict(finding),
            "stored": self._("County has it") if acked else self._("Waiting"),
            "acked": acked,
        }

    def _colour(self, record: Record) -> str:
        if record.plate_colour in (None, "unknown"):
            return ""
        return PlateColour(record.plate_colour).zh if self._chinese else str(record.plate_colour)

    @property
    def _chinese(self) -> bool:
        return self._terminal.config.language == "zh_Hans"

    def _vehicle(self, record: Record) -> str:
        if record.axles is None:
            return self._("Axles unknown")
        parts = [self._("{axles} axles").format(axles=record.axles)]
        if record.layout:
            parts.append(record.layout)
        if record.combination:
            combination = Combination(record.combination)
            parts.append(combination.zh if self._chinese else combination.value)
        return " · ".join(parts)

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


def level(finding: Finding | None) -> str:
    """The colour that a verdict has: none for an entering truck."""
    if finding is None:
        return "plain"
    return {"pass": "ok", "over": "over", "unknown": "wait"}[finding.verdict]


class Vocabulary:
    """Names for what has a code."""

    def __init__(self, words: NullTranslations) -> None:
        _ = words.gettext
        self._ = _
        self.phases = {
            Phase.EMPTY: _("Free"),
            Phase.ARRIVED: _("Driving on"),
            Phase.SETTLING: _("Coming to rest"),
            Phase.WEIGHED: _("Weighed, waiting for plate and axles"),
            Phase.JUDGED: _("Recording"),
            Phase.TOLD: _("Driver told"),
            Phase.LEAVING: _("Driving off"),
        }
        self.devices = {
            DeviceState.OK: _("In order"),
            DeviceState.UNKNOWN: _("Nothing heard yet"),
            DeviceState.STALE: _("Silent"),
            DeviceState.OFFLINE: _("No connection"),
            DeviceState.FAULT: _("Fault"),
        }
        self.kinds: dict[Kind, str] = {
            "scale": _("Scale"),
            "axle": _("Axle identifier"),
            "camera": _("Camera"),
            "display": _("Display"),
            "voice": _("Voice"),
            "barrier": _("Barrier"),
            "lamp": _("Lamp"),
            "sensor": _("Position sensor"),
        }
        self.flags: dict[str, str] = {
            "axles_disagree": _("Axles do not fit the weight"),
            "axles_unknown": _("Axles unknown"),
            "camera_late": _("Plate came late"),
            "camera_missing": _("Camera saw nothing"),
            "clock_unsynced": _("Clock not checked or wrong"),
            "manual_weight": _("Weight written by hand"),
            "override": _("Released by override"),
            "plate_typed": _("Plate typed by hand"),
            "plate_unread": _("Plate not read"),
            "rear_plate_differs": _("Rear plate differs"),
            "resumed": _("Weighed after a restart"),
            "skipped_scale": _("Skipped the scale"),
        }
        self.pictures: dict[str, str] = {
            "plate": _("Plate"),
            "head": _("Front"),
            "tail": _("Rear"),
            "front_side": _("Front side"),
            "rear_side": _("Rear side"),
            "cab": _("Cab"),
            "weigh_room": _("Weigh room"),
        }
        self._scale_faults = {
            "no_frames": _("The scale is silent"),
            "over_range": _("The scale is loaded beyond its range"),
            "under_range": _("The scale shows less than nothing"),
            "not_zeroed": _("The scale has not been zeroed since power-up"),
        }
        self._faults = {
            "store": _("Records cannot be stored"),
            "record": _("A truck could not be recorded"),
            "displays": _("No display shows the verdict"),
        }

    def verdict(self, finding: Finding | None) -> str:
        """The verdict in a word or two, with the reason where there is none."""
        _ = self._
        if finding is None:
            return _("Weighed")
        if finding.verdict == "over":
            return _("Over the limit")
        if finding.verdict == "pass":
            return _("Within the limit")
        reasons = {
            "axles": _("No verdict: axles unknown"),
            "not_in_table": _("No verdict: such a vehicle is not in the table"),
        }
        return reasons.get(finding.why_unknown, _("No verdict"))

    def nobody(self, phase: Phase) -> str:
        """What stands in place of a verdict while there is none."""
        _ = self._
        if phase is Phase.EMPTY:
            return _("No truck on the scale")
        return _("The verdict follows when the truck stands still")

    def scale(self, state: DeviceState, fault: str | None) -> str:
        """Why there is no weight."""
        return self._scale_faults.get(fault or "", self.devices[state])

    def fault(self, code: str) -> str:
        """What the lane cannot do."""
        return self._faults.get(code, code)
