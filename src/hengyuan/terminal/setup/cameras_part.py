"""The plate cameras of a lane: told where to push, or called; and waited for."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.drivers.base import PullCameraDriver, PushCameraDriver
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from hengyuan.terminal.screen.server import PortTaken
from hengyuan.terminal.setup.camera_waiting import first_push, own_address_towards, reached
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.device_table import device_table
from hengyuan.terminal.setup.dialogue import Option, SetupStopped, ask_number
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.logins import ask_login
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.picture_asking import (
    ask_where_pictures_are,
    has_picture,
    try_picture,
)
from hengyuan.terminal.setup.places import network_places
from hengyuan.terminal.words import installer_text as _

MOST_CAMERAS = 8
_USUAL_TCP_PORT = 8131
CALL_S = 8.0
USUAL_VIEWS = ("front", "rear", "cab", "weigh_room")
"""Of a lane's first camera, its second, and so on."""


def view_options() -> list[Option]:
    """What a plate camera may be for."""
    return [
        Option("front", _("front of the truck on the scale (plate)")),
        Option("rear", _("rear of the truck on the scale (plate)")),
        Option("exit", _("exit behind the scale, where every truck that leaves comes by (plate)")),
        Option("cab", _("cab (pictures only)")),
        Option("weigh_room", _("weigh room (pictures only)")),
    ]


def cameras_part(setup: Setup) -> None:
    """So many for each lane as there are."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Cameras of {lane}").format(lane=lane_title(lane)))
        known = lane.get("cameras", [])
        count = ask_number(
            setup.dialogue, f"lanes.{place}.cameras.count", _("How many plate cameras?"),
            len(known) or 1, 0, MOST_CAMERAS,
        )  # fmt: skip
        lane["cameras"] = []
        for number in range(1, count + 1):
            before = known[number - 1] if number <= len(known) else {}
            key = f"lanes.{place}.cameras.{number}"
            lane["cameras"].append(_camera(setup, key, number, before))


def _camera(setup: Setup, key: str, number: int, known: dict[str, Any]) -> dict[str, Any]:
    dialogue = setup.dialogue
    cameras = {n: e for n, e in catalogue().items() if e.manifest.kind == "camera"}
    options = [
        Option(name, f"{entry.manifest.title_zh} [{', '.join(entry.manifest.models)}]")
        for name, entry in cameras.items()
    ]
    title = _("Camera {number}: which kind?").format(number=number)
    likely = "vzenith_tcp" if network_places(setup, "vzenith_tcp") else "hikvision"
    driver = dialogue.choose(f"{key}.driver", title, options, known.get("driver", likely))
    same = known if known.get("driver") == driver else {}
    likely_view = known.get("view", USUAL_VIEWS[min(number, len(USUAL_VIEWS)) - 1])
    view = dialogue.choose(f"{key}.view", _("What does it see?"), view_options(), likely_view)
    if view in ("cab", "weigh_room"):
        dialogue.say(_("its pictures go with the record; a plate that it reads is not looked at"))
    text = _("Its name (stands in the push address)")
    name = ask_name(setup, f"{key}.name", view, known=known.get("name"), text=text)
    raw: dict[str, Any] = {**same, "driver": driver, "name": name, "view": view}
    entry = cameras[driver]
    if issubclass(entry.driver_type, PushCameraDriver):
        _pushing(setup, key, raw)
    else:
        _called(setup, key, raw)
    return device_table(key, raw)


def _settled(key: str, raw: dict[str, Any]) -> Any:
    try:
        return create(load_settings(raw))
    except msgspec.ValidationError as error:
        wanted = catalogue()[raw["driver"]].settings_type
        raise SetupStopped(str(explain(error, wanted, key))) from None


def _pushing(setup: Setup, key: str, raw: dict[str, Any]) -> dict[str, Any]:
    dialogue = setup.dialogue
    host = dialogue.ask(
        f"{key}.host", _("Its address (pushes from others are refused; empty: any)"),
        raw.get("host") or "",
    ).strip()  # fmt: skip
    raw.pop("host", None)
    if host:
        raw["host"] = host
    ask_where_pictures_are(setup, key, raw)
    driver = cast("PushCameraDriver", _settled(key, raw))
    own = own_address_towards(host or "192.0.2.1")
    port = setup.screen_port
    dialogue.say(_("Enter this push address in the camera:"))
    dialogue.say(f"    http://{own}:{port}/camera/{raw['name']}")
    for path in driver.paths:
        dialogue.say(
            _("or, where it takes a host only: {url}").format(url=f"http://{own}:{port}{path}")
        )
    question = _("Wait for its first event now (trigger it, or let a vehicle pass)?")
    if not dialogue.confirm(f"{key}.wait", question, default=True):
        return raw
    listen_at = "127.0.0.1" if own.startswith("127.") else "0.0.0.0"  # noqa: S104 - it pushes here
    while not _waited(setup, driver, listen_at):
        if not dialogue.confirm(f"{key}.again", _("Wait once more?"), default=False):
            dialogue.warn(_("not tried: {name}").format(name=raw["name"]))
            break
    return raw


def _waited(setup: Setup, driver: PushCameraDriver, host: str) -> bool:
    dialogue = setup.dialogue
    dialogue.say(_("waiting up to {seconds:.0f} s …").format(seconds=setup.wait_s))
    try:
        event = asyncio.run(
            first_push(driver, host, setup.screen_port, setup.wait_s, dialogue.warn)
        )
    except PortTaken as problem:
        dialogue.warn(str(problem))
        dialogue.warn(_("is the terminal running? Stop it while it is set up"))
        return False
    if event is None:
        dialogue.warn(_("no event came: check the push address, the network and the firewall here"))
        return False
    dialogue.say(
        _("event: plate {plate}, {count} pictures").format(
            plate=event.plate or _("not read"), count=len(event.pictures)
        )
    )
    for fault in event.picture_faults:
        dialogue.warn(fault)
    return True


def _called(setup: Setup, key: str, raw: dict[str, Any]) -> dict[str, Any]:
    dialogue = setup.dialogue
    if "transport" in {f.name for f in msgspec.structs.fields(_settings_type(raw))}:
        places = [p.where.split(":")[0] for p in network_places(setup, raw["driver"])]
        known = raw.get("transport", {}).get("host") or (places[0] if places else None)
        host = dialogue.ask(f"{key}.host", _("Its address"), known).strip()
        raw["transport"] = {"kind": "tcp", "host": host, "port": _USUAL_TCP_PORT}
    else:
        ask_login(setup, key, raw)
    driver = cast("PullCameraDriver", _settled(key, raw))
    if dialogue.confirm(f"{key}.try", _("Call it now?"), default=True):
        problem = asyncio.run(reached(driver, CALL_S))
        if problem is None:
            dialogue.say(_("it answers"))
            if has_picture(raw):
                try_picture(setup, key, raw)
        else:
            dialogue.warn(_("not reached: {why}").format(why=problem))
    return raw


def _settings_type(raw: dict[str, Any]) -> Any:
    return catalogue()[raw["driver"]].settings_type
