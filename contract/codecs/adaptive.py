"""Adaptive prediction (core): a column from its own past and from its neighbours. Source: docs/wire.md,
section 5.

    u8      low four bits: the start of the residuals; three: how many neighbours; top: which start of weights
    u8 …    the columns of the neighbours
    varint  the first sample, zigzag
    …       the residuals of the others; nothing when the head is 15 and all samples are as the first
"""

from collections.abc import Sequence
from operator import mul
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.codecs.residuals import ResidualDecoder, encode_residuals, start_of
from contract.codecs.weights import (
    BLOCK,
    DIFFERENCE_MAX,
    OWN,
    WEIGHT_BITS,
    Integers,
    Weights,
    clipped_differences,
    looks_smooth,
    neighbour_differences,
)
from contract.errors import Refusal, RefusedError
from contract.varints import Reader, encode_varint, unzigzag, zigzag

NEIGHBOURS_MAX: Final = 7
SHIFT: Final = WEIGHT_BITS - 2  # a sum of products is in quarters of a step
HALF: Final = 1 << SHIFT - 1
CONSTANT: Final = 15  # the head of a column whose samples are all as the first
PROBED: Final = 32  # samples by which a start of the weights is chosen
LAGS: Final = (
    OWN + np.arange(BLOCK)[:, None] - np.arange(OWN + 1)
)  # of a block: each difference and those before

Samples = NDArray[np.int32]


def encode(samples: Samples, neighbours: Sequence[tuple[int, Samples]] = ()) -> bytes:
    """Return the coding of int32 samples, count from 1; `neighbours`: at most 7 columns of the same times, by
    their number.
    """
    first = encode_varint(zigzag(int(samples[0])))
    if (samples == samples[0]).all():
        return bytes((CONSTANT,)) + first
    wide = samples.astype(np.int64)
    rows = _rows_of(wide, [other for _, other in neighbours])
    is_smooth = looks_smooth(rows[:PROBED])
    residuals, fractions = _predict(wide, rows, Weights(len(neighbours), is_smooth=is_smooth))
    start = start_of(np.abs(4 * residuals[:16] - fractions[:16]).tolist())
    head = bytes((is_smooth << 7 | len(neighbours) << 4 | start, *(number for number, _ in neighbours)))
    return head + first + encode_residuals(residuals.tolist(), fractions.tolist(), start=start)


def _rows_of(samples: Integers, neighbours: Sequence[Samples]) -> Integers:
    """Return for each sample its difference from the one before, and the differences that predict it."""
    own = np.concatenate((np.zeros(OWN, np.int64), clipped_differences(samples)))
    rows = np.lib.stride_tricks.sliding_window_view(own, OWN + 1)[:, ::-1]
    return np.hstack((rows, neighbour_differences(neighbours))) if neighbours else rows


def _predict(samples: Integers, rows: Integers, weights: Weights) -> tuple[Integers, Integers]:
    """Return residual and fraction of each sample but the first."""
    count = len(samples)
    last = np.concatenate((samples[:1], samples[:-1]))
    residuals, fractions = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for at in range(0, count, BLOCK):
        block = slice(at, at + BLOCK)
        predicted = (last[block] << 2) + (rows[block, 1:] @ np.array(weights.now) + HALF >> SHIFT)
        residuals[block] = wrapped(samples[block] - (predicted >> 2))
        fractions[block] = predicted & 3
        if at + BLOCK < count:
            weights.learn(rows[block], np.abs(4 * residuals[block] - fractions[block]))
    return residuals[1:], fractions[1:]


def wrapped(values: Integers) -> Integers:
    """Return the values modulo 2**32, as int32 has them."""
    return (values + 2**31 & 0xFFFF_FFFF) - 2**31


def decode(data: bytes, count: int, earlier: Sequence[Samples | None] = ()) -> Samples:
    """Return `count` samples, at least 1; `earlier`: the columns before this one in its chunk, None for those
    of other times. Raises RefusedError when `data` is not a coding of that many.
    """
    reader = Reader(data, what="adaptive column")
    head = reader.byte()
    neighbours = [neighbour(reader.byte(), earlier) for _ in range(head >> 4 & 7)]
    first = unzigzag(reader.varint())
    if not -(2**31) <= first < 2**31:
        raise RefusedError(Refusal.MALFORMED, "adaptive column starts with a number of over 32 bits")
    if head == CONSTANT and not reader.left:
        return np.full(count, first, np.int32)
    residuals = ResidualDecoder(reader.take(reader.left), start=head & 15)
    beside = neighbour_differences(neighbours) if neighbours else np.zeros((count, 0), np.int64)
    weights = Weights(len(neighbours), is_smooth=head > 0x7F)
    samples = _follow(first, beside, weights, residuals)
    residuals.finish()
    return np.array(samples, np.int64).astype(np.int32)


def neighbour(number: int, earlier: Sequence[Samples | None]) -> Samples:
    """Return the column of that number. Raises RefusedError unless it comes before, with the same times."""
    found = earlier[number] if number < len(earlier) else None
    if found is None:
        raise RefusedError(
            Refusal.MALFORMED, f"column {number} is no neighbour: it is not before, at the same times"
        )
    return found


def _follow(first: int, beside: Integers, weights: Weights, residuals: ResidualDecoder) -> list[int]:
    """Return the samples, one for each row of `beside`, the neighbours' differences."""
    count = len(beside)
    samples, differences, distances = [first], [0] * (OWN + 1), [0]
    last = first
    for at in range(0, count, BLOCK):
        end = min(at + BLOCK, count)
        own = weights.now[OWN - 1 :: -1]
        parts = (beside[at:end] @ np.array(weights.now[OWN:], np.int64) + HALF).tolist()
        for part in parts if at else parts[1:]:
            predicted = (last << 2) + (sum(map(mul, own, differences[-OWN:]), part) >> SHIFT)
            residual = residuals.next(predicted & 3)
            sample = ((predicted >> 2) + residual + 2**31 & 0xFFFF_FFFF) - 2**31
            difference = sample - last
            if not -DIFFERENCE_MAX <= difference <= DIFFERENCE_MAX:
                difference = DIFFERENCE_MAX if difference > 0 else -DIFFERENCE_MAX
            differences.append(difference)
            distances.append(abs(4 * residual - (predicted & 3)))
            samples.append(sample)
            last = sample
        if end < count:
            weights.learn(_rows(differences, beside[at:end]), np.array(distances[at:end]))
    return samples


def _rows(differences: list[int], beside: Integers) -> Integers:
    count = len(beside)
    own = np.array(differences[-(count + OWN) :], np.int64)
    return np.hstack((own[LAGS[:count]], beside))
