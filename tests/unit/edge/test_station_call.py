from collections import deque
from itertools import product

import pytest

from contract.events import CallRaised, CallStep
from contract.signals import HubCallState
from edge.call.station_call import HOTLINE_S, KEPT_S, LastCall, StationCall
from edge.call.station_table import CLOSED, OPEN, TRANSITIONS, Input, State
from edge.errors import IllegalInputError
from tests.unit.edge.station_calls import NOW_S, OLD, pressed, received, registered, says, step

# The table


@pytest.mark.parametrize(("state", "input_"), sorted({*product(State, Input)} - {*TRANSITIONS}, key=str))
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    call = StationCall(state=state, call_seq=5 if state in OPEN else None)
    with pytest.raises(IllegalInputError):
        call._apply(input_, NOW_S)
    assert call.state is state


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_way_to_idle_and_from_it(state: State) -> None:
    assert State.IDLE in reached_from(state)
    assert state in reached_from(State.IDLE)


def reached_from(state: State) -> set[State]:
    found, todo = {state}, deque([state])
    while todo:
        now = todo.popleft()
        for (before, _), after in TRANSITIONS.items():
            if before is now and after not in found:
                found.add(after)
                todo.append(after)
    return found


def test_every_open_call_can_be_cancelled_and_ended_and_no_other() -> None:
    for input_ in (Input.CANCEL, Input.HUB_ENDED):
        assert {state for state, one in TRANSITIONS if one is input_} == set(OPEN)
    assert {*OPEN, *CLOSED} == set(State)


# A call


def test_a_call_from_press_to_end() -> None:
    call = registered()
    assert (call.state, call.call_seq) == (State.REGISTERED, 5)
    assert received(call, 5) == "at the hub"
    assert says(call, 5, "offered", 1) is None
    assert says(call, 5, "ringing", 2) == "ringing"
    assert says(call, 5, "claimed", 3, "Lan") == "claimed"
    assert call.claimed_by == "Lan"
    assert says(call, 5, "held", 4, "Lan") == "held"
    assert says(call, 5, "claimed", 5, "Lan") == "claimed"
    assert says(call, 5, "ended", 6) == "ended"
    stays = {"since_s": NOW_S, "last": LastCall(5, None, None), "_revision": 5}
    assert call == StationCall(**stays)  # type: ignore[arg-type]


def test_without_a_word_of_the_hub_for_five_seconds_the_call_is_kept_and_said_so_once() -> None:
    call = registered()
    assert call.next_s == call.overdue_at_s == NOW_S + KEPT_S
    call.tick(now_s=NOW_S + KEPT_S - 0.01)
    assert call.state is State.REGISTERED
    call.tick(now_s=NOW_S + KEPT_S)
    assert (call.state, step(call)) == (State.KEPT, "kept")
    call.link_came(now_s=NOW_S + 60)
    assert (call.state, call.overdue_at_s) == (State.REGISTERED, NOW_S + 60 + KEPT_S)
    call.tick(now_s=NOW_S + 65)
    assert (call.state, step(call)) == (State.KEPT, None)
    assert received(call, 5) == "at the hub"


def test_a_word_of_the_hub_in_time_keeps_the_call_from_being_kept() -> None:
    call = registered()
    received(call, 5)
    call.tick(now_s=NOW_S + 100)
    assert call.state is State.AT_HUB
    call.link_came(now_s=NOW_S + 100)
    assert call.state is State.AT_HUB


def test_the_hotline_is_due_twenty_seconds_after_the_press_and_after_each_time_that_it_stops_ringing() -> (
    None
):
    call = registered()
    assert call.hotline_at_s == NOW_S + HOTLINE_S
    says(call, 5, "offered", 1, now_s=NOW_S + 3)
    assert call.hotline_at_s == NOW_S + HOTLINE_S
    says(call, 5, "ringing", 2, now_s=NOW_S + 4)
    assert call.hotline_at_s is None
    says(call, 5, "missed", 3, now_s=NOW_S + 120)
    assert call.hotline_at_s == NOW_S + 120 + HOTLINE_S
    says(call, 5, "claimed", 4, now_s=NOW_S + 125)
    assert call.hotline_at_s is None


def test_a_second_press_nudges_and_the_call_stays_what_it_is() -> None:
    call = registered()
    says(call, 5, "ringing", 1)
    assert call.begin_press().nudges == 5
    pressed(call, 6)
    assert (call.state, call.call_seq, call.nudges) == (State.RINGING, 5, [6])


def test_a_receipt_that_comes_late_changes_nothing() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert received(call, 5) is None
    assert call.state is State.CLAIMED


@pytest.mark.parametrize("state", ["missed", "callback", "offered"])
def test_a_call_that_nobody_took_is_kept_at_the_hub(state: HubCallState) -> None:
    call = registered()
    says(call, 5, "ringing", 1)
    assert says(call, 5, state, 2) == "at the hub"


def test_an_operator_who_lets_go_is_not_shown_any_more() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    assert says(call, 5, "ringing", 2) == "ringing"
    assert (call.state, call.claimed_by) == (State.RINGING, None)


def test_an_older_or_repeated_revision_is_ignored() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    assert says(call, 5, "offered", 6) is None
    assert says(call, 5, "ended", 7) is None
    assert call.state is State.CLAIMED


def test_on_a_new_connection_the_hub_may_count_revisions_from_the_start() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    call.link_came(now_s=NOW_S)
    assert says(call, 5, "offered", 1) == "at the hub"


def test_a_hub_that_does_not_know_the_call_changes_nothing() -> None:
    call = registered()
    assert says(call, 5, "unknown", 9) is None
    assert says(call, 5, "ringing", 1) == "ringing"


def test_a_call_that_is_not_open_here_is_refused() -> None:
    call = registered()
    with pytest.raises(IllegalInputError, match="call 4; open here is 5"):
        says(call, 4, "ringing", 1)
    assert call.state is State.REGISTERED


def test_the_number_to_ring_is_known_as_long_as_the_hub_says_it() -> None:
    call = registered()
    call.hub_says(5, "claimed", revision=1, by="Lan", phone="115", now_s=NOW_S)
    assert call.phone == "115"
    says(call, 5, "claimed", 2, "Lan")
    assert call.phone is None


def test_the_nurse_cancels_an_open_call_and_only_an_open_one() -> None:
    call = registered()
    pressed(call, 6)
    call.cancel(now_s=NOW_S)
    assert step(call) == "cancelled"
    assert (call.state, call.call_seq, call.nudges) == (State.IDLE, None, [])
    with pytest.raises(IllegalInputError):
        call.cancel(now_s=NOW_S)


# Nudges that become calls


def test_a_nudge_that_the_hub_took_for_a_call_is_the_call() -> None:
    call = registered()
    says(call, 5, "claimed", 7, "Lan")
    pressed(call, 6)
    pressed(call, 7)
    assert says(call, 6, "offered", 1) == "at the hub"
    assert (call.state, call.call_seq, call.nudges, call.claimed_by) == (State.AT_HUB, 6, [7], None)
    with pytest.raises(IllegalInputError):
        says(call, 5, "ended", 8)


def test_a_call_ended_while_offline_gives_way_to_the_press_that_the_hub_does_not_have() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    pressed(call, 6)
    assert says(call, 5, "ended", 2) == "ended"
    assert (call.state, call.call_seq) == (State.REGISTERED, 6)
    assert call.overdue_at_s == NOW_S + KEPT_S
    assert received(call, 6) == "at the hub"
    assert says(call, 6, "ringing", 1) == "ringing"


def test_a_nudge_that_the_hub_had_when_it_ended_the_call_opens_none() -> None:
    call = registered()
    pressed(call, 6)
    received(call, 5, 6)
    assert says(call, 5, "ended", 2) == "ended"
    assert call.state is State.IDLE


def test_a_nudge_that_crossed_the_end_of_the_call_is_adopted_when_the_hub_names_it() -> None:
    call = registered()
    pressed(call, 6)
    received(call, 5, 6)
    says(call, 5, "ended", 2)
    assert says(call, 6, "offered", 1) == "at the hub"
    assert (call.state, call.call_seq) == (State.AT_HUB, 6)


def test_an_old_nudge_that_ended_does_not_wake_an_idle_lamp() -> None:
    call = registered()
    pressed(call, 6)
    received(call, 5, 6)
    says(call, 5, "ended", 2)
    with pytest.raises(IllegalInputError):
        says(call, 6, "ended", 3)
    assert call.state is State.IDLE


def test_a_press_after_the_end_is_a_new_call_with_its_own_revisions() -> None:
    call = registered()
    says(call, 5, "ended", 9)
    pressed(call, 8)
    assert (call.call_seq, call.nudges) == (8, [])
    assert says(call, 8, "ringing", 1) == "ringing"


# A call whose spool is a former one


def left_behind() -> StationCall:
    call = registered()
    call.left_behind(OLD)
    return call


def test_a_call_of_a_former_spool_goes_on_under_its_old_name() -> None:
    call = left_behind()
    with pytest.raises(IllegalInputError):
        says(call, 5, "ringing", 1)  # of the new spool: another call
    assert says(call, 5, "ringing", 1, spool=OLD) == "ringing"
    call.hub_says(5, "ended", revision=2, by=None, spool=OLD, now_s=NOW_S)
    assert call.take_told() == [CallStep(call_seq=5, step="ended", spool=OLD)]
    assert (call.state, call.spool) == (State.IDLE, None)


def test_a_press_beside_a_call_of_a_former_spool_is_a_call_of_its_own() -> None:
    call = left_behind()
    assert call.begin_press().nudges is None
    pressed(call, 2)
    says(call, 2, "offered", 1)
    assert (call.call_seq, call.spool) == (2, None)


def test_while_a_call_of_a_former_spool_is_answered_another_press_waits() -> None:
    call = left_behind()
    says(call, 5, "claimed", 1, "Lan", spool=OLD)
    pressed(call, 2)
    with pytest.raises(IllegalInputError):
        says(call, 2, "ringing", 1)
    assert (call.state, call.claimed_by) == (State.CLAIMED, "Lan")
    says(call, 5, "ended", 2, spool=OLD)
    says(call, 2, "ringing", 3)
    assert (call.state, call.call_seq) == (State.RINGING, 2)


def test_a_press_whose_record_is_lost_is_told_again() -> None:
    call = left_behind()
    call.pressed_anew(3)
    assert (call.state, call.call_seq, call.spool) == (State.REGISTERED, 3, None)
    assert says(call, 3, "ringing", 1) == "ringing"


# An emergency


def test_a_button_that_is_held_makes_the_open_call_an_emergency_once() -> None:
    call = registered()
    event = call.call_to_raise(5)
    assert event == CallRaised(call_seq=5)
    call.raised(event, 6, now_s=NOW_S)
    assert (call.state, call.is_raised) == (State.REGISTERED, True)
    assert call.call_to_raise(5) is None


def test_a_held_nudge_raises_the_call_that_it_nudges() -> None:
    call = left_behind()
    says(call, 5, "claimed", 1, "Lan", spool=OLD)
    pressed(call, 2)
    assert call.call_to_raise(2) == CallRaised(call_seq=5, spool=OLD)


def test_a_call_that_was_over_within_the_two_seconds_is_opened_again_by_the_emergency() -> None:
    call = registered()
    received(call, 5)
    says(call, 5, "ended", 9)
    event = call.call_to_raise(5)
    assert event == CallRaised(call_seq=5)
    call.raised(event, 6, now_s=NOW_S)
    assert (call.state, call.call_seq, call.is_raised) == (State.REGISTERED, 5, True)
    assert received(call, 5) is None  # the hub has the press, and not yet the emergency
    assert received(call, 5, 6) == "at the hub"
    assert says(call, 5, "ringing", 1) == "ringing"


def test_a_held_nudge_of_a_call_that_is_over_raises_that_call() -> None:
    call = registered()
    pressed(call, 6)
    received(call, 5, 6)
    says(call, 5, "ended", 2)
    assert call.call_to_raise(6) == CallRaised(call_seq=5)
