"""What an installer has answered so far, kept beside the file that it will become."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import msgspec

from hengyuan.terminal.store.evidence import sync_folder


class Draft(msgspec.Struct):
    """The configuration as far as it is known, and which parts are done."""

    raw: dict[str, Any] = {}
    """As TOML will hold it."""
    done: list[str] = []
    """Parts that have been gone through."""

    def finish(self, part: str) -> None:
        """This part is done."""
        if part not in self.done:
            self.done.append(part)


def draft_path(config: Path) -> Path:
    """Where the draft of a configuration lies."""
    return config.with_name(f"{config.name}.draft")


def load_draft(config: Path) -> Draft | None:
    """What an interrupted setup has left; None where there is nothing, or nothing usable."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode(draft_path(config).read_bytes(), type=Draft)
    return None


def save_draft(config: Path, draft: Draft) -> None:
    """Keep it, for its owner's eyes only: it may hold a camera's password."""
    write_private(draft_path(config), msgspec.json.encode(draft))


def drop_draft(config: Path) -> None:
    """The setup is finished."""
    draft_path(config).unlink(missing_ok=True)


def write_private(path: Path, data: bytes) -> None:
    """Put a file in place whole, readable by its owner alone where the system knows owners."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)
