"""The practice mode of a station (core): it covers one press within its lease; the next one is real.

A practice of the hub has a name, and a name covers one press: said again after that, late or doubled, it
begins nothing. What somebody at the station asks for has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from contract.events import PracticeKind
from edge.errors import IllegalInputError

LEASE_S: Final = 600.0  # of what is asked for at the station
LONGEST_S: Final = 1800.0  # of one name, however often it is said again: a real press comes sooner or later
ENDED_MAX: Final = 16  # names


class PracticeState(Enum):
    """Whether the next press is practice."""

    OFF = "the next press is real"
    ON = "the next press is practice"


class PracticeInput(Enum):
    """What can happen to the practice mode."""

    ASKED = "the hub or the station asks for it"
    STOPPED = "who asked for it takes it back"
    USED = "the one press that it is for is stored"
    REAL_PRESS = "a press is stored that it is not for"
    OVER = "its lease is over"


TRANSITIONS: Final = {
    (PracticeState.OFF, PracticeInput.ASKED): PracticeState.ON,
    (PracticeState.ON, PracticeInput.ASKED): PracticeState.ON,
    **{
        (PracticeState.ON, input_): PracticeState.OFF
        for input_ in (
            PracticeInput.STOPPED,
            PracticeInput.USED,
            PracticeInput.REAL_PRESS,
            PracticeInput.OVER,
        )
    },
}


@dataclass(slots=True)
class Practising:
    """The practice of now. It was first asked for at `began_s`, and lasts until `until_s`; both are
    CLOCK_BOOTTIME. `name` None: asked for at the station."""

    state: PracticeState = PracticeState.OFF
    kind: PracticeKind = "drill"
    name: str | None = None
    by: str = ""
    began_s: float | None = None
    until_s: float | None = None
    ended: list[str] = field(default_factory=list)

    @property
    def is_on(self) -> bool:
        """Whether the next press is practice."""
        return self.state is PracticeState.ON

    def ask(self, kind: PracticeKind, *, name: str | None, by: str, lease_s: float, now_s: float) -> bool:
        """Practise, or go on doing so; return whether that is news. Raises IllegalInputError: it was used."""
        if name is not None and name in self.ended:
            raise IllegalInputError(f"practice {name} is over here")
        is_news = not self.is_on or (kind, name) != (self.kind, self.name)
        if self.is_on and self.name is not None and name != self.name:
            self._forget(self.name)
        self._apply(PracticeInput.ASKED)
        is_again = name is not None and name == self.name
        self.began_s = self.began_s if is_again and self.began_s is not None else now_s
        self.kind, self.name, self.by = kind, name, by
        self.until_s = min(now_s + lease_s, self.began_s + LONGEST_S)
        return is_news

    def is_over(self, *, now_s: float) -> bool:
        """Whether its lease has run out."""
        return self.is_on and self.until_s is not None and now_s >= self.until_s

    def end(self, input_: PracticeInput) -> None:
        """The next press is real. Raises IllegalInputError: it was already."""
        self._apply(input_)
        if self.name is not None:
            self._forget(self.name)
        self.name, self.by, self.began_s, self.until_s = None, "", None, None

    def stop(self, name: str) -> bool:
        """The hub ends the practice of this name, also one that it has not begun here. Whether it was on."""
        is_mine = self.is_on and self.name == name
        if is_mine:
            self.end(PracticeInput.STOPPED)
        self._forget(name)
        return is_mine

    def saved(self) -> dict[str, Any]:
        """Return what a restart must know."""
        if not self.is_on:
            return {"ended": self.ended}
        times = {"began_s": self.began_s, "until_s": self.until_s}
        return {"ended": self.ended, "kind": self.kind, "name": self.name, **times}

    @classmethod
    def restored(cls, saved: Mapping[str, Any], *, is_same_boot: bool, now_s: float) -> "Practising":
        """Return the practice that was saved. A boot of the box ends it (the first tick tells so): a press
        that is taken for practice without need is worse than a drill that must be asked for again."""
        practising = cls(ended=list(saved.get("ended", ())))
        if "kind" in saved:
            practising.state, practising.kind, practising.name = (
                PracticeState.ON,
                saved["kind"],
                saved["name"],
            )
            times = (saved["began_s"], saved["until_s"]) if is_same_boot else (now_s, now_s)
            practising.began_s, practising.until_s = times
        return practising

    def _forget(self, name: str) -> None:
        self.ended = [*(one for one in self.ended if one != name), name][-ENDED_MAX:]

    def _apply(self, input_: PracticeInput) -> None:
        if (self.state, input_) not in TRANSITIONS:
            raise IllegalInputError(f"practice: {input_.value}, while {self.state.value}")
        self.state = TRANSITIONS[self.state, input_]
