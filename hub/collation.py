"""The order of names in Vietnamese (core): đ after d, ă after a, tones last of all, and 2 before 10.

As `Intl.Collator("vi", { numeric: true })` has it in web/collation.js; a test compares the two. Letters come
first (a ă â b c d đ e ê … o ô ơ … u ư), then the tones from the left (none, huyền, hỏi, ngã, sắc, nặng), then
small before large letters.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

NameKey = tuple[str, tuple[int, ...], tuple[bool, ...]]  # the first is compared most, and at once

_LETTERS: Final = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES: Final = {  # as combining marks: huyền, hỏi, ngã, sắc, nặng
    mark: place for place, mark in enumerate("\u0300\u0309\u0303\u0301\u0323", 1)
}
_PART: Final = re.compile(r"\d+|.", re.DOTALL)
_KEPT: Final = 65_536  # names of 14,000 stations, sorted at each look
_SPACE, _SIGN, _NUMBER, _LETTER, _OTHER = range(1, 6)
_DIGITS_MAX: Final = 0xD7FF


@lru_cache(maxsize=_KEPT)
def name_key(name: str) -> NameKey:
    """Return what names are sorted by: `sorted(names, key=name_key)`."""
    primary: list[str] = []
    tones: list[int] = []
    is_large: list[bool] = []
    for part in _PART.findall(unicodedata.normalize("NFC", name)):
        letter, tone = _without_tone(part)
        primary.append(_rank(letter.casefold()))
        tones.append(tone)
        is_large.append(letter != letter.casefold())
    return "".join(primary), tuple(tones), tuple(is_large)


def _without_tone(letter: str) -> tuple[str, int]:
    """Return a letter without its tone, and which tone that was; 0: none."""
    parts = unicodedata.normalize("NFD", letter)
    tone = next((_TONES[mark] for mark in parts if mark in _TONES), 0)
    rest = "".join(mark for mark in parts if mark not in _TONES)
    return unicodedata.normalize("NFC", rest), tone


def _rank(part: str) -> str:
    """Return letters that stand in the order of parts: the kind first, and of a number how long it is."""
    if part in _LETTERS:
        return f"{chr(_LETTER)}{chr(_LETTERS[part])}"
    if part.isdecimal():
        digits = str(int(part))
        return f"{chr(_NUMBER)}{chr(min(len(digits), _DIGITS_MAX))}{digits}"
    if part.isspace():
        return chr(_SPACE)
    return f"{chr(_OTHER if part.isalpha() else _SIGN)}{part}\0"
