"""Every call that the hub can hold: none is stuck, none has two owners, none waits for nobody."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from hub.calls.apply import apply
from hub.calls.call import ANYBODY, Call, Given, resumed, shifted
from hub.calls.table import (
    ANSWERED,
    LISTED,
    ON_THE_LINE,
    TRANSITIONS,
    WAITING,
    IllegalInputError,
    Input,
    State,
)
from tests.model.hub_calls import all_calls, all_inputs, one_form
from tests.model.walk import Walk

NOBODYS = (*WAITING, State.PARKED, State.MISSED)
SOMEBODYS = (*ANSWERED, State.WRAP_UP, State.CALLING)
ASSIGNED = Given(input=Input.ASSIGN, to="a")
LATER_US = 1
LEFT_ALONE_STEPS = 20


@pytest.fixture(scope="module")
def calls() -> Walk[Call]:
    return all_calls()


def accepts(call: Call, given: Given) -> bool:
    """Whether the call takes this input."""
    try:
        apply(call, given, now_us=LATER_US)
    except IllegalInputError:
        return False
    return True


def after(call: Call, given: Given) -> Call:
    """Return what becomes of it."""
    return apply(call, given, now_us=LATER_US)


def passing(call: Call) -> Iterator[tuple[str, Given]]:
    """Yield each deadline of a call, and what the desk gives when it has passed."""
    for name in ("due_us", "missed_us"):
        if getattr(call, name) is not None:
            yield name, Given(input=Input.DUE)
    if call.widen_us is not None:
        yield "widen_us", Given(input=Input.WIDEN, rung=1)
    if call.asked is not None:
        yield "asked", Given(input=Input.ASK_OVER)
    for guest in call.guests:
        if guest.due_us is not None:
            yield guest.name, Given(input=Input.GUEST, to=guest.name, change="declined")


def deadline(call: Call, name: str) -> int | None:
    """Return the deadline that `passing` calls so."""
    if name == "asked":
        return None if call.asked is None else call.asked.due_us
    guest = call.guest(name)
    at_us = guest.due_us if guest is not None else getattr(call, name, None)
    assert at_us is None or isinstance(at_us, int)
    return at_us


def test_the_walk_comes_to_every_state_and_uses_every_line_of_the_table(calls: Walk[Call]) -> None:
    assert {call.state for call in calls.leads} == set(State)
    inputs = all_inputs()
    used = {
        (call.state, given.input) for call in one_of_each(calls) for given in inputs if accepts(call, given)
    }
    assert used == set(TRANSITIONS)


def one_of_each(calls: Walk[Call]) -> list[Call]:
    """Return of each state the calls that differ in owner, guests, question or practice, each once."""
    found = {
        (
            call.state,
            call.owner is None,
            call.practice,
            None if call.asked is None else call.asked.kind,
            tuple(guest.due_us is None for guest in call.guests),
        ): call
        for call in calls.leads
    }
    return list(found.values())


def test_every_input_that_the_table_does_not_have_is_refused_whoever_gives_it(calls: Walk[Call]) -> None:
    inputs = all_inputs()
    for call, given in product(one_of_each(calls), inputs):
        if (call.state, given.input) not in TRANSITIONS:
            assert not accepts(call, given)


def test_who_owns_a_call_is_as_its_state_says_and_never_anybody_else_too(calls: Walk[Call]) -> None:
    for call in calls.leads:
        if call.state in NOBODYS:
            assert call.owner is None, call
        elif call.state in SOMEBODYS:
            assert call.owner is not None, call
        else:
            assert call.state is State.CLOSED or call.owner or accepts(call, ASSIGNED), call


def test_whoever_is_with_a_call_is_there_once_and_only_while_it_is_answered(calls: Walk[Call]) -> None:
    for call in calls.leads:
        there = [guest.name for guest in call.guests]
        assert len({call.owner, *there}) == 1 + len(there), call
        assert call.state in ANSWERED or not there, call
        speaks = call.guest(call.turn)
        assert call.turn is None or (speaks is not None and speaks.due_us is None), call


def test_only_an_owner_asks_and_only_for_what_can_be_accepted(calls: Walk[Call]) -> None:
    accepted_by = {
        "transfer": Input.TRANSFERRED,
        "second": Input.SECONDED,
        "handover": Input.HANDED_OVER,
    }
    for call in calls.leads:
        if call.asked is not None:
            assert call.asked.by == call.owner, call
            to = "z" if call.asked.to == ANYBODY else call.asked.to
            assert accepts(call, Given(input=accepted_by[call.asked.kind], by=to)), call


def test_a_ring_is_named_exactly_while_the_hub_calls(calls: Walk[Call]) -> None:
    for call in calls.leads:
        assert (call.ring is not None) == (call.state is State.CALLING), call


def test_every_deadline_that_passes_leads_somewhere(calls: Walk[Call]) -> None:
    for call in calls.leads:
        for name, given in passing(call):
            assert accepts(call, given), (call, name)
            at_us = deadline(apply(call, given, now_us=LATER_US), name)
            assert at_us is None or at_us > LATER_US, f"{name} of {call} passes again and again"


def test_no_call_is_without_a_way_out(calls: Walk[Call]) -> None:
    gone = Given(input=Input.ABANDONED)
    for call in calls.leads:
        is_closed = call.state is State.CLOSED
        is_listed = call.state in LISTED and (call.owner is not None or accepts(call, ASSIGNED))
        waits_for_somebody = call.state in ANSWERED and accepts(call, gone)
        is_timed = any(given.input is Input.DUE for _, given in passing(call))
        assert is_closed or is_listed or waits_for_somebody or is_timed, call


def test_a_call_with_which_nobody_does_anything_comes_to_a_list_and_has_an_owner(calls: Walk[Call]) -> None:
    for call in calls.leads:
        alone = left_alone(call)
        assert alone.state is State.CLOSED or (alone.state in LISTED and alone.owner), (call, alone)


def left_alone(call: Call) -> Call:
    """Return what becomes of a call while time passes, whoever answered is gone, and the rules assign."""
    for _ in range(LEFT_ALONE_STEPS):
        if call.state in (State.WRAP_UP, State.CALLBACK, State.CANCELLED, State.CLOSED) and call.owner:
            break
        if call.state in ANSWERED:
            given = Given(input=Input.ABANDONED)
        elif call.state in LISTED and call.state is not State.CALLING:
            given = ASSIGNED
        else:
            given = Given(input=Input.DUE)
        if call.state is State.CLOSED:
            break
        call = apply(call, given, now_us=LATER_US)
    return call


def test_from_every_call_there_is_a_way_to_its_being_closed(calls: Walk[Call]) -> None:
    closed = [call for call in calls.leads if call.state is State.CLOSED]
    assert not calls.cannot_reach(closed)


def test_a_closed_call_has_no_deadline_and_nobody_is_asked_or_invited(calls: Walk[Call]) -> None:
    for call in calls.leads:
        if call.state is State.CLOSED:
            assert not call.deadlines_us, call


def test_a_hub_that_comes_back_changes_nothing_but_times(calls: Walk[Call]) -> None:
    for call in calls.leads:
        again = one_form(resumed(call, now_us=LATER_US))
        assert again == one_form(call)
        assert replace(shifted(call, 7), since_us=call.since_us).deadlines_us == tuple(
            at_us + 7 for at_us in call.deadlines_us
        )


def test_who_has_a_line_has_somebody_who_speaks(calls: Walk[Call]) -> None:
    for call in calls.leads:
        assert call.state not in ON_THE_LINE or call.speaker is not None


def test_an_emergency_and_how_far_it_is_escalated_decide_nothing_in_the_table(calls: Walk[Call]) -> None:
    for call, given in product(one_of_each(calls), all_inputs()):
        urgent = replace(call, is_emergency=call.practice is None, rung=2)
        assert accepts(urgent, given) == accepts(call, given)
        if accepts(call, given):
            assert one_form(after(urgent, given)) == one_form(after(call, given)), (call, given)
