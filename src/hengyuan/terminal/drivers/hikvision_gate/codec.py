"""Hikvision ISAPI barrier: XML orders and answers.

`PUT /ISAPI/Parking/channels/N/barrierGate` with `<BarrierGate><ctrlMode>open|close|lock|unlock`;
`GET …/barrierGate/barrierGateStatus` tells `barrierGateStatus` 0 no signal, 1 closed, 2 open.
Orders are answered by a `ResponseStatus`, whose `statusCode` 1 is OK. A locked gate answers OK and
does not move. Elements are found by local name, since namespaces differ between firmwares.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from hengyuan.terminal.devices import BarrierPosition, Refused
from hengyuan.terminal.drivers.hikvision_gate.settings import Settings

Order = Literal["open", "close", "lock", "unlock"]
ORDERS: tuple[Order, ...] = ("open", "close", "lock", "unlock")
MAX_XML = 64 * 1024
_POSITIONS = {
    "0": BarrierPosition.UNKNOWN,
    "1": BarrierPosition.CLOSED,
    "2": BarrierPosition.OPEN,
}
_CODE_OF = {position: code for code, position in _POSITIONS.items()}


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the gate is told to do."""

    order: Order


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gate says to an order; `error` None where it took it."""

    error: str | None


@dataclass(frozen=True, slots=True)
class Status:
    """Where the arm is."""

    position: BarrierPosition


class Malformed(ValueError):
    """XML that is none of this device's; the message says what is wrong."""


def parse(data: bytes) -> Ordered | Answer | Status:
    """One message of either side. Raises `Malformed`."""
    if len(data) > MAX_XML:
        raise Malformed(f"{len(data)} bytes, over {MAX_XML}")
    try:
        root: Element = fromstring(data.strip(), forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError, LookupError) as error:
        raise Malformed(f"the XML cannot be read: {error}") from error
    texts = {
        element.tag.rpartition("}")[2]: (element.text or "").strip()
        for element in root.iter()
        if isinstance(element.tag, str)
    }
    if "statusCode" in texts:
        return Answer(None if texts["statusCode"] == "1" else _why(texts))
    if texts.get("barrierGateStatus"):
        return Status(_POSITIONS.get(texts["barrierGateStatus"], BarrierPosition.UNKNOWN))
    for order in ORDERS:
        if texts.get("ctrlMode") == order:
            return Ordered(order)
    raise Malformed("neither an order, nor an answer, nor a status")


def _why(texts: dict[str, str]) -> str:
    said = texts.get("subStatusCode") or texts.get("statusString") or "error"
    plain = re.sub(r"[^\w .-]", "", said)[:60]
    return f"the gate refused: {plain} (code {texts['statusCode'][:8]})"


def decode(
    data: bytes, settings: Settings | None = None
) -> list[Ordered | Answer | Status | Refused]:
    """The message of one recorded body."""
    try:
        return [parse(data)]
    except Malformed as error:
        return [Refused("xml", data[:256], 0.0, str(error))]


def order_path(channel: int) -> str:
    """Where orders go."""
    return f"/ISAPI/Parking/channels/{channel}/barrierGate"


def status_path(channel: int) -> str:
    """Where the position is told."""
    return f"{order_path(channel)}/barrierGateStatus"


def encode_order(order: Order) -> bytes:
    """The body of an order."""
    return _xml("BarrierGate", f"<ctrlMode>{order}</ctrlMode>")


def encode_answer(code: int = 1, said: str = "OK") -> bytes:
    """The gate's answer to an order."""
    inner = f"<statusCode>{code}</statusCode><statusString>{said}</statusString>"
    return _xml("ResponseStatus", inner)


def encode_status(position: BarrierPosition) -> bytes:
    """The gate's word on its arm."""
    code = _CODE_OF[position]
    return _xml("BarrierGateStatus", f"<barrierGateStatus>{code}</barrierGateStatus>")


def _xml(name: str, inner: str) -> bytes:
    space = "http://www.isapi.org/ver20/XMLSchema"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<{name} version="2.0" xmlns="{space}">{inner}</{name}>'
    ).encode()
