"""Claim codes (core): what a box shows once to be taken for the box of a station.

Eleven random characters of Crockford's base 32 and one that checks them, in groups of four. They are typed
from paper and read out over the telephone: case, spaces and hyphens do not count, O is 0, I and L are 1. The
last character is Luhn's over 32 values: any one wrong character is found before the hub is asked.
Source: docs/enrolment.md, section 2.
"""

from typing import Final

from contract.errors import Refusal, RefusedError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_CHARS: Final = 12
GROUP_CHARS: Final = 4
RANDOM_BYTES: Final = 7  # 56 bits, of which 55 are used
_BASE: Final = len(ALPHABET)
_READ_AS: Final = str.maketrans("OIL", "011", " -")


def make_code(random: bytes) -> str:
    """Return the code of RANDOM_BYTES random bytes, such as "7K3M-Q0WX-ZB5R"."""
    number, values = int.from_bytes(random), list[int]()
    for _ in range(CODE_CHARS - 1):
        number, value = divmod(number, _BASE)
        values.append(value)
    values.append(-_luhn([*values, 0]) % _BASE)
    text = "".join(ALPHABET[value] for value in values)
    return "-".join(text[at : at + GROUP_CHARS] for at in range(0, CODE_CHARS, GROUP_CHARS))


def parse_code(text: str) -> str:
    """Return the twelve characters of a code, however it was written. Raises RefusedError: mistyped."""
    code = text.upper().translate(_READ_AS)
    if len(code) != CODE_CHARS or any(character not in ALPHABET for character in code):
        raise RefusedError(
            Refusal.MALFORMED, f"claim code {text[:40]!r} is not three groups of four letters and digits"
        )
    if _luhn([ALPHABET.index(character) for character in code]):
        raise RefusedError(Refusal.MALFORMED, f"claim code {text[:40]!r} is mistyped: one character is wrong")
    return code


def _luhn(values: list[int]) -> int:
    """Return Luhn's sum modulo 32 of values, the check last; 0: they are as they were made."""
    total = 0
    for place, value in enumerate(reversed(values)):
        doubled = value * 2 if place % 2 else value
        total += doubled // _BASE + doubled % _BASE
    return total % _BASE
