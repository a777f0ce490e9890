"""Telling stations how their calls stand: at each change, again while it holds, and what a hello asks (core).

A signal may be lost, so each is said again every REPEAT_US while a person waits. What could not be said
because the broker was away is said when it is back.
"""

from collections.abc import Callable
from typing import Final

from contract.ids import CallId, StationId, spool_text
from contract.signals import OTHERS_MAX, CallState, OnTheLine
from hub.calls.call import STAGES, Call
from hub.calls.moves import HeldCall
from hub.calls.open_call import OpenCall
from hub.calls.table import LIVE_STATES, SIGNALLED_AS, WAITING, State
from hub.routing.policy import LAST_RUNG
from hub.store.interface import CallRow

REPEAT_US: Final = 5_000_000
REPEAT_QUIET_FOR_US: Final = 15_000_000  # a call for which nobody waits is said again only so long
UNKNOWN_AFTER_US: Final = 10_000_000  # a press may be on its way behind the station's hello
ASKED_MAX: Final = 20_000  # every station of the plan at once, after a restart of the hub
_BY_PHONE: Final = frozenset({State.MISSED, State.CALLBACK})

Publish = Callable[[StationId, CallState], bool]


class Saying:
    """What stations are told of calls. `publish` returns False when it did not go out."""

    def __init__(self, publish: Publish, *, hotline: Callable[[StationId], str | None]) -> None:
        self._publish, self._hotline = publish, hotline
        self._unsaid: dict[CallId, tuple[CallRow, Call]] = {}  # closed, and the last signal did not go out
        self._asked: dict[CallId, int] = {}  # hellos naming a call that is not open here, and when

    def say(self, held: OpenCall, *, now_us: int) -> None:
        """Tell the station how its call stands now."""
        if self._tell(held.row, held.call):
            held.said_us = now_us

    def say_again(self, held: OpenCall, *, now_us: int) -> None:
        """Tell it once more, if it is time."""
        is_due = held.said_us is None or now_us - held.said_us >= REPEAT_US
        is_waited_for = held.said_us is None or held.state in LIVE_STATES
        if is_due and (is_waited_for or now_us - held.changed_us <= REPEAT_QUIET_FOR_US):
            self.say(held, now_us=now_us)

    def say_closed(self, row: CallRow, call: Call) -> None:
        """Tell the station that its call is closed; again later, if that did not go out."""
        if not self._tell(row, call):
            self._unsaid[row.call_id] = (row, call)

    def say_unsaid(self) -> None:
        """Try again what did not go out."""
        for call_id, (row, call) in list(self._unsaid.items()):
            if self._tell(row, call):
                del self._unsaid[call_id]

    # Hellos

    def ask(self, call_id: CallId, *, now_us: int) -> None:
        """A station names a call that is not open here."""
        if len(self._asked) < ASKED_MAX:  # one that invents calls does not fill the memory
            self._asked.setdefault(call_id, now_us)

    def asked(self) -> list[CallId]:
        """Return the calls that stations ask about."""
        return list(self._asked)

    def forget(self, call_id: CallId) -> None:
        """It is open here by now."""
        self._asked.pop(call_id, None)

    def is_late(self, call_id: CallId, *, now_us: int) -> bool:
        """Whether its press, if there is one, has had the time to come."""
        return now_us - self._asked.get(call_id, now_us) >= UNKNOWN_AFTER_US

    def answer(self, call_id: CallId, held: HeldCall) -> None:
        """Say how a call ended that is not open here."""
        if self._tell(held.row, held.kept.call):
            self._asked.pop(call_id, None)

    def answer_late(self, call_id: CallId, *, is_counted: bool) -> None:
        """Say that nobody knows it; or, of a press that was counted at another call, that it is over: the
        box had no word of that when this other call was over for it, and took the press for the next one.
        """
        signal = CallState(
            spool=spool_text(call_id.spool),
            call_seq=call_id.seq,
            state="ended" if is_counted else "unknown",
            revision=0,
        )
        if self._publish(call_id.station, signal):
            self._asked.pop(call_id, None)

    def _tell(self, row: CallRow, call: Call) -> bool:
        phone = self._hotline(row.call_id.station) if is_by_phone(call) else None
        state = SIGNALLED_AS[call.state] or ("offered" if phone else None)  # not shown, and nobody answers
        if state is None:
            return True
        call_id = row.call_id
        signal = CallState(
            spool=spool_text(call_id.spool),
            call_seq=call_id.seq,
            state=state,
            revision=row.revision,
            by=call.owner,
            phone=phone,
            others=_others(call),
        )
        return self._publish(call_id.station, signal)


def _others(call: Call) -> tuple[OnTheLine, ...] | None:
    """Return who is there beside the owner; invited is not there."""
    there = [guest for guest in call.guests if guest.due_us is None][:OTHERS_MAX]
    others = tuple(OnTheLine(name=one.name, role=one.role, speaks=one.name == call.turn) for one in there)
    return others if call.owner is not None and others else None


def is_by_phone(call: Call) -> bool:
    """Whether the nurse is shown the number to ring: no voice comes this way, or nobody has answered."""
    is_without_voice = call.state is State.CONNECTING and STAGES[call.stage] == "phone"
    is_unanswered = call.state in WAITING and call.rung >= LAST_RUNG and call.practice is None
    return is_without_voice or is_unanswered or call.state in _BY_PHONE
