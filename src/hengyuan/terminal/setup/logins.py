"""Address, user and password of a device that is called over HTTP."""

from __future__ import annotations

from typing import Any

from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.words import installer_text as _


def ask_login(setup: Setup, key: str, raw: dict[str, Any]) -> None:
    """Put `address` and, where there is a password, `login` into a device's table."""
    dialogue = setup.dialogue
    address = dialogue.ask(f"{key}.address", _("Its address"), raw.get("address")).strip()
    raw["address"] = address if "://" in address else f"http://{address}"
    login = raw.get("login", {})
    user = dialogue.ask(f"{key}.username", _("User name"), login.get("username") or "admin")
    given = dialogue.secret(f"{key}.password", _("Password (empty: as it is)"))
    password = given or login.get("password", "")
    if password:
        raw["login"] = {"username": user, "password": password}
