"""Words for everything that has a code: phases, devices, flags, verdicts, kinds of cargo."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from gettext import NullTranslations

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.plate_colours import PlateColour
from hengyuan.law.vehicles import Combination
from hengyuan.record.model import Record
from hengyuan.terminal.devices import BarrierPosition, DeviceState
from hengyuan.terminal.drivers.catalogue import Kind
from hengyuan.terminal.judging import CHINA, Finding
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.store.search import Passage

_EPOCH = date(1970, 1, 1)


def moment(at_ms: int) -> str:
    """A time as people write it, in China: 2026-09-22 08:15:03."""
    return datetime.fromtimestamp(at_ms / 1000, CHINA).strftime("%Y-%m-%d %H:%M:%S")


def clock_time(at_ms: int) -> str:
    """The time of day alone."""
    return datetime.fromtimestamp(at_ms / 1000, CHINA).strftime("%H:%M:%S")


def date_of(day: int) -> date:
    """The date of a day that is counted from 1970-01-01."""
    return _EPOCH + timedelta(days=day)


def day_number(day: date) -> int:
    """And back."""
    return (day - _EPOCH).days


def mass(mass_kg: int | None) -> str:
    """Tonnes, or a dash where it is not known."""
    return "–" if mass_kg is None else tonnes(mass_kg)


def passage_level(passage: Passage) -> str:
    """The same of a passage as it stands now."""
    if passage.kind == "void" or passage.verdict is None:
        return "plain"
    return {"pass": "ok", "over": "over", "unknown": "wait"}[passage.verdict]


def level(finding: Finding | None) -> str:
    """The colour that a verdict has: none for an entering truck."""
    if finding is None:
        return "plain"
    return {"pass": "ok", "over": "over", "unknown": "wait"}[finding.verdict]


class Vocabulary:
    """Names for what has a code."""

    def __init__(self, words: NullTranslations, chinese: bool = True) -> None:
        """`chinese`: names that the law gives in Chinese are shown so."""
        _ = words.gettext
        self._ = self.gettext = _
        self._chinese = chinese
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
        self.stream = _("Video")
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
        self.clips: dict[str, str] = {
            "head_clip": _("Clip of the front"),
            "tail_clip": _("Clip of the rear"),
            "front_side_clip": _("Clip of the front side"),
            "rear_side_clip": _("Clip of the rear side"),
            "panorama_clip": _("Clip of the whole lane"),
        }
        self.records: dict[str, str] = {
            "entry": _("Entry"),
            "exit": _("Exit"),
            "reweigh": _("Re-weighing"),
            "void": _("Void"),
        }
        self.verdicts: dict[str, str] = {
            "pass": _("Within the limit"),
            "over": _("Over the limit"),
            "unknown": _("No verdict"),
        }
        self.barrier: dict[BarrierPosition, str] = {
            BarrierPosition.OPEN: _("Barrier open"),
            BarrierPosition.CLOSED: _("Barrier closed"),
            BarrierPosition.UNKNOWN: _("Barrier not known"),
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
            "lane": _("Fault of the lane's program"),
            "sensors": _("Nothing watches whether a truck is wholly on the scale"),
            "barrier": _("Barrier does not obey"),
            "lamp": _("Lamp does not obey"),
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

    def verdict_of(self, passage: Passage) -> str:
        """The verdict of a passage as it stands now."""
        if passage.kind == "void":
            return self.records["void"]
        if passage.verdict is None:
            return self._("Weighed")
        return self.verdicts[passage.verdict]

    def colour(self, colour: str | None) -> str:
        """The colour of a plate; empty where it is not known."""
        if colour in (None, "unknown"):
            return ""
        return PlateColour(colour).zh if self._chinese else str(colour)

    def vehicle(self, record: Record) -> str:
        """Axles, layout and combination."""
        if record.axles is None:
            return self._("Axles unknown")
        parts = [self._("{axles} axles").format(axles=record.axles)]
        if record.layout:
            parts.append(record.layout)
        if record.combination:
            combination = Combination(record.combination)
            parts.append(combination.zh if self._chinese else combination.value)
        return " · ".join(parts)

    def cargo(self, code: str | None) -> str:
        """A kind of cargo; the code itself where the list does not have it."""
        return CARGO_TYPES.get(code, code) if code else ""

    def weekday(self, day: date) -> str:
        """The day of the week, short."""
        _ = self._
        names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
        return names[day.weekday()]

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
        """What the lane cannot do; the code may end in the name of a device."""
        kind, _, name = code.partition(" ")
        return f"{self._faults[kind]} {name}".rstrip() if kind in self._faults else code
