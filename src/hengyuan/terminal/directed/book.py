"""What the county has set: in force, before that, and on trial. One file, put in place whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from hengyuan.law.pack_documents import BadPack, read_pack
from hengyuan.law.rule_packs import PACKS, RulePack
from hengyuan.terminal.setup.draft import write_private

FOLDER = "directed"
BOOK_FILE = "configuration.json"
PACKS_FOLDER = "rule_packs"
MOST_STARTS = 2
"""A configuration on trial that has been started so often without being kept is taken back."""

State = Literal["trial", "kept", "rolled_back"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One configuration of the county's."""

    version: int
    body: dict[str, Any]
    """`{"part": {…}}` or `{"whole": "TOML"}`."""
    applied_ms: int


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """`current` None: the installer's file alone is in force."""

    current: Entry | None = None
    previous: Entry | None = None
    highest: int = 0
    """The highest version that was ever taken: a lower one is an old one played again."""
    state: State = "kept"
    starts: int = 0
    sound: list[str] = []
    """Devices that were in order when the trial began."""
    why: str = ""
    """Why the last one was taken back."""


def load_book(data_dir: Path) -> Book:
    """What was written down; an empty book where there is none, or none that can be read."""
    try:
        return msgspec.json.decode((data_dir / FOLDER / BOOK_FILE).read_bytes(), type=Book)
    except (OSError, msgspec.MsgspecError):
        return Book()


def save_book(data_dir: Path, book: Book) -> None:
    """Durably, whole or not at all."""
    write_private(data_dir / FOLDER / BOOK_FILE, msgspec.json.encode(book))


def begin(book: Book, entry: Entry, sound: list[str]) -> Book:
    """A new configuration on trial; the last one that was kept becomes the previous."""
    return Book(
        current=entry,
        previous=book.previous if book.state == "trial" else book.current,
        highest=max(book.highest, entry.version),
        state="trial",
        sound=sound,
    )


def keep(book: Book) -> Book:
    """The trial is passed."""
    return msgspec.structs.replace(book, state="kept", starts=0)


def roll_back(book: Book, why: str) -> Book:
    """The previous one is in force again; the version that failed is not taken a second time."""
    return Book(current=book.previous, highest=book.highest, state="rolled_back", why=why)


def keep_pack(data_dir: Path, document: dict[str, Any]) -> RulePack:
    """Store a rule pack. Raises BadPack; also where its name is taken by another table."""
    pack = read_pack(document)
    for known in (*PACKS, *load_packs(data_dir)):
        if known.version == pack.version and known != pack:
            raise BadPack(f"version: {pack.version} is another table here; give it a new name")
    file = data_dir / FOLDER / PACKS_FOLDER / f"{pack.version}.json"
    write_private(file, msgspec.json.encode(document))
    return pack


def load_packs(data_dir: Path) -> tuple[RulePack, ...]:
    """Packs of the county's; a file that is none is passed over."""
    found: list[RulePack] = []
    for file in sorted((data_dir / FOLDER / PACKS_FOLDER).glob("*.json")):
        try:
            found.append(read_pack(msgspec.json.decode(file.read_bytes())))
        except (OSError, msgspec.MsgspecError, BadPack):
            continue
    return tuple(found)
