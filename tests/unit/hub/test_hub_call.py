from itertools import product

import pytest

from hub.calls.hub_call import (
    CLOSED_STATES,
    RING_LIMIT_S,
    SIGNALLED_AS,
    TRANSITIONS,
    HubCall,
    IllegalInputError,
    Input,
    State,
    next_owner,
)

OUTSIDE = sorted({*product(State, Input)} - {*TRANSITIONS}, key=str)


@pytest.mark.parametrize(("state", "input_"), OUTSIDE)
def test_every_pair_outside_the_table_is_refused_and_changes_nothing(state: State, input_: Input) -> None:
    call = HubCall(state, 7.0)
    with pytest.raises(IllegalInputError, match=f"{input_.name} in {state.name}"):
        call.handle(input_, now_s=1.0)
    assert (call.state, call.deadline_s) == (state, 7.0)


@pytest.mark.parametrize(("pair", "after"), TRANSITIONS.items())
def test_every_pair_of_the_table_leads_where_it_says(pair: tuple[State, Input], after: State) -> None:
    assert HubCall(pair[0], None).handle(pair[1], now_s=1.0) is after


def test_a_call_nobody_answers_is_missed_at_its_deadline_and_the_deadline_does_not_move_on_the_way() -> None:
    call = HubCall.resumed(State.RECEIVED, now_s=100.0)
    call.handle(Input.SHOWN, now_s=101.0)
    call.handle(Input.SOUNDS, now_s=102.0)
    assert call.deadline_s == 220.0
    assert call.handle(Input.DEADLINE, now_s=220.0) is State.MISSED
    assert call.deadline_s is None


def test_a_claimed_call_has_no_deadline() -> None:
    call = HubCall.resumed(State.RINGING, now_s=0.0)
    call.handle(Input.CLAIM, now_s=5.0)
    assert call.deadline_s is None


@pytest.mark.parametrize("state", [State.MISSED, State.CALLBACK, State.CANCELLED, State.ENDED, State.CLOSED])
def test_a_second_press_rings_again_from_wherever_the_call_was_laid_down(state: State) -> None:
    call = HubCall.resumed(state, now_s=0.0)
    assert call.handle(Input.PRESSED_AGAIN, now_s=50.0) is State.RECEIVED
    assert call.deadline_s == 50.0 + RING_LIMIT_S


def test_only_who_claims_or_takes_becomes_owner_and_a_new_press_frees_the_call() -> None:
    assert next_owner(None, Input.CLAIM, "lan") == "lan"
    assert next_owner("lan", Input.TAKE, "minh") == "minh"
    assert next_owner("lan", Input.END, "lan") == "lan"
    assert next_owner("lan", Input.CANCEL, None) == "lan"
    assert next_owner("lan", Input.PRESSED_AGAIN, None) is None


def test_every_call_can_reach_a_closed_state_and_no_state_is_a_trap() -> None:
    reaches = set(CLOSED_STATES)
    while more := {state for (state, _), after in TRANSITIONS.items() if after in reaches} - reaches:
        reaches |= more
    assert reaches == set(State)


def test_every_state_but_received_is_told_to_the_station() -> None:
    assert [state for state in State if SIGNALLED_AS[state] is None] == [State.RECEIVED]
