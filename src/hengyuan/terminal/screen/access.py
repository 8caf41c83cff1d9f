"""Who may see what of the gate's web server, and who is at the page.

With a PIN or people in the configuration, the gatekeeper's page asks for them. Without, the page is
for a browser on this very machine. Displays and camera pushes are open to the gate's own network:
the one shows what hangs in the open anyway, the other is checked by the camera's address and
content.
"""

from __future__ import annotations

import ipaddress

from starlette.requests import HTTPConnection, Request

from hengyuan.terminal.config_tables import ScreenTable
from hengyuan.terminal.screen.pin import Sessions

COOKIE = "hengyuan-gate"
_LOCAL_NAMES = {"localhost", "127.0.0.1", "[::1]"}


class Access:
    """Decides about one request at a time."""

    def __init__(self, settings: ScreenTable, sessions: Sessions, named: bool = False) -> None:
        """`named`: people are configured, who log in by name and PIN."""
        self.named = named
        self.needs_pin = named or settings.pin is not None
        self._sessions = sessions

    def is_open_to(self, connection: HTTPConnection) -> bool:
        """Whether whoever asks is the gatekeeper."""
        if self.needs_pin:
            return self._sessions.holds(connection.cookies.get(COOKIE, ""))
        return is_local(connection)

    def status_is_open_to(self, connection: HTTPConnection) -> bool:
        """The same for figures without plates or pictures, which local tools read too."""
        return is_local(connection) or self.is_open_to(connection)

    def operator(self, connection: HTTPConnection) -> str | None:
        """Name of who is logged in; None where nobody gives a name."""
        return self._sessions.name(connection.cookies.get(COOKIE, ""))


def is_local(connection: HTTPConnection) -> bool:
    """From this machine, and asked for by a local name: a page elsewhere cannot borrow it."""
    if connection.client is None:
        return False
    name = connection.headers.get("host", "").rsplit(":", 1)[0]
    try:
        return ipaddress.ip_address(connection.client.host).is_loopback and name in _LOCAL_NAMES
    except ValueError:
        return False


def same_origin(request: Request) -> bool:
    """Whether a form was sent by a page of this server."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host", "")
