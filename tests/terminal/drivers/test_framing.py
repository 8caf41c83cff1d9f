"""What all decoders do alike: cut frames from any pieces, bound what they hold, lose nothing."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Notice, Refused
from hengyuan.terminal.drivers.catalogue import catalogue, load_settings
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.drivers.recorded import load_frames
from tests.terminal.drivers.at_hand import needed, tcp
from tests.terminal.drivers.mutations import mutated, pieces

STREAMED = [
    name for name, entry in catalogue().items() if hasattr(entry.module("codec"), "Decoder")
]


def decoder_of(name: str) -> FrameDecoder[Any]:
    settings = None
    if more := needed(name):
        settings = load_settings({"driver": name, "name": "s", "transport": tcp(), **more})
    decoder = catalogue()[name].module("codec").Decoder(settings)
    assert isinstance(decoder, FrameDecoder)
    return decoder


def unconfirmed(item: object) -> bool:
    """Without a checksum, noise may look like a frame, but not twice on end."""
    return isinstance(item, Notice) and item.what.startswith("unconfirmed")


def streams_of(name: str) -> list[bytes]:
    return [frame.data for frame in load_frames(catalogue()[name].folder)]


@pytest.mark.parametrize("name", STREAMED)
@given(random=st.randoms(use_true_random=False))
def test_readings_do_not_depend_on_how_the_bytes_arrive(name: str, random: Random) -> None:
    stream = mutated(random, b"".join(random.choices(streams_of(name), k=3)))
    at_once, in_pieces = decoder_of(name), decoder_of(name)
    whole = at_once.feed(stream) + at_once.flush()
    cut = [item for piece in pieces(random, stream) for item in in_pieces.feed(piece)]
    cut += in_pieces.flush()

    def sound(items: list[Any]) -> list[Any]:
        return [item for item in items if not isinstance(item, Refused)]

    assert sound(cut) == sound(whole)


@pytest.mark.parametrize("name", STREAMED)
@given(random=st.randoms(use_true_random=False))
def test_every_byte_is_accounted_for(name: str, random: Random) -> None:
    stream = mutated(random, b"".join(random.choices(streams_of(name), k=2)))
    decoder = decoder_of(name)
    items = decoder.feed(stream) + decoder.flush()
    refused = [item for item in items if isinstance(item, Refused)]
    assert decoder.pending == 0
    assert decoder.counters.octets == len(stream)
    assert decoder.counters.refused.total() == len(refused)
    assert decoder.counters.frames + decoder.counters.notices == len(items) - len(refused)
    raws = [getattr(item, "raw", None) for item in items]
    if None not in raws:
        assert b"".join(raw for raw in raws if raw is not None) == stream


@pytest.mark.parametrize("name", STREAMED)
@pytest.mark.parametrize("fill", ["start", "zeros", "random"])
def test_a_babbling_line_fills_no_memory(name: str, fill: str) -> None:
    decoder = decoder_of(name)
    random = Random(7)
    noise = {
        "start": decoder.start * 5000,
        "zeros": bytes(10_000),
        "random": random.randbytes(10_000),
    }[fill]
    held = []
    for _ in range(5):
        items = decoder.feed(noise)
        held.append(decoder.pending)
        assert all(isinstance(item, Refused) or unconfirmed(item) for item in items)
    assert max(held) <= decoder.longest


@pytest.mark.parametrize("name", STREAMED)
def test_noise_is_reported_in_runs_not_byte_by_byte(name: str) -> None:
    decoder = decoder_of(name)
    noise = b"\x00" if not decoder.start.startswith(b"\x00") else b"\x11"
    items = [item for _ in range(1000) for item in decoder.feed(noise)] + decoder.flush()
    assert [len(item.raw) for item in items] == [256, 256, 256, 232]
