"""Which numbers of a class are there (core): a cumulative number and the ranges above it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Final, Self

from contract.varints import VARINT_MAX

_LOW: Final = itemgetter(0)
_HIGH: Final = itemgetter(1)


class SeqRanges:
    """A set of seqs, 1 … 2**63-1: closed ranges that neither touch nor overlap, in ascending order."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for low, high in ranges:
            self.add(low, high)

    def add(self, low: int, high: int) -> None:
        """Add `low` … `high`, both included. Raises ValueError when they are no range."""
        if not 1 <= low <= high <= VARINT_MAX:
            raise ValueError(f"{low} … {high} is no range of seqs")
        start = bisect_left(self._ranges, low - 1, key=_HIGH)  # the first one that it touches or comes before
        end = bisect_right(self._ranges, high + 1, key=_LOW)  # after the last one that it touches
        if start < end:
            low, high = min(low, self._ranges[start][0]), max(high, self._ranges[end - 1][1])
        self._ranges[start:end] = [(low, high)]

    def __contains__(self, seq: int) -> bool:
        index = bisect_left(self._ranges, seq, key=_HIGH)
        return index < len(self._ranges) and self._ranges[index][0] <= seq

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeqRanges) and self._ranges == other._ranges

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"SeqRanges({self._ranges})"

    def count_to(self, last: int) -> int:
        """Return how many of 1 … `last` are there."""
        return sum(min(high, last) - low + 1 for low, high in self._ranges if low <= last)

    def holes(self, low: int, high: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of `low` … `high` that are not there, ascending; none when `high` < `low`."""
        for index in range(bisect_left(self._ranges, low, key=_HIGH), len(self._ranges)):
            start, end = self._ranges[index]
            if start > high:
                break
            if low < start:
                yield low, start - 1
            low = end + 1
        if low <= high:
            yield low, high

    @property
    def cumulative(self) -> int:
        """The largest n such that 1 … n are all there; 0 for none."""
        return self._ranges[0][1] if self._ranges and self._ranges[0][0] == 1 else 0

    def above_cumulative(self) -> list[tuple[int, int]]:
        """The ranges beyond the first hole."""
        return self._ranges[1:] if self.cumulative else list(self._ranges)

    @classmethod
    def from_sorted(cls, ranges: Iterable[tuple[int, int]]) -> Self:
        """Return the set of ranges that were read from one: ascending, and none touches another."""
        found = cls()
        found._ranges = list(ranges)
        return found

    @classmethod
    def from_parts(cls, cumulative: int, above: Iterable[tuple[int, int]]) -> Self:
        """Return the set that `cumulative` and `above_cumulative()` describe."""
        return cls([*([(1, cumulative)] if cumulative else []), *above])
