"""Every call that a station can have: none is stuck, no lamp lies, no restart forgets."""

from collections.abc import Iterator

import pytest

from edge.call.hub_ring import RingState
from edge.call.lamps import CALL_LAMP, PRACTICE_LAMP, lamp_of
from edge.call.station_call import StationCall
from edge.call.station_table import CLOSED, OPEN, REPEATED, WAITING, State
from tests.model.station_calls import NOW_S, Shape, all_calls, copy_of, restart, shape_of, tick
from tests.model.walk import Walk

TICKS_MAX = 4


@pytest.fixture(scope="module")
def walked() -> Walk[Shape]:
    return all_calls()  # it fails when what is refused changes anything


@pytest.fixture
def calls(walked: Walk[Shape]) -> Iterator[StationCall]:
    return (copy_of(shape.call) for shape in walked.leads)


def test_the_walk_comes_to_every_state(calls: Iterator[StationCall]) -> None:
    assert {call.state for call in calls} == set(State)


def test_a_call_has_a_name_exactly_while_it_is_open(calls: Iterator[StationCall]) -> None:
    for call in calls:
        assert (call.state in OPEN) == (call.call_seq is not None), call
        assert call.state in OPEN or (call.spool is None and not call.is_raised), call


def test_from_every_call_there_is_a_way_back_to_none(walked: Walk[Shape]) -> None:
    idle = [shape for shape in walked.leads if shape.call.state is State.IDLE]
    assert not walked.cannot_reach(idle)


def test_the_hubs_word_is_waited_for_exactly_while_the_lamp_needs_it(calls: Iterator[StationCall]) -> None:
    for call in calls:
        assert (call.overdue_at_s is not None) == (call.state in (State.REGISTERED, *REPEATED)), call
        assert (call.hotline_at_s is not None) == (call.state in WAITING), call


def test_the_hub_is_heard_to_call_exactly_while_it_does(calls: Iterator[StationCall]) -> None:
    for call in calls:
        if call.state in CLOSED:
            assert (call.state is State.CHIMING) == call.ring.is_on, call


def test_every_deadline_that_passes_leads_somewhere(calls: Iterator[StationCall]) -> None:
    for call in calls:
        for _ in range(TICKS_MAX):
            if call.next_s is None or call.next_s > NOW_S:
                break
            tick(call)
        assert call.next_s is None or call.next_s > NOW_S, call


def test_no_call_that_has_begun_is_practice_and_an_emergency(calls: Iterator[StationCall]) -> None:
    for call in calls:
        assert call.practice is None or not call.is_raised, call


def test_the_lamp_says_the_state_or_that_it_is_practice_or_that_the_hub_calls(
    calls: Iterator[StationCall],
) -> None:
    for call in calls:
        is_practice = call.practice is not None or (call.practising.is_on and call.state is State.IDLE)
        is_rung = call.ring.is_waiting and call.state not in (State.CLAIMED, State.HELD)
        look = CALL_LAMP[State.CHIMING if is_rung else call.state]
        assert lamp_of(call) == (PRACTICE_LAMP if is_practice else look), call


def test_a_restart_of_the_service_forgets_neither_call_nor_ring_nor_practice(
    calls: Iterator[StationCall],
) -> None:
    for call in calls:
        before = copy_of(call)
        again = restart("this")(call)
        again.last = before.last  # for the two seconds of a hold; a button that is held is told again
        if before.ring.state is RingState.ANNOUNCED:  # it is announced anew, or does not answer itself
            before.ring.state, before.ring.answers_at_s = RingState.CHIMES, None
        assert shape_of(again) == shape_of(before)


def test_another_boot_forgets_no_call_and_never_says_more_than_the_disk_knows(
    calls: Iterator[StationCall],
) -> None:
    for call in calls:
        again = restart("another")(copy_of(call))
        assert (again.call_seq, again.nudges, again.spool) == (call.call_seq, call.nudges, call.spool)
        assert again.state not in (State.RINGING, State.CLAIMED, State.HELD), again
        assert (again.state in OPEN) == (call.state in OPEN), again
