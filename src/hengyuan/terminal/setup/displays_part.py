"""The displays of a lane: each shows a test text, and somebody says whether it can be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.devices import Message, ShowResult
from hengyuan.terminal.drivers.base import DisplayDriver
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from hengyuan.terminal.setup.camera_waiting import own_address_towards
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import Option, SetupStopped, ask_number
from hengyuan.terminal.setup.lanes_part import lane_title
from hengyuan.terminal.setup.naming import ask_name
from hengyuan.terminal.setup.places import (
    network_places,
    pick_place,
    serial_places,
    where_of,
)
from hengyuan.terminal.setup.texts import display_test
from hengyuan.terminal.setup.transport_questions import settled_transport
from hengyuan.terminal.words import installer_text as _

MOST_DISPLAYS = 6
CONNECT_S = 6.0
_SIZES = ("width_px", "height_px")


def displays_part(setup: Setup) -> None:
    """So many for each lane as there are, one at least: a browser's page will do."""
    for place, lane in enumerate(setup.lanes, 1):
        setup.dialogue.heading(_("Displays of {lane}").format(lane=lane_title(lane)))
        known = lane.get("displays", [])
        count = ask_number(
            setup.dialogue, f"lanes.{place}.displays.count",
            _("How many displays and loudspeakers?"), len(known) or 1, 1, MOST_DISPLAYS,
        )  # fmt: skip
        lane["displays"] = []
        for number in range(1, count + 1):
            before = known[number - 1] if number <= len(known) else {}
            key = f"lanes.{place}.displays.{number}"
            lane["displays"].append(_display(setup, key, number, lane, before))


def _display(
    setup: Setup, key: str, number: int, lane: dict[str, Any], known: dict[str, Any]
) -> dict[str, Any]:
    dialogue = setup.dialogue
    kinds = {n: e for n, e in catalogue().items() if e.manifest.kind in ("display", "voice")}
    options = [Option(n, f"{e.manifest.title_zh}") for n, e in kinds.items()]
    places = [*network_places(setup, "onbon", "parking485"), *serial_places(setup)]
    likely = "onbon" if network_places(setup, "onbon") else "html"
    driver = dialogue.choose(
        f"{key}.driver", _("Display {number}: which kind?").format(number=number), options,
        known.get("driver", likely),
    )  # fmt: skip
    same = known if known.get("driver") == driver else {}
    name = ask_name(setup, f"{key}.name", "LED", known=known.get("name"))
    raw: dict[str, Any] = {**same, "driver": driver, "name": name}
    if driver == "html":
        own = own_address_towards("192.0.2.1")
        dialogue.say(
            _("open this address on the display: {url}").format(
                url=f"http://{own}:{setup.screen_port}/display/{lane['number']}"
            )
        )
        return raw
    where = pick_place(
        setup, f"{key}.at", _("Where is it?"), places, where_of(same.get("transport", {}))
    )
    raw["transport"] = settled_transport(setup, f"{key}.line", where, same.get("transport", {}))
    _size(setup, key, raw, kinds[driver].settings_type)
    _tried(setup, key, raw)
    return raw


def _size(setup: Setup, key: str, raw: dict[str, Any], wanted: Any) -> None:
    """Width and height in dots, where the driver has to know them."""
    for field in msgspec.structs.fields(wanted):
        if field.name in _SIZES:
            text = _("Width in dots") if field.name == "width_px" else _("Height in dots")
            size = ask_number(
                setup.dialogue, f"{key}.{field.name}", text, raw.get(field.name, field.default),
                16, 2048,
            )  # fmt: skip
            if size != field.default:
                raw[field.name] = size


def _tried(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    try:
        load_settings(raw)
    except msgspec.ValidationError as error:
        wanted = catalogue()[raw["driver"]].settings_type
        raise SetupStopped(str(explain(error, wanted, key))) from None
    if not dialogue.confirm(f"{key}.test", _("Show a test text?"), default=True):
        return
    result = asyncio.run(_shown([raw], display_test()))[0]
    if not result.acknowledged:
        dialogue.warn(_("the display did not take it: {why}").format(why=result.error))
        return
    dialogue.say(_("sent in {ms} ms").format(ms=result.took_ms))
    if not dialogue.confirm(f"{key}.seen", _("Is the test text to be read there?"), default=True):
        dialogue.warn(
            _("it answered and shows nothing: check power of the panel, width and height")
        )


async def _shown(raws: Sequence[dict[str, Any]], message: Message) -> list[ShowResult]:
    async with lit(raws) as displays:
        return [await display.show(message) for display in displays]


@asynccontextmanager
async def lit(raws: Sequence[dict[str, Any]]) -> AsyncIterator[list[DisplayDriver]]:
    """The displays of these tables, connected as far as they can be within some seconds."""
    displays = [cast("DisplayDriver", create(load_settings(raw))) for raw in raws]
    running = [asyncio.create_task(display.run()) for display in displays]
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_S
    try:
        while loop.time() < end and not all(map(_connected, displays)):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        yield displays
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _connected(display: DisplayDriver) -> bool:
    return bool(display.counters.connects)
