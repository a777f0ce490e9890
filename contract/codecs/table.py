"""Which codec has which id (core). An id is never reused; a reader that lacks one says so by name."""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from contract.codecs import raw, rice
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX


class Codec(IntEnum):
    """The header's codec is the highest of its columns: what a reader must know to read them all."""

    NONE = 0  # events (JSON) and parts (bytes)
    RAW = 1
    RICE = 2


def encode_column(samples: NDArray[np.int32]) -> tuple[Codec, bytes]:
    """Return the smallest coding of `samples`, int32 of shape (count,), count 1 … CHUNK_SAMPLES_MAX.

    What is returned has been decoded again and compared; a coder that errs costs bytes, never samples.
    """
    if samples.dtype != np.int32 or samples.ndim != 1 or not 1 <= len(samples) <= CHUNK_SAMPLES_MAX:
        raise OwnFaultError(
            f"a column is int32 of 1 … {CHUNK_SAMPLES_MAX}, not {samples.dtype} of {samples.shape}"
        )
    plain = raw.encode(samples)
    if len(plain) <= rice.LEAST_BYTES:  # one number of a numeric, each half second: nothing is shorter
        return Codec.RAW, plain
    coded = rice.encode(samples)
    if len(coded) < len(plain) and np.array_equal(rice.decode(coded, len(samples)), samples):
        return Codec.RICE, coded
    return Codec.RAW, plain


def decode_column(codec: int, data: bytes, *, count: int) -> NDArray[np.int32]:
    """Return the `count` samples in `data`. Raises RefusedError: unknown codec, or bytes that misfit it."""
    if count < 1:
        raise RefusedError(Refusal.MALFORMED, f"a column of {count} samples")
    if count > CHUNK_SAMPLES_MAX:
        raise RefusedError(
            Refusal.OVERSIZED, f"a column of {count} samples; the limit is {CHUNK_SAMPLES_MAX}"
        )
    match codec:
        case Codec.RAW:
            return raw.decode(data, count)
        case Codec.RICE:
            return rice.decode(data, count)
        case _:
            raise RefusedError(Refusal.UNKNOWN_VERSION, f"codec {codec} is not known here; update this side")
