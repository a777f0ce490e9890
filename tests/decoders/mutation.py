"""What may happen to a frame on a serial line. Pure.

Bytes do not change places there, so that this is not among it: a sum would let every such frame pass.
"""

import random
from collections.abc import Callable
from typing import Final


def mutated(frame: bytes, rng: random.Random) -> bytes:
    """Return `frame` damaged in one way; never the frame itself."""
    while True:
        damaged = rng.choice(_WAYS)(frame, rng)
        if damaged != frame:
            return damaged


def _flip_bits(frame: bytes, rng: random.Random) -> bytes:
    data = bytearray(frame)
    for _ in range(rng.randint(1, 3)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _replace_a_byte(frame: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(frame))
    return frame[:at] + rng.randbytes(1) + frame[at + 1 :]


def _lose_a_byte(frame: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(frame))
    return frame[:at] + frame[at + 1 :]


def _gain_a_byte(frame: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(1, len(frame))  # inside: one between two frames harms neither
    return frame[:at] + rng.randbytes(1) + frame[at:]


def _double_a_byte(frame: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(frame) - 1)
    return frame[: at + 1] + frame[at:]


def _replace_a_run(frame: bytes, rng: random.Random) -> bytes:
    at, count = rng.randrange(len(frame)), rng.randint(2, 4)
    noise = rng.randbytes(min(count, len(frame) - at))
    return frame[:at] + noise + frame[at + count :]


def _lose_the_end(frame: bytes, rng: random.Random) -> bytes:
    return frame[: rng.randrange(1, len(frame))]


def _lose_it_all(_frame: bytes, _rng: random.Random) -> bytes:
    return b""


_WAYS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    _flip_bits,
    _replace_a_byte,
    _lose_a_byte,
    _gain_a_byte,
    _double_a_byte,
    _replace_a_run,
    _lose_the_end,
    _lose_it_all,
)
