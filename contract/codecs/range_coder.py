"""A range coder of bytes (core): intervals of whole numbers become one long number, and back.

Source: Martin 1979 (range encoding), with Subbotin's byte-wise shifting and a carry; docs/wire.md, section 5.

An interval is (start, size, bits): `size` of 2**bits equal shares, from share `start` on. What is likely has
many shares and narrows the range little. 32-bit arithmetic; the encoder's low end has a 33rd bit, the carry.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from contract.errors import Refusal, RefusedError

SHARE_BITS: Final = 16  # of a table's intervals, and of raw bits at a time
RANGE_START: Final = 0xFFFF_FFFF
RANGE_MIN: Final = 1 << 24  # below, a byte is settled and shifted out
BEYOND: Final = 3  # zero bytes that a reader takes to follow the last one

Interval = tuple[int, int, int]


def raw_bits(value: int, width: int) -> list[Interval]:
    """Return the intervals of `width` bits that nobody can guess: the highest 16 at most first, and so on."""
    pieces = []
    while width > SHARE_BITS:
        width -= SHARE_BITS
        pieces.append((value >> width, 1, SHARE_BITS))
        value &= (1 << width) - 1
    if width:
        pieces.append((value, 1, width))
    return pieces


def encode(intervals: Iterable[Interval]) -> bytes:
    """Return the shortest bytes that lead a decoder into each of these intervals."""
    out, low, width = bytearray(), 0, RANGE_START
    for start, size, bits in intervals:
        width >>= bits
        low += start * width
        width *= size
        if low > 0xFFFF_FFFF:
            _carry(out)
            low &= 0xFFFF_FFFF
        while width < RANGE_MIN:
            out.append(low >> 24)
            low = (low & 0xFF_FFFF) << 8
            width <<= 8
    low += RANGE_MIN - 1  # the next multiple of 2**24 lies inside: its top byte says all
    if low > 0xFFFF_FFFF:
        _carry(out)
    out.append(low >> 24 & 0xFF)
    return bytes(out)


def _carry(out: bytearray) -> None:
    at = len(out) - 1
    while out[at] == 0xFF:
        out[at] = 0
        at -= 1
    out[at] += 1


class RangeDecoder:
    """Reads what `encode` wrote. Never reads beyond the end, whatever the bytes: raises RefusedError."""

    __slots__ = ("_at", "_code", "_data", "_width")

    def __init__(self, data: bytes) -> None:
        self._data = data + bytes(BEYOND)
        if len(self._data) < 4:
            raise RefusedError(Refusal.TRUNCATED, "range coder without a byte")
        self._code, self._at = int.from_bytes(self._data[:4]), 4
        self._width = RANGE_START

    def symbol(self, starts: Sequence[int]) -> int:
        """Return which of the intervals comes next: `starts` has the first share of each, and 2**16."""
        share = self._width >> SHARE_BITS
        code = self._code
        symbol = bisect_right(starts, code // share) - 1
        if symbol == len(starts) - 1:  # the few parts of the range that make no whole share
            raise RefusedError(Refusal.MALFORMED, "range coder outside its 65536 shares")
        first = starts[symbol]
        self._code = code - first * share
        self._width = width = (starts[symbol + 1] - first) * share
        if width < RANGE_MIN:
            self._refill()
        return symbol

    def raw(self, width: int) -> int:
        """Return the number that `raw_bits` wrote."""
        value = 0
        while width:
            bits = min(width, SHARE_BITS)
            self._width >>= bits
            piece = self._code // self._width
            if piece >> bits:
                raise RefusedError(Refusal.MALFORMED, f"range coder outside its {bits} bits")
            self._code -= piece * self._width
            if self._width < RANGE_MIN:
                self._refill()
            value, width = value << bits | piece, width - bits
        return value

    def _refill(self) -> None:
        data, at = self._data, self._at
        while self._width < RANGE_MIN:
            if at == len(data):
                raise RefusedError(Refusal.TRUNCATED, f"range coder wants more than {at - BEYOND} bytes")
            self._code = self._code << 8 | data[at]
            self._width <<= 8
            at += 1
        self._at = at

    def finish(self) -> None:
        """Say that nothing may follow, and that the bytes are those that the encoder would have written."""
        if self._at != len(self._data) or self._code >= RANGE_MIN:
            raise RefusedError(
                Refusal.MALFORMED, f"range coder ends before its {len(self._data) - BEYOND} bytes"
            )
