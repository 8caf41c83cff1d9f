"""What must hold for everything that a bad line yields: this family has no checksum."""

from typing import Any

from hengyuan.terminal.devices import PlateEvent
from hengyuan.terminal.drivers.plate_events import jpeg_problem


def check(items: list[Any], stream: bytes) -> None:
    """No event without a packet's start, no picture that is none."""
    events = [item for item in items if isinstance(item, PlateEvent)]
    assert len(events) <= stream.count(b"VZ\0")
    assert all(jpeg_problem(picture.data) is None for e in events for picture in e.pictures)
