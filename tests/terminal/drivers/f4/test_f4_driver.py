"""An F4 scale on a TCP port."""

import asyncio

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f4.codec import encode
from hengyuan.terminal.drivers.f4.driver import Driver
from hengyuan.terminal.drivers.f4.settings import Settings
from tests.terminal.drivers.at_hand import listening, running, tcp, until


def test_weights_and_motion_arrive_and_a_scale_not_zeroed_is_a_fault() -> None:
    async def scenario() -> None:
        readings: list[Reading] = []
        async with listening() as device:
            settings = load_settings({"driver": "f4", "name": "s", "transport": tcp(device.port)})
            assert isinstance(settings, Settings)
            scale = Driver(settings)
            async with running(scale.run(readings.append)):
                peer = await device.accepted()
                await peer.send(encode(31_200, False) + encode(31_200, True))
                await until(lambda: len(readings) == 2)
                assert scale.state is DeviceState.OK
                await peer.send(encode(0, True, not_zeroed=True))
                await until(lambda: len(readings) == 3)
                assert scale.state is DeviceState.FAULT
        assert [(r.mass_kg, r.stable) for r in readings] == [
            (31_200, False),
            (31_200, True),
            (None, True),
        ]

    asyncio.run(scenario())
