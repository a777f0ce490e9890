"""The Rice codec read bit by bit, straight from docs/wire.md, section 5, in whole numbers and loops."""

from itertools import pairwise


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._bits = [byte >> 7 - n & 1 for byte in data for n in range(8)]
        self._at = 0

    def number(self, width: int) -> int:
        value = 0
        for _ in range(width):
            value = value << 1 | self._bits[self._at]
            self._at += 1
        return value

    def ones(self) -> int:
        count = 0
        while self.number(1):
            count += 1
        return count


def _signed(z: int) -> int:
    return z // 2 if z % 2 == 0 else -(z // 2) - 1


def _int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def decode(data: bytes, count: int) -> list[int]:
    """Return the samples of a column that is known to be good."""
    order, at, first = data[0], 1, []
    for _ in range(order):
        z = shift = 0
        while True:
            byte, at = data[at], at + 1
            z, shift = z | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        first.append(_signed(z))
    bits = _Bits(data[at:])
    residual_count = count - order
    ks = [bits.number(5) for _ in range(0, residual_count, 64)]
    quotients = [bits.ones() for _ in range(residual_count)]
    zs = [q << ks[n // 64] | bits.number(ks[n // 64]) for n, q in enumerate(quotients)]
    run = [_signed(z) for z in zs]
    for level in reversed(range(order)):
        start = first[: level + 1]
        for _ in range(level):
            start = [later - earlier for earlier, later in pairwise(start)]
        sums = start
        for step in run:
            sums.append(_int32(sums[-1] + step))
        run = [_int32(value) for value in sums]
    return run
