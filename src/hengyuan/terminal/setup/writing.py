"""The one file that a setup ends in: checked before it is written, put in place whole."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hengyuan.terminal.config import Config, read_config
from hengyuan.terminal.setup.draft import write_private
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.words import installer_text as _


def backup_path(config: Path) -> Path:
    """Where the file that stood there before goes."""
    return config.with_name(f"{config.name}.bak")


def checked(config: Path, raw: Mapping[str, Any]) -> tuple[str, Config]:
    """The text of the file and what it means. ConfigError where it would not hold."""
    text = _head() + write_toml(raw)
    return text, read_config(config, tomllib.loads(text))


def put_in_place(config: Path, text: str) -> Path | None:
    """Write the file; what stood there is kept as `.bak`, whose path is given back."""
    kept = None
    if config.exists():
        kept = backup_path(config)
        write_private(kept, config.read_bytes())
    write_private(config, text.encode())
    return kept


def _head() -> str:
    told = _(
        "Written by `hengyuan terminal setup`; run it again to change a part.\n"
        "Every key is explained in docs/terminal.md. The file may hold passwords of cameras."
    )
    return "".join(f"# {line}\n" for line in told.splitlines()) + "\n"
