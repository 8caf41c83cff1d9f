"""What the gatekeeper is to do next, in one sentence for each state of a lane and of the gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from typing import Literal

from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.vocabulary import Vocabulary, moment
from hengyuan.terminal.uplink.state import UplinkState

Level = Literal["plain", "ok", "wait", "over"]
LOW_DISK_MB = 5_000
FULL_DISK_MB = 1_000
PLANS = "/upkeep"


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence, how urgent it is, and the page where it can be done."""

    text: str
    level: Level = "plain"
    url: str = ""


class Adviser:
    """Puts states into sentences."""

    def __init__(self, translations: NullTranslations, words: Vocabulary) -> None:
        self._ = translations.gettext
        self._words = words

    def lane(self, view: LaneView) -> list[Advice]:
        """What is to be done at a lane, the most urgent first; never empty."""
        first = self._step(view)
        more = [*self._faults(view), *self._truck(view.current)]
        return [first, *(each for each in more if each.text != first.text)]

    def _step(self, view: LaneView) -> Advice:
        _ = self._
        match view.next_step:
            case "store_fault":
                text = _("Hold every truck: weights cannot be stored. Make room on the disk.")
                return Advice(text, "over", PLANS)
            case "scale_fault":
                why = self._words.scale(view.scale, view.scale_fault)
                text = _("{why}. Begin the emergency plan: second scale, by hand, or stop.")
                return Advice(text.format(why=why), "over", PLANS)
            case "move_forward":
                return Advice(
                    _("Not wholly on the scale: let the truck drive further forward"), "wait"
                )
            case "move_back":
                return Advice(_("Not wholly on the scale: let the truck roll back"), "wait")
            case "too_long":
                text = _("Longer than the scale: weigh it on another one, or by hand")
                return Advice(text, "wait", f"/lanes/{view.number}/manual")
            case "two_trucks":
                text = _(
                    "Two trucks on the scale: let one back off; who stays is weighed by itself."
                    " Is there one only? Say so"
                )
                return Advice(text, "over", f"/lanes/{view.number}/alone")
            case "recording":
                return self._recording(view)
            case "unload":
                return self._unload(view)
            case "gatekeeper":
                return self._no_verdict(view)
            case "drive_off":
                return self._drive_off(view)
            case "drive_on":
                return Advice(_("The scale is free: the next truck may drive on"))
            case _:
                return self._wait(view)

    def _wait(self, view: LaneView) -> Advice:
        _ = self._
        if view.phase is Phase.WEIGHED:
            return Advice(_("Weighed; waiting for plate and axles"), "wait")
        if view.phase is Phase.EMPTY:
            return Advice(_("Nothing heard of the scale yet"))
        return Advice(_("Let the truck stop and stand still"), "wait")

    def _recording(self, view: LaneView) -> Advice:
        _ = self._
        if "displays" in view.faults:
            return Advice(_("No display shows the verdict: tell the driver yourself"), "over")
        return Advice(_("The verdict is being recorded"), "wait")

    def _unload(self, view: LaneView) -> Advice:
        _ = self._
        finding = view.current.finding if view.current else None
        over = tonnes(finding.overload_kg) if finding else "–"
        text = _("Hold the truck: unload {mass} t; it is weighed again by itself").format(mass=over)
        return Advice(text, "over")

    def _no_verdict(self, view: LaneView) -> Advice:
        _ = self._
        why = self._words.verdict(view.current.finding if view.current else None)
        text = _("Hold the truck. {why}: weigh by hand with its axles, or release by override")
        return Advice(text.format(why=why), "wait", f"/lanes/{view.number}/manual")

    def _drive_off(self, view: LaneView) -> Advice:
        _ = self._
        finding = view.current.finding if view.current else None
        if view.phase is Phase.LEAVING or view.current is None:
            return Advice(_("The truck drives off"))
        if "override" in view.current.record.flags:
            return Advice(_("Released by override: the truck may go"), "wait")
        if finding is not None and finding.verdict == "over":
            text = _("Over by {mass} t: this truck may not leave; unload it")
            return Advice(text.format(mass=tonnes(finding.overload_kg)), "over")
        if finding is not None and finding.verdict == "unknown":
            return Advice(_("No verdict: do not let the truck out"), "wait")
        closed = [each for each in view.barriers.values() if each.wanted == "open"]
        if any(each.position == "closed" for each in closed):
            return Advice(_("The truck may go; the barrier is still closed"), "wait")
        return Advice(_("The truck may go"), "ok")

    def _faults(self, view: LaneView) -> list[Advice]:
        _ = self._
        advice = []
        if "record" in view.faults:
            text = _("A truck could not be recorded: weigh it by hand and tell the county")
            advice.append(Advice(text, "over", f"/lanes/{view.number}/manual"))
        if "displays" in view.faults:
            text = _("No display shows the verdict: tell the driver yourself")
            advice.append(Advice(text, "over"))
        for name, barrier in view.barriers.items():
            if barrier.trouble:
                text = _("Barrier {name}: {why}. Open it with its key and watch the trucks.")
                advice.append(Advice(text.format(name=name, why=barrier.trouble), "over", PLANS))
        return advice

    def _truck(self, current: Weighed | None) -> list[Advice]:
        _ = self._
        if current is None:
            return []
        record, advice = current.record, []
        if record.plate is None:
            text = _("The plate was not read: type it from the picture")
            advice.append(Advice(text, "wait", f"/records/{record.seq}/plate"))
        if "rear_plate_differs" in record.flags:
            text = _("Front and rear plate differ: look at the truck")
            advice.append(Advice(text, "wait", f"/records/{record.seq}"))
        if "axles_disagree" in record.flags:
            advice.append(Advice(_("The axles do not fit the weight: look at the truck"), "wait"))
        return advice

    # the gate as a whole

    def gate(
        self,
        uplink: UplinkState,
        silent_since_ms: int | None,
        oldest_waiting_ms: int | None,
        disk_free_mb: int | None,
        devices: Sequence[tuple[str, str, DeviceState]],
    ) -> list[Advice]:
        """What is wrong beside the lanes. Times in ms since 1970; devices by name and kind."""
        advice = [*self._uplink(uplink, silent_since_ms, oldest_waiting_ms)]
        if disk_free_mb is not None and disk_free_mb < LOW_DISK_MB:
            advice.append(self._disk(disk_free_mb))
        for name, kind, state in devices:
            if state in (DeviceState.OFFLINE, DeviceState.STALE, DeviceState.FAULT):
                advice.append(self._device(name, kind))
        return advice

    def _uplink(
        self, uplink: UplinkState, silent_since_ms: int | None, oldest_waiting_ms: int | None
    ) -> list[Advice]:
        _ = self._
        if uplink.diverged:
            text = _("The county holds another history of this terminal: call the county")
            return [Advice(text, "over")]
        if uplink.refused:
            return [Advice(_("The county does not take the records: call the county"), "over")]
        if not uplink.error:
            return []
        if silent_since_ms is None:
            text = _("The county has not been reached since the start. Go on weighing.")
        else:
            text = _("The county is not reached since {time}. Go on weighing.")
            text = text.format(time=moment(silent_since_ms))
        if uplink.records_waiting and oldest_waiting_ms is not None:
            waiting = _("{records} records wait, the first of {time}; nothing is lost.")
            text += " " + waiting.format(
                records=uplink.records_waiting, time=moment(oldest_waiting_ms)
            )
        return [Advice(text, "wait")]

    def _disk(self, free_mb: int) -> Advice:
        _ = self._
        gb = f"{free_mb / 1000:.1f}"
        if free_mb < FULL_DISK_MB:
            text = _("The disk is full but for {gb} GB: make room now, or weighing stops")
            return Advice(text.format(gb=gb), "over", PLANS)
        text = _("The disk has {gb} GB left: have room made")
        return Advice(text.format(gb=gb), "wait", PLANS)

    def _device(self, name: str, kind: str) -> Advice:
        _ = self._
        remedies = {
            "scale": _("Scale {name}: check its indicator, its cable and its power"),
            "axle": _("Axle identifier {name} is away: trucks get no verdict; check cable, power"),
            "camera": _("Camera {name} is away: type plates by hand; check its cable and power"),
            "display": _("Display {name} is away: tell drivers the verdict; check cable and power"),
            "voice": _("Voice {name} is away: tell drivers the verdict; check cable and power"),
            "barrier": _("Barrier {name} is away: move it with its key"),
            "lamp": _("Lamp {name} is away: wave the trucks on yourself"),
            "sensor": _(
                "Position sensor {name} is away: see that trucks stand wholly on the scale"
            ),
            "video": _("Video {name} is away: no clips are kept; check the camera's network"),
        }
        text = remedies.get(kind, _("Device {name} is away: check its cable and power"))
        return Advice(text.format(name=name), "over" if kind == "scale" else "wait", PLANS)
