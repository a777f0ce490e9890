"""How long wrong tokens make the next one wait (core): a broken program must not shut out its neighbours.

All programs of a hospital may come from one address. So wrong texts are counted by address and by the number
that they name: only a try at the same token, from the same address, waits. A text that was good before is
looked at without waiting, whoever tries that number beside it.
"""

import hashlib
from collections import OrderedDict
from typing import Final

from hub.people.tokens import number_of
from hub.people.tries import WrongTries

GOOD_KEPT: Final = 1_000  # texts, as hashes: those used last


class TokenTries:
    """`wait_s` before a text is looked at, then `good` or `wrong`."""

    def __init__(self) -> None:
        self._tries = WrongTries()
        self._good: OrderedDict[bytes, None] = OrderedDict()

    def wait_s(self, text: str, *, address: str, now_s: float) -> float:
        """Return how long to wait before a text may be looked at; 0 for at once."""
        number = number_of(text)
        if number is not None and _hash(text) in self._good:
            return 0.0
        return self._wait_s(_place(address, number), now_s=now_s)

    def good(self, text: str) -> None:
        """A text opened something."""
        self._good[_hash(text)] = None
        self._good.move_to_end(_hash(text))
        while len(self._good) > GOOD_KEPT:
            self._good.popitem(last=False)

    def wrong(self, text: str, *, address: str, is_number: bool, now_s: float) -> float:
        """A text opened nothing; return how long it would have had to wait for those before it. `is_number`:
        there is a token of its number. Those of which there is none have one wait together: they can never
        be right, and there are a thousand million of them.
        """
        self._good.pop(_hash(text), None)
        place = _place(address, number_of(text) if is_number else None)
        waited_s = self._wait_s(place, now_s=now_s)
        if waited_s == 0.0:
            self._tries.wrong(address=place, name=place, now_s=now_s)
        return waited_s

    def _wait_s(self, place: str, *, now_s: float) -> float:
        return self._tries.wait_s(address=place, name=place, now_s=now_s)


def _place(address: str, number: int | None) -> str:
    return f"{address} {'-' if number is None else number}"


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
