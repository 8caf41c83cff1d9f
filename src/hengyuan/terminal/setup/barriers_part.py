"""The barriers of a lane: on a module's relays, or ordered through a camera. An arm moves only when
somebody at the gate has typed that it shall."""

from __future__ import annotations

from typing import Any

from hengyuan.terminal.drivers.catalogue import catalogue
from hengyuan.terminal.setup.arm_trial import Moved, called, moved, position_text
from hengyuan.terminal.setup.beam_watching import shown_bits
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.device_table import device_table
from hengyuan.terminal.setup.dialogue import Option, ask_number
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.logins import ask_login
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.relay_module import Module, module_for
from hengyuan.terminal.setup.relays import ask_relay, consent, relays_used
from hengyuan.terminal.setup.sensors_part import find_input, rest_of
from hengyuan.terminal.words import installer_text as _

MOST_BARRIERS = 4
_ON_RELAYS = "modbus_barrier"


def barriers_part(setup: Setup) -> None:
    """So many for each lane as there are, none for most."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Barriers of {lane}").format(lane=lane_title(lane)))
        known = lane.get("barriers", [])
        count = ask_number(
            setup.dialogue, f"lanes.{place}.barriers.count",
            _("How many barriers does the terminal move?"), len(known), 0, MOST_BARRIERS,
        )  # fmt: skip
        lane["barriers"] = []
        for number in range(1, count + 1):
            before = known[number - 1] if number <= len(known) else {}
            key = f"lanes.{place}.barriers.{number}"
            lane["barriers"].append(_barrier(setup, key, number, lane, before))
        if not count:
            del lane["barriers"]


def _barrier(
    setup: Setup, key: str, number: int, lane: dict[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    dialogue = setup.dialogue
    kinds = {n: e for n, e in catalogue().items() if e.manifest.kind == "barrier"}
    driver = dialogue.choose(
        f"{key}.driver",
        _("Barrier {number}: which kind?").format(number=number),
        [Option(name, entry.manifest.title_zh) for name, entry in kinds.items()],
        known.get("driver", _ON_RELAYS),
    )
    same = known if known.get("driver") == driver else {}
    place = dialogue.choose(
        f"{key}.place", _("Where does it stand?"), place_options(),
        known.get("place", "exit" if number == 1 else "entry"),
    )  # fmt: skip
    usual = _("exit barrier") if place == "exit" else _("entry barrier")
    name = ask_name(setup, f"{key}.name", usual, known=known.get("name"))
    raw: dict[str, Any] = {**same, "driver": driver, "name": name, "place": place}
    if driver == _ON_RELAYS:
        _on_relays(setup, key, lane, raw)
    else:
        _called(setup, key, raw)
    return device_table(key, raw)


def place_options() -> list[Option]:
    """Where barriers and lamps stand."""
    return [
        Option("exit", _("behind the scale: for the truck on it")),
        Option("entry", _("before the scale: for the next truck")),
    ]


def _on_relays(setup: Setup, key: str, lane: dict[str, Any], raw: dict[str, Any]) -> None:
    module = module_for(setup, key, raw)
    raw.update(module.table)
    _relays(setup, key, module, raw)
    up = _raised(setup, key, module, raw)
    _limit_inputs(setup, key, module, raw, up)
    _under_the_arm(setup, key, lane, module, raw)
    device_table(key, raw)
    if up is not None and up.ordered:
        _lowered(setup, key, module, raw)


def _relays(setup: Setup, key: str, module: Module, raw: dict[str, Any]) -> None:
    used = relays_used(setup, module)
    open_relay = ask_relay(
        setup, f"{key}.open_relay", _("Relay that opens it"), used, raw.get("open_relay")
    )
    close_relay = ask_relay(
        setup, f"{key}.close_relay", _("Relay that closes it (0: it closes by itself)"),
        used | {open_relay: str(raw["name"])}, raw.get("close_relay"), none=True,
    )  # fmt: skip
    pulse_ms = ask_number(
        setup.dialogue, f"{key}.pulse_ms", _("How long a relay is on, in ms"),
        raw.get("pulse_ms", 500), 50, 5000,
    )  # fmt: skip
    raw.update(open_relay=open_relay, close_relay=close_relay, pulse_ms=pulse_ms)
    device_table(key, raw)


def _raised(setup: Setup, key: str, module: Module, raw: dict[str, Any]) -> Moved | None:
    """What raising the arm did to the inputs; None where nobody wanted it raised."""
    dialogue = setup.dialogue
    warning = _(
        "Attention: relay {relay} is switched and the arm RISES. Look that nobody and nothing is "
        "at the arm, that no truck stands under it, and that nothing else hangs on this relay."
    ).format(relay=raw["open_relay"])
    if not consent(setup, f"{key}.open", warning, "OPEN"):
        dialogue.warn(_("not tried: {name}").format(name=raw["name"]))
        return None
    up = moved(raw, module, "open", dialogue.say)
    _tell(setup, up)
    if up.error is None and not dialogue.confirm(f"{key}.rose", _("Has the arm risen?"), True):
        dialogue.warn(
            _("check the number of the relay, its wires to the barrier's control, its pulse")
        )
    return up


def _tell(setup: Setup, done: Moved) -> None:
    if done.error is not None:
        setup.dialogue.warn(_("the module did not do it: {why}").format(why=done.error))
        return
    setup.dialogue.say(_("the module has switched"))
    if done.before and done.after:
        setup.dialogue.say(_("inputs before and after:"))
        setup.dialogue.say(f"  {shown_bits(done.before)}")
        setup.dialogue.say(f"  {shown_bits(done.after)}")


def _limit_inputs(
    setup: Setup, key: str, module: Module, raw: dict[str, Any], up: Moved | None
) -> None:
    """Inputs that are on while the arm is up and while it is down, as its rising has shown."""
    texts = {
        "open_input": _("Input that is on while the arm is up (0: none)"),
        "closed_input": _("Input that is on while the arm is down (0: none)"),
    }
    seen = {"open_input": up.rose if up else (), "closed_input": up.fell if up else ()}
    for name, text in texts.items():
        proposed = seen[name][0] if len(seen[name]) == 1 else raw.get(name, 0)
        number = ask_number(setup.dialogue, f"{key}.{name}", text, proposed, 0, 64)
        raw.pop(name, None)
        if number:
            raw[name] = number
    if "open_input" not in raw and "closed_input" not in raw:
        setup.dialogue.warn(_("without these inputs nobody knows whether the arm has moved"))


def _under_the_arm(
    setup: Setup, key: str, lane: dict[str, Any], module: Module, raw: dict[str, Any]
) -> None:
    """The input of what looks under the arm: known from the beams, or covered now."""
    sensors = lane.get("sensors") or {}
    beam: dict[str, Any] = {}
    if sensors and module.is_of(sensors) and not sensors.get("first_address"):
        place = "barrier" if raw["place"] == "exit" else "approach"
        beam = dict(sensors.get("inputs", {}).get(place, {}))
    known = beam
    if not known and "blocked_input" in raw:
        when = "on" if raw.get("blocked_when_on", True) else "off"
        known = {"number": raw["blocked_input"], "covered_when": when}
    question = _("Does a beam or a loop under the arm hang on this module?")
    for name in ("blocked_input", "blocked_when_on"):
        raw.pop(name, None)
    if not setup.dialogue.confirm(f"{key}.looks", question, default=bool(known)):
        if raw["close_relay"] and not sensors:
            setup.dialogue.warn(
                _("without it, and without such a sensor, the terminal never closes this barrier")
            )
        return
    if not beam:
        rest = rest_of(setup, f"{key}.blocked", module)
        title = _("beam or loop under the arm")
        beam = find_input(setup, f"{key}.blocked", title, module, rest, known, {})
    raw["blocked_input"] = beam["number"]
    if beam.get("covered_when", "on") == "off":
        raw["blocked_when_on"] = False


def _lowered(setup: Setup, key: str, module: Module, raw: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    if not raw["close_relay"]:
        dialogue.warn(_("the arm is up: this barrier closes by itself"))
        return
    warning = _(
        "Attention: relay {relay} is switched and the arm FALLS. Nobody and nothing may be under "
        "it; somebody has to see it while it falls."
    ).format(relay=raw["close_relay"])
    if not consent(setup, f"{key}.close", warning, "CLOSE"):
        dialogue.warn(_("the arm is still up: lower it at the barrier itself"))
        return
    down = moved(raw, module, "close", dialogue.say)
    _tell(setup, down)
    if down.error is None and not dialogue.confirm(f"{key}.fell", _("Has the arm fallen?"), True):
        dialogue.warn(
            _("check the number of the relay, its wires to the barrier's control, its pulse")
        )
    closed = raw.get("closed_input")
    if down.error is None and closed and down.after and not down.after[closed - 1]:
        dialogue.warn(_("input {number} does not say that the arm is down").format(number=closed))


def _called(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    ask_login(setup, key, raw)
    raw["channel"] = ask_number(
        dialogue, f"{key}.channel", _("Channel of the barrier"), raw.get("channel", 1), 1, 16
    )
    question = _(
        "May the terminal order it to close? Only where the gate looks under its arm by itself"
    )
    raw.pop("may_close", None)
    if dialogue.confirm(f"{key}.may_close", question, default=False):
        raw["may_close"] = True
    device_table(key, raw)
    if not dialogue.confirm(f"{key}.try", _("Call it now (only its state is asked)?"), True):
        return
    problem, position = called(raw)
    if problem is not None:
        dialogue.warn(_("not reached: {why}").format(why=problem))
        return
    dialogue.say(_("it answers; {position}").format(position=position_text(position)))
    warning = _(
        "Attention: the gate is ordered to open and the arm RISES. Look that nobody and nothing is "
        "at the arm, and that no truck stands under it."
    )
    if not consent(setup, f"{key}.open", warning, "OPEN"):
        dialogue.warn(_("not tried: {name}").format(name=raw["name"]))
        return
    up = moved(raw, None, "open", dialogue.say)
    _tell(setup, up)
    if up.error is None:
        dialogue.say(position_text(up.position))
        dialogue.warn(_("lower it at the barrier itself, if it does not close by itself"))
