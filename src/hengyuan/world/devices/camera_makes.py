"""How plate cameras of each make push an event, and when they believe that it was taken."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from hengyuan.terminal.devices import PictureKind, PlateEvent
from hengyuan.terminal.drivers.dahua import codec as dahua
from hengyuan.terminal.drivers.hikvision import codec as hikvision
from hengyuan.terminal.drivers.huaxia import codec as huaxia
from hengyuan.terminal.drivers.vzenith import codec as vzenith

MakeName = Literal["dahua", "hikvision", "huaxia", "vzenith"]


@dataclass(frozen=True, slots=True)
class Make:
    """One make. `push` gives content type and body of the camera's `number`th event."""

    carries: frozenset[PictureKind]
    """The pictures that it takes; two share none of these kinds."""
    push: Callable[[PlateEvent, int], tuple[str, bytes]]
    took: Callable[[bytes], bool]
    """Whether the answer to a push, which came with status 200, says that it was taken."""


def _said(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _of_dahua(event: PlateEvent, number: int) -> tuple[str, bytes]:
    return "application/json", dahua.build_push(event)


def _of_hikvision(event: PlateEvent, number: int) -> tuple[str, bytes]:
    return hikvision.build_push(event, boundary=f"boundary-{event.event_id}")


def _of_huaxia(event: PlateEvent, number: int) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", huaxia.build_push(event)


def _of_vzenith(event: PlateEvent, number: int) -> tuple[str, bytes]:
    return "application/json", vzenith.build_push(event, number)


MAKES: dict[MakeName, Make] = {
    # sends again for ever without this text
    "dahua": Make(
        frozenset({"plate", "head", "panorama"}),
        _of_dahua,
        lambda body: _said(body).get("result") == "true",
    ),
    "hikvision": Make(frozenset({"plate", "head", "panorama"}), _of_hikvision, lambda body: True),
    "huaxia": Make(
        frozenset({"plate", "panorama"}),
        _of_huaxia,
        lambda body: _said(body).get("error_num") == 0,
    ),
    "vzenith": Make(
        frozenset({"plate", "panorama"}),
        _of_vzenith,
        lambda body: "Response_AlarmInfoPlate" in _said(body),
    ),
}
