"""When the box tests itself (core): never while somebody may need help, and never in place of a call.

A button that is held for ten seconds was pressed, and held for two: it has called, and it is an emergency.
The self-test takes none of that back. It waits until no call is open; a press, or a ring of the hub, ends it
at once. Source: docs/adr/0053-self-test-and-factory-return.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from contract.events import PartFound
from edge.errors import IllegalInputError
from edge.health.report import Finding

WAITS_MAX_S: Final = 600.0  # for the call to be over; after that nobody stands there any more
PARTS_MAX: Final = 16  # of an event
TEXT_MAX: Final = 160

AskedBy = Literal["button", "station"]


class SelfTestState(Enum):
    """How the self-test stands."""

    QUIET = "no self-test"
    WAITS = "a self-test was asked for, and a call is open"
    RUNS = "the box tests itself"


class SelfTestInput(Enum):
    """What can happen to it."""

    HELD_ON = "the button is held for ten seconds"
    ASKED = "somebody at the station asks for it, and no call is open"
    FREE = "no call is open, and none is coming"
    HELP = "a press, or the hub calls"
    OVER = "all parts are tested"
    TOO_LATE = "it has waited for ten minutes"


TRANSITIONS: Final = {
    (SelfTestState.QUIET, SelfTestInput.HELD_ON): SelfTestState.WAITS,
    (SelfTestState.WAITS, SelfTestInput.HELD_ON): SelfTestState.WAITS,
    (SelfTestState.QUIET, SelfTestInput.ASKED): SelfTestState.WAITS,
    (SelfTestState.WAITS, SelfTestInput.FREE): SelfTestState.RUNS,
    (SelfTestState.QUIET, SelfTestInput.HELP): SelfTestState.QUIET,
    (SelfTestState.WAITS, SelfTestInput.HELP): SelfTestState.WAITS,  # the call goes first
    (SelfTestState.RUNS, SelfTestInput.HELP): SelfTestState.QUIET,  # nobody wants a tone after it
    (SelfTestState.RUNS, SelfTestInput.OVER): SelfTestState.QUIET,
    (SelfTestState.WAITS, SelfTestInput.TOO_LATE): SelfTestState.QUIET,
}


@dataclass(slots=True)
class SelfTest:
    """The self-test of now. `until_s`: it waits no longer; CLOCK_BOOTTIME."""

    state: SelfTestState = SelfTestState.QUIET
    asked_by: AskedBy = "button"
    until_s: float = 0.0

    def held_on(self, *, now_s: float) -> bool:
        """The button is held for ten seconds; return whether a self-test waits now that did not before."""
        if self.state is SelfTestState.RUNS:  # told late: its press has ended what ran, or is of before
            return False
        return self._ask(SelfTestInput.HELD_ON, "button", now_s)

    def ask(self, *, is_free: bool, now_s: float) -> None:
        """Somebody at the station asks. Raises IllegalInputError: not now."""
        if not is_free:
            raise IllegalInputError("a call is open or is coming: test when it is over")
        self._ask(SelfTestInput.ASKED, "station", now_s)

    def look(self, *, is_free: bool, now_s: float) -> SelfTestInput | None:
        """Time has passed, or the call has moved; return FREE: it begins now, TOO_LATE: it does not any more,
        None: nothing.
        """
        if self.state is not SelfTestState.WAITS:
            return None
        input_ = SelfTestInput.TOO_LATE if now_s >= self.until_s else SelfTestInput.FREE if is_free else None
        if input_ is not None:
            self._apply(input_)
        return input_

    def help(self) -> bool:
        """Somebody presses, or the hub calls; return whether that breaks it off."""
        was_running = self.state is SelfTestState.RUNS
        self._apply(SelfTestInput.HELP)
        return was_running

    def over(self) -> None:
        """All parts are tested. Raises IllegalInputError: it does not run."""
        self._apply(SelfTestInput.OVER)

    def _ask(self, input_: SelfTestInput, by: AskedBy, now_s: float) -> bool:
        was_waiting = self.state is SelfTestState.WAITS
        self._apply(input_)
        if not was_waiting:
            self.asked_by, self.until_s = by, now_s + WAITS_MAX_S
        return not was_waiting

    def _apply(self, input_: SelfTestInput) -> None:
        if (self.state, input_) not in TRANSITIONS:
            raise IllegalInputError(f"{input_.value}: {self.state.value}")
        self.state = TRANSITIONS[self.state, input_]


class SelfTestNow(BaseModel):
    """For panel and command: how it stands, and what the last one since the start found; `result` None: there
    was none."""

    model_config = ConfigDict(frozen=True)

    state: str = SelfTestState.QUIET.name
    result: tuple[Finding, ...] | None = None

    @property
    def ill(self) -> tuple[Finding, ...]:
        """What was not well."""
        return tuple(one for one in self.result or () if not one.is_well)


def parts_of(findings: Sequence[Finding]) -> tuple[PartFound, ...]:
    """Return what the event says of `findings`: PARTS_MAX at most, what is not well first."""
    ordered = sorted(findings, key=lambda one: one.is_well)[:PARTS_MAX]
    return tuple(PartFound(part=one.part, is_well=one.is_well, text=one.text[:TEXT_MAX]) for one in ordered)


def findings_from(said: Any) -> list[Finding]:
    """Return the findings in the JSON of the process that tests devices. Raises ValueError."""
    if not isinstance(said, list):
        raise ValueError("expected a list of findings")
    return [Finding.model_validate(one) for one in said]
