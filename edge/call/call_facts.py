"""How the call stands, for those who show it (core): the panel and the command."""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from contract.events import PracticeKind
from contract.media import StationMedia
from contract.signals import OnTheLine
from edge.call.hub_ring import RingState
from edge.call.station_call import StationCall
from edge.call.station_table import State
from edge.call.video_messages import StationSound


class RingNow(BaseModel):
    """The hub calls, and `left_s` is left to answer. `answers_in_s`: then it answers itself. `practice`: of
    the call that is called back."""

    model_config = ConfigDict(frozen=True)

    name: str
    by: str
    is_emergency: bool
    left_s: float
    answers_in_s: float | None = None
    practice: PracticeKind | None = None


class CallFacts(BaseModel):
    """`state` is the name of a State; `for_s`: since when it holds, None: since before this boot of the box.

    `phone`: the number to ring, because no voice comes this way or nobody has answered for long. `practice`:
    of the open call; `next_is_practice`: the next press is none, for `practice_left_s`. `media`: what
    `edge video` said of picture and voice, if that is no older than some seconds. `is_missed`: nobody
    answered in time, and the hub will call back. `others`: who is there beside `by`. `sound`: how loud the
    station is, and whether its microphone is muted.
    """

    model_config = ConfigDict(frozen=True)

    state: str
    call_seq: int | None
    for_s: float | None
    by: str | None
    is_emergency: bool
    phone: str | None
    practice: PracticeKind | None
    next_is_practice: PracticeKind | None
    practice_left_s: float | None
    ring: RingNow | None
    media: StationMedia | None = None
    is_missed: bool = False
    others: tuple[OnTheLine, ...] = ()
    sound: StationSound = StationSound()

    def lines(self) -> Iterator[str]:
        """Yield what a person at a terminal wants to know."""
        if self.practice is not None:
            yield f"PRACTICE ({self.practice}): this call is none"
        kind = "an emergency, " if self.is_emergency else ""
        by = f", by {self.by}" if self.by else ""
        since = "" if self.for_s is None else f", for {self.for_s:.0f} s"
        yield f"{kind}{State[self.state].value}{by}{since}"
        if self.ring is not None:
            about = "" if self.ring.practice is None else f" about practice ({self.ring.practice})"
            yield f"{self.ring.by or 'the hub'} calls{about}: press the button, or `edge call accept`"
        if self.phone is not None:
            yield f"telephone: {self.phone}"
        if self.next_is_practice is not None:
            yield f"the next press is practice ({self.next_is_practice}), for {self.practice_left_s:.0f} s"


def call_facts(call: StationCall, *, hotline: str | None, now_s: float) -> dict[str, object]:
    """Return the CallFacts of now, as JSON. `hotline`: of the configuration, if there is one."""
    is_long = call.hotline_at_s is not None and now_s >= call.hotline_at_s and call.practice is None
    practising = call.practising if call.practising.is_on and call.state is State.IDLE else None
    facts = CallFacts(
        state=call.state.name,
        call_seq=call.call_seq,
        for_s=None if call.since_s is None else max(0.0, now_s - call.since_s),
        by=call.claimed_by,
        is_emergency=call.is_raised,
        phone=call.phone or (hotline if is_long else None),
        practice=call.practice,
        next_is_practice=None if practising is None else practising.kind,
        practice_left_s=None if practising is None else _left_s(practising.until_s, now_s),
        ring=_ring(call, now_s) if call.ring.is_waiting else None,
        is_missed=call.is_missed,
        others=call.others,
    )
    return facts.model_dump()


def _ring(call: StationCall, now_s: float) -> RingNow:
    is_announced = call.ring.state is RingState.ANNOUNCED
    return RingNow(
        name=call.ring.name,
        by=call.ring.by,
        is_emergency=call.ring.is_emergency,
        left_s=_left_s(call.ring.until_s, now_s),
        answers_in_s=_left_s(call.ring.answers_at_s, now_s) if is_announced else None,
        practice=call.ring.practice,
    )


def _left_s(until_s: float | None, now_s: float) -> float:
    return 0.0 if until_s is None else max(0.0, until_s - now_s)
