"""What is said aloud at the station, and at which change of the call (core).

A name here is the name of a sentence; what speaks it, and in which language, is not decided here.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final, NamedTuple

from contract.events import CallStep, Event, PracticeKind, PracticeMode
from edge.call.hub_ring import RingState
from edge.call.station_call import StationCall
from edge.call.station_table import State


class Prompt(Enum):
    """One sentence for the people beside the patient."""

    REGISTERED = "registered"  # the press is on this disk
    KEPT = "kept"  # no word of the hub: the press is safe here, and goes as soon as there is a link
    AT_HUB = "at hub"  # it is on the hub's disk
    RINGING = "ringing"  # it rings where somebody sits
    ANSWERED = "answered"  # a person has it
    HELD = "held"  # who has it asks to wait: nobody hears or sees the station meanwhile
    NO_WORD = "no word"  # the hub has the call and says nothing any more: nobody can be heard
    ENDED = "ended"
    CANCELLED = "cancelled"
    HUB_CALLS = "hub calls"  # press to answer
    AUTO_ANSWER = "auto answer"  # 5 s after this the microphone opens by itself; a press answers at once
    RAISED = "raised"  # held for two seconds: an emergency
    PRACTICE_DRILL = "practice drill"  # the next press is a drill
    PRACTICE_TEST = "practice test"  # the next press is a test
    PRACTICE_OK = "practice ok"  # the test came through and back
    SELF_TEST_WAITS = "self-test waits"  # the button is held for ten seconds: after the call, which goes on
    SELF_TEST_OK = "self-test ok"
    SELF_TEST_ILL = "self-test ill"  # something is not well


_STEPS: Final = {
    "kept": Prompt.KEPT,
    "at the hub": Prompt.AT_HUB,
    "ringing": Prompt.RINGING,
    "claimed": Prompt.ANSWERED,
    "held": Prompt.HELD,
    "cancelled": Prompt.CANCELLED,
    "ended": Prompt.ENDED,
}
_ONCE_A_CALL: Final = (Prompt.KEPT, Prompt.AT_HUB, Prompt.RINGING)
_PRACTICE: Final = {"drill": Prompt.PRACTICE_DRILL, "test": Prompt.PRACTICE_TEST}
_RING: Final = {RingState.CHIMES: Prompt.HUB_CALLS, RingState.ANNOUNCED: Prompt.AUTO_ANSWER}


class PromptsDue:
    """What was said last, and so what a change makes due. What a restart finds is no change."""

    def __init__(self, call: StationCall) -> None:
        self._said: set[Prompt] = set()  # in the call of now
        self._seen = _seen(call)

    def after(self, call: StationCall, told: Sequence[Event]) -> list[Prompt]:
        """Return what is to be said now that the call stands so and has told these events, oldest first.

        A press that accepts a ring is answered by the end of the chime. A ring that is about to answer itself
        is announced to the end: nothing else is said until it is over.
        """
        before, self._seen = self._seen, _seen(call)
        due = [prompt for event in told if (prompt := _of(event, before.practice, call.state)) is not None]
        if call.call_seq is not None and call.call_seq != before.call_seq:
            self._said.clear()
            is_answer = before.ring[1] is not RingState.QUIET
            if call.state is State.REGISTERED and not call.is_raised and not is_answer:
                due.append(Prompt.REGISTERED)
        if Prompt.NO_WORD in due:  # what comes after it is news again
            self._said.clear()
        if call.is_raised and not (before.is_raised and call.call_seq == before.call_seq):
            due.append(Prompt.RAISED)
        if call.ring.state is RingState.ANNOUNCED:
            due.clear()
        if call.ring.state in _RING and (call.ring.name, call.ring.state) != before.ring:
            due.append(_RING[call.ring.state])
        due = [prompt for prompt in due if prompt not in self._said]
        self._said |= set(due) & set(_ONCE_A_CALL)
        return due


class _Seen(NamedTuple):
    call_seq: int | None
    practice: PracticeKind | None
    is_raised: bool
    ring: tuple[str, RingState]


def _seen(call: StationCall) -> _Seen:
    return _Seen(call.call_seq, call.practice, call.is_raised, (call.ring.name, call.ring.state))


def _of(event: Event, practice: PracticeKind | None, state: State) -> Prompt | None:
    match event:
        case CallStep(step="kept") if state is State.NO_WORD:
            return Prompt.NO_WORD
        case CallStep(step="ended") if practice == "test":
            return Prompt.PRACTICE_OK
        case CallStep(step=step):
            return _STEPS[step]
        case PracticeMode(kind=kind, is_on=True):
            return _PRACTICE[kind]
        case _:
            return None
