"""How likely each residual is, in whole numbers (core): tables of the range coder. docs/wire.md, section 5.

The logistic distribution, whose tail beyond t is u / (1 + u) with u = exp(-t / scale): made of products and
quotients of integers, so that it is the same everywhere. A *level* names the mean distance of a residual from
its prediction: octave L and quarter j are (9 + 2j) / 8 * 2**(L-1) / 256 steps of the signal. A prediction is
in quarters of a step, so each level has four tables, one for each fraction.
"""

from typing import Final

from contract.codecs.range_coder import SHARE_BITS

OCTAVE_MIN: Final = 3
OCTAVE_MAX: Final = (
    12  # a mean of 8 … 16 steps; above, the low bits of a residual are noise and go as they are
)
ONE: Final = 1 << 30

# 2**30 * 2**(-1 / (2 * mean)): how much less likely a quarter step further is, at the four highest levels.
HIGHEST: Final = (1033179978, 1040439156, 1045494598, 1049217527)

Table = tuple[int, ...]
Tables = tuple[Table, Table, Table, Table]  # by fraction


def reach(level: int) -> int:
    """Return the largest |residual| that has shares of its own: 8 times the mean and more."""
    octave, quarter = divmod(level, 4)
    return ((9 + 2 * quarter) << octave - 1) // 256 + 2


def _tables(level: int) -> Tables:
    octave, quarter = divmod(level, 4)
    ratio = HIGHEST[quarter]
    for _ in range(OCTAVE_MAX - octave):
        ratio = ratio * ratio >> 30
    further, tail = ONE, []
    for _ in range(4 * reach(level) + 7):
        tail.append((further << 30) // (ONE + further))
        further = further * ratio >> 30
    return _table(level, 0, tail), _table(level, 1, tail), _table(level, 2, tail), _table(level, 3, tail)


def _table(level: int, fraction: int, tail: list[int]) -> Table:
    """Return the first share of each symbol, and 2**16: of "below", of -reach … reach + 1, of "above"."""
    symbols = 2 * reach(level) + 4
    starts = [0]
    for symbol in range(1, symbols):
        quarters = 4 * (symbol - 1 - reach(level)) - 2 - fraction  # where it begins, from the prediction
        below = tail[-quarters] if quarters <= 0 else ONE - tail[quarters]
        starts.append(
            symbol + ((1 << SHARE_BITS) - symbols) * below // ONE
        )  # one share each, the rest as likely
    return (*starts, 1 << SHARE_BITS)


LEVEL_MIN: Final = 4 * OCTAVE_MIN
LEVELS: Final[tuple[Tables, ...]] = tuple(_tables(level) for level in range(LEVEL_MIN, 4 * OCTAVE_MAX + 4))
