"""What is asked for, and whether it may be done (core).

A request is a text: the station's id in the first line; `lose N` or `lose all` in another, where records
that the hub does not have may be lost. Source: docs/adr/0053-self-test-and-factory-return.md.
"""

import re
from dataclasses import dataclass
from typing import Final

REQUEST_NAME: Final = "haidang-factory-return.txt"  # on the boot partition; once
ANSWER_NAME: Final = "haidang-factory-return-answer.txt"
REQUEST_MAX_BYTES: Final = 1_000
_LOSE: Final = re.compile(r"lose ([0-9]{1,12}|all)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Unsent:
    """What would be lost: `records` that the hub has not received, and `unread` files with nobody knows how
    many more (they are damaged, or were set aside)."""

    records: int = 0
    unread: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether the hub has all."""
        return not self.records and not self.unread

    @property
    def word(self) -> str:
        """What somebody must say who wants to lose it."""
        return "all" if self.unread else str(self.records)

    @property
    def text(self) -> str:
        """What would be lost, in words."""
        files = f", and whatever stands in {self.unread} damaged files" if self.unread else ""
        return f"{self.records} records that the hub does not have{files}"

    def may_be_lost(self, word: str) -> bool:
        """Whether `word` allows it: "all", or a number that is no smaller. A box goes on recording after
        somebody has read the number, so one that has become larger is asked for again."""
        if self.is_nothing or word == "all":
            return True
        return not self.unread and word.isdecimal() and int(word) >= self.records


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it was written. `lose`: "", "all" or a number."""

    station: str
    lose: str = ""


def parse_request(text: str) -> Request:
    """Return what the file asks for; what cannot be read names no station."""
    lines = [line.strip() for line in text.lstrip("\ufeff").splitlines() if line.strip()]
    lose = next((found[1].lower() for line in lines[1:] if (found := _LOSE.fullmatch(line))), "")
    return Request(lines[0] if lines else "", lose)


def refusal_of(request: Request, *, station: str, unsent: Unsent) -> str:
    """Return why it is not done and what to do; empty: it may be done."""
    if request.station != station:
        return f"this box is {station}, the file names {request.station or 'none'}: nothing was done"
    if not unsent.may_be_lost(request.lose):
        return (
            f"{unsent.text} would be lost: nothing was done. Export them (`edge spool export`), or let the"
            f" box reach the hub; to lose them, write the file again, with a second line: lose {unsent.word}"
        )
    return ""
