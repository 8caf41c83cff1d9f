"""What is wrong with a configuration, where, and what to do about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `where` is a key like `lanes[0].scale`, empty for the file."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}; {self.remedy}"


class ConfigError(ValueError):
    """A configuration that cannot be used."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems))
        self.path = path
        self.problems = tuple(problems)


_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*?)`")
_MISSING = re.compile(r"missing required field `(?P<name>.*?)`")


def explain(error: msgspec.ValidationError, wanted: type, prefix: str = "") -> Problem:
    """A validation error as a problem, with the nearest right key or the bound that was broken."""
    found = _AT.match(str(error))
    assert found is not None
    what = found["what"]
    path = (found["path"] or "").lstrip(".")
    where = ".".join(part for part in (prefix, path) if part)
    if unknown := _UNKNOWN.search(what):
        name = unknown["name"]
        known = _keys(wanted, path)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        remedy = f"{hint}known keys: {', '.join(known)}" if known else "remove it"
        return Problem(_join(where, name), "is no known key", remedy)
    if missing := _MISSING.search(what):
        return Problem(_join(where, missing["name"]), "is missing", "add it")
    return Problem(where, what.replace("`", ""), "correct the value")


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _keys(wanted: Any, path: str) -> list[str]:
    """The keys that the table at `path` may have."""
    kinds = _structs(wanted)
    for step in re.findall(r"[^.\[\]]+", path):
        if step in ("...", "") or step.isdigit():
            continue
        kinds = [
            inner
            for kind in kinds
            for field in msgspec.structs.fields(kind)
            if field.encode_name == step
            for inner in _structs(field.type)
        ]
    names = {field.encode_name for kind in kinds for field in msgspec.structs.fields(kind)}
    tags = {kind.__struct_config__.tag_field for kind in kinds} - {None}
    return sorted(names | tags)


def _structs(wanted: Any) -> list[Any]:
    """The structs that a type may be, looking into unions, lists and annotations."""
    if isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
        return [wanted]
    return [struct for inner in get_args(wanted) for struct in _structs(inner)]
