"""A configuration as TOML that people can read: each device with its transport in a line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_INLINE = {"transport", "login", "count", "inputs"}
"""Tables that stand in one line, as the documents write them."""


def write_toml(data: Mapping[str, Any], comments: Mapping[str, str] | None = None) -> str:
    """`data` as TOML. `comments` stand above the table of that path, like `lanes.scale`.

    Texts, numbers, truth values, lists and tables; a list of tables becomes `[[name]]`.
    """
    lines: list[str] = []
    _table(lines, data, "", comments or {})
    return "\n".join(lines).strip("\n") + "\n"


def _table(lines: list[str], data: Mapping[str, Any], path: str, notes: Mapping[str, str]) -> None:
    later: list[tuple[str, Any]] = []
    for name, value in data.items():
        if _is_table(value, name) or _is_tables(value):
            later.append((name, value))
        else:
            lines.append(f"{_key(name)} = {_value(value)}")
    for name, value in later:
        below = f"{path}.{_key(name)}" if path else _key(name)
        for entry in value if isinstance(value, list) else [value]:
            lines.append("")
            lines.extend(f"# {line}" for line in notes.get(below, "").splitlines())
            lines.append(f"[[{below}]]" if isinstance(value, list) else f"[{below}]")
            _table(lines, entry, below, notes)


def _is_table(value: Any, name: str) -> bool:
    return isinstance(value, Mapping) and name not in _INLINE


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, Mapping) for e in value)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(each)}" for name, each in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"{type(value).__name__} has no place in a configuration")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    # what JSON writes of a text TOML reads the same, but for DEL
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
