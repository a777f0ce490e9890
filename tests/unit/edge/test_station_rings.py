from itertools import product

import pytest

from contract.events import CallStep, HubRang
from edge.call.hub_ring import ANNOUNCED_WITHIN_S, TRANSITIONS, HubRing, RingInput, RingState
from edge.call.station_call import StationCall
from edge.call.station_table import State
from edge.errors import IllegalInputError
from tests.unit.edge.station_calls import NOW_S, OLD, OTHER_RING, RING, pressed, registered, ring, rings, says


@pytest.mark.parametrize(
    ("state", "input_"), sorted({*product(RingState, RingInput)} - {*TRANSITIONS}, key=str)
)
def test_every_pair_outside_the_table_is_refused(state: RingState, input_: RingInput) -> None:
    one = HubRing(state)
    with pytest.raises(IllegalInputError):
        one._apply(input_)
    assert one.state is state


def test_every_ring_has_a_way_to_its_end() -> None:
    ways = {before for (before, _), after in TRANSITIONS.items() if after is RingState.QUIET}
    assert ways == set(RingState) - {RingState.QUIET}


def test_the_hub_calls_and_a_press_accepts_it() -> None:
    call = StationCall()
    assert rings(call, ring()) == []
    assert call.state is State.CHIMING
    meaning = call.begin_press()
    assert (meaning.answers, meaning.nudges) == (RING, None)
    assert meaning.told == (HubRang(ring=RING, outcome="accepted", by="Lan"),)
    call.press(7, meaning, now_s=NOW_S + 1)
    assert (call.state, call.call_seq, call.ring.is_on) == (State.REGISTERED, 7, False)
    assert says(call, 7, "claimed", 1, "Lan") == "claimed"


def test_a_press_that_is_being_stored_is_not_overtaken_by_the_end_of_the_ring() -> None:
    call = StationCall()
    rings(call, ring())
    meaning = call.begin_press()
    call.tick(now_s=NOW_S + 60)
    assert rings(call, ring(lease_s=0)) == []
    with pytest.raises(IllegalInputError):
        call.decline(now_s=NOW_S)
    call.press(7, meaning, now_s=NOW_S + 61)
    assert (call.state, call.take_told()) == (State.REGISTERED, [])


def test_a_ring_within_an_open_call_chimes_there_and_its_press_is_a_nudge() -> None:
    call = registered()
    says(call, 5, "callback", 1)
    rings(call, ring(spool=OLD, call_seq=5))
    assert call.state is State.AT_HUB
    meaning = call.begin_press()
    assert (meaning.answers, meaning.nudges) == (RING, 5)
    call.press(7, meaning, now_s=NOW_S)
    assert (call.state, call.call_seq, call.nudges) == (State.AT_HUB, 5, [7])
    assert says(call, 5, "claimed", 2, "Lan") == "claimed"


def test_a_ring_runs_out_with_its_lease_and_is_told_unanswered() -> None:
    call = StationCall()
    rings(call, ring())
    assert call.next_s == call.ring.until_s == NOW_S + 12
    rings(call, ring(), now_s=NOW_S + 4)  # it still holds
    assert call.next_s == NOW_S + 16
    call.tick(now_s=NOW_S + 16)
    assert call.take_told() == [HubRang(ring=RING, outcome="unanswered", by="Lan")]
    assert call.state is State.IDLE


def test_a_ring_that_was_declined_accepted_or_ended_never_chimes_again() -> None:
    for end in ("declined", "accepted", "ended"):
        call = StationCall()
        rings(call, ring())
        match end:
            case "declined":
                call.decline(now_s=NOW_S)
                assert call.take_told() == [HubRang(ring=RING, outcome="declined", by="Lan")]
            case "accepted":
                pressed(call, 7)
                says(call, 7, "ended", 3)
            case _:
                assert rings(call, ring(lease_s=0)) == [HubRang(ring=RING, outcome="unanswered", by="Lan")]
        with pytest.raises(IllegalInputError):
            rings(call, ring())
        assert call.state is State.IDLE
        rings(call, ring(OTHER_RING))
        assert call.ring.name == OTHER_RING


def test_the_end_of_a_ring_that_comes_before_the_ring_ends_it() -> None:
    call = StationCall()
    assert rings(call, ring(lease_s=0)) == []
    with pytest.raises(IllegalInputError):
        rings(call, ring())
    assert call.state is State.IDLE


def test_another_ring_takes_the_place_of_one_whose_end_was_not_heard() -> None:
    call = StationCall()
    rings(call, ring())
    assert rings(call, ring(OTHER_RING)) == [HubRang(ring=RING, outcome="unanswered", by="Lan")]
    assert (call.state, call.ring.name) == (State.CHIMING, OTHER_RING)


def test_nobody_is_rung_for_while_somebody_is_on_the_line() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    with pytest.raises(IllegalInputError):
        rings(call, ring())
    assert not call.ring.is_on


def test_a_ring_within_a_call_is_over_when_somebody_has_the_call_and_outlives_its_end() -> None:
    call = registered()
    rings(call, ring())
    call.hub_says(5, "claimed", revision=1, by="Lan", now_s=NOW_S)
    assert HubRang(ring=RING, outcome="unanswered", by="Lan") in call.take_told()
    other = registered()
    rings(other, ring())
    says(other, 5, "ended", 1)
    assert other.state is State.CHIMING


def test_who_cancels_declines_the_ring_too() -> None:
    call = registered()
    rings(call, ring())
    call.cancel(now_s=NOW_S)
    told = call.take_told()
    assert HubRang(ring=RING, outcome="declined", by="Lan") in told
    assert CallStep(call_seq=5, step="cancelled") in told
    assert call.state is State.IDLE


def test_only_an_emergency_answers_itself_and_only_where_the_station_lets_it() -> None:
    for is_emergency, may_answer in ((True, False), (False, True)):
        call = StationCall()
        rings(call, ring(is_emergency=is_emergency or None), may_answer=may_answer)
        assert call.ring.answers_at_s is None
        assert not call.tick(now_s=NOW_S + 5)


def test_a_ring_answers_itself_five_seconds_after_it_was_announced_which_its_repeats_do_not_prolong() -> None:
    call = StationCall()
    rings(call, ring(is_emergency=True), may_answer=True)
    call.announced(now_s=NOW_S + 3)
    call.announced(now_s=NOW_S + 4)  # told once more
    rings(call, ring(is_emergency=True), may_answer=True, now_s=NOW_S + 4)
    assert call.next_s == call.ring.answers_at_s == NOW_S + 8
    assert not call.tick(now_s=NOW_S + 7.9)
    assert call.tick(now_s=NOW_S + 8)
    assert not call.tick(now_s=NOW_S + 9)
    meaning = call.begin_press(is_by_itself=True)
    assert meaning.told == (HubRang(ring=RING, outcome="answered by itself", by="Lan"),)
    call.press(7, meaning, now_s=NOW_S + 6)
    assert (call.state, call.call_seq) == (State.REGISTERED, 7)


def test_an_announced_ring_is_accepted_by_a_press_at_once_or_declined() -> None:
    call = StationCall()
    rings(call, ring(is_emergency=True), may_answer=True)
    assert pressed(call, 7)[0] == HubRang(ring=RING, outcome="accepted", by="Lan")
    assert not call.tick(now_s=NOW_S + 5)
    other = StationCall()
    rings(other, ring(is_emergency=True), may_answer=True)
    other.decline(now_s=NOW_S + 1)
    assert not other.tick(now_s=NOW_S + 5)
    assert other.state is State.IDLE


def test_a_ring_waits_for_its_announcement_but_not_for_ever() -> None:
    call = StationCall()
    for at_s in range(0, 16, 4):
        assert not call.tick(now_s=NOW_S + at_s)
        rings(call, ring(is_emergency=True), may_answer=True, now_s=NOW_S + at_s)
    call.announced(now_s=NOW_S + 13)
    assert not call.tick(now_s=NOW_S + ANNOUNCED_WITHIN_S - 0.1)
    assert call.tick(now_s=NOW_S + ANNOUNCED_WITHIN_S)


def test_an_announcement_is_nothing_to_a_ring_that_waits_for_a_press() -> None:
    call = StationCall()
    rings(call, ring())
    call.announced(now_s=NOW_S)
    assert not call.tick(now_s=NOW_S + 6)
    assert call.ring.answers_at_s is None


def test_a_ring_that_nobody_ends_is_over_after_ninety_seconds_however_often_it_is_said() -> None:
    call = StationCall()
    rings(call, ring())
    for at_s in range(4, 90, 4):
        call.tick(now_s=NOW_S + at_s)
        rings(call, ring(), now_s=NOW_S + at_s)
    call.tick(now_s=NOW_S + 90)
    assert (call.state, call.take_told()) == (
        State.IDLE,
        [HubRang(ring=RING, outcome="unanswered", by="Lan")],
    )
    with pytest.raises(IllegalInputError):
        rings(call, ring(), now_s=NOW_S + 91)
    rings(call, ring(OTHER_RING), now_s=NOW_S + 91)
    assert call.ring.until_s == NOW_S + 91 + 12
