"""Which codec has which id, and which one takes a column (core). An id is never reused; a reader that lacks
one says so by name.
"""

import warnings
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from contract.codecs import adaptive, raw, relation, rice
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX

ADAPTIVE_MIN_SAMPLES: Final = 32  # half a minute of a numeric is not worth the time to write and read it

Earlier = Sequence[NDArray[np.int32] | None]
Coding = tuple["Codec", bytes]
Coder = Callable[[], Coding]
Result = TypeVar("Result")


class Codec(IntEnum):
    """The header's codec is the highest of its columns: what a reader must know to read them all."""

    NONE = 0  # events (JSON) and parts (bytes)
    RAW = 1
    RICE = 2
    ADAPTIVE = 3
    RELATION = 4


def encode_column(
    samples: NDArray[np.int32],
    *,
    earlier: Earlier = (),
    neighbours: Sequence[int] = (),
    is_draft: bool = False,
) -> Coding:
    """Return the smallest coding of `samples`, int32 of shape (count,), count 1 … CHUNK_SAMPLES_MAX.

    `earlier`: the columns before this one in its chunk, None for those of other times; `neighbours`: the
    numbers of those, at most 7, that may help to predict it. A draft lives for seconds and takes what is
    quickly coded.

    What is returned has been decoded again and compared; a coder that errs costs bytes, never samples.
    """
    if samples.dtype != np.int32 or samples.ndim != 1 or not 1 <= len(samples) <= CHUNK_SAMPLES_MAX:
        raise OwnFaultError(
            f"a column is int32 of 1 … {CHUNK_SAMPLES_MAX}, not {samples.dtype} of {samples.shape}"
        )
    coders: list[Coder] = []
    if len(samples) > 1:  # one number of a numeric, each half second: nothing is shorter than raw
        coders.append(lambda: (Codec.RICE, rice.encode(samples)))
    if len(samples) >= ADAPTIVE_MIN_SAMPLES and not is_draft:
        found = _tried(lambda: relation.find(samples, earlier))
        if found is not None:
            coders.append(lambda: (Codec.RELATION, relation.encode(samples, found, earlier)))
        if found is None or not relation.is_close(samples, found, earlier):
            beside = [(number, adaptive.neighbour(number, earlier)) for number in neighbours]
            coders.append(lambda: (Codec.ADAPTIVE, adaptive.encode(samples, beside)))
    return smallest(samples, coders, earlier=earlier)


def smallest(samples: NDArray[np.int32], coders: Sequence[Coder], *, earlier: Earlier = ()) -> Coding:
    """Return the shortest coding that decodes to `samples`; raw, which cannot err, where no coder makes one.
    Of a coder that erred a RuntimeWarning tells.
    """
    plain = (Codec.RAW, raw.encode(samples))
    codings = [coding for coder in coders if (coding := _tried(coder)) is not None]
    for codec, data in sorted(codings, key=lambda coding: len(coding[1])):
        if len(data) >= len(plain[1]):
            break
        if _holds(samples, codec, data, earlier):
            return codec, data
        warnings.warn(f"{codec.name} coder: it wrote other samples", RuntimeWarning, stacklevel=2)
    return plain


def _tried(work: Callable[[], Result]) -> Result | None:
    try:
        return work()
    except Exception as error:  # noqa: BLE001  # a bug of a coder may cost bytes, never samples
        warnings.warn(f"a coder failed: {error!r}", RuntimeWarning, stacklevel=3)
        return None


def _holds(samples: NDArray[np.int32], codec: Codec, data: bytes, earlier: Earlier) -> bool:
    try:
        return np.array_equal(decode_column(codec, data, count=len(samples), earlier=earlier), samples)
    except Exception:  # noqa: BLE001  # it erred, however it says so
        return False


def decode_column(codec: int, data: bytes, *, count: int, earlier: Earlier = ()) -> NDArray[np.int32]:
    """Return the `count` samples in `data`; `earlier` as of `encode_column`. Raises RefusedError: unknown
    codec, or bytes that misfit it.
    """
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
        case Codec.ADAPTIVE:
            return adaptive.decode(data, count, earlier)
        case Codec.RELATION:
            return relation.decode(data, count, earlier)
        case _:
            raise RefusedError(Refusal.UNKNOWN_VERSION, f"codec {codec} is not known here; update this side")
