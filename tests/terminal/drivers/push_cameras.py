"""What every camera that pushes must do, asked of each of them."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from hengyuan.terminal.devices import Picture, PlateEvent
from hengyuan.terminal.drivers.cameras import PushCamera
from hengyuan.terminal.drivers.catalogue import create, load_settings
from tests.terminal.drivers.at_hand import running

CHINA = timezone(timedelta(hours=8))
NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
JPEG = b"\xff\xd8\xff\xe0" + b"\r\n--hengyuan-push\r\nnot a boundary" + b"\xff\xd9"
EVENT = PlateEvent(
    event_id="",
    plate="晋L00001",
    colour="yellow",
    confidence=97,
    lane=1,
    camera_at=datetime(2026, 5, 1, 12, 0, 1, tzinfo=CHINA),
    received_at=NOW,
    direction="forward",
    pictures=(Picture("plate", "image/jpeg", JPEG), Picture("head", "image/jpeg", JPEG)),
    retransmission=False,
    camera="camera-1",
)


def camera(driver: str, **more: Any) -> PushCamera:
    device = create(load_settings({"driver": driver, "name": "camera-1", **more}))
    assert isinstance(device, PushCamera)
    return device


def with_camera(
    device: PushCamera, work: Callable[[], None], on_event: Callable[[PlateEvent], None]
) -> None:
    async def scenario() -> None:
        async with running(device.run(on_event)):
            await asyncio.sleep(0)
            work()

    asyncio.run(scenario())


def taken_once(driver: str, body: bytes, other: bytes, content_type: str) -> list[PlateEvent]:
    """Push `body` twice and `other` once; what the lane got."""
    device, got = camera(driver), list[PlateEvent]()

    def work() -> None:
        assert device.receive(content_type, body, NOW) is not None
        assert device.receive(content_type, body, NOW + timedelta(seconds=9)) is None
        assert device.receive(content_type, other, NOW) is not None

    with_camera(device, work, got.append)
    assert device.counters.frames == 2
    assert device.counters.refused == {"duplicate": 1}
    return got


def any_json(*keys: str) -> st.SearchStrategy[Any]:
    """JSON that uses `keys` for anything but what they are meant for."""
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4)
        ),
        max_leaves=12,
    )
