"""What a place alone does not say of a line: a broker's user, a port to be sent to."""

from __future__ import annotations

from typing import Any, get_args

import msgspec

from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import ask_number
from hengyuan.terminal.setup.draft import write_private
from hengyuan.terminal.setup.naming import stream_name
from hengyuan.terminal.setup.places import transport_of, where_of
from hengyuan.terminal.transports.settings import Transport
from hengyuan.terminal.words import installer_text as _


def settled_transport(setup: Setup, key: str, where: str, known: dict[str, Any]) -> dict[str, Any]:
    """The transport of a place with all that has to be asked. Of the known one at the same place
    everything is kept that was not asked anew."""
    transport = transport_of(where)
    if where == where_of(known):
        transport = {**transport, **known}
    elif known.get("record"):
        transport["record"] = known["record"]
    ask = {"mqtt": _ask_broker, "udp": _ask_datagrams, "tcp_server": _ask_caller}
    if transport["kind"] in ask:
        ask[transport["kind"]](setup, key, transport)
    return _in_order(transport)


def _in_order(transport: dict[str, Any]) -> dict[str, Any]:
    """Keys as the settings have them, so that a setup that changes nothing writes the same."""
    (wanted,) = (kind for kind in get_args(Transport) if _tag(kind) == transport["kind"])
    own = [field.encode_name for field in msgspec.structs.fields(wanted)]
    names = ["kind", *sorted(own, key=lambda name: name.startswith("record"))]
    return {name: transport[name] for name in names if name in transport}


def _tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def _ask_broker(setup: Setup, key: str, transport: dict[str, Any]) -> None:
    dialogue = setup.dialogue
    topic = _("Topic for what the terminal sends (empty: it only listens)")
    _optional(setup, f"{key}.write_topic", topic, transport, "write_topic")
    user = _optional(setup, f"{key}.user", _("User at the broker (empty: none)"), transport, "user")
    if not user:
        transport.pop("password_file", None)
    else:
        password = dialogue.secret(f"{key}.password", _("Password (empty: as it is)"))
        if password:
            # the settings take a file only: a broker's password opens more than one device
            host = stream_name(str(transport["host"]))
            file = setup.path.with_name(f"mqtt-{host}-{stream_name(user)}.secret").absolute()
            write_private(file, f"{password}\n".encode())
            transport["password_file"] = str(file)
            dialogue.say(_("kept in {file}").format(file=file))
    if transport.get("tls"):
        text = _("File with the broker's certificate authority (PEM; empty: the usual ones)")
        _optional(setup, f"{key}.ca_file", text, transport, "ca_file")


def _ask_datagrams(setup: Setup, key: str, transport: dict[str, Any]) -> None:
    port = ask_number(
        setup.dialogue, f"{key}.local_port",
        _("Port of this machine that the device sends to (0: it only answers)"),
        int(transport.get("local_port", 0)), 0, 65535,
    )  # fmt: skip
    transport.pop("local_port", None)
    if port:
        transport["local_port"] = port


def _ask_caller(setup: Setup, key: str, transport: dict[str, Any]) -> None:
    text = _("Address that the device calls from (empty: whoever calls first)")
    _optional(setup, f"{key}.peer", text, transport, "peer")


def _optional(setup: Setup, key: str, text: str, table: dict[str, Any], name: str) -> str:
    """A text that may be left out; then the table has no such key."""
    before = str(table.get(name) or "")
    if before:
        text = _("{text}; - for none").format(text=text)
    given = setup.dialogue.ask(key, text, before).strip()
    table.pop(name, None)
    if given and given != "-":
        table[name] = given
    return str(table.get(name, ""))
