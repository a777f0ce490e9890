"""Which numbers of a class are there (core): a cumulative number and the ranges above it."""

from collections.abc import Iterable, Iterator
from typing import Self


class SeqRanges:
    """A set of seqs, 1 … 2**63-1, kept as closed ranges that neither touch nor overlap, in ascending order."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for low, high in ranges:
            self.add(low, high)

    def add(self, low: int, high: int) -> None:
        """Add `low` … `high`, both included. Raises ValueError when they are no range."""
        if not 1 <= low <= high:
            raise ValueError(f"{low} … {high} is no range of seqs")
        index = len(self._ranges)
        while index and self._ranges[index - 1][1] >= low - 1:  # nearly always the last one only
            index -= 1
        end = index
        while end < len(self._ranges) and self._ranges[end][0] <= high + 1:
            low, high = min(low, self._ranges[end][0]), max(high, self._ranges[end][1])
            end += 1
        self._ranges[index:end] = [(low, high)]

    def __contains__(self, seq: int) -> bool:
        return any(low <= seq <= high for low, high in self._ranges)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SeqRanges) and self._ranges == other._ranges

    def __repr__(self) -> str:
        return f"SeqRanges({self._ranges})"

    @property
    def cumulative(self) -> int:
        """The largest n such that 1 … n are all there; 0 for none."""
        return self._ranges[0][1] if self._ranges and self._ranges[0][0] == 1 else 0

    def above_cumulative(self) -> list[tuple[int, int]]:
        """The ranges beyond the first hole."""
        return self._ranges[1:] if self.cumulative else list(self._ranges)

    @classmethod
    def from_parts(cls, cumulative: int, above: Iterable[tuple[int, int]]) -> Self:
        """Return the set that `cumulative` and `above_cumulative()` describe."""
        return cls([*([(1, cumulative)] if cumulative else []), *above])
