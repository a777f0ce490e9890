"""The station's side of one call (core): what each input of the table makes of it.

The call is named by the seq of its press. What the hub says is a state that is said again while it holds, so
hearing the same twice, or a step late, changes nothing. What must be recorded is told as events, to be taken
by `take_told` after each input. Everything here survives a restart (`edge.call.saved_call`).
"""

from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from contract.events import CallRaised, CallStep, Event, HubRang, PracticeKind, PracticeMode
from contract.ranges import SeqRanges
from contract.signals import HubCallState, OnTheLine, RingStation
from edge.call.hub_ring import HubRing, RingInput
from edge.call.practising import LEASE_S, PracticeInput, Practising
from edge.call.press_meaning import PressMeaning, meaning_of_press
from edge.call.station_table import (
    ANSWERED,
    CLOSED,
    HUB_INPUTS,
    OPEN,
    OWED,
    REPEATED,
    STEPS,
    TRANSITIONS,
    WAITING,
    Input,
    State,
    Step,
)
from edge.errors import IllegalInputError

KEPT_S: Final = 5.0  # without a word of the hub: the nurse is told that there is no link
NO_WORD_S: Final = 15.0  # since the hub's last word, which it says again every 5 s: three were lost
FLOW_S: Final = 8.0  # `edge video` says every 5 s that packets flow: then somebody is heard without the hub
HOTLINE_S: Final = 20.0  # without ringing or an answer: she is shown whom to telephone
MISSED: Final = ("missed", "callback")  # what the hub says where nobody answered in time


class LastCall(NamedTuple):
    """The call that was open before."""

    seq: int
    spool: str | None
    practice: PracticeKind | None


@dataclass(slots=True)
class StationCall:
    """The call of now. `call_seq` is None when none is open; `spool` names the spool of its press where that
    is not the box's own any more, in 16 digits. Times are CLOCK_BOOTTIME.

    `nudges` are the later presses, `nudges_at_hub` those of them that the hub has. When the hub ends the
    call, a nudge that it does not have is the next call; one that it has may be one, if it says so.
    `overdue_at_s`: when it is KEPT, or NO_WORD; `hotline_at_s`: from when on the nurse is shown whom to
    telephone; `raise_seq`: the record that has opened a closed call again: the hub has it when it has that.
    """

    state: State = State.IDLE
    call_seq: int | None = None
    nudges: list[int] = field(default_factory=list)
    claimed_by: str | None = None
    others: tuple[OnTheLine, ...] = ()  # beside who claimed it
    nudges_at_hub: list[int] = field(default_factory=list)
    spool: str | None = None
    phone: str | None = None  # what the hub says is to be rung, where no voice comes this way
    practice: PracticeKind | None = None  # the open call is none
    is_raised: bool = False
    was_kept: bool = False
    is_missed: bool = False  # nobody answered in time: the hub will call back
    since_s: float | None = None  # the state holds; None: since before this boot
    overdue_at_s: float | None = None
    hotline_at_s: float | None = None
    raise_seq: int | None = None
    ring: HubRing = field(default_factory=HubRing)
    practising: Practising = field(default_factory=Practising)
    last: LastCall | None = None
    _revision: int = -1
    _told: list[Event] = field(default_factory=list)

    def take_told(self) -> list[Event]:
        """Return, once, the events that must be recorded."""
        told, self._told = self._told, []
        return told

    @property
    def next_s(self) -> float | None:
        """When `tick` has something to do."""
        practice_until_s = self.practising.until_s if self.practising.is_on else None
        due = (self.overdue_at_s, self.ring.next_s, practice_until_s)
        return min((at_s for at_s in due if at_s is not None), default=None)

    def tick(self, *, now_s: float) -> bool:
        """Time has passed. Return whether a ring is now to be answered by itself: store its press."""
        if self.overdue_at_s is not None and now_s >= self.overdue_at_s:
            self._apply(Input.OVERDUE, now_s)
            self.claimed_by, self.others = None, ()
            if not (self.state is State.KEPT and self.was_kept):  # a link that comes and goes is told once
                self._tell_step(STEPS[self.state])
            self.was_kept |= self.state is State.KEPT
        if self.ring.is_over(now_s=now_s):
            self._end_ring(RingInput.OVER, "unanswered", now_s)
        if self.practising.is_over(now_s=now_s):
            self._end_practice(PracticeInput.OVER, "over")
        return self.ring.is_due_by_itself(now_s=now_s)

    # By the button

    def begin_press(self, *, is_by_itself: bool = False) -> PressMeaning:
        """Return what a press of now is; `press` follows when it is stored, whatever was heard meanwhile. A
        ring of the hub waits for that. `is_by_itself`: nobody presses, the station's policy answers the ring.
        """
        if self.ring.is_waiting:
            self.ring.take()
        return meaning_of_press(
            nudges=self.call_seq if self.spool is None else None,  # else it is a call of its own
            is_open=self.state in OPEN,
            practice=self.practice,
            ring=self.ring,
            practising=self.practising,
            is_by_itself=is_by_itself,
        )

    def press(self, seq: int, meaning: PressMeaning, *, now_s: float) -> None:
        """A press is stored as record `seq`: it opens a call or nudges the open one."""
        is_beside = meaning.is_beside and self.practice is not None
        is_new = is_beside or self.state in CLOSED
        self._apply(Input.REAL_PRESS if is_beside else Input.PRESS, now_s)
        if is_new:
            self._open(seq, practice=meaning.practice)
        else:
            self.nudges.append(seq)
        if self.ring.is_on and self.ring.name == meaning.answers:
            self.ring.end(RingInput.ACCEPTED)
        if self.practising.is_on:
            is_used = meaning.practice is not None
            self.practising.end(PracticeInput.USED if is_used else PracticeInput.REAL_PRESS)

    def call_to_raise(self, press_seq: int) -> CallRaised | None:
        """Return what is recorded when the button of that press is held; None: it is an emergency already.

        A call that was over within the two seconds is opened again under its name.
        """
        if self.state in OPEN and self.call_seq is not None:
            return None if self.is_raised else CallRaised(call_seq=self.call_seq, spool=self.spool)
        if self.last is None:
            return CallRaised(call_seq=press_seq)
        return CallRaised(call_seq=self.last.seq, spool=self.last.spool)

    def raised(self, event: CallRaised, seq: int, *, now_s: float) -> None:
        """`event` is stored as record `seq`: the call is an emergency, and no practice."""
        was_open = self.state in OPEN
        practice = self.practice if was_open else self.last and self.last.practice
        self._apply(Input.RAISE, now_s)
        if not was_open:
            self._open(event.call_seq, practice=None)
            self.spool, self.raise_seq = event.spool, seq if event.spool is None else None
        self.practice, self.is_raised = None, True
        if practice is not None:
            self._told.append(PracticeMode(kind=practice, is_on=False, why="real press"))

    def left_behind(self, spool: str) -> None:
        """Another spool begins, and what was pressed before stays in `spool`: nudges are the hub's matter."""
        self.nudges, self.nudges_at_hub = [], []
        if self.call_seq is not None and self.spool is None:
            self.spool, self.raise_seq = spool, None

    def pressed_anew(self, seq: int) -> None:
        """The record of the press was lost with its spool; `seq` of the box's own tells of it again."""
        self.call_seq, self.spool, self._revision = seq, None, -1
        self.nudges = [nudge for nudge in self.nudges if nudge > seq]

    def cancel(self, *, now_s: float) -> None:
        """The nurse cancels; the hub keeps the call until somebody has looked at it. Raises
        IllegalInputError.
        """
        if self.state in OPEN and self.ring.is_waiting:  # she does not want to speak
            self.decline(now_s=now_s)
        self._apply(Input.CANCEL, now_s)
        self._close("cancelled", now_s)
        self.nudges, self.nudges_at_hub = [], []

    # From the hub

    def link_came(self, *, now_s: float) -> None:
        """The hub is connected anew, perhaps restored from a backup: whatever it says first is news."""
        self.forget_revision()
        self._apply(Input.LINK_CAME, now_s)

    def forget_revision(self) -> None:
        """The hub may count the revisions anew."""
        self._revision = -1

    def receipt(self, committed: SeqRanges, *, now_s: float) -> None:
        """The hub has these records of class 0 of the call's spool on disk."""
        seq = self.call_seq if self.raise_seq is None else self.raise_seq
        if seq is not None and seq in committed and self.state in OWED:
            self._step(Input.RECEIPT, now_s)

    def nudges_received(self, committed: SeqRanges) -> None:
        """The hub has these class-0 records on disk."""
        self.nudges_at_hub += [
            seq for seq in self.nudges if seq in committed and seq not in self.nudges_at_hub
        ]

    def hub_says(
        self,
        call_seq: int,
        state: HubCallState,
        *,
        revision: int,
        by: str | None,
        now_s: float,
        spool: str | None = None,
        phone: str | None = None,
        others: tuple[OnTheLine, ...] = (),
    ) -> None:
        """Take the hub's word; `spool` as in the attribute.

        A nudge of a call that the hub had closed became a call there: the hub then names the nudge, and so do
        we from then on. Raises IllegalInputError for a call that is not open here.
        """
        if state == "unknown":  # a hub that has not received the press yet
            return
        input_, before = HUB_INPUTS[state], self.state
        is_over = input_ is Input.HUB_ENDED
        if spool is None and self._may_adopt(call_seq) and not (self.state in CLOSED and is_over):
            self._adopt(call_seq, now_s)
        if (spool, call_seq) != (self.spool, self.call_seq):
            raise IllegalInputError(f"the hub says {state} of call {call_seq}; open here is {self.call_seq}")
        if revision < self._revision:
            return
        if revision == self._revision and self.state is not State.NO_WORD:  # said again: it is still so
            self._expect_word(now_s)
            return
        if is_over:
            self._apply(input_, now_s)
            self._close("ended", now_s)
            self._open_next(now_s)
            return
        self._step(input_, now_s, before=before)
        self._revision, self.phone = revision, phone
        self.is_missed = state in MISSED
        self.claimed_by = by if self.state in ANSWERED else None
        self.others = others if self.state in ANSWERED else ()
        if self.state in ANSWERED and self.ring.is_waiting:  # somebody is on the line
            self._end_ring(RingInput.OVER, "unanswered", now_s)

    def media_flows(self, *, now_s: float) -> None:
        """Packets of a call that is answered come and go: somebody is heard, also while the hub is away."""
        if self.state is State.CLAIMED and self.overdue_at_s is not None:
            self.overdue_at_s = max(self.overdue_at_s, now_s + FLOW_S)

    def _may_adopt(self, call_seq: int) -> bool:
        """A press is a call of its own beside one of a former spool, and waits while that is answered."""
        return call_seq in self.nudges and not (self.spool is not None and self.state in ANSWERED)

    def _adopt(self, call_seq: int, now_s: float) -> None:
        self._apply(Input.HUB_ADOPTED, now_s)
        nudges, at_hub = self.nudges, self.nudges_at_hub
        self._open(call_seq, practice=None)
        self.nudges = [seq for seq in nudges if seq > call_seq]
        self.nudges_at_hub = [seq for seq in at_hub if seq > call_seq]

    def _open_next(self, now_s: float) -> None:
        """The call is over at the hub: a nudge that it does not have will be a call there."""
        owed = [seq for seq in self.nudges if seq not in self.nudges_at_hub]
        if owed:
            self._apply(Input.PRESS, now_s)
            self._open(owed[0], practice=None)
            self.nudges = owed[1:]

    # The hub calls the station

    def hub_rings(self, signal: RingStation, *, may_answer: bool, now_s: float) -> None:
        """The hub calls, says so again, or says that it does not any more. A ring that comes while a call is
        open here is a ring within it. Raises IllegalInputError: that ring is over, or the line is taken.
        """
        if signal.lease_s == 0:
            if self.ring.name == signal.ring and self.ring.is_waiting:
                self._end_ring(RingInput.OVER, "unanswered", now_s)
            self.ring.forget(signal.ring)
            return
        if (self.state, Input.HUB_CALLS) not in TRANSITIONS:
            raise IllegalInputError(f"ring {signal.ring} by {signal.by}, while {self.state.value}")
        is_another = self.ring.is_waiting and signal.ring not in (self.ring.name, *self.ring.ended)
        if is_another:  # the hub's word of the end of the one before was lost
            self._end_ring(RingInput.OVER, "unanswered", now_s)
        self.ring.hear(signal, may_answer=may_answer, now_s=now_s)
        self._apply(Input.HUB_CALLS, now_s)

    def announced(self, *, now_s: float) -> None:
        """What is to be said before a ring answers itself has been said, or nobody can say it."""
        self.ring.announced(now_s=now_s)

    def decline(self, *, now_s: float) -> None:
        """Somebody at the station does not take the hub's ring. Raises IllegalInputError: there is none."""
        self._end_ring(RingInput.DECLINED, "declined", now_s)

    def _end_ring(self, input_: RingInput, outcome: Literal["declined", "unanswered"], now_s: float) -> None:
        name, by = self.ring.name, self.ring.by
        self.ring.end(input_)
        self._told.append(HubRang(ring=name, outcome=outcome, by=by))
        self._apply(Input.RING_OVER, now_s)

    # Practice

    def practise(
        self, kind: PracticeKind, *, by: str, now_s: float, name: str | None = None, lease_s: float = LEASE_S
    ) -> None:
        """The next press is practice: asked for by the hub, under a name, or by somebody at the station.
        Raises IllegalInputError: a call is open, or that practice is over.
        """
        if self.state is not State.IDLE:
            raise IllegalInputError(f"no practice now: {self.state.value}")
        if self.practising.ask(kind, name=name, by=by, lease_s=lease_s, now_s=now_s):
            self._told.append(PracticeMode(kind=kind, is_on=True, why="asked"))

    def practise_no_more(self, *, name: str | None = None) -> None:
        """The hub ends the practice of that name, or somebody at the station whichever is on. Raises
        IllegalInputError: there is none to end at the station.
        """
        kind = self.practising.kind
        if name is None:
            self._end_practice(PracticeInput.STOPPED, "asked")
        elif self.practising.stop(name):
            self._told.append(PracticeMode(kind=kind, is_on=False, why="asked"))

    def _end_practice(self, input_: PracticeInput, why: Literal["asked", "over"]) -> None:
        kind = self.practising.kind
        self.practising.end(input_)
        self._told.append(PracticeMode(kind=kind, is_on=False, why=why))

    # Transitions

    def _open(self, seq: int, *, practice: PracticeKind | None) -> None:
        """The call that has begun is named by `seq`."""
        self.call_seq, self.spool, self.nudges, self.nudges_at_hub = seq, None, [], []
        self.practice, self.is_raised, self.was_kept, self.raise_seq = practice, False, False, None
        self.claimed_by = self.phone = None
        self.is_missed, self.others = False, ()
        self._revision = -1

    def _close(self, step: Step, now_s: float) -> None:
        """No call is open any more; a ring of the hub that was within it goes on without it."""
        self._tell_step(step)
        if self.call_seq is not None:
            self.last = LastCall(self.call_seq, self.spool, self.practice)
        self.call_seq = self.spool = self.claimed_by = self.phone = self.practice = self.raise_seq = None
        self.is_raised = self.was_kept = self.is_missed = False
        self.others = ()
        if self.ring.is_on:
            self._apply(Input.HUB_CALLS, now_s)

    def _step(self, input_: Input, now_s: float, *, before: State | None = None) -> None:
        before = before or self.state
        self._apply(input_, now_s)
        if self.state is not before:
            self._tell_step(STEPS[self.state])

    def _tell_step(self, step: Step) -> None:
        if self.call_seq is not None:
            self._told.append(CallStep(call_seq=self.call_seq, step=step, spool=self.spool))

    def _apply(self, input_: Input, now_s: float) -> None:
        if (self.state, input_) not in TRANSITIONS:
            raise IllegalInputError(f"{input_.value}, while {self.state.value}")
        before, self.state = self.state, TRANSITIONS[self.state, input_]
        if self.state is not before or input_ is Input.REAL_PRESS:
            self.since_s = now_s
            self._expect_word(now_s)
            if self.state not in WAITING:
                self.hotline_at_s = None
            elif before not in WAITING or input_ is Input.REAL_PRESS:
                waited_s = NO_WORD_S if self.state is State.NO_WORD else 0.0
                self.hotline_at_s = now_s + HOTLINE_S - waited_s

    def _expect_word(self, now_s: float) -> None:
        """Where the hub is to say something, its patience begins anew."""
        limits_s = {State.REGISTERED: KEPT_S, **dict.fromkeys(REPEATED, NO_WORD_S)}
        limit_s = limits_s.get(self.state)
        self.overdue_at_s = None if limit_s is None else now_s + limit_s
