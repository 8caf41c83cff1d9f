"""Which versions lie beside each other, and which one is to run.

ROOT/current          name of the version that is to run
ROOT/previous         name of the one before: where a switch goes back to
ROOT/state.json       whether `current` is on trial, and the highest order that was followed
ROOT/versions/NAME/   an environment with that version
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Literal

import msgspec

from hengyuan.terminal.setup.draft import write_private

BASE = "base"
"""Not a folder: the installation that the launcher itself is part of."""
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,60}")


class State(msgspec.Struct, frozen=True):
    """How it is with the current version."""

    state: Literal["kept", "trial", "rolled_back"] = "kept"
    highest_order: int = 0
    why: str = ""


class Versions:
    """The versions below one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def current(self) -> str:
        """The version that is to run; `base` before the first update, or where it is gone."""
        return self._read("current")

    @property
    def previous(self) -> str:
        """The version before it."""
        return self._read("previous")

    @property
    def state(self) -> State:
        """A file that cannot be read says nothing."""
        try:
            return msgspec.json.decode((self.root / "state.json").read_bytes(), type=State)
        except (OSError, msgspec.MsgspecError):
            return State()

    def folder(self, name: str) -> Path:
        """Where a version lies."""
        return self.root / "versions" / name

    def python(self, name: str) -> Path:
        """The interpreter of a version's environment."""
        inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
        return self.folder(name).joinpath(*inside)

    def switch(self, name: str, order: int) -> None:
        """From now on `name` is to run, on trial. ValueError for one that is not there."""
        if not _NAME.fullmatch(name) or not self.python(name).exists():
            raise ValueError(f"{name}: no such version in {self.root}")
        highest = max(order, self.state.highest_order)
        write_private(self.root / "previous", self.current.encode())
        self._keep(State("trial", highest))
        write_private(self.root / "current", name.encode())

    def keep(self) -> None:
        """It works."""
        self._keep(msgspec.structs.replace(self.state, state="kept", why=""))

    def back(self, why: str) -> str:
        """The version before is to run again; its name."""
        name = self.previous
        write_private(self.root / "current", name.encode())
        self._keep(msgspec.structs.replace(self.state, state="rolled_back", why=why))
        return name

    def _keep(self, state: State) -> None:
        write_private(self.root / "state.json", msgspec.json.encode(state))

    def _read(self, file: str) -> str:
        try:
            name = (self.root / file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return BASE
        return name if _NAME.fullmatch(name) and self.python(name).exists() else BASE
