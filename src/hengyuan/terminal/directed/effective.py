"""The configuration that a terminal runs with: the installer's file, the county's settings over it,
and the county's rule packs."""

from __future__ import annotations

import contextlib
import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import structlog

from hengyuan.law.rule_packs import PACKS
from hengyuan.terminal.config import Config, read_config
from hengyuan.terminal.config_errors import ConfigError
from hengyuan.terminal.directed import book as books
from hengyuan.terminal.directed.book import MOST_STARTS, Book, load_book, load_packs, save_book
from hengyuan.terminal.directed.part import BadPart, check_part, lay_over

log = structlog.get_logger(__name__)

MAX_DETAIL = 500
"""Of an entry in the journal."""


def checked(base: Path, body: dict[str, Any], data_dir: Path) -> Config:
    """What the installer's file and this body come to. ConfigError or BadPart where they do not.

    A whole file keeps the installer's data_dir: key and store are where they are.
    """
    raw = tomllib.loads(base.read_text("utf-8-sig"))
    if set(body) == {"whole"} and isinstance(body["whole"], str):
        try:
            whole = tomllib.loads(body["whole"])
        except tomllib.TOMLDecodeError as error:
            raise BadPart(f"whole: is not TOML: {error}") from None
        merged = whole | {"data_dir": raw["data_dir"]}
    elif set(body) == {"part"}:
        merged = lay_over(raw, check_part(body["part"]))
    else:
        raise BadPart("either part or whole")
    return read_config(base, merged)


def effective(base: Config) -> tuple[Config, Book, list[tuple[str, str]]]:
    """What is to be run now, and the journal's entries for what had to be taken back on the way.

    Called at each start: one that a configuration on trial does not survive counts against it.
    """
    book = load_book(base.data_dir)
    notes: list[tuple[str, str]] = []
    if book.state == "trial" and book.starts >= MOST_STARTS:
        book = _back(base.data_dir, book, f"not kept after {book.starts} starts", notes)
    config = base
    while book.current is not None:
        try:
            config = checked(base.path, book.current.body, base.data_dir)
            break
        except (ConfigError, BadPart, OSError, ValueError) as error:
            book = _back(base.data_dir, book, str(error), notes)
    if book.state == "trial":
        book = msgspec.structs.replace(book, starts=book.starts + 1)
        save_book(base.data_dir, book)
    return with_packs(config), book, notes


def in_force(base: Config) -> Config:
    """The same for whoever only looks: no start is counted, nothing is taken back."""
    book = load_book(base.data_dir)
    if book.current is not None:
        with contextlib.suppress(ConfigError, BadPart, OSError, ValueError):
            return with_packs(checked(base.path, book.current.body, base.data_dir))
    return with_packs(base)


def with_packs(config: Config) -> Config:
    """The same, judging with the county's packs beside the built-in ones."""
    packs = load_packs(config.data_dir)
    if not packs:
        return config
    known = {pack.version for pack in packs}
    joined = (*(pack for pack in PACKS if pack.version not in known), *packs)
    settings = dataclasses.replace(config.judge_settings, packs=joined)
    return dataclasses.replace(config, judge_settings=settings)


def _back(data_dir: Path, book: Book, why: str, notes: list[tuple[str, str]]) -> Book:
    version = book.current.version if book.current else 0
    log.error("configuration.rolled_back", version=version, why=why)
    notes.append(("configuration_rolled_back", f"version {version}: {why}"[:MAX_DETAIL]))
    back = books.roll_back(book, why)
    save_book(data_dir, back)
    return back
