"""Numbers and days as people type them and addresses have them (core): the one way from such a text."""

from datetime import date
from typing import Final

YEARS: Final = range(2000, 9000)  # before and after any of them there are days to be reckoned with


def whole_number(text: str, *, most: int) -> int | None:
    """Return the number of plain digits 0 … 9, no more of them than `most` has; None for anything else.

    `int` alone takes signs, spaces, underscores and the digits of every alphabet, and raises for thousands of
    digits; `str.isdigit` is true of digits that `int` refuses.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)):
        return None
    number = int(text)
    return number if number <= most else None


def day(text: str) -> date | None:
    """Return the day of "2026-11-30"; None: it is none, or of none of YEARS."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None
