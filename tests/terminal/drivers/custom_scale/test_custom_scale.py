"""A described frame: read as described, refused where in doubt; a wrong description is named."""

import copy
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Notice, Reading
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.custom_scale.codec import Decoder, decode, encode
from hengyuan.terminal.drivers.custom_scale.frame import (
    Checksum,
    Decimals,
    Flag,
    Frame,
    UnitField,
    Value,
)
from hengyuan.terminal.drivers.custom_scale.settings import Settings
from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.recorded import load_frames
from tests.terminal.drivers.at_hand import tcp
from tests.terminal.drivers.independent import crc_arc, crc_modbus, crc_xmodem, f1_mass
from tests.terminal.drivers.mutations import bad_lines, mutated, pieces

MASSES = st.integers(-99_999, 200_000)


def settings(frame: dict[str, Any], **more: Any) -> Settings:
    table = {"driver": "custom_scale", "name": "s", "transport": tcp(), "frame": frame, **more}
    made = load_settings(table)
    assert isinstance(made, Settings)
    return made


F1: dict[str, Any] = {
    "start": "02",
    "end": "03",
    "length": 12,
    "negative": {"at": 2, "yes": "2D", "no": ["2B"]},
    "value": {"at": 3, "count": 6},
    "decimals": {"at": 9},
    "checksum": {
        "kind": "xor",
        "first": 2,
        "last": 9,
        "at": 10,
        "written": "hex",
    },
}


@given(st.lists(MASSES, min_size=1, max_size=5))
def test_a_described_f1_is_read_like_f1_itself(masses: list[int]) -> None:
    spec = settings(F1)
    stream = b"".join(f1.encode(mass) for mass in masses)
    assert [getattr(item, "mass_kg", None) for item in decode(stream, spec)] == masses
    assert b"".join(encode(mass, spec) for mass in masses) == stream


@given(bad_lines(MASSES.map(f1.encode)))
def test_a_described_f1_refuses_what_f1_itself_refuses(stream: bytes) -> None:
    described = [i for i in decode(stream, settings(F1)) if isinstance(i, Reading)]
    assert all(item.mass_kg == f1_mass(item.raw) for item in described)
    assert described == [item for item in f1.decode(stream) if isinstance(item, Reading)]


@st.composite
def descriptions(draw: st.DrawFn) -> dict[str, Any]:
    """Any sound description of fixed length: parts side by side in any order."""
    coding = draw(st.sampled_from(["ascii", "bcd", "binary"]))
    order = st.sampled_from(["high_first", "low_first"])
    count = {"ascii": draw(st.integers(6, 9)), "bcd": 4, "binary": 4}[coding]
    value = {"coding": coding, "count": count, "order": draw(order)}
    parts: dict[str, tuple[dict[str, Any], int]] = {
        "value": (value, count),
        "negative": ({"yes": "2D", "no": ["2B"]}, 1),
    }
    if draw(st.booleans()):
        parts["negative"] = ({"bit": draw(st.integers(0, 7))}, 1)
    if draw(st.booleans()):
        parts["stable"] = ({"yes": "text:ST", "no": ["text:US"]}, 2)
    if draw(st.booleans()):
        parts["decimals"] = ({}, 1)
    if draw(st.booleans()):
        parts["unit"] = ({"kg": "text:kg", "t": "text: t"}, 2)
    frame: dict[str, Any] = {"start": draw(st.sampled_from(["02", "AA 55", "text:="]))}
    at = 1 + len(frame["start"].replace("text:", "xx").split())
    at = 1 + {"02": 1, "AA 55": 2, "text:=": 1}[frame["start"]]
    first = at
    for name in draw(st.permutations(sorted(parts))):
        part, size = parts[name]
        frame[name] = {"at": at, **part}
        at += size
    kind = draw(st.sampled_from(["xor", "sum", "negated_sum", *CRCS]))
    written = draw(st.sampled_from(["bytes", "hex"]))
    checksum = {"kind": kind, "first": first, "last": at - 1, "at": at, "written": written}
    checksum["order"] = draw(order)
    frame["checksum"] = checksum
    at += (2 if kind in CRCS else 1) * (2 if written == "hex" else 1)
    frame["end"] = "03"
    frame["length"] = at
    return frame


CRCS = {
    "crc16_modbus": crc_modbus,
    "crc16_arc": crc_arc,
    "crc16_xmodem": crc_xmodem,
}


def holds(frame: dict[str, Any], raw: bytes) -> bool:
    """Whether the checksum of `raw` is right, worked out from the description once more."""
    spec = frame["checksum"]
    data, said = raw[spec["first"] - 1 : spec["last"]], raw[spec["at"] - 1 : -1]
    xor = 0
    for byte in data:
        xor ^= byte
    if spec["kind"] in CRCS:
        wanted = CRCS[spec["kind"]](data).to_bytes(2, "big")
    else:
        value = {"xor": xor, "sum": sum(data), "negated_sum": 256 * 256 - sum(data)}[spec["kind"]]
        wanted = bytes([value % 256])
    if spec["order"] == "low_first":
        wanted = wanted[::-1]
    return said == (wanted.hex().upper().encode() if spec["written"] == "hex" else wanted)


@given(descriptions(), MASSES, st.booleans())
def test_whatever_is_described_is_read_as_described(
    frame: dict[str, Any], mass: int, stable: bool
) -> None:
    spec = settings(frame)
    raw = encode(mass, spec, *(["stable"] if stable else []))  # type: ignore[list-item]
    if b"\x02" in raw[1:] and spec.frame.is_text:
        return  # a start among the figures of a text cannot come
    (item,) = decode(raw, spec)
    assert isinstance(item, Reading), item
    assert item.mass_kg == mass
    assert item.stable == (stable if "stable" in frame else None)


@given(descriptions(), st.lists(MASSES, min_size=1, max_size=3), st.randoms())
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(
    frame: dict[str, Any], masses: list[int], random: Any
) -> None:
    spec = settings(frame)
    stream = mutated(random, b"".join(encode(mass, spec) for mass in masses))
    whole = [item for item in decode(stream, spec) if isinstance(item, Reading)]
    for item in whole:
        assert item.raw in stream
        assert holds(frame, item.raw)
    decoder = Decoder(spec)
    cut = [item for piece in pieces(random, stream) for item in decoder.feed(piece)]
    cut += decoder.flush()
    assert [item for item in cut if isinstance(item, Reading)] == whole


RECORDED = [frame.settings for frame in load_frames(catalogue()["custom_scale"].folder)]


@given(st.binary(max_size=200), st.sampled_from(RECORDED))
def test_no_bytes_at_all_raise_anything(stream: bytes, table: dict[str, Any]) -> None:
    spec = settings(**table)
    decode(Decoder(spec).start + stream, spec)


def test_without_a_checksum_a_weight_comes_twice_unless_it_is_set_otherwise() -> None:
    frame = {"start": "02", "end": "03", "length": 8, "value": {"at": 2, "count": 6}}
    raw = b"\x02031200\x03"
    (first, second) = decode(raw * 2, settings(frame))
    assert isinstance(first, Notice) and isinstance(second, Reading)
    (only,) = decode(raw, settings(frame, repeats=1))
    assert isinstance(only, Reading)


def test_the_crc_on_the_wire_is_that_of_the_modbus_codec() -> None:
    frame = {
        "start": "01 03",
        "length": 8,
        "value": {"at": 3, "count": 4, "coding": "binary"},
        "checksum": {
            "kind": "crc16_modbus",
            "first": 1,
            "last": 6,
            "at": 7,
            "order": "low_first",
        },
    }
    raw = encode(393_221, settings(frame))
    assert raw == modbus.frame("rtu", 1, modbus.read(3, 6, 5))


def changed(**changes: Any) -> dict[str, Any]:
    """F1's description with some keys replaced; `part__key` reaches into a part."""
    frame = copy.deepcopy(F1)
    for name, value in changes.items():
        part, inside, key = name.partition("__")
        if inside:
            frame[part][key] = value
        elif value is None:
            del frame[part]
        else:
            frame[part] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (changed(start="0"), "十六进制.*frame"),
        (changed(start=""), "十六进制"),
        (changed(end="text:"), "ASCII"),
        (changed(start="text:重"), "ASCII"),
        (changed(value__at=0), r"从1.*frame\.value"),
        (changed(value__at=9), "value.*9.*14.*12"),
        (changed(value__at=-3), "value.*10.*15.*12"),
        (changed(value__count=17), r"frame\.value\.count"),
        (changed(value__coding="bcd", value__count=7), "bcd.*6"),
        (changed(value__signed=True), "negative"),
        (changed(value__coding="octal"), r"octal.*frame\.value\.coding"),
        (changed(length=None, end=None), "length.*end"),
        (changed(length=None, checksum__written="bytes"), "length"),
        (changed(length=3), "3"),
        (changed(checksum__at=9), "校验"),
        (changed(checksum__first=8, checksum__last=3), "first.*last"),
        (changed(checksum__first=4), "value|数值"),
        (changed(checksum__kind="md5"), r"md5.*frame\.checksum\.kind"),
        (changed(checksum__kind="crc16_arc", checksum__set_bits=64), "set_bits"),
        (changed(negative={"at": 2}), "bit.*yes"),
        (changed(negative={"at": 2, "bit": 3, "yes": "2D"}), "bit.*yes"),
        (changed(negative={"at": 2, "bit": 3, "no": ["2D"]}), "no"),
        (changed(negative={"at": 2, "yes": "2D", "no": ["2B 2B"]}), "yes.*no"),
        (changed(negative={"at": 13, "bit": 1}), "negative.*13"),
        (changed(unit={"at": 2}), "kg"),
        (changed(unit={"at": 2, "kg": "text:kg", "t": "text:t"}), "kg"),
        (changed(weight=1), "weight"),
    ],
)
def test_a_description_that_cannot_be_is_refused_and_says_why(
    frame: dict[str, Any], said: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        settings(frame)


def test_a_description_is_required() -> None:
    with pytest.raises(msgspec.ValidationError, match="missing required field `frame`"):
        load_settings({"driver": "custom_scale", "name": "s", "transport": tcp()})


def test_the_description_in_the_document_reads_f1() -> None:
    text = (Path(__file__).parents[4] / "docs" / "drivers.md").read_text("utf-8")
    blocks = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    (example,) = [block for block in blocks if "custom_scale" in block]
    spec = load_settings(tomllib.loads(example)["lanes"]["scale"])
    assert isinstance(spec, Settings)
    (item,) = decode(f1.encode(-31_200), spec)
    assert isinstance(item, Reading) and item.mass_kg == -31_200


def test_every_key_of_a_description_is_written_up() -> None:
    text = (Path(__file__).parents[4] / "docs" / "drivers.md").read_text("utf-8")
    section = text.partition("### A frame described")[2].partition("\n## ")[0]
    parts = (Frame, Value, Decimals, Flag, UnitField, Checksum)
    keys = {field.name for part in parts for field in msgspec.structs.fields(part)}
    assert {key for key in keys if f"`{key}`" not in section} == set()


def test_what_the_figures_do_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="do not hold"):
        encode(1_000_000, settings(F1))
    with pytest.raises(ValueError, match="length"):
        encode(20, settings(changed(length=None)))
