"""The settings of all drivers are one union, told apart by `driver`."""

from typing import Any

import msgspec
import pytest

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from hengyuan.terminal.drivers.settings import StreamSettings
from hengyuan.terminal.transports.settings import Serial, Tcp
from tests.terminal.drivers.at_hand import needed, tcp


def table(driver: str, **more: Any) -> dict[str, Any]:
    values = {"driver": driver, "name": f"{driver}-1", **needed(driver), **more}
    fields = msgspec.structs.fields(catalogue()[driver].settings_type)
    required = {field.name for field in fields if field.required}
    if "transport" in required:
        values.setdefault("transport", tcp())
    if "address" in required:
        values.setdefault("address", "http://192.0.2.1")
    return values


@pytest.mark.parametrize("driver", catalogue())
def test_every_driver_is_built_from_its_settings(driver: str) -> None:
    device = create(load_settings(table(driver)))
    assert type(device) is catalogue()[driver].driver_type
    assert device.name == f"{driver}-1"
    assert device.state is DeviceState.UNKNOWN
    assert device.counters.as_dict()["frames"] == 0


def test_transports_are_told_apart_by_kind() -> None:
    over_tcp = load_settings(table("f1"))
    serial = load_settings(table("f1", transport={"kind": "serial", "port": "COM3"}))
    assert isinstance(over_tcp, StreamSettings) and isinstance(over_tcp.transport, Tcp)
    assert isinstance(serial, StreamSettings) and isinstance(serial.transport, Serial)
    assert serial.transport.baudrate == 9600


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (table("f1") | {"driver": "f99"}, "Invalid value 'f99' - at `$.driver`"),
        (table("f1", unit="lb"), "`$.unit`"),
        (table("f1", units="kg"), "unknown field `units`"),
        (table("f4", unit="frame", checksum="maybe"), "`$.checksum`"),
        (table("f1", transport=tcp(0)), "`$.transport.port`"),
        (table("f1", transport={"kind": "pigeon"}), "`$.transport.kind`"),
        (table("f1", stale_s=0), "`$.stale_s`"),
        ({"driver": "f1", "name": "scale"}, "missing required field `transport`"),
        ({"driver": "html", "name": ""}, "`$.name`"),
    ],
)
def test_a_wrong_setting_is_named(raw: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said.replace("$", r"\$").replace(".", r"\.")):
        load_settings(raw)
