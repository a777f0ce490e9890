"""One piece of advice at its station (core): what it says, when it came, what became of it."""

from enum import StrEnum
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from contract.events import AdviceKept, SpoolName
from contract.signals import Advice


class Moment(NamedTuple):
    """`us` of the box's clock in the boot called `boot`; `utc_us` when the hub has told what time it is."""

    boot: str
    us: int
    utc_us: int | None


class Print(StrEnum):
    """How printing ended; each has its words (edge/panel/words.py)."""

    PRINTED = "printed"
    ON_STICK = "on stick"
    SWITCHED_OFF = "switched off"
    NOWHERE = "nowhere"
    NO_CUPS = "no cups"
    NO_PRINTER = "no printer"
    REFUSED = "refused"
    NO_PAPER = "no paper"
    JAMMED = "jammed"
    OPEN = "open"
    NO_INK = "no ink"
    OFFLINE = "offline"
    STOPPED = "stopped"
    TOO_SLOW = "too slow"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNSURE = "unsure"
    NO_STICK = "no stick"
    STICK_FULL = "stick full"
    STICK_READ_ONLY = "stick read-only"
    STICK_FAILED = "stick failed"
    NO_LETTERS = "no letters"


DONE: Final = frozenset({Print.PRINTED, Print.ON_STICK})


class Outcome(BaseModel):
    """What became of printing. `detail`: which printer or file, or what the machine said."""

    model_config = ConfigDict(frozen=True)

    how: Print
    detail: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it is on paper, or on the stick."""
        return self.how in DONE


class Piece(BaseModel):
    """`told_in`: the spool in which the hub is told that it came."""

    model_config = ConfigDict(frozen=True)

    said: Advice
    came: Moment
    told_in: SpoolName
    outcome: Outcome | None = None

    def since_s(self, now: Moment) -> float | None:
        """Return how long ago it came, in seconds; None: before this boot of the box, and nobody knows."""
        if self.came.boot == now.boot:
            return max(0.0, (now.us - self.came.us) / 1e6)
        if self.came.utc_us is None or now.utc_us is None:
            return None
        return max(0.0, (now.utc_us - self.came.utc_us) / 1e6)

    def made_ago_s(self, now: Moment) -> float | None:
        """Return how long ago it was written, by the hub's clock; None while this boot does not know that."""
        return None if now.utc_us is None else max(0.0, (now.utc_us - self.said.made_utc_us) / 1e6)


class Untold(NamedTuple):
    """What the hub is to be told of a piece; `spool` and `visit` say whose it is."""

    event: AdviceKept
    spool: SpoolName
    visit: int
