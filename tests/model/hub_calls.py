"""Every call that the hub can hold, but for numbers and names that mean the same; every input there is.

Three people are enough: an owner, and two others who are asked, invited or there. Who is called what, how far
ahead a deadline lies, how far it is escalated and whether it is an emergency decide nothing in the table, so
each call is brought to one form. Practice is walked by itself, without colleagues: what a practice is has
nothing to do with whom one asks.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hub.calls.apply import apply
from hub.calls.call import ANYBODY, Asked, AskKind, Call, Given, Guest, fresh, resumed
from hub.calls.table import TRANSITIONS, IllegalInputError, Input, State
from tests.model.walk import Walk, walk

PEOPLE: Final = ("a", "b", "c")
THEN_US: Final = 0  # every deadline of a call in its one form
ASKS: Final[tuple[AskKind, ...]] = ("transfer", "second", "handover")
TOGETHER: Final = (Input.ASK, Input.INVITE)
OF_PEOPLE: Final = (  # the others are of the station, a clock or the rules
    *(Input.CLAIM, Input.TAKE, Input.CLOSE, Input.PROMISE, Input.RING, Input.TURN, *TOGETHER),
    *(Input.HOLD, Input.RESUME, Input.PARK, Input.END),
    *(Input.TRANSFERRED, Input.HANDED_OVER, Input.SECONDED),
)


def one_form(call: Call) -> Call:
    """Return the call with times, counts and names as all have them that differ in nothing else."""
    asked, guests = call.asked, sorted(call.guests, key=lambda guest: _kind(call, guest))
    people = [call.owner, *(guest.name for guest in guests), None if asked is None else asked.to]
    people += [name for guest in guests for name in guest.then]
    known = [name for name in dict.fromkeys(people) if name and name != ANYBODY]
    new: dict[str, str] = dict(zip(known, PEOPLE, strict=False)) | {ANYBODY: ANYBODY}
    return Call(
        state=call.state,
        since_us=THEN_US,
        practice=call.practice,
        stage=call.stage,
        ring=call.ring,
        owner=call.owner and new[call.owner],
        due_us=_then(call.due_us),
        missed_us=_then(call.missed_us),
        widen_us=_then(call.widen_us),
        asked=asked and Asked(asked.kind, new[asked.to], new.get(asked.by, asked.by), THEN_US),
        guests=tuple(
            Guest(new[one.name], one.role, _then(one.due_us), tuple(new[name] for name in one.then))
            for one in guests
        ),
        turn=call.turn and new.get(call.turn, call.turn),
        tries=min(call.tries, 1),
        overdue=min(call.overdue, 1),
    )


def _then(at_us: int | None) -> int | None:
    return None if at_us is None else THEN_US


def _kind(call: Call, guest: Guest) -> tuple[str, bool, int, bool, bool]:
    is_asked = call.asked is not None and call.asked.to == guest.name
    return guest.role, guest.due_us is None, len(guest.then), guest.name == call.turn, is_asked


def all_inputs() -> list[Given]:
    """Return every input, by everybody, with everything that makes a difference."""
    return [given for input_ in Input for by in _givers(input_) for given in _variants(input_, by)]


def _givers(input_: Input) -> tuple[str | None, ...]:
    return (None, *PEOPLE) if input_ in OF_PEOPLE else (None,)


def _variants(input_: Input, by: str | None) -> Iterator[Given]:
    given, people = Given(input=input_, by=by), (None, *PEOPLE)
    match input_:
        case Input.ASK:
            for kind in ASKS:
                yield from (replace(given, to=to, kind=kind) for to in (*people, ANYBODY))
        case Input.INVITE:
            yield from (replace(given, to=to) for to in people)
            yield replace(given, to="b", then=("c",))
        case Input.TURN | Input.ASSIGN:
            yield from (replace(given, to=to) for to in people)
        case Input.GUEST:
            for to in people:
                yield from (
                    replace(given, to=to, change=change) for change in (None, "came", "left", "declined")
                )
        case Input.PROMISE:
            yield from (replace(given, due_us=due_us) for due_us in (None, THEN_US))
        case Input.RING:
            yield from (replace(given, ring=ring) for ring in (None, "ring"))
        case Input.WIDEN | Input.RAISED | Input.DUE | Input.ABANDONED | Input.PRESSED_AGAIN:
            yield from (replace(given, widen_us=widen_us) for widen_us in (None, THEN_US))
        case _:
            yield given


def all_calls() -> Walk[Call]:
    """Return all calls of people, and all that are practice, and what each can become."""
    inputs = all_inputs()
    alone = [given for given in inputs if given.input not in TOGETHER]
    real = _walk([fresh(now_us=THEN_US, widen_us=widen_us) for widen_us in (None, THEN_US)], inputs)
    practice = _walk([fresh(now_us=THEN_US, practice="drill"), fresh(now_us=THEN_US, practice="test")], alone)
    return Walk(practice.leads | real.leads)  # whatever is no practice any more, the first has


def _walk(starts: list[Call], inputs: list[Given]) -> Walk[Call]:
    of_state = {state: [one for one in inputs if (state, one.input) in TRANSITIONS] for state in State}

    def steps(call: Call) -> Iterator[Call]:
        for given in of_state[call.state]:
            try:
                after = apply(call, given, now_us=THEN_US)
            except IllegalInputError:
                continue
            assert after.state is TRANSITIONS[call.state, given.input]
            yield one_form(after)
        yield one_form(resumed(call, now_us=THEN_US))

    return walk(starts, steps)
