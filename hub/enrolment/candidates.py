"""Boxes without a code, each with a number on its panel that waits for an operator (core; in memory only).

The number is what nurse and operator tell one another over the telephone; the ticket, 256 bits that nobody
reads out, is what the box asks again with. A hub that starts anew has forgotten both: the box gets others.
"""

from collections import Counter
from dataclasses import dataclass, replace
from typing import Final

from contract.ids import BoxName

NUMBERS: Final = 1_000_000  # six digits
CANDIDATES_MAX: Final = 100
FROM_ONE_ADDRESS: Final = 5  # a workshop that sets up several boxes behind one router
SILENT_S: Final = 60.0  # a box that asks no more is not there any more
LIFE_S: Final = 3_600.0  # a number; afterwards the box is given another


@dataclass(frozen=True, slots=True)
class Candidate:
    """A box that waits. `key`: its public one, DER. `box`: what an operator has made of it."""

    number: str
    ticket: str
    key: bytes
    serial: str
    address: str
    since_s: float
    asked_s: float
    box: BoxName | None = None


class Candidates:
    """Those that wait. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._by_ticket: dict[str, Candidate] = {}

    def add(
        self, *, key: bytes, serial: str, address: str, ticket: str, random: int, now_s: float
    ) -> Candidate | None:
        """Return a box with its number, such as "048 213"; None: too many wait, here or behind that
        address.
        """
        self._forget(now_s)
        behind = Counter(one.address for one in self._by_ticket.values())
        if len(self._by_ticket) >= CANDIDATES_MAX or behind[address] >= FROM_ONE_ADDRESS:
            return None
        taken = {one.number for one in self._by_ticket.values()}
        digits = random % NUMBERS
        while (number := _spoken(digits)) in taken:
            digits = (digits + 1) % NUMBERS
        candidate = Candidate(number, ticket, key, serial, address, now_s, now_s)
        self._by_ticket[ticket] = candidate
        return candidate

    def ask(self, ticket: str, *, key: bytes, now_s: float) -> Candidate | None:
        """A box asks again: how it stands; None: nobody waits under that ticket with that key any more."""
        self._forget(now_s)
        found = self._by_ticket.get(ticket)
        if found is None or found.key != key:
            return None
        found = self._by_ticket[ticket] = replace(found, asked_s=now_s)
        return found

    def by_number(self, text: str, *, now_s: float) -> Candidate | None:
        """Return who shows a number, however it was typed; None: nobody does."""
        self._forget(now_s)
        digits = "".join(text.split())
        return next((one for one in self._by_ticket.values() if _digits(one) == digits), None)

    def take(self, candidate: Candidate, box: BoxName) -> None:
        """An operator made `candidate` the box of a station: it is told when it asks next."""
        self._by_ticket[candidate.ticket] = replace(candidate, box=box)

    def waiting(self, *, now_s: float) -> list[Candidate]:
        """Return who waits, the one that came last first."""
        self._forget(now_s)
        return [one for one in reversed(self._by_ticket.values()) if one.box is None]

    def _forget(self, now_s: float) -> None:
        for ticket, one in list(self._by_ticket.items()):
            if now_s - one.asked_s > SILENT_S or now_s - one.since_s > LIFE_S:
                del self._by_ticket[ticket]


def _spoken(number: int) -> str:
    text = f"{number:06d}"
    return f"{text[:3]} {text[3:]}"


def _digits(candidate: Candidate) -> str:
    return candidate.number.replace(" ", "")
