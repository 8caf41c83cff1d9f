"""What is wrong with a configuration, where, and what to do about it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import msgspec

from hengyuan.terminal.words import installer_text as _


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
_WRONG_TYPE = re.compile(r"^Expected `(?P<wanted>[^`]*)`, got `(?P<got>[^`]*)`$")
_OUT_OF_BOUNDS = re.compile(r"^Expected `\w+`(?: of length)? (?P<bound>[<>]=? [-\d.]+)$")
_NOT_LISTED = re.compile(r"^Invalid (?:enum )?value (?P<value>.*)$")


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
        return Problem(_join(where, name), _("is no known key"), _nearest(name, known))
    if missing := _MISSING.search(what):
        return Problem(_join(where, missing["name"]), _("is missing"), _("add it"))
    return Problem(where, _value_problem(what), _("correct the value"))


def _nearest(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    keys = _("known keys: {keys}").format(keys=", ".join(known))
    return _("did you mean {key}?").format(key=close[0]) + " " + keys if close else keys


def _value_problem(what: str) -> str:
    if wrong := _WRONG_TYPE.match(what):
        names = {
            "int": _("a whole number"),
            "float": _("a number"),
            "str": _("a text"),
            "bool": _("true or false"),
            "array": _("a list"),
            "object": _("a table"),
        }
        kinds = [names.get(kind, kind) for kind in (wrong["wanted"], wrong["got"])]
        return _("expected {wanted}, got {got}").format(wanted=kinds[0], got=kinds[1])
    if bounds := _OUT_OF_BOUNDS.match(what):
        return _("must be {bound}").format(bound=bounds["bound"])
    if unlisted := _NOT_LISTED.match(what):
        return _("{value} is not one of the possible values").format(value=unlisted["value"])
    if "matching regex" in what:
        return _("is not written as it must be")
    return what.replace("`", "")


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _keys(wanted: Any, path: str) -> list[str]:
    """The keys that the table at `path` may have."""
    kinds = _structs(wanted)
    for step in re.findall(r"[^.\[\]]+", path):
        if step.isdigit():
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
