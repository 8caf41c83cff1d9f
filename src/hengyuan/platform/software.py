"""Software for terminals that this platform offers: signed files in its home, newest first."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hengyuan.platform.home import home_dir, make_home
from hengyuan.record.directives import Directive, Sealed

FOLDER = "software"
SUFFIX = ".signed.json"


@dataclass(frozen=True, slots=True)
class Offer:
    """A file with the order that stands for it."""

    file: Path
    sealed: Sealed
    number: int


def offer(file: Path, signed: Path) -> Path:
    """Put a signed file where terminals can fetch it; where it lies then."""
    folder = make_home(home_dir()) / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    shutil.copyfile(file, folder / file.name)
    shutil.copyfile(signed, folder / signed.name)
    return folder / file.name


def newest() -> Offer | None:
    """The offer with the highest number; a damaged one is none."""
    offers = [found for path in _folder().glob(f"*{SUFFIX}") if (found := _read(path))]
    return max(offers, key=lambda each: each.number, default=None)


def named(name: str) -> Path | None:
    """The file of that name, if it is offered."""
    return next((path for path in _folder().glob("*.whl") if path.name == name), None)


def _folder() -> Path:
    return home_dir() / FOLDER


def _read(path: Path) -> Offer | None:
    file = path.with_name(path.name.removesuffix(SUFFIX))
    try:
        sealed = msgspec.json.decode(path.read_bytes(), type=Sealed)
        order = msgspec.json.decode(sealed.document, type=Directive)
    except (OSError, msgspec.MsgspecError):
        return None
    return Offer(file, sealed, order.version) if file.is_file() else None
