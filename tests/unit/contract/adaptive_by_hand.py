"""Codecs 3 and 4 read straight from docs/wire.md, section 5: whole numbers, loops, one sample after the
other."""

from collections.abc import Callable, Sequence
from functools import cache

OCTAVE_12 = [1033179978, 1040439156, 1045494598, 1049217527]
BEGINNINGS = [[32768, 6554, -6554, 0, 0, 0, 0, 0], [78643, 0, -13107, -13107, 0, 0, 0, 0]]


def int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def limited(value: int, most: int) -> int:
    return max(-most, min(most, value))


@cache
def table(octave: int, quarter: int, fraction: int) -> tuple[int, list[int]]:
    """Return R and where each symbol begins, with 65536 at the end."""
    g = OCTAVE_12[quarter]
    for _ in range(12, octave, -1):
        g = g * g >> 30

    def tail(t: int) -> int:
        u = 2**30
        for _ in range(t):
            u = u * g >> 30
        return 2**30 * u // (2**30 + u)

    reach = (9 + 2 * quarter) * 2 ** (octave - 1) // 256 + 2
    symbols = 2 * reach + 4
    begins = [0]
    for i in range(1, symbols):
        t = 4 * (i - reach - 1) - 2 - fraction
        f = tail(-t) if t <= 0 else 2**30 - tail(t)
        begins.append(i + (65536 - symbols) * f // 2**30)
    return reach, [*begins, 65536]


class RangeCoder:
    def __init__(self, data: bytes) -> None:
        self.data, self.range = [*data, 0, 0, 0], 2**32 - 1
        self.code = 0
        for _ in range(4):
            self.code = self.code * 256 + self.data.pop(0)

    def narrow(self, start: int, size: int, r: int) -> None:
        self.code -= start * r
        self.range = size * r
        while self.range < 2**24:
            self.code = self.code * 256 + self.data.pop(0)
            self.range *= 256

    def symbol(self, begins: list[int]) -> int:
        r = self.range >> 16
        v = self.code // r
        (found,) = [i for i in range(len(begins) - 1) if begins[i] <= v < begins[i + 1]]
        self.narrow(begins[found], begins[found + 1] - begins[found], r)
        return found

    def raw(self, bits: int) -> int:
        value = 0
        while bits > 0:
            piece = min(bits, 16)
            r = self.range >> piece
            part = self.code // r
            assert part < 2**piece
            self.narrow(part, 1, r)
            value, bits = value * 2**piece + part, bits - piece
        return value


class Residuals:
    """The residuals of a column; no bytes: all are 0."""

    def __init__(self, data: bytes, start: int) -> None:
        self.coder = RangeCoder(data) if data else None
        self.lately = 4 * 4**start
        self.counts = [16] * 80
        self.sums = [(7 * ((5 + 2 * (c & 1)) * 2 ** (c >> 1) >> 3) >> 3) + 16 for c in range(80)]

    def next(self, fraction: int) -> int:
        if self.coder is None:
            return 0
        digits = f"{self.lately:b}"
        context = 2 * len(digits) + int(digits[1])
        mean = 64 * self.sums[context] // self.counts[context] + 4
        digits = f"{mean:b}"
        quarter = int(digits[1:3], 2)
        k = max(0, len(digits) - 12)
        reach, begins = table(min(len(digits), 12), quarter, 0 if k else fraction)
        symbol = self.coder.symbol(begins)
        h = symbol - 1 - reach
        if symbol in (0, 2 * reach + 3):
            width = self.coder.raw(6)
            beyond = int("1" + f"{self.coder.raw(width - 1):0{width - 1}b}"[: width - 1], 2)
            h = -reach - beyond if symbol == 0 else reach + 1 + beyond
        residual = h if k == 0 else h * 2**k + self.coder.raw(k) - 2 ** (k - 1)
        distance = abs(4 * residual - fraction)
        self.sums[context] += distance
        self.counts[context] += 1
        if self.counts[context] == 256:
            self.sums[context], self.counts[context] = self.sums[context] >> 1, 128
        self.lately = (21 * self.lately + 176 * distance >> 5) + 2
        return residual

    def finish(self) -> None:
        assert self.coder is None or (not self.coder.data and self.coder.code < 2**24)


def varint(data: bytes, at: int) -> tuple[int, int]:
    z = shift = 0
    while True:
        byte, at = data[at], at + 1
        z, shift = z | (byte & 0x7F) << shift, shift + 7
        if byte < 0x80:
            return (z // 2 if z % 2 == 0 else -(z // 2) - 1), at


class Adaptive:
    """One adaptive column of good bytes. `predictions` and `weights` are what the page's example shows."""

    def __init__(self, data: bytes, count: int, columns: Sequence[Sequence[int]] = ()) -> None:
        head, others = data[0], data[0] >> 4 & 7
        self.neighbours = [columns[number] for number in data[1 : 1 + others]]
        first, at = varint(data, 1 + others)
        self.samples = [first]
        self.beginning = BEGINNINGS[head >> 7] + [0, 0] * others
        self.weights = list(self.beginning)
        size = len(self.weights)
        self.s, self.b = [[0] * size for _ in range(size)], [0] * size
        self.distances, self.predictions, self.residuals = [0], list[int](), list[int]()
        residuals = Residuals(data[at:], head & 15)
        for n in range(count):
            if n > 0:
                self.add(n, residuals.next)
            if n % 16 == 15:
                self.learn(n)
        residuals.finish()

    @staticmethod
    def difference(values: Sequence[int], n: int) -> int:
        return limited(values[n] - values[n - 1], 32767) if n > 0 else 0

    def z(self, n: int) -> list[int]:
        own = [self.difference(self.samples, n - lag) for lag in range(1, 9)]
        return own + [self.difference(other, at) for other in self.neighbours for at in (n, n - 1)]

    def add(self, n: int, next_residual: Callable[[int], int]) -> None:
        total = sum(w * z for w, z in zip(self.weights, self.z(n), strict=True))
        prediction = 4 * self.samples[n - 1] + (total + 8192 >> 14)
        residual = next_residual(prediction % 4)
        self.samples.append(int32(prediction // 4 + residual))
        self.predictions.append(prediction)
        self.residuals.append(residual)
        self.distances.append(abs(4 * residual - prediction % 4))

    def learn(self, last: int) -> None:
        block = range(last - 15, last + 1)
        zs = {n: self.z(n) for n in block}
        ys = {n: self.difference(self.samples, n) for n in block}
        noise = sum(min(self.distances[n], 262143) ** 2 for n in block) + 64
        noise += sum(ys[n] ** 2 + sum(z * z for z in zs[n]) for n in block) >> 6
        every = range(len(self.weights))
        for i in every:
            self.b[i] += 65536 * sum(ys[n] * zs[n][i] for n in block) // noise - (self.b[i] >> 7)
            for j in every:
                self.s[i][j] += 65536 * sum(zs[n][i] * zs[n][j] for n in block) // noise - (self.s[i][j] >> 7)
        for i in every:
            pull = 4096 * (self.beginning[i] - self.weights[i])
            missing = 65536 * self.b[i] + pull - sum(self.s[i][j] * self.weights[j] for j in every)
            self.weights[i] = limited(self.weights[i] + missing // (self.s[i][i] + 4096), 524288)


def relation(data: bytes, count: int, columns: Sequence[Sequence[int]]) -> list[int]:
    """Return the samples of a relation column of good bytes."""
    rounding, p, q = data[0] >> 4, columns[data[1]], columns[data[2]]
    a, b = (nibble - 16 if nibble > 7 else nibble for nibble in (data[3] >> 4, data[3] & 15))
    residuals = Residuals(data[4:], data[0] & 15)
    samples = []
    for n in range(count):
        doubled = a * p[n] + b * q[n]
        down, up = doubled // 2, -(-doubled // 2)
        nearer_zero = min(down, up, key=abs)
        farther = max(down, up, key=abs)
        even = down if down % 2 == 0 else up
        prediction = 2 * doubled
        if rounding:
            prediction = 4 * (down, up, nearer_zero, farther, even)[rounding - 1]
        samples.append(int32(prediction // 4 + residuals.next(prediction % 4)))
    residuals.finish()
    return samples
