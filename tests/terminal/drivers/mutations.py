"""Streams as a bad line delivers them: bytes changed, lost, doubled, added."""

from random import Random

from hypothesis import strategies as st


def mutated(random: Random, stream: bytes) -> bytes:
    """`stream` with one to four things gone wrong."""
    data = bytearray(stream)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        kind = random.randrange(6)
        if kind == 0 and at < len(data):
            data[at] ^= 1 << random.randrange(8)
        elif kind == 1 and at < len(data):
            data[at] = random.randrange(256)
        elif kind == 2:
            del data[at : at + random.randint(1, 6)]
        elif kind == 3:
            data[at:at] = random.randbytes(random.randint(1, 6))
        elif kind == 4:
            data[at:at] = data[at : at + random.randint(1, 20)]
        else:
            other = random.randrange(len(data) + 1)
            low, high = min(at, other), max(at, other)
            data[low:high] = data[low:high][::-1]
    return bytes(data)


@st.composite
def bad_lines(draw: st.DrawFn, frames: st.SearchStrategy[bytes]) -> bytes:
    """One to five frames on end, then mutated."""
    stream = b"".join(draw(st.lists(frames, min_size=1, max_size=5)))
    return mutated(draw(st.randoms(use_true_random=False)), stream)


def pieces(random: Random, stream: bytes) -> list[bytes]:
    """`stream` cut at random places, as a serial line delivers it."""
    cuts = sorted(random.randrange(len(stream) + 1) for _ in range(random.randint(0, 6)))
    return [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
