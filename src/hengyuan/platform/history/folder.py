"""The folder of the archived months, and the sign that says when its catalogue has changed.

Every process that answers searches must see this folder: on several machines it is shared.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.conf import settings

_SIGN = "changed"


def folder() -> Path:
    """Where the files lie; made where it is missing, closed to other users."""
    path = Path(settings.HISTORY_FOLDER)
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def change_sign() -> bytes:
    """Other bytes after every change of which files are in charge; empty before the first one."""
    try:
        return (Path(settings.HISTORY_FOLDER) / _SIGN).read_bytes()
    except FileNotFoundError:
        return b""


def note_change() -> None:
    """Tell all processes to read the catalogue anew before their next search."""
    draft = folder() / f".{_SIGN}.{os.getpid()}"
    draft.write_text(secrets.token_hex(16))
    draft.replace(folder() / _SIGN)


def put_in_place(draft: Path, path: Path) -> None:
    """Rename a finished file to its name so that it outlives a power cut: its bytes first."""
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable; where folders cannot be synced there is nothing to do."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
