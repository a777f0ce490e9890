"""A lead that follows from two others (core). Source: Einthoven 1913, Goldberger 1942; docs/wire.md,
section 5.

    u8      low four bits: the start of the residuals; high four: how the device rounds
    u8, u8  the columns p and q
    u8      a in the high four bits and b in the low four, both signed: the prediction is (a p + b q) / 2
    …       the residuals; nothing when all are zero

III is II - I, aVR is -(I + II) / 2, and so on: a device that derives them leaves nothing to be coded, one
that measures them leaves a step or two.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, assert_never

import numpy as np

from contract.codecs.adaptive import Samples, neighbour, wrapped
from contract.codecs.residuals import ResidualDecoder, encode_residuals, start_of
from contract.codecs.weights import Integers
from contract.errors import Refusal, RefusedError
from contract.varints import Reader

FACTORS: Final = ((-2, 2), (2, -2), (2, 2), (-2, -2), (-1, -1), (1, 1), (1, -1), (-1, 1), (2, -1), (-1, 2))
CLOSE_HALVES: Final = 1.5  # a mean; three leads, each rounded for itself, leave at most 1


class Rounding(IntEnum):
    """Where a prediction half-way between two steps goes: it stays there, or as the device rounds."""

    NONE = 0
    DOWN = 1
    UP = 2
    TO_ZERO = 3
    FROM_ZERO = 4
    TO_EVEN = 5


@dataclass(frozen=True, slots=True)
class Relation:
    """A lead is (a p + b q) / 2, of columns p and q; a and b are -8 … 7."""

    p: int
    q: int
    a: int
    b: int

    def halves(self, earlier: Sequence[Samples | None]) -> Integers:
        """Return the predictions, in half steps."""
        p, q = (neighbour(number, earlier).astype(np.int64) for number in (self.p, self.q))
        return self.a * p + self.b * q


def _rounded(halves: Integers, rounding: Rounding) -> Integers:
    """Return predictions in quarters of a step."""
    match rounding:
        case Rounding.NONE:
            return 2 * halves
        case Rounding.DOWN:
            up = np.zeros(len(halves), np.bool_)
        case Rounding.UP:
            up = np.ones(len(halves), np.bool_)
        case Rounding.TO_ZERO:
            up = halves < 0
        case Rounding.FROM_ZERO:
            up = halves > 0
        case Rounding.TO_EVEN:
            up = halves & 2 != 0
        case _:
            assert_never(rounding)
    return (halves + up >> 1) << 2


def find(samples: Samples, earlier: Sequence[Samples | None]) -> Relation | None:
    """Return the relation of two earlier columns that fits best, if it errs by less than half of what the
    column changes from sample to sample.
    """
    numbers = [number for number, other in enumerate(earlier) if other is not None]
    if len(numbers) < 2:
        return None
    one, other = np.triu_indices(len(numbers), 1)
    columns = np.array([*(earlier[number] for number in numbers), samples], np.float64)
    products = columns @ columns.T
    squares, with_it = np.diagonal(products), products[-1]
    errors = [
        a * a * squares[one]
        + b * b * squares[other]
        + 2 * a * b * products[one, other]
        - 4 * (a * with_it[one] + b * with_it[other])
        for a, b in FACTORS
    ]
    factors, pair = divmod(int(np.argmin(errors)), len(one))
    relation = Relation(numbers[one[pair]], numbers[other[pair]], *FACTORS[factors])
    change = np.abs(np.diff(samples.astype(np.int64))).sum()
    return relation if _error(samples, relation, earlier) < change else None


def is_close(samples: Samples, relation: Relation, earlier: Sequence[Samples | None]) -> bool:
    """Return whether what the relation leaves may come from rounding alone: no prediction comes as near."""
    return _error(samples, relation, earlier) < CLOSE_HALVES * len(samples)


def _error(samples: Samples, relation: Relation, earlier: Sequence[Samples | None]) -> float:
    return float(np.abs(2 * samples.astype(np.int64) - relation.halves(earlier)).sum())  # in half steps


def encode(samples: Samples, relation: Relation, earlier: Sequence[Samples | None]) -> bytes:
    """Return the coding of int32 samples by a relation of columns of the same times."""
    halves, wide = relation.halves(earlier), samples.astype(np.int64)
    for rounding in Rounding:
        quarters = _rounded(halves, rounding)
        if np.array_equal(wrapped(quarters >> 2), wide) and not (quarters & 3).any():
            return _head(relation, rounding, 0)
    quarters = _rounded(halves, Rounding.NONE)
    residuals, fractions = wrapped(wide - (quarters >> 2)), quarters & 3
    start = start_of(np.abs(4 * residuals[:16] - fractions[:16]).tolist())
    coded = encode_residuals(residuals.tolist(), fractions.tolist(), start=start)
    return _head(relation, Rounding.NONE, start) + coded


def _head(relation: Relation, rounding: Rounding, start: int) -> bytes:
    factors = (relation.a & 15) << 4 | relation.b & 15
    return bytes((rounding << 4 | start, relation.p, relation.q, factors))


def decode(data: bytes, count: int, earlier: Sequence[Samples | None]) -> Samples:
    """Return `count` samples; `earlier` as of the adaptive codec. Raises RefusedError when `data` is not a
    coding of that many.
    """
    reader = Reader(data, what="relation column")
    head, p, q, factors = (reader.byte() for _ in range(4))
    if head >> 4 > max(Rounding):
        raise RefusedError(Refusal.MALFORMED, f"relation column begins with {head}")
    halves = Relation(p, q, _signed(factors >> 4), _signed(factors & 15)).halves(earlier)
    quarters = _rounded(halves, Rounding(head >> 4))
    residuals = [0] * count
    if reader.left:
        coded = ResidualDecoder(reader.take(reader.left), start=head & 15)
        residuals = [coded.next(fraction) for fraction in (quarters & 3).tolist()]
        coded.finish()
    return wrapped((quarters >> 2) + np.array(residuals, np.int64)).astype(np.int32)


def _signed(nibble: int) -> int:
    return (nibble + 8 & 15) - 8
