"""The hub calls the station (core): one ring at a time, by its name; every transition is in the table.

The hub says its ring again while it holds, and lease 0 at its end. A ring that is over here, however it
ended, never chimes again: its name is remembered, so that what comes doubled, late or out of order changes
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from contract.events import PracticeKind
from contract.signals import RingStation
from edge.errors import IllegalInputError

ANNOUNCED_S: Final = 5.0  # from the end of the announcement until a ring answers itself
ANNOUNCED_WITHIN_S: Final = 15.0  # from the ring on: three languages, and an `edge video` that must start
LONGEST_S: Final = 90.0  # however often it is said again: a hub that forgets to end it ends no night's sleep
ENDED_MAX: Final = 16  # names; what is late is late by seconds


class RingState(Enum):
    """How a ring of the hub stands."""

    QUIET = "the hub does not call"
    CHIMES = "it chimes until a press accepts it"
    ANNOUNCED = "it chimes, and is about to answer itself"
    TAKEN = "the press that accepts it is on its way to the disk"


class RingInput(Enum):
    """What can happen to a ring."""

    CALLS = "the hub calls"
    CALLS_ALOUD = "the hub calls, and the station's policy lets it answer itself"
    TAKE = "the button is pressed, or the announcement is over"
    ACCEPTED = "the press is stored"
    DECLINED = "somebody at the station declines"
    OVER = "its lease is over, or the hub says so"


_ON: Final = (RingState.CHIMES, RingState.ANNOUNCED)
TRANSITIONS: Final = {
    (RingState.QUIET, RingInput.CALLS): RingState.CHIMES,
    (RingState.QUIET, RingInput.CALLS_ALOUD): RingState.ANNOUNCED,
    (RingState.CHIMES, RingInput.CALLS_ALOUD): RingState.ANNOUNCED,
    (RingState.CHIMES, RingInput.CALLS): RingState.CHIMES,
    **{
        (RingState.ANNOUNCED, input_): RingState.ANNOUNCED
        for input_ in (RingInput.CALLS, RingInput.CALLS_ALOUD)
    },
    **{(RingState.TAKEN, input_): RingState.TAKEN for input_ in (RingInput.CALLS, RingInput.CALLS_ALOUD)},
    **{(state, RingInput.TAKE): RingState.TAKEN for state in _ON},
    **{(state, RingInput.DECLINED): RingState.QUIET for state in _ON},
    **{(state, RingInput.OVER): RingState.QUIET for state in _ON},
    (RingState.TAKEN, RingInput.OVER): RingState.TAKEN,  # the press says so when it is stored
    (RingState.TAKEN, RingInput.ACCEPTED): RingState.QUIET,
}


@dataclass(slots=True)
class HubRing:
    """The ring of now. `practice`: of the call that is called back. `began_s`: it was first heard;
    `until_s`: its lease; `answers_at_s`: when it answers itself; all CLOCK_BOOTTIME."""

    state: RingState = RingState.QUIET
    name: str = ""
    by: str = ""
    is_emergency: bool = False
    practice: PracticeKind | None = None
    began_s: float | None = None
    until_s: float | None = None
    answers_at_s: float | None = None
    ended: list[str] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Whether the hub calls."""
        return self.state is not RingState.QUIET

    @property
    def is_waiting(self) -> bool:
        """Whether a press would accept it, and a word end it."""
        return self.state in _ON

    @property
    def next_s(self) -> float | None:
        """When something must happen by itself."""
        if not self.is_waiting:
            return None
        return min((at_s for at_s in (self.until_s, self.answers_at_s) if at_s is not None), default=None)

    def hear(self, signal: RingStation, *, may_answer: bool, now_s: float) -> None:
        """The hub calls, or says so again. `may_answer`: an emergency may answer itself here.

        Raises IllegalInputError: this ring is over here, or another one is on.
        """
        if signal.ring in self.ended or (self.is_on and signal.ring != self.name):
            raise IllegalInputError(f"ring {signal.ring} by {signal.by} is over here, or another is on")
        is_aloud = may_answer and bool(signal.is_emergency)
        self._apply(RingInput.CALLS_ALOUD if is_aloud else RingInput.CALLS)
        self.name, self.by, self.is_emergency = signal.ring, signal.by, bool(signal.is_emergency)
        self.practice = signal.practice
        self.began_s = now_s if self.began_s is None else self.began_s
        self.until_s = min(now_s + signal.lease_s, self.began_s + LONGEST_S)
        if self.state is RingState.ANNOUNCED and self.answers_at_s is None:
            self.answers_at_s = now_s + ANNOUNCED_WITHIN_S

    def announced(self, *, now_s: float) -> None:
        """Everybody there has been told that it answers itself, as far as they can be: now they have 5 s."""
        if self.state is RingState.ANNOUNCED and self.answers_at_s is not None:
            self.answers_at_s = min(self.answers_at_s, now_s + ANNOUNCED_S)

    def take(self) -> None:
        """A press accepts it: no time ends it any more. Raises IllegalInputError."""
        self._apply(RingInput.TAKE)

    def is_due_by_itself(self, *, now_s: float) -> bool:
        """Whether the announcement is over: then it is taken, and its press is to be stored. Once."""
        is_due = self.state is RingState.ANNOUNCED and self.answers_at_s is not None
        if not is_due or now_s < (self.answers_at_s or 0.0):
            return False
        self.take()
        return True

    def is_over(self, *, now_s: float) -> bool:
        """Whether its lease has run out."""
        return self.is_waiting and self.until_s is not None and now_s >= self.until_s

    def end(self, input_: RingInput) -> None:
        """ACCEPTED, DECLINED or OVER. Raises IllegalInputError."""
        self._apply(input_)
        if self.state is RingState.QUIET:
            self.forget(self.name)
            self.name = self.by = ""
            self.is_emergency, self.practice = False, None
            self.began_s = self.until_s = self.answers_at_s = None

    def forget(self, name: str) -> None:
        """A ring of this name is over, also one that was not heard of before its end."""
        self.ended = [*(one for one in self.ended if one != name), name][-ENDED_MAX:]

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know; who calls the hub says again: no name lies on the card."""
        if not self.is_on:
            return {"ended": self.ended}
        return {
            "ended": self.ended,
            "name": self.name,
            "began_s": self.began_s,
            "until_s": self.until_s,
            "is_emergency": self.is_emergency,
            "practice": self.practice,
        }

    @classmethod
    def restored(cls, saved: Mapping[str, Any], *, is_same_boot: bool, now_s: float) -> "HubRing":
        """Return the ring that was saved. A boot of the box ends it: the first tick tells so. A press that
        was on its way to the disk comes again from the button, so the ring waits for it as before. One that
        was to answer itself does so only when it is announced anew, at the hub's next word: nobody knows
        whether the announcement was heard."""
        ring = cls(ended=list(saved.get("ended", ())))
        if "name" not in saved:
            return ring
        ring.name, ring.is_emergency = saved["name"], saved["is_emergency"]
        ring.practice = saved.get("practice")
        ring.began_s, ring.until_s = (saved["began_s"], saved["until_s"]) if is_same_boot else (now_s, now_s)
        ring.state = RingState.CHIMES
        return ring

    def _apply(self, input_: RingInput) -> None:
        if (self.state, input_) not in TRANSITIONS:
            raise IllegalInputError(f"ring: {input_.value}, while {self.state.value}")
        self.state = TRANSITIONS[self.state, input_]
