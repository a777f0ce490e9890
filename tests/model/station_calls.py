"""Every call of a station, but for numbers that mean the same, and everything that can happen to it.

In its one form a call has the smallest numbers in the same order, and no names of people. It may have two
nudges; there are two rings of the hub and one practice. Rings and practices are walked beside a call without
nudges, for neither looks at them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from contract.events import PracticeKind
from contract.ranges import SeqRanges
from contract.signals import HubCallState, RingStation
from edge.call.saved_call import restored_call, saved_call
from edge.call.station_call import StationCall
from edge.errors import IllegalInputError
from tests.model.walk import Walk, walk

NOW_S: Final = 1_000.0
RINGS: Final = ("aa" * 8, "bb" * 8)
PRACTICE: Final = "cc" * 8
FORMER: Final = "0123456789abcdef"
NUDGES_MAX: Final = 2
SAID: Final[tuple[HubCallState, ...]] = ("offered", "ringing", "claimed", "held", "ended", "unknown")
Change = Callable[[StationCall], object]


@dataclass(frozen=True, slots=True)
class Shape:
    """A call in its one form, which `text` is all of: nobody changes it any more."""

    text: str
    call: StationCall

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shape) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)


def shape_of(call: StationCall) -> Shape:
    """Return the call's one form. It is the caller's to give away."""
    call.take_told()
    call.claimed_by, call.phone, call.was_kept = (
        None,
        None,
        False,
    )  # shown or told, and nothing follows from it
    known = sorted({seq for seq in (call.call_seq, call.raise_seq, *call.nudges) if seq is not None})
    number = {seq: index + 2 for index, seq in enumerate(known)}
    if call.last is not None:
        is_own = call.last.seq in number
        call.last = call.last._replace(seq=number[call.last.seq] if is_own else 1)
    call.call_seq = None if call.call_seq is None else number[call.call_seq]
    call.raise_seq = None if call.raise_seq is None else number[call.raise_seq]
    call.nudges = [number[seq] for seq in call.nudges]
    call.nudges_at_hub = [number[seq] for seq in call.nudges_at_hub if seq in number]
    for name in ("since_s", "overdue_at_s", "hotline_at_s"):
        setattr(call, name, None if getattr(call, name) is None else NOW_S)
    ring, practising = call.ring, call.practising
    ring.until_s = None if ring.until_s is None else NOW_S
    ring.answers_at_s = None if ring.answers_at_s is None else NOW_S
    ring.ended, ring.by, practising.by = sorted(ring.ended), "", ""
    practising.until_s = None if practising.until_s is None else NOW_S
    practising.kind = practising.kind if practising.is_on else "drill"
    practising.ended = sorted(practising.ended)
    call.forget_revision()
    return Shape(repr(call), call)


def copy_of(call: StationCall) -> StationCall:
    """Return a call that can be changed."""
    return replace(
        call,
        nudges=list(call.nudges),
        nudges_at_hub=list(call.nudges_at_hub),
        ring=replace(call.ring, ended=list(call.ring.ended)),
        practising=replace(call.practising, ended=list(call.practising.ended)),
        _told=[],
    )


def next_seq(call: StationCall) -> int:
    """Return the number of the next record."""
    return max((1, call.call_seq or 1, call.raise_seq or 1, *call.nudges)) + 1


def press(call: StationCall) -> None:
    """The button; stored at once."""
    meaning = call.begin_press()
    call.press(next_seq(call), meaning, now_s=NOW_S)


def hold(call: StationCall) -> None:
    """The button is held."""
    event = call.call_to_raise(call.call_seq or 1)
    if event is not None:
        call.raised(event, next_seq(call), now_s=NOW_S)


def tick(call: StationCall) -> None:
    """All deadlines have passed; a ring that answers itself is answered."""
    if call.tick(now_s=NOW_S):
        meaning = call.begin_press(is_by_itself=True)
        call.press(next_seq(call), meaning, now_s=NOW_S)


def press_while_it_is_over(call: StationCall) -> None:
    """The hub says that the call is over while a press is on its way to the disk."""
    meaning = call.begin_press()
    if call.call_seq is not None:
        call.hub_says(call.call_seq, "ended", revision=1, by=None, now_s=NOW_S, spool=call.spool)
    call.press(next_seq(call), meaning, now_s=NOW_S)


def receive(seqs: Callable[[StationCall], list[int]]) -> Change:
    """Return: the hub has these records."""

    def change(call: StationCall) -> None:
        committed = SeqRanges((seq, seq) for seq in seqs(call))
        call.nudges_received(committed)
        call.receipt(committed, now_s=NOW_S)

    return change


def say(state: HubCallState, seq_of: Callable[[StationCall], int | None]) -> Change:
    """Return: the hub says so of that call."""

    def change(call: StationCall) -> None:
        seq = seq_of(call)
        if seq is not None:
            spool = call.spool if seq == call.call_seq else None
            call.hub_says(seq, state, revision=1, by="Lan", now_s=NOW_S, spool=spool)

    return change


def ring(name: str, lease_s: float, *, is_emergency: bool) -> Change:
    """Return: the hub calls, or does so no more."""
    signal = RingStation(ring=name, lease_s=lease_s, by="Lan", is_emergency=is_emergency)
    return lambda call: call.hub_rings(signal, may_answer=True, now_s=NOW_S)


def practise(kind: PracticeKind, name: str | None) -> Change:
    """Return: practice is asked for."""
    return lambda call: call.practise(kind, by="Lan", name=name, now_s=NOW_S)


def restart(boot_name: str) -> Callable[[StationCall], StationCall]:
    """Return: the service starts again, in the same boot or another."""

    def again(call: StationCall) -> StationCall:
        return restored_call(saved_call(call, boot_name="this"), boot_name=boot_name, now_s=NOW_S)

    return again


BY_THE_CALL: Final[tuple[Change, ...]] = (
    press,
    hold,
    tick,
    press_while_it_is_over,
    lambda call: call.cancel(now_s=NOW_S),
    lambda call: call.link_came(now_s=NOW_S),
    receive(lambda call: [seq for seq in (call.call_seq, call.raise_seq) if seq is not None]),
    receive(lambda call: call.nudges[:1]),
    receive(lambda call: call.nudges),
    *(say(state, lambda call: call.call_seq) for state in SAID),
    *(say(state, lambda call: call.nudges[0] if call.nudges else None) for state in SAID),
    *(say(state, lambda call: None if call.last is None else call.last.seq) for state in SAID),
    lambda call: call.left_behind(FORMER),
    lambda call: call.pressed_anew(next_seq(call)) if call.spool is not None else None,
)
BY_RINGS: Final[tuple[Change, ...]] = (
    *(ring(name, 12.0, is_emergency=is_emergency) for name in RINGS for is_emergency in (True, False)),
    *(ring(name, 0.0, is_emergency=False) for name in RINGS),
    lambda call: call.decline(now_s=NOW_S),
)
BY_PRACTICE: Final[tuple[Change, ...]] = (
    practise("drill", PRACTICE),
    practise("test", None),
    lambda call: call.practise_no_more(),
    lambda call: call.practise_no_more(name=PRACTICE),
)


def steps_of(changes: tuple[Change, ...], *, nudges_max: int) -> Callable[[Shape], Iterator[Shape]]:
    """Return what leads from one call to the next. Fails when what is refused has changed anything."""

    def steps(shape: Shape) -> Iterator[Shape]:
        for change in changes:
            call = copy_of(shape.call)
            try:
                change(call)
            except IllegalInputError:
                assert shape_of(call).text == shape.text, f"refused, and changed: {shape.text}"
                continue
            if len(call.nudges) <= nudges_max:
                yield shape_of(call)
        for boot_name in ("this", "another"):
            yield shape_of(restart(boot_name)(copy_of(shape.call)))

    return steps


def all_calls() -> Walk[Shape]:
    """Return every call of a station, and what each can become."""
    starts = [shape_of(StationCall())]
    leads: dict[Shape, set[Shape]] = {}
    for changes, nudges_max in (
        (BY_THE_CALL, NUDGES_MAX),
        ((*BY_THE_CALL, *BY_RINGS), 0),
        ((*BY_THE_CALL, *BY_PRACTICE), 0),
    ):
        for shape, nexts in walk(starts, steps_of(changes, nudges_max=nudges_max)).leads.items():
            leads.setdefault(shape, set()).update(nexts)
    return Walk(leads)
