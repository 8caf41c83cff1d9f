"""Devices that the terminal calls over HTTP: where they are, who we are to them, and the call."""

from __future__ import annotations

from typing import Annotated

import httpx
import msgspec
from msgspec import Meta

Address = Annotated[str, Meta(pattern=r"^https?://[^/\s@?#]+/?$", max_length=200)]
"""Scheme, host and port, without a login: that has a table of its own."""


class Login(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who the terminal is to a device. The password is shown nowhere."""

    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=128)]

    def __repr__(self) -> str:
        return f"Login(username={self.username!r}, password=…)"


def make_client(address: str, login: Login | None, timeout_s: float) -> httpx.AsyncClient:
    """A client for one device. It answers digest challenges, never basic ones: those would have it
    send the password as it is."""
    return httpx.AsyncClient(
        base_url=address.rstrip("/"),
        auth=httpx.DigestAuth(login.username, login.password) if login else None,
        timeout=timeout_s,
        trust_env=False,
        follow_redirects=False,
    )


class LoginRefused(ConnectionError):
    """The device does not accept the user name or the password."""


def check_status(response: httpx.Response) -> None:
    """Raises `LoginRefused` for 401 and 403, `ConnectionError` for anything else but success."""
    if response.status_code in (401, 403):
        raise LoginRefused(f"the device refused the login (HTTP {response.status_code})")
    if not response.is_success:
        raise ConnectionError(f"the device answered HTTP {response.status_code}")
