"""臻识 (Vzenith) HTTP push: JSON with the result and its pictures in base64.

`{"AlarmInfoPlate": {"serialno", "result": {"PlateResult": {"license", "colorType", "plateid",
"isoffline", "imageFile", "imageFragmentFile", "timeStamp": {"Timeval": {"sec"}}}}}}`. `sec` is UTC.
The lengths beside the pictures count now the file, now its base64, and are not relied upon. The
answer may make the camera write to its serial port and pulse its outputs; nothing here does so
unless it is asked to. Heartbeats are forms or JSON; they may carry the camera's password.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from hengyuan.law.plates import PlateColour, colour_from_code, colour_to_code
from hengyuan.terminal.devices import PictureKind, PlateEvent, Refused
from hengyuan.terminal.drivers.plate_events import (
    MalformedEvent,
    NotAPlateEvent,
    Pictures,
    Values,
    epoch_time,
    read_json,
    read_plate,
)
from hengyuan.terminal.drivers.settings import CameraSettings
from hengyuan.terminal.drivers.vzenith.settings import Settings

View = Literal["front", "rear"]

_UP, _DOWN = 3, 4
"""Ways through the picture: away from the camera, towards it."""
_HEARTBEAT = re.compile(rb"^[\w.%+*=&-]*\b(?:serialno|device_name)=", re.ASCII)


def parse_push(
    body: bytes, received_at: datetime, *, camera: str = "", view: View = "front"
) -> PlateEvent:
    """The event that a camera pushed; see `hikvision.codec.parse_push` for the arguments.

    Raises `MalformedEvent`, and `NotAPlateEvent` for a heartbeat.
    """
    if _HEARTBEAT.match(body[:256].strip()):
        raise NotAPlateEvent("heartbeat", "a heartbeat")
    said = read_json(body)
    alarm = said.at("AlarmInfoPlate")
    result = alarm.at("result", "PlateResult")
    if not isinstance(result.raw, dict):
        if not alarm and {"serialno", "heartbeat", "Heartbeat", "AlarmGioIn"} & set(said.raw):
            raise NotAPlateEvent("heartbeat", "a heartbeat")
        raise MalformedEvent("no_result", "the JSON has no AlarmInfoPlate/result/PlateResult")
    pictures = Pictures()
    pictures.add_base64("imageFragmentFile", "plate", result.at("imageFragmentFile").raw)
    head: PictureKind = "head" if view == "front" else "tail"
    pictures.add_base64("imageFile", head, result.at("imageFile").raw)
    return event_of(
        result,
        pictures,
        received_at,
        serial=alarm.at("serialno").text(64),
        camera=camera or alarm.at("deviceName").text(64),
        view=view,
    )


def event_of(
    result: Values,
    pictures: Pictures,
    received_at: datetime,
    *,
    serial: str,
    camera: str,
    view: View,
    number: int | None = None,
) -> PlateEvent:
    """The event of a `PlateResult`; `number` is that of the message where the result has none."""
    sec = result.at("timeStamp", "Timeval", "sec").whole(0, 2**40)
    usec = result.at("timeStamp", "Timeval", "usec").whole(0, 999_999)
    plateid = result.at("plateid").whole(0, 2**63)
    plate, colour = read_plate(
        result.at("license").text(),
        colour_from_code("vzenith", result.at("colorType").whole(0, 255) or 0),
    )
    return PlateEvent(
        event_id=f"{serial}-{number if plateid is None else plateid}-{sec}"[:64],
        plate=plate,
        colour=colour,
        confidence=result.at("confidence").whole(0, 100),
        lane=None,
        camera_at=epoch_time(sec, usec or 0),
        received_at=received_at.astimezone(UTC),
        direction=_direction(result, view),
        pictures=pictures.pictures,
        retransmission=result.at("isoffline").raw in (1, True, "1"),
        camera=camera,
        picture_faults=pictures.faults,
    )


def _direction(result: Values, view: View) -> str | None:
    """A truck that leaves a rear camera, or comes towards a front one, drives forward."""
    way = result.at("direction").whole(0, 255)
    if way not in (_UP, _DOWN):
        return None
    return "forward" if (way == _DOWN) == (view == "front") else "reverse"


def parse_for(settings: CameraSettings, body: bytes, received_at: datetime) -> PlateEvent:
    """`parse_push` with the options of one camera's settings."""
    return parse_push(body, received_at, camera=settings.name, view=settings.end)


def decode(data: bytes, settings: Settings | None = None) -> list[PlateEvent | Refused]:
    """The event of one recorded HTTP body."""
    now = datetime.now(UTC)
    try:
        return [parse_for(settings, data, now) if settings else parse_push(data, now)]
    except NotAPlateEvent as error:
        # never the bytes: they may hold the camera's password
        return [Refused(error.reason, b"", 0.0, error.detail)]
    except MalformedEvent as error:
        return [Refused(error.reason, data[:256], 0.0, error.detail)]


def build_answer(body: bytes, *, open_gate: bool = False, serial_data: bytes = b"") -> bytes:
    """What the camera waits for after `body`.

    `open_gate` lets it open the barrier that hangs on its output, `serial_data` goes out of its
    first serial port.
    """
    if b"AlarmInfoPlate" not in body:
        return msgspec.json.encode({"status": "ok"})
    # "ok" makes some models open their barrier; what stops them from repeating is the answer itself
    answer: dict[str, Any] = {"info": "ok" if open_gate else "no"}
    if serial_data:
        data = base64.b64encode(serial_data).decode()
        answer["serialData"] = [{"serialChannel": 0, "data": data, "dataLen": len(data)}]
    return msgspec.json.encode({"Response_AlarmInfoPlate": answer})


def plate_result(event: PlateEvent, number: int, view: View = "front") -> dict[str, Any]:
    """The `PlateResult` with which a camera reports `event`, without pictures."""
    result: dict[str, Any] = {
        "license": event.plate or "_无_",
        "colorType": colour_to_code("vzenith", PlateColour(event.colour or "unknown"), 0),
        "type": 1,
        "plateid": number,
        "isoffline": int(event.retransmission),
        "triggerType": 8,
        "direction": {None: 0, "forward": _DOWN, "reverse": _UP}[event.direction],
    }
    if view == "rear" and result["direction"]:
        result["direction"] = _UP + _DOWN - result["direction"]
    if event.confidence is not None:
        result["confidence"] = event.confidence
    if event.camera_at:
        time = event.camera_at.astimezone(UTC)
        seconds = int(time.replace(microsecond=0).timestamp())
        result["timeStamp"] = {"Timeval": {"sec": seconds, "usec": time.microsecond}}
    return result


def build_push(event: PlateEvent, number: int, serial: str = "00000000-00000001") -> bytes:
    """The body with which the camera `serial` reports `event`, its `number`th result."""
    result = plate_result(event, number)
    for picture in event.pictures:
        name = "imageFragmentFile" if picture.kind == "plate" else "imageFile"
        content = base64.b64encode(picture.data).decode()
        result |= {name: content, f"{name}Len": len(content)}
    alarm = {
        "channel": 0,
        "deviceName": event.camera,
        "ipaddr": "192.0.2.10",
        "serialno": serial,
        "result": {"PlateResult": result},
    }
    return msgspec.json.encode({"AlarmInfoPlate": alarm})
