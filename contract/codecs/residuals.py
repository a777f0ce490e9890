"""Residuals of a prediction to bytes and back (core). Source: docs/wire.md, section 5.

A residual is coded with a table for the distance that is to be expected. What is expected is learned: the
last few distances name a *context* (half an octave each), and each context keeps the mean distance that was
met in it. So a QRS complex, where the prediction errs, and the line between two, where it does not, have
tables of their own. Distances are in quarters of a step, because predictions are.
"""

from collections.abc import Generator, Iterable, Sequence
from typing import Final

from contract.codecs.logistic import LEVEL_MIN, LEVELS, OCTAVE_MAX, Table, Tables
from contract.codecs.range_coder import SHARE_BITS, Interval, RangeDecoder, encode, raw_bits
from contract.errors import Refusal, RefusedError

START_MAX: Final = 15
CONTEXTS: Final = 80
COUNT_START: Final = 16  # how many distances a context is taken to have met before the first
COUNT_MAX: Final = 256  # then sum and count are halved: what is older counts less
EXCESS_WIDTH_BITS: Final = 6
EXCESS_WIDTH_MAX: Final = 33
HALF_OF_ALL: Final = 1 << 31  # residuals are int32
COARSE: Final = tuple((tables[0],) * 4 for tables in LEVELS[-4:])  # with low bits, a fraction is nothing


def _sum_at_start(context: int) -> int:
    """Of 16 distances that are 7/8 of the middle of what names the context, and a quarter step."""
    octave, half = divmod(context, 2)
    middle = (5 + 2 * half << octave) >> 3  # of `lately`, in 1/64 steps
    return (7 * middle >> 3) + COUNT_START


SUMS_START: Final = tuple(map(_sum_at_start, range(CONTEXTS)))


def start_of(distances: Iterable[int]) -> int:
    """Return the start, 0 … 15, that suits the first 16 distances."""
    return min(START_MAX, max(0, (sum(distances).bit_length() - 2) // 2))


def _expectations(start: int) -> Generator[tuple[Tables, int], int, None]:
    """Yield the tables for the next residual and how many of its low bits go as they are; send the distance
    that was met.
    """
    lately = 4 << 2 * start  # a running mean of distances, in 1/64 steps
    sums, counts = list(SUMS_START), [COUNT_START] * CONTEXTS
    while True:
        octave = lately.bit_length()
        context = 2 * octave + (lately >> octave - 2 & 1)
        total, count = sums[context], counts[context]
        mean = (total << 6) // count + 4  # in 1/256 steps
        octave = mean.bit_length()
        quarter = mean >> octave - 3 & 3
        if octave <= OCTAVE_MAX:
            distance = yield LEVELS[4 * octave + quarter - LEVEL_MIN], 0
        else:
            distance = yield COARSE[quarter], octave - OCTAVE_MAX
        if count < COUNT_MAX - 1:
            sums[context], counts[context] = total + distance, count + 1
        else:
            sums[context], counts[context] = total + distance >> 1, COUNT_MAX // 2
        lately = (21 * lately + 176 * distance >> 5) + 2


def encode_residuals(residuals: Sequence[int], fractions: Sequence[int], *, start: int) -> bytes:
    """Return the bytes of int32 residuals, at least one, each counted from the whole number below its
    prediction; `fractions` says how many quarters of a step, 0 … 3, the prediction lies above that.
    """
    intervals: list[Interval] = []
    add = intervals.append
    expectations = _expectations(start)
    expect, (tables, low_bits) = expectations.send, next(expectations)
    for residual, fraction in zip(residuals, fractions, strict=True):
        table = tables[fraction]
        middle = len(table) // 2 - 1
        symbol = residual + middle if not low_bits else (residual + (1 << low_bits - 1) >> low_bits) + middle
        if 0 < symbol < len(table) - 2:
            first = table[symbol]
            add((first, table[symbol + 1] - first, SHARE_BITS))
        else:
            _add_excess(intervals, table, symbol)
        if low_bits:
            intervals += raw_bits(residual + (1 << low_bits - 1) & (1 << low_bits) - 1, low_bits)
        tables, low_bits = expect(abs(4 * residual - fraction))
    return encode(intervals)


def _add_excess(intervals: list[Interval], table: Table, symbol: int) -> None:
    """Beyond the table: below or above, then from 1 how far, by its width and the bits after its first."""
    last = len(table) - 2
    if symbol <= 0:
        intervals.append((0, table[1], SHARE_BITS))
        excess = 1 - symbol
    else:
        intervals.append((table[last], table[last + 1] - table[last], SHARE_BITS))
        excess = symbol - last + 1
    width = excess.bit_length()
    intervals.append((width, 1, EXCESS_WIDTH_BITS))
    intervals += raw_bits(excess - (1 << width - 1), width - 1)


class ResidualDecoder:
    """Reads what `encode_residuals` wrote. Raises RefusedError for bytes that it would not have written."""

    __slots__ = ("_coder", "_expect", "_low_bits", "_tables")

    def __init__(self, data: bytes, *, start: int) -> None:
        expectations = _expectations(start)
        self._expect, (self._tables, self._low_bits) = expectations.send, next(expectations)
        self._coder = RangeDecoder(data)

    def next(self, fraction: int) -> int:
        """Return the next residual, of a prediction with this fraction."""
        table, low_bits = self._tables[fraction], self._low_bits
        symbol = self._coder.symbol(table)
        if not 0 < symbol < len(table) - 2:
            symbol = self._excess(symbol, len(table) - 2)
        residual = symbol - len(table) // 2 + 1
        if low_bits:
            residual = (residual << low_bits) - (1 << low_bits - 1) + self._coder.raw(low_bits)
        if not -HALF_OF_ALL <= residual < HALF_OF_ALL:
            raise RefusedError(Refusal.MALFORMED, "a residual of over 32 bits")
        self._tables, self._low_bits = self._expect(abs(4 * residual - fraction))
        return residual

    def _excess(self, symbol: int, last: int) -> int:
        width = self._coder.raw(EXCESS_WIDTH_BITS)
        if not 1 <= width <= EXCESS_WIDTH_MAX:
            raise RefusedError(Refusal.MALFORMED, f"a residual of {width} bits beyond its table")
        excess = (1 << width - 1) + self._coder.raw(width - 1)
        return 1 - excess if symbol == 0 else last - 1 + excess

    def finish(self) -> None:
        """Say that nothing may follow."""
        self._coder.finish()
