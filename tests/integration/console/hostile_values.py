"""What no page of ours would ever send: numbers too long, too large, of other alphabets, bytes of no text."""

from typing import Final
from urllib.parse import quote

_BYTES: Final = (
    b"",
    b"0",
    b"-1",
    b"9" * 5_000,  # more digits than Python's int() takes
    b"9" * 18,
    str(2**63 - 1).encode(),
    str(2**64 - 1).encode(),
    b"NaN",
    b"1e999",
    b"f" * 16,
    b"9999-12-31",
    b"0001-01-01",
    b"9999-12-31T23:59",
    b"0001-01-01T00:00",
    "\u0663".encode(),  # a three, for str.isdecimal and for int()
    "\u00b2".encode(),  # a two for str.isdigit, and none for int()
    b"\xed\xa0\x80",  # half of a pair, which UTF-8 does not have
    b"a\x00b",
    b"x" * 9_000,
)
HOSTILE: Final = tuple(quote(value, safe="") for value in _BYTES)  # as an address and a form have them
HOSTILE_JSON: Final = (
    "9" * 5_000,
    "-1",
    str(2**64),
    "1e999",
    "NaN",
    "null",
    "[]",
    "{}",
    "[" * 9_000,
    '"\\ud800"',
    '"a\\u0000b"',
    '"' + "x" * 9_000 + '"',
    "\u0663",
    "",
)
