import re
from itertools import product
from pathlib import Path

import pytest

from hub.calls.hub_call import (
    CLOSED_STATES,
    RING_LIMIT_S,
    RINGING_STATES,
    SIGNALLED_AS,
    TRANSITIONS,
    IllegalInputError,
    Input,
    State,
    next_deadline_s,
    next_owner,
    next_state,
)

OUTSIDE = sorted({*product(State, Input)} - {*TRANSITIONS}, key=str)


@pytest.mark.parametrize(("state", "input_"), OUTSIDE)
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    with pytest.raises(IllegalInputError, match=f"{input_.name} in {state.name}"):
        next_state(state, input_)


@pytest.mark.parametrize(("pair", "after"), TRANSITIONS.items())
def test_every_pair_of_the_table_leads_where_it_says(pair: tuple[State, Input], after: State) -> None:
    assert next_state(*pair) is after


def test_the_deadline_stands_from_the_press_and_does_not_move_while_it_is_shown_and_sounds() -> None:
    deadline_s = next_deadline_s(None, State.RECEIVED, deadline_s=None, now_s=100.0)
    assert deadline_s == 220.0
    deadline_s = next_deadline_s(State.RECEIVED, State.OFFERED, deadline_s=deadline_s, now_s=101.0)
    deadline_s = next_deadline_s(State.OFFERED, State.RINGING, deadline_s=deadline_s, now_s=102.0)
    assert deadline_s == 220.0


@pytest.mark.parametrize("after", sorted(set(State) - RINGING_STATES, key=str))
def test_a_call_that_does_not_ring_has_no_deadline(after: State) -> None:
    assert next_deadline_s(State.RINGING, after, deadline_s=50.0, now_s=1.0) is None


@pytest.mark.parametrize("state", [State.MISSED, State.CALLBACK, State.CANCELLED, State.ENDED, State.CLOSED])
def test_a_second_press_rings_again_from_wherever_the_call_was_laid_down(state: State) -> None:
    assert next_state(state, Input.PRESSED_AGAIN) is State.RECEIVED
    assert next_deadline_s(state, State.RECEIVED, deadline_s=None, now_s=50.0) == 50.0 + RING_LIMIT_S


@pytest.mark.parametrize("state", sorted(RINGING_STATES, key=str))
def test_a_hub_that_restarts_gives_a_ringing_call_its_whole_time(state: State) -> None:
    assert next_deadline_s(None, state, deadline_s=None, now_s=9.0) == 9.0 + RING_LIMIT_S


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


def test_the_page_on_calls_has_the_same_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "calls.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z_]+): [^|]+ \| ([A-Z_, ]+) \| ([A-Z_]+) \|$", page, re.MULTILINE)
    told = {
        (State[state], Input[input_]): State[after]
        for input_, states, after in rows
        for state in states.split(", ")
    }
    assert told == TRANSITIONS
