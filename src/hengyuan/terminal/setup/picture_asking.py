"""Cameras that are asked for a picture of this moment: where, as whom, and whether one comes."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, cast

import msgspec

from hengyuan.terminal.devices import Picture
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.device_table import device_table
from hengyuan.terminal.setup.logins import ask_login
from hengyuan.terminal.words import installer_text as _

_KEYS = ("address", "login", "snapshot_path")


class _Asked(Protocol):
    async def snapshot(self) -> Picture:
        """What it sees now. Raises `OSError`."""


def ask_where_pictures_are(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    """Of a camera that pushes: whether it may be called as well, for pictures alone."""
    question = _("May the terminal ask it for a picture (of a plate typed by hand, of the cab)?")
    if not setup.dialogue.confirm(f"{key}.asked", question, default="address" in raw):
        for name in _KEYS:
            raw.pop(name, None)
        return
    if raw.get("host") and "address" not in raw:
        raw["address"] = f"http://{raw['host']}"
    ask_login(setup, f"{key}.picture", raw)
    usual = _usual_path(raw)
    path = setup.dialogue.ask(
        f"{key}.picture.path", _("Path of a picture on it, from its manual (like /snapshot.jpg)"),
        raw.get("snapshot_path") or usual or None,
    ).strip()  # fmt: skip
    raw.pop("snapshot_path", None)
    if path != usual:
        raw["snapshot_path"] = path
    try_picture(setup, key, raw)


def has_picture(raw: dict[str, Any]) -> bool:
    """Whether a camera's table says where a picture of this moment is."""
    return "address" in raw and bool(raw.get("snapshot_path") or _usual_path(raw))


def try_picture(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    """Ask once, if that is wanted."""
    device_table(key, raw)
    if not setup.dialogue.confirm(f"{key}.picture.try", _("Ask it for a picture now?"), True):
        return
    camera = cast("_Asked", create(load_settings(raw)))
    try:
        picture = asyncio.run(camera.snapshot())
    except OSError as error:
        setup.dialogue.warn(_("no picture came: {why}").format(why=error))
        return
    setup.dialogue.say(_("a picture came: {size} kB").format(size=len(picture.data) // 1000))


def _usual_path(raw: dict[str, Any]) -> str:
    fields = msgspec.structs.fields(catalogue()[str(raw["driver"])].settings_type)
    return next((str(f.default) for f in fields if f.name == "snapshot_path" and f.default), "")
