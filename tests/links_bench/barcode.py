"""A frame's number, drawn into it so that it is read again at any size and quality (core).

A row of squares at the top left: one dark, one light, ten bits of the number in Gray's code (of two frames in
succession only one square differs: it costs an encoder little), four bits that check them.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]

SQUARE_PX: Final = 16  # at the film's own size: a macroblock
FILM_HEIGHT_PX: Final = 360
NUMBER_BITS: Final = 10
CHECK_BITS: Final = 4
CHECK_POLYNOMIAL: Final = 0b10011  # x⁴ + x + 1
DARK, LIGHT = 40, 210
CONTRAST_MIN: Final = 60  # between the first two squares; less is no barcode
SURE: Final = 0.2  # of the contrast: a square nearer to the middle than that is not read


def draw_number(luma: Luma, number: int) -> None:
    """Draw `number`, 0 … 1023, into a picture of 640 × 360. Raises ValueError."""
    if not 0 <= number < 1 << NUMBER_BITS:
        raise ValueError(f"frame {number}: a barcode holds {NUMBER_BITS} bits")
    for place, bit in enumerate(_squares(number)):
        luma[:SQUARE_PX, place * SQUARE_PX : (place + 1) * SQUARE_PX] = LIGHT if bit else DARK


def read_number(luma: Luma) -> int | None:
    """Return the number in a picture of the film's shape and any size; None where none can be read."""
    size = SQUARE_PX * luma.shape[0] / FILM_HEIGHT_PX
    top, bottom = round(size * 0.25), max(round(size * 0.75), round(size * 0.25) + 1)
    levels = []
    for place in range(2 + NUMBER_BITS + CHECK_BITS):
        left = round((place + 0.25) * size)
        levels.append(float(luma[top:bottom, left : max(left + 1, round((place + 0.75) * size))].mean()))
    dark, light = levels[:2]
    if light - dark < CONTRAST_MIN:
        return None
    heights = [(level - dark) / (light - dark) - 0.5 for level in levels[2:]]
    if any(abs(height) < SURE for height in heights):
        return None
    bits = [int(height > 0) for height in heights]
    code = _value(bits[:NUMBER_BITS])
    return _from_gray(code) if _value(bits[NUMBER_BITS:]) == _check(code) else None


def _squares(number: int) -> list[int]:
    code = number ^ (number >> 1)
    return [0, 1, *_bits(code, NUMBER_BITS), *_bits(_check(code), CHECK_BITS)]


def _bits(value: int, count: int) -> list[int]:
    return [value >> place & 1 for place in reversed(range(count))]


def _value(bits: list[int]) -> int:
    value = 0
    for bit in bits:
        value = value << 1 | bit
    return value


def _check(code: int) -> int:
    """The remainder of a division without carries; never all dark for a code of zero."""
    rest = code << CHECK_BITS
    for place in reversed(range(CHECK_BITS, NUMBER_BITS + CHECK_BITS)):
        if rest >> place & 1:
            rest ^= CHECK_POLYNOMIAL << (place - CHECK_BITS)
    return rest ^ (1 << CHECK_BITS) - 1


def _from_gray(code: int) -> int:
    number = 0
    while code:
        number ^= code
        code >>= 1
    return number
