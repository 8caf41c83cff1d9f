"""What `hengyuan terminal decode` and `drivers` read and print."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import typer

from hengyuan.terminal.drivers.catalogue import DriverEntry
from hengyuan.terminal.drivers.models import models, sources
from hengyuan.terminal.drivers.recorded import facts

RUBBISH = 2
_NOWHERE = {
    "transport": {"kind": "tcp", "host": "none", "port": 1},
    "address": "http://none",
}
"""Where a device is that is not there."""
MAX_FILE = 64 * 1024 * 1024


def refuse(why: str) -> NoReturn:
    """End with exit code 2 and the reason on standard error."""
    typer.echo(why, err=True)
    raise typer.Exit(RUBBISH)


def octets(words: list[str], file: Path | None) -> bytes:
    """The bytes that a call means: hex words, a file, or what comes through a pipe."""
    if words and file is not None:
        refuse("请给出十六进制字节,或用 --file 给出文件,二者取一")
    if words:
        return _from_hex(" ".join(words))
    raw = _piped() if file is None or str(file) == "-" else _from_file(file)
    if not raw:
        refuse("没有字节:请给出十六进制字节,或用 --file 给出文件,或从管道输入")
    if len(raw) > MAX_FILE:
        refuse(f"--file:超过 {MAX_FILE // 1024 // 1024} MB")
    if re.fullmatch(rb"\s*(?:[0-9A-Fa-f]{2}[\s:,]*)+", raw):
        return _from_hex(raw.decode("ascii"))
    return raw


def _piped() -> bytes:
    return b"" if sys.stdin.isatty() else sys.stdin.buffer.read(MAX_FILE + 1)


def _from_file(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_FILE + 1)
    except OSError as error:
        refuse(f"--file:读不了 {file}:{error.strerror}")


def _from_hex(text: str) -> bytes:
    bare = re.sub(r"0[xX]|[\s:,]", "", text)
    try:
        return bytes.fromhex(bare)
    except ValueError:
        wrong = re.search(r"[^0-9A-Fa-f]", bare)
        why = f"{wrong[0]!r} 不是十六进制" if wrong else "位数为奇数"
        refuse(f"HEX:{why}")


def settings(entry: DriverEntry, pairs: list[str], file: Path | None) -> Any:
    """Settings of a device that is not there: only what decides how bytes are read."""
    values = _settings_file(file) if file is not None else {}
    values |= {"driver": entry.manifest.name, "name": "decode"}
    required = {f.name for f in msgspec.structs.fields(entry.settings_type) if f.required}
    values |= {key: value for key, value in _NOWHERE.items() if key in required}
    for pair in pairs:
        _set(values, pair)
    try:
        return msgspec.convert(values, entry.settings_type, strict=False)
    except msgspec.ValidationError as error:
        refuse(f"{'--set' if file is None else file}:{error}")


def _settings_file(file: Path) -> dict[str, Any]:
    try:
        return msgspec.toml.decode(file.read_bytes(), type=dict[str, Any])
    except OSError as error:
        refuse(f"--settings:读不了 {file}:{error.strerror}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        refuse(f"--settings:{file} 不是 TOML:{error}")


def _set(values: dict[str, Any], pair: str) -> None:
    """`KEY=VALUE`, with points into tables and JSON for lists: `frame.value.at=3`."""
    path, equals, value = pair.partition("=")
    if not equals:
        refuse(f"--set:应为 KEY=VALUE,不是 {pair!r}")
    *tables, key = path.split(".")
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            refuse(f"--set:{pair!r} 中 {table} 不是表")
    try:
        values[key] = json.loads(value) if value[:1] in ("[", "{") else value
    except json.JSONDecodeError as error:
        refuse(f"--set:{pair!r} 不是 JSON:{error}")


def placed(items: list[object], data: bytes) -> list[dict[str, Any]]:
    """Each item as plain values, with the offset of its first byte in `data` where it has any."""
    out, cursor = [], 0
    for item in items:
        values = facts(item)
        raw = getattr(item, "raw", b"")
        found = data.find(raw, cursor) if raw else -1
        if found >= 0:
            cursor = found + len(raw)
            values = {"type": values.pop("type"), "offset": found, **values}
        out.append(values)
    return out


def line(values: dict[str, Any]) -> str:
    """One item for people: where, what, and its bytes."""
    shown = dict(values)
    kind, offset = shown.pop("type"), shown.pop("offset", "")
    shown.pop("at", None)
    raw = shown.pop("raw", "")
    said = "  ".join(f"{key}={value}" for key, value in shown.items() if value not in ("", None))
    return f"{offset!s:>6}  {kind:<12} {said}" + (f"  | {raw}" if raw else "")


def model_lines() -> list[str]:
    """The table of indicators for people: model, driver, how that is known, what to set."""
    lines = []
    for model in models():
        lines.append(f"{model.family:<13} {model.name}  [{sources()[model.source].zh}]")
        lines += [f"{'':<13}   {key} = {toml(value)}" for key, value in model.settings.items()]
    return lines


def model_table() -> list[dict[str, Any]]:
    """The table of indicators for programs."""
    return [
        {**msgspec.to_builtins(model), "source": sources()[model.source].en} for model in models()
    ]


def toml(value: Any) -> str:
    """A value on one line of TOML, to be copied into a configuration."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    return json.dumps(value, ensure_ascii=False)
