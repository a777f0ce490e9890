"""Samples as they are (core): a byte of width (1 … 4), each in that many bytes, signed, little-endian."""

import numpy as np
from numpy.typing import NDArray

from contract.errors import Refusal, RefusedError


def encode(samples: NDArray[np.int32]) -> bytes:
    """Return int32 samples in the least whole number of bytes each."""
    low, high = int(np.min(samples)), int(np.max(samples))
    width = next(w for w in (1, 2, 3, 4) if -(1 << 8 * w - 1) <= low and high < 1 << 8 * w - 1)
    wide = samples.astype("<i4").view(np.uint8).reshape(-1, 4)
    return bytes((width,)) + wide[:, :width].tobytes()


def decode(data: bytes, count: int) -> NDArray[np.int32]:
    """Return `count` samples. Raises RefusedError when `data` is not of their length."""
    width = data[0] if data else 0
    if not 1 <= width <= 4 or len(data) != 1 + width * count:
        raise RefusedError(
            Refusal.MALFORMED, f"raw column of {len(data)} bytes for {count} samples of width {width}"
        )
    wide = np.zeros((count, 4), np.uint8)
    wide[:, 4 - width :] = np.frombuffer(data, np.uint8, offset=1).reshape(count, width)
    return (wide.reshape(-1).view("<i4") >> 8 * (4 - width)).astype(np.int32)
