"""A setup from its first question to the file, in parts that can be gone through alone."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.setup.axles_part import axles_part
from hengyuan.terminal.setup.barriers_part import barriers_part
from hengyuan.terminal.setup.cameras_part import cameras_part
from hengyuan.terminal.setup.context import Setup, told
from hengyuan.terminal.setup.dialogue import Dialogue, Option, SetupStopped
from hengyuan.terminal.setup.displays_part import displays_part
from hengyuan.terminal.setup.draft import Draft, drop_draft, load_draft, save_draft
from hengyuan.terminal.setup.lamps_part import lamps_part
from hengyuan.terminal.setup.lanes_part import lanes_part
from hengyuan.terminal.setup.network import BadSegment, scan, segment
from hengyuan.terminal.setup.people_part import people_part
from hengyuan.terminal.setup.platform_part import platform_part
from hengyuan.terminal.setup.scale_part import scale_part
from hengyuan.terminal.setup.screen_part import screen_part
from hengyuan.terminal.setup.sensors_part import sensors_part
from hengyuan.terminal.setup.videos_part import videos_part
from hengyuan.terminal.setup.weighing_part import weighing_part
from hengyuan.terminal.setup.writing import checked, put_in_place
from hengyuan.terminal.words import installer_text as _

PARTS: Mapping[str, Callable[[Setup], None]] = {
    "platform": platform_part,
    "screen": screen_part,
    "lanes": lanes_part,
    "scale": scale_part,
    "axles": axles_part,
    "cameras": cameras_part,
    "videos": videos_part,
    "displays": displays_part,
    "sensors": sensors_part,
    "barriers": barriers_part,
    "lamps": lamps_part,
    "people": people_part,
    "weighing": weighing_part,
}
"""In the order in which an installer goes through them."""
ON_NETWORK = frozenset(PARTS) - {"platform", "screen", "lanes", "people", "weighing"}
"""Parts that want to know what answers on the network."""


def part_titles() -> dict[str, str]:
    """What the parts are called."""
    return {
        "platform": _("Platform"),
        "screen": _("Web server of the gate"),
        "lanes": _("Lanes"),
        "scale": _("Scales"),
        "axles": _("Axle identifiers"),
        "cameras": _("Cameras"),
        "videos": _("Video"),
        "displays": _("Displays"),
        "sensors": _("Position sensors"),
        "barriers": _("Barriers"),
        "lamps": _("Lamps"),
        "people": _("People at the gate"),
        "weighing": _("Test weighing"),
    }


def run_setup(
    dialogue: Dialogue,
    path: Path,
    *,
    only: Sequence[str] = (),
    ports: Sequence[str] = (),
    networks: Sequence[str] = (),
    wait_s: float = 120.0,
) -> Setup:
    """Go through the parts that are wanted and write the file.

    Raises SetupStopped; what was answered until then is kept and gone on with the next time.
    """
    setup = Setup(dialogue, path, _begin(dialogue, path), ports=ports, wait_s=wait_s)
    parts = _wanted(setup, only)
    _networks(setup, networks, parts)
    for part in parts:
        PARTS[part](setup)
        setup.keep(part)
    _write(setup)
    return setup


def _begin(dialogue: Dialogue, path: Path) -> Draft:
    draft = load_draft(path)
    if draft is not None:
        done = ", ".join(part_titles().get(part, part) for part in draft.done) or "—"
        question = _("A setup was begun here and not finished (done: {done}). Go on with it?")
        if dialogue.confirm("resume", question.format(done=done), default=True):
            return draft
    if not path.exists():
        return Draft()
    try:
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SetupStopped(
            _("{path} stands there and cannot be read ({error}); move it away").format(
                path=path, error=error
            )
        ) from None
    return Draft(raw=raw, done=list(PARTS))


def _wanted(setup: Setup, only: Sequence[str]) -> list[str]:
    unknown = [part for part in only if part not in PARTS]
    if unknown:
        raise SetupStopped(
            _("no part is called {name}; parts: {parts}").format(
                name=", ".join(unknown), parts=", ".join(PARTS)
            )
        )
    if only:
        return [part for part in PARTS if part in only]
    left = [part for part in PARTS if part not in setup.draft.done]
    if left:
        return left
    options = [Option("all", _("everything from the beginning"))]
    options += [Option(name, title) for name, title in part_titles().items()]
    part = setup.dialogue.choose("part", _("What is to be changed?"), options, "all")
    return list(PARTS) if part == "all" else [part]


def _networks(setup: Setup, networks: Sequence[str], parts: Sequence[str]) -> None:
    """Look at the segments that were told, where a part of this setup wants devices."""
    if not set(parts) & ON_NETWORK:
        return
    dialogue = setup.dialogue
    wanted = list(networks)
    if not wanted:
        dialogue.heading(_("Devices on the network"))
        text = _("Network segment of the devices, like 192.168.1.0/24 (empty: none is looked at)")
        given = dialogue.ask("network", text, "").strip()
        wanted = given.replace(",", " ").split()
    for each in wanted:
        try:
            hosts = segment(each)
        except BadSegment as problem:
            dialogue.warn(str(problem))
            continue
        dialogue.say(
            _("looking at {count} addresses of {segment} …").format(count=len(hosts), segment=each)
        )
        found = asyncio.run(
            scan(hosts, lambda at: dialogue.say(f"  {at.host}:{at.port}  {', '.join(at.likely)}"))
        )
        if not found:
            dialogue.say(_("nothing answers there"))
        setup.answering += found


def _write(setup: Setup) -> None:
    dialogue = setup.dialogue
    dialogue.heading(_("The configuration"))
    raw: dict[str, Any] = setup.raw
    try:
        text, _config = checked(setup.path, raw)
    except ConfigError as error:
        told(dialogue, error.problems)
        save_draft(setup.path, setup.draft)
        raise SetupStopped(
            _("not written: go through the part that is named, with --only")
        ) from None
    if setup.path.exists():
        if setup.path.read_text("utf-8") == text:
            dialogue.say(_("nothing has changed"))
            drop_draft(setup.path)
            return
        question = _("{path} stands there. Replace it (the old one is kept as .bak)?")
        if not dialogue.confirm("replace", question.format(path=setup.path), default=True):
            raise SetupStopped(_("not written; what was answered is kept"))
    kept = put_in_place(setup.path, text)
    drop_draft(setup.path)
    setup.restarts = kept is not None
    dialogue.say(_("written: {path}").format(path=setup.path))
    if kept is not None:
        dialogue.say(_("the old one: {path}").format(path=kept))
