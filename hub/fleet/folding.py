"""Text as it is searched (core): no accents, case or punctuation, so that "muong nhe" is "Mường Nhé"."""

import re
import unicodedata
from typing import Final

_MARKS: Final = re.compile("[\u0300-\u036f]+")
_NO_LETTERS: Final = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """Return the words of a text, parted by one space; NFC and NFD, "Hòa" and "Hoà", đ and d are the same."""
    bare = _MARKS.sub("", unicodedata.normalize("NFD", text).casefold())
    return _NO_LETTERS.sub(" ", bare.replace("\u0111", "d")).strip()  # to Unicode, d with a bar has no mark


def digits_of(text: str) -> str:
    """Return the digits of a telephone number as they are dialled at home: +84 254 is 0254."""
    digits = re.sub(r"\D", "", text)
    return f"0{digits[2:]}" if text.lstrip().startswith("+84") else digits
