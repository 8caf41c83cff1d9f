"""Dahua ITSAPI push: JSON with the plate, the vehicle, the snapshot and pictures in base64.

`{"Picture": {"Plate": {…}, "Vehicle": {…}, "SnapInfo": {…}, "NormalPic": {"PicName", "Content"}}}`;
beside `NormalPic` some firmwares send `VehiclePic`, `CutoutPic` or `PlatePic` of the same form.
The camera also reports that it lives (`KeepAlive`) and who it is (`DeviceInfo`). Every answer must
hold `"result": "true"`, or the same push comes for ever.
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from hengyuan.law.plates import PlateColour
from hengyuan.terminal.devices import PictureKind, PlateEvent, Refused
from hengyuan.terminal.drivers.dahua.settings import Settings
from hengyuan.terminal.drivers.plate_events import (
    MalformedEvent,
    NotAPlateEvent,
    Pictures,
    Values,
    local_time,
    read_json,
    read_plate,
)

PATHS = (
    "/NotificationInfo/TollgateInfo",
    "/NotificationInfo/KeepAlive",
    "/NotificationInfo/DeviceInfo",
)
View = Literal["front", "rear"]

_CHINA = timedelta(hours=8)
_COLOURS = {
    "blue": PlateColour.BLUE,
    "yellow": PlateColour.YELLOW,
    "black": PlateColour.BLACK,
    "white": PlateColour.WHITE,
    "green": PlateColour.GREEN,
    "shadowgreen": PlateColour.GRADIENT_GREEN,
    "gradientgreen": PlateColour.GRADIENT_GREEN,
    "yellowgreen": PlateColour.YELLOW_GREEN,
    "yellowbottomgreen": PlateColour.YELLOW_GREEN,
    "red": PlateColour.RED,
}
_NAME_OF = {colour: name.title() for name, colour in reversed(_COLOURS.items())} | {
    PlateColour.GRADIENT_GREEN: "ShadowGreen",
    PlateColour.YELLOW_GREEN: "YellowGreen",
}
_PICTURES = ("PlatePic", "CutoutPic", "VehiclePic", "NormalPic")
_DIRECTIONS = {"obverse": "forward", "reverse": "reverse"}
_DIRECTION_OF = {ours: theirs.title() for theirs, ours in _DIRECTIONS.items()}


def parse_push(
    body: bytes,
    received_at: datetime,
    *,
    camera: str = "",
    view: View = "front",
    naive_offset: timedelta = _CHINA,
) -> PlateEvent:
    """The event that a camera pushed; see `hikvision.codec.parse_push` for the arguments.

    Raises `MalformedEvent`, and `NotAPlateEvent` for signs of life. A picture that is no JPEG is
    left out and named in `picture_faults`: the plate still counts.
    """
    said = read_json(body)
    picture = said.at("Picture")
    if not isinstance(picture.raw, dict):
        if {"DeviceID", "Active", "DeviceInfo", "Device"} & set(said.raw):
            raise NotAPlateEvent("keep_alive", "a sign of life")
        raise MalformedEvent("no_picture", "the JSON has no Picture")
    snap, plate_of = picture.at("SnapInfo"), picture.at("Plate")
    if not (snap or plate_of):
        raise MalformedEvent("no_plate", "Picture has neither Plate nor SnapInfo")
    name = re.sub(r"[^a-z]", "", plate_of.at("PlateColor").text().lower())
    plate, colour = read_plate(
        plate_of.at("PlateNumber").text(), _COLOURS.get(name, PlateColour.UNKNOWN)
    )
    pictures = _pictures(picture, view)
    return PlateEvent(
        event_id=_event_id(picture),
        plate=plate,
        colour=colour,
        confidence=plate_of.at("Confidence").whole(0, 100),
        lane=_lane(snap, plate_of),
        camera_at=_time(snap, naive_offset),
        received_at=received_at.astimezone(UTC),
        direction=_DIRECTIONS.get(snap.at("Direction").text().lower()),
        pictures=pictures.pictures,
        retransmission=snap.at("OfflineData").text().lower() in ("true", "1")
        or snap.at("OfflineData").raw is True,
        camera=camera or snap.at("DeviceID").text(64),
        picture_faults=pictures.faults,
    )


def _lane(snap: Values, plate: Values) -> int | None:
    for values in (snap, plate):
        for name in ("LaneNumber", "LaneNo", "Lane", "Channel"):
            lane = values.at(name).whole(0, 99)
            if lane is not None:
                return lane
    return None


def _time(snap: Values, naive_offset: timedelta) -> datetime | None:
    """`AccurateTime` counts milliseconds, `SnapTime` seconds; both are the camera's local time."""
    for name in ("AccurateTime", "SnapTime"):
        time = local_time(snap.at(name).text(40), naive_offset)
        if time:
            return time
    return None


def _event_id(picture: Values) -> str:
    """Made of what does not change when the camera sends the event again.

    ITSAPI has no identifier of its own: device, time in milliseconds and plate stand in, and
    where there is no time, the digest of the pictures.
    """
    snap = picture.at("SnapInfo")
    stamp = snap.at("AccurateTime").text() or snap.at("SnapTime").text()
    parts = [snap.at("DeviceID").text(), stamp, picture.at("Plate", "PlateNumber").text()]
    if not stamp:
        parts += [str(picture.at(name, "Content").raw) for name in _PICTURES]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def _pictures(picture: Values, view: View) -> Pictures:
    kinds: dict[str, PictureKind] = {
        "PlatePic": "plate",
        "CutoutPic": "plate",
        "VehiclePic": "head" if view == "front" else "tail",
        "NormalPic": "head" if view == "front" else "tail",
    }
    if picture.at("VehiclePic", "Content").text():
        kinds["NormalPic"] = "panorama"
    gathered = Pictures()
    for name in _PICTURES:
        content = picture.at(name, "Content").raw
        gathered.add_base64(picture.at(name, "PicName").text() or name, kinds[name], content)
    return gathered


def parse_for(settings: Settings, body: bytes, received_at: datetime) -> PlateEvent:
    """`parse_push` with the options of one camera's settings."""
    return parse_push(
        body,
        received_at,
        camera=settings.name,
        view=settings.end,
        naive_offset=timedelta(hours=settings.utc_offset_h),
    )


def decode(data: bytes, settings: Settings | None = None) -> list[PlateEvent | Refused]:
    """The event of one recorded HTTP body."""
    now = datetime.now(UTC)
    try:
        return [parse_for(settings, data, now) if settings else parse_push(data, now)]
    except MalformedEvent as error:
        return [Refused(error.reason, data[:256], 0.0, error.detail)]


def build_answer() -> bytes:
    """What the camera waits for."""
    return msgspec.json.encode({"result": "true", "message": ""})


def build_push(event: PlateEvent) -> bytes:
    """The body with which a camera reports `event`."""
    plate: dict[str, Any] = {"PlateNumber": event.plate or "", "PlateType": "", "IsExist": True}
    plate["PlateColor"] = _NAME_OF.get(PlateColour(event.colour or "unknown"), "Unknown")
    if event.confidence is not None:
        plate["Confidence"] = event.confidence
    snap: dict[str, Any] = {"DeviceID": event.camera, "OfflineData": event.retransmission}
    if event.camera_at:
        snap["AccurateTime"] = event.camera_at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    if event.lane is not None:
        snap["LaneNumber"] = event.lane
    if event.direction:
        snap["Direction"] = _DIRECTION_OF[event.direction]
    picture: dict[str, Any] = {"Plate": plate, "Vehicle": {}, "SnapInfo": snap}
    names = {"plate": "PlatePic", "head": "VehiclePic", "tail": "VehiclePic"}
    for each in event.pictures:
        name = names.get(each.kind, "NormalPic")
        content = base64.b64encode(each.data).decode()
        picture[name] = {"PicName": f"{name}.jpg", "Content": content}
    return msgspec.json.encode({"Picture": picture})


def build_keep_alive(device: str) -> bytes:
    """The body with which a camera says that it lives."""
    return msgspec.json.encode({"Active": "keepAlive", "DeviceID": device})
