"""The station's side of one call (core). Every transition is in the table, none elsewhere.

The call is named by the seq of its press. What the hub says is a state that is said again while it holds, so
hearing the same twice, or a step late, changes nothing. Everything here survives a restart through `saved`.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal

from contract.ranges import SeqRanges
from contract.signals import HubCallState
from edge.errors import IllegalInputError


class State(Enum):
    """What the nurse may rely on."""

    IDLE = "idle"
    REGISTERED = "registered"  # on disk here
    AT_HUB = "at the hub"  # on disk there
    RINGING = "ringing"  # a console on duty has confirmed that it sounds
    CLAIMED = "claimed"  # a person has taken the call


class Input(Enum):
    """What can happen to a call."""

    PRESS = "press stored"
    RECEIPT = "receipt for the press"
    HUB_RINGING = "the hub says: ringing"
    HUB_CLAIMED = "the hub says: claimed"
    HUB_WAITS = "the hub says: nobody yet, it is kept"
    HUB_ENDED = "the hub says: over"
    HUB_ADOPTED = "the hub says: this nudge is the call now"
    CANCEL = "the nurse cancels"


_OPEN: Final = (State.REGISTERED, State.AT_HUB, State.RINGING, State.CLAIMED)
TRANSITIONS: Final = {
    (State.IDLE, Input.PRESS): State.REGISTERED,
    **{(state, Input.PRESS): state for state in _OPEN},  # a nudge
    (State.REGISTERED, Input.RECEIPT): State.AT_HUB,
    **{(state, Input.RECEIPT): state for state in (State.AT_HUB, State.RINGING, State.CLAIMED)},
    **{(state, Input.HUB_RINGING): State.RINGING for state in _OPEN},  # also when who had it let go
    **{(state, Input.HUB_CLAIMED): State.CLAIMED for state in _OPEN},
    **{(state, Input.HUB_WAITS): State.AT_HUB for state in _OPEN},
    **{(state, Input.HUB_ENDED): State.IDLE for state in _OPEN},
    **{(state, Input.HUB_ADOPTED): State.AT_HUB for state in State},
    **{(state, Input.CANCEL): State.IDLE for state in _OPEN},
}
_HUB_INPUTS: Final[dict[HubCallState, Input]] = {
    "offered": Input.HUB_WAITS,
    "ringing": Input.HUB_RINGING,
    "claimed": Input.HUB_CLAIMED,
    "missed": Input.HUB_WAITS,
    "callback": Input.HUB_WAITS,
    "ended": Input.HUB_ENDED,
    "cancelled": Input.HUB_ENDED,
}
Step = Literal["at the hub", "ringing", "claimed", "cancelled", "ended"]


@dataclass(slots=True)
class StationCall:
    """The call of now. `call_seq` is None when idle; `spool` names the spool of its press where that is not
    the box's own any more, in 16 digits.

    `nudges` are the later presses, `nudges_at_hub` those of them that the hub has. When the hub ends the
    call, a nudge that it does not have is the next call; one that it has may be one, if it says so.
    """

    state: State = State.IDLE
    call_seq: int | None = None
    nudges: list[int] = field(default_factory=list)
    claimed_by: str | None = None
    nudges_at_hub: list[int] = field(default_factory=list)
    spool: str | None = None
    _revision: int = -1

    def press(self, seq: int) -> None:
        """A press is stored as record `seq`: it opens a call or nudges the open one."""
        self._apply(Input.PRESS)
        if self.call_seq is None:
            self.call_seq, self.nudges, self.nudges_at_hub, self._revision = seq, [], [], -1
        else:
            self.nudges.append(seq)

    def left_behind(self, spool: str) -> None:
        """Another spool begins, and what was pressed before stays in `spool`: nudges are the hub's matter."""
        self.nudges, self.nudges_at_hub = [], []
        if self.call_seq is not None and self.spool is None:
            self.spool = spool

    def pressed_anew(self, seq: int) -> None:
        """The record of the press was lost with its spool; `seq` of the box's own tells of it again."""
        self.call_seq, self.spool, self._revision = seq, None, -1
        self.nudges = [nudge for nudge in self.nudges if nudge > seq]

    def receipt(self) -> Step | None:
        """The hub has the press on disk. Return the step that this was, if it was one."""
        return self._step(Input.RECEIPT)

    def nudges_received(self, committed: SeqRanges) -> None:
        """The hub has these class-0 records on disk."""
        self.nudges_at_hub += [
            seq for seq in self.nudges if seq in committed and seq not in self.nudges_at_hub
        ]

    def hub_says(
        self, call_seq: int, state: HubCallState, *, revision: int, by: str | None, spool: str | None = None
    ) -> Step | None:
        """Take the hub's word; `spool` as in the attribute. Return the step that this was, if it was one.

        A nudge of a call that the hub had closed became a call there: the hub then names the nudge, and so do
        we from then on. Raises IllegalInputError for a call that is not open here.
        """
        if state == "unknown":  # a hub that has not received the press yet
            return None
        before = self.state
        is_over = _HUB_INPUTS[state] is Input.HUB_ENDED
        if spool is None and self._may_adopt(call_seq) and not (self.state is State.IDLE and is_over):
            self._adopt(call_seq)
        if (spool, call_seq) != (self.spool, self.call_seq):
            raise IllegalInputError(f"the hub says {state} of call {call_seq}; open here is {self.call_seq}")
        if revision <= self._revision:
            return None
        step = self._step(_HUB_INPUTS[state], before=before)
        self._revision = revision
        self.claimed_by = by if state == "claimed" else None
        if is_over:
            self._open_next()
        return step

    def _may_adopt(self, call_seq: int) -> bool:
        """A press is a call of its own beside one of a former spool, and waits while that is answered."""
        return call_seq in self.nudges and not (self.spool is not None and self.state is State.CLAIMED)

    def _adopt(self, call_seq: int) -> None:
        self._apply(Input.HUB_ADOPTED)
        self.call_seq, self.spool, self._revision = call_seq, None, -1
        self.nudges = [seq for seq in self.nudges if seq > call_seq]
        self.nudges_at_hub = [seq for seq in self.nudges_at_hub if seq > call_seq]

    def _open_next(self) -> None:
        """The call is over at the hub: a nudge that it does not have will be a call there."""
        owed = [seq for seq in self.nudges if seq not in self.nudges_at_hub]
        if owed:
            self.press(owed[0])
            self.nudges = owed[1:]

    def forget_revision(self) -> None:
        """The hub is connected anew, perhaps restored from a backup: whatever it says first is news."""
        self._revision = -1

    def cancel(self) -> Step | None:
        """The nurse cancels; the hub keeps the call until somebody has looked at it. Raises
        IllegalInputError.
        """
        self._apply(Input.CANCEL)
        self.nudges, self.nudges_at_hub = [], []
        return "cancelled"

    def saved(self) -> dict[str, Any] | None:
        """Return what a restart must know, as JSON; None for nothing. Who has the call the hub says again: no
        name lies on the card.
        """
        if self.call_seq is None and not self.nudges:
            return None
        return {
            "state": self.state.value,
            "call_seq": self.call_seq,
            "nudges": self.nudges,
            "nudges_at_hub": self.nudges_at_hub,
            **({} if self.spool is None else {"spool": self.spool}),
        }

    @classmethod
    def restored(cls, saved: dict[str, Any] | None) -> "StationCall":
        """Return the call that was `saved`."""
        if saved is None:
            return cls()
        return cls(
            State(saved["state"]),
            saved["call_seq"],
            list(saved["nudges"]),
            nudges_at_hub=list(saved.get("nudges_at_hub", ())),
            spool=saved.get("spool"),
        )

    def _step(self, input_: Input, *, before: State | None = None) -> Step | None:
        before = before or self.state
        self._apply(input_)
        if self.state is before:
            return None
        match self.state:
            case State.AT_HUB:
                return "at the hub"
            case State.RINGING:
                return "ringing"
            case State.CLAIMED:
                return "claimed"
            case _:
                return "ended"

    def _apply(self, input_: Input) -> None:
        if (self.state, input_) not in TRANSITIONS:
            raise IllegalInputError(f"{input_.name} in {self.state.name}")
        self.state = TRANSITIONS[self.state, input_]
        if self.state is State.IDLE:
            self.call_seq, self.claimed_by, self.spool = None, None, None
