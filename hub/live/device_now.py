"""What is true of one device now (core): whether it is there, what is the matter with it, whose its data are.

The newest event of each kind counts, by the box's time; of stream sets the greatest number. What was said of
one person's measuring is not true of the next one's: it counts in its own visit only.
"""

from dataclasses import dataclass
from typing import Final, Generic, Literal, TypeVar

from contract.codes import Condition
from contract.events import (
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    Event,
    LeadReversal,
    LeadState,
    StreamSet,
)
from contract.ids import VisitNo
from hub.live.arrived import At, VisitNow

E = TypeVar("E", bound=Event)
DeviceEvent = (
    StreamSet | LeadState | DeviceState | Conditions | LeadReversal | DeviceQuestion | DeviceConfirmed
)
DeviceWord = Literal["connected", "silent", "gone"]

NEVER: Final[At] = (0, 0)
OF_THE_DEVICE: Final = frozenset(  # the other conditions, and unknown ones, are of the person's measuring
    {Condition.PROBE_OFF, Condition.PROBE_FAULT, Condition.LEAD_OFF}
    | {Condition.BATTERY_LOW, Condition.BATTERY_CRITICAL, Condition.DEVICE_FAULT}
)


@dataclass(frozen=True, slots=True)
class Told(Generic[E]):
    """An event, when it was and in whose visit."""

    event: E
    at: At
    visit: VisitNo


@dataclass(slots=True)
class DeviceNow:
    """What was last said of one device. `started`: when the box began anew, to name its devices again."""

    streams: Told[StreamSet] | None = None
    state: Told[DeviceState] | None = None
    leads: Told[LeadState] | None = None
    conditions: Told[Conditions] | None = None
    reversal: Told[LeadReversal] | None = None
    question: Told[DeviceQuestion] | None = None
    confirmed: Told[DeviceConfirmed] | None = None

    def take(self, event: DeviceEvent, at: At, visit: VisitNo) -> bool:
        """Keep an event if it is the newest of its kind."""
        match event:
            case StreamSet():
                is_new = self.streams is None or event.set_no > self.streams.event.set_no
                self.streams = Told(event, at, visit) if is_new else self.streams
            case DeviceState():
                is_new = _is_newer(self.state, at)
                self.state = Told(event, at, visit) if is_new else self.state
            case LeadState():
                is_new = _is_newer(self.leads, at)
                self.leads = Told(event, at, visit) if is_new else self.leads
            case Conditions():
                is_new = _is_newer(self.conditions, at)
                self.conditions = Told(event, at, visit) if is_new else self.conditions
            case LeadReversal():
                is_new = _is_newer(self.reversal, at)
                self.reversal = Told(event, at, visit) if is_new else self.reversal
            case DeviceQuestion():
                is_new = _is_newer(self.question, at)
                self.question = Told(event, at, visit) if is_new else self.question
            case DeviceConfirmed():
                is_new = _is_newer(self.confirmed, at)
                self.confirmed = Told(event, at, visit) if is_new else self.confirmed
        return is_new

    def newest_at(self) -> At:
        """When anything was last said of it."""
        said = (self.streams, self.state, self.leads, self.conditions, self.reversal)
        told = (*said, self.question, self.confirmed)
        return max((one.at for one in told if one is not None), default=NEVER)

    def word(self, started: At) -> DeviceWord:
        """Return whether it is there; one that was not heard of since the box began anew is silent."""
        if started > self._heard_at():
            return "silent"
        if self.state is None or (self.streams is not None and self.state.at < self.streams.at):
            return "connected"
        return self.state.event.state

    def away_at(self, started: At) -> At | None:
        """Since when it has not been there; None: it is, or is only silent."""
        heard_at = self._heard_at()
        if started > heard_at:
            return started
        return heard_at if self.word(started) == "gone" else None

    def is_shown(self, visit: VisitNow | None, started: At) -> bool:
        """Whether a page shows it: one that went away stays until the visit ends, one that may be another
        device is not shown at all.
        """
        set_at = NEVER if self.streams is None else self.streams.at
        if self._is_unanswered():
            asked_until = self._asked_until(started)
            if asked_until is None or asked_until > set_at:
                return False  # what it measures is nobody's
        if self._was_another() and self.confirmed is not None and self.confirmed.at >= set_at:
            return False  # the name was for the time being
        away_at = self.away_at(started)
        return away_at is None or (visit is not None and away_at >= visit.opened)

    def is_drawn(self, visit: VisitNow | None, started: At) -> bool:
        """Whether its strips and numbers are on the page: not those of one that has been silent since before
        the visit, such as one that is plugged in and switched off.
        """
        silent_at = self.state.at if self.state is not None and self.word(started) == "silent" else None
        is_quiet = silent_at is not None and (visit is None or silent_at < visit.opened)
        return self.is_shown(visit, started) and not is_quiet

    def is_asked(self, started: At) -> bool:
        """Whether somebody must say which device it is."""
        return self._is_unanswered() and self._asked_until(started) is None

    def conditions_in(self, visit: VisitNow | None, started: At) -> tuple[str, ...]:
        """Return the conditions that hold while it is there: those of this visit, and the device's own."""
        if self.conditions is None or self.word(started) != "connected":
            return ()
        is_of_visit = visit is not None and self.conditions.visit == visit.no
        return tuple(word for word in self.conditions.event.on if is_of_visit or word in OF_THE_DEVICE)

    def reversal_in(self, visit: VisitNow | None) -> str | None:
        """Return which electrodes seem changed over in this visit. A device that began anew looks anew."""
        if self.reversal is None or visit is None or self.reversal.visit != visit.no:
            return None
        if self.streams is not None and self.streams.at > self.reversal.at:
            return None
        return self.reversal.event.suspected

    def _heard_at(self) -> At:
        """When it was last there, or gone, by what was said of itself."""
        return max((one.at for one in (self.streams, self.state) if one is not None), default=NEVER)

    def _is_unanswered(self) -> bool:
        asked = self.question
        return asked is not None and (self.confirmed is None or self.confirmed.at < asked.at)

    def _was_another(self) -> bool:
        return self.confirmed is not None and self.confirmed.event.is_device not in (
            None,
            self.confirmed.event.device,
        )

    def _asked_until(self, started: At) -> At | None:
        """When it was pulled out, or the box began anew and asks again; None: neither since the question."""
        is_gone = self.state is not None and self.state.event.state == "gone"
        gone_at = self.state.at if self.state is not None and is_gone else NEVER
        ended_at = max(gone_at, started)
        return ended_at if self.question is not None and ended_at > self.question.at else None


def _is_newer(before: Told[E] | None, at: At) -> bool:
    return before is None or at >= before.at
