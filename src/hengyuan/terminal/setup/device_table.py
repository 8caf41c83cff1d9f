"""A device's table as it will be written: checked, its keys in the order of its settings."""

from __future__ import annotations

from typing import Any

import msgspec

from hengyuan.terminal.config_errors import explain
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.setup.dialogue import SetupStopped


def device_table(key: str, raw: dict[str, Any]) -> dict[str, Any]:
    """`raw` in order, so that a setup that changes nothing leaves the file as it was. SetupStopped
    where it would not hold."""
    wanted = catalogue()[str(raw["driver"])].settings_type
    try:
        load_settings(raw)
    except msgspec.ValidationError as error:
        raise SetupStopped(str(explain(error, wanted, key))) from None
    fields = [field.encode_name for field in msgspec.structs.fields(wanted)]
    return {name: raw[name] for name in dict.fromkeys(["driver", "name", *fields]) if name in raw}
