"""Which settings a county may set, and how they lie over the installer's file.

Not in here, and so the installer's alone: addresses, devices, people, printer, the platform's
address. A county that has to change those sends the file whole (`whole`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from hengyuan.terminal.config_base import Table
from hengyuan.terminal.config_tables import LaneTable

LANE_KEYS = (
    "kind",
    "drives_out",
    *(
        field.name
        for field in msgspec.structs.fields(LaneTable)
        if isinstance(field.type, type) and issubclass(field.type, Table)
    ),
)
"""What of a lane is a setting and no device: its tables, what it is for, which way out is."""
PLATFORM_KEYS = ("heartbeat_s", "batch_records", "timeout_s", "retry_first_s", "retry_last_s")


class BadPart(ValueError):
    """Settings that a county may not set, or that are none."""


def check_part(part: Any) -> dict[str, Any]:
    """The settings as they were meant. Raises BadPart for what is not the county's to set."""
    if not isinstance(part, Mapping) or not part:
        raise BadPart("no settings in it")
    for name, value in part.items():
        if name not in ("judge", "retention", "upkeep", "platform", "lanes"):
            raise BadPart(f"{name}: not a county's to set; send the whole file")
        if name == "lanes":
            _check_lanes(value)
        elif not isinstance(value, Mapping):
            raise BadPart(f"{name}: a table")
        elif name == "platform":
            _check_keys("platform", value, PLATFORM_KEYS)
    return dict(part)


def _check_lanes(lanes: Any) -> None:
    if not isinstance(lanes, list):
        raise BadPart("lanes: a list of tables")
    for place, lane in enumerate(lanes):
        if not isinstance(lane, Mapping) or not isinstance(lane.get("number"), int):
            raise BadPart(f"lanes[{place}]: a table with the lane's number")
        _check_keys(f"lanes[{place}]", lane, ("number", *LANE_KEYS))


def _check_keys(where: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise BadPart(f"{where}.{name}: not a county's to set; send the whole file")


def lay_over(base: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the settings of `part` in place of its own; tables are joined key by key.
    BadPart for a lane that is not there."""
    merged = dict(base)
    for name, value in part.items():
        if name == "lanes":
            merged["lanes"] = _lanes(base.get("lanes", []), value)
        else:
            merged[name] = _joined(base.get(name, {}), value)
    return merged


def _lanes(base: list[Any], part: list[Any]) -> list[Any]:
    known = {lane.get("number") for lane in base}
    wanted = {lane["number"]: lane for lane in part}
    strangers = sorted(set(wanted) - known)
    if strangers:
        raise BadPart(f"lanes: there is no lane {strangers[0]}")
    return [_joined(lane, wanted.get(lane["number"], {})) for lane in base]


def _joined(base: Mapping[str, Any], part: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(base)
    for name, value in part.items():
        before = joined.get(name)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        joined[name] = _joined(before, value) if both else value  # type: ignore[arg-type]
    return joined
