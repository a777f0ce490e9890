"""Text as it is searched (core): without accents, case and marks. `web/fold.js` does the same, by one table.

Đ has no accent that could be taken off: it is another letter, and people type D for it.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_LETTERS: Final = str.maketrans({"\u0111": "d", "\u0110": "d"})
_ACCENTS: Final = re.compile("[\u0300-\u036f]")
_NO_WORD: Final = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Return words of a … z and 0 … 9 with one space between: "Mường  Nhé (cũ)" is "muong nhe cu"."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFD", text)).translate(_LETTERS).lower()
    return _NO_WORD.sub(" ", bare).strip()


def found_among(text: str, padded: Sequence[str], numbers: Iterable[int]) -> list[int]:
    """Return those of `numbers` whose folded text, each behind a space, has a word for every word of `text`
    that begins with it.
    """
    found = list(numbers)
    for word in fold(text).split():
        beginning = f" {word}"
        found = [number for number in found if beginning in padded[number]]
    return found


def digits_of(text: str) -> str:
    """Return the digits of a telephone number as they are dialled at home: +84 254 is 0254."""
    digits = re.sub(r"\D", "", text)
    return f"0{digits[2:]}" if text.lstrip().startswith("+84") else digits
