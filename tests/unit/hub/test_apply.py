"""What an input makes of a call: literal histories."""

import pytest

from hub.calls.apply import apply
from hub.calls.call import LIMITS, Call, Given, Guest, fresh, resumed
from hub.calls.table import IllegalInputError, Input, State

S = 1_000_000


def after(call: Call, *given: Given, now_us: int = 0) -> Call:
    for one in given:
        call = apply(call, one, now_us=now_us)
    return call


def given(input_: Input, by: str | None = None, **more: object) -> Given:
    return Given(input=input_, by=by, **more)  # type: ignore[arg-type]


RINGING = after(fresh(now_us=0, widen_us=15 * S), given(Input.SHOWN), given(Input.SOUNDS))
CLAIMED = after(RINGING, given(Input.CLAIM, "lan"))
ACTIVE = after(CLAIMED, given(Input.JOINED), given(Input.FLOWS))


def test_a_press_rings_for_two_minutes_whatever_state_of_ringing_it_is_in() -> None:
    assert (RINGING.state, RINGING.missed_us, RINGING.widen_us) == (State.RINGING, 120 * S, 15 * S)
    assert after(RINGING, given(Input.SILENT), now_us=100 * S).missed_us == 120 * S
    assert after(RINGING, given(Input.DUE), now_us=120 * S).state is State.MISSED


def test_a_claimed_call_whose_page_does_not_come_rings_again_for_everybody() -> None:
    again = after(CLAIMED, given(Input.DUE, widen_us=25 * S), now_us=10 * S)
    assert (again.state, again.owner, again.widen_us) == (State.OFFERED, None, 25 * S)
    assert again.missed_us == 130 * S


def test_only_the_owner_holds_parks_ends_and_asks() -> None:
    for input_ in (Input.HOLD, Input.PARK, Input.END):
        assert after(ACTIVE, given(input_, "lan")).state is not State.ACTIVE
        with pytest.raises(IllegalInputError):
            after(ACTIVE, given(input_, "minh"))


def test_a_transfer_takes_effect_only_when_the_one_who_was_asked_accepts() -> None:
    asked = after(ACTIVE, given(Input.ASK, "lan", to="minh", kind="transfer"))
    assert (asked.owner, asked.state) == ("lan", State.ACTIVE)
    with pytest.raises(IllegalInputError):
        after(asked, given(Input.TRANSFERRED, "hoa"))
    taken = after(asked, given(Input.TRANSFERRED, "minh"))
    assert (taken.owner, taken.state, taken.asked) == ("minh", State.CLAIMED, None)
    returned = after(asked, given(Input.ASK_OVER))
    assert (returned.owner, returned.asked) == ("lan", None)


def test_a_second_person_comes_and_has_the_turn_only_when_the_owner_gives_it() -> None:
    two = after(ACTIVE, given(Input.ASK, "lan", to="*", kind="second"), given(Input.SECONDED, "minh"))
    assert (two.owner, two.guests, two.speaker) == ("lan", (Guest("minh", "second"),), "lan")
    turned = after(two, given(Input.TURN, "lan", to="minh"))
    assert (turned.speaker, turned.state) == ("minh", State.CONNECTING)
    left = after(turned, given(Input.GUEST, to="minh", change="left"))
    assert (left.speaker, left.guests) == ("lan", ())


def test_ways_to_set_up_follow_one_another_and_the_last_one_has_no_end() -> None:
    call = after(CLAIMED, given(Input.JOINED))
    stages = [call.stage]
    while call.due_us is not None:
        call = after(call, given(Input.DUE), now_us=call.due_us)
        stages.append(call.stage)
    assert stages == [0, 1, 2, 3]


def test_a_dropped_call_that_is_not_resumed_is_its_owners_callback() -> None:
    dropped = after(ACTIVE, given(Input.STALLED), now_us=5 * S)
    assert dropped.due_us == 65 * S
    owed = after(dropped, given(Input.DUE), now_us=65 * S)
    assert (owed.state, owed.owner, owed.due_us) == (State.CALLBACK, "lan", 185 * S)


def test_a_callback_rings_the_station_and_a_ring_that_is_not_accepted_was_a_try() -> None:
    owed = after(RINGING, given(Input.DUE), given(Input.ASSIGN, to="lan"))
    ringing = after(owed, given(Input.RING, "lan", ring="00" * 8))
    assert after(ringing, given(Input.PRESSED_AGAIN)).state is State.CLAIMED
    assert after(ringing, given(Input.ACCEPTED)).owner == "lan"
    tried = after(ringing, given(Input.DUE), now_us=45 * S)
    assert (tried.state, tried.tries, tried.ring, tried.due_us) == (State.CALLBACK, 1, None, 645 * S)


def test_a_held_button_makes_an_emergency_of_any_open_call_and_ends_practice() -> None:
    practice = fresh(now_us=0, practice="drill")
    raised = after(practice, given(Input.RAISED, rung=2))
    assert (raised.is_emergency, raised.practice, raised.rung) == (True, None, 2)
    assert after(ACTIVE, given(Input.RAISED)).state is State.ACTIVE
    listed = after(ACTIVE, given(Input.END, "lan"), given(Input.RAISED))
    assert (listed.state, listed.owner) == (State.RECEIVED, None)


def test_a_hub_that_comes_back_gives_everybody_their_time_again() -> None:
    assert resumed(RINGING, now_us=500 * S).missed_us == 620 * S
    owed = after(RINGING, given(Input.DUE), given(Input.ASSIGN, to="lan"))
    assert resumed(owed, now_us=500 * S).due_us == owed.due_us
    assert resumed(CLAIMED, now_us=500 * S).due_us == 500 * S + LIMITS.claim_us
