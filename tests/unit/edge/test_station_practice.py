from itertools import product

import pytest

from contract.events import PracticeKind, PracticeMode
from edge.call.practising import TRANSITIONS, PracticeInput, PracticeState, Practising
from edge.call.station_call import HOTLINE_S, KEPT_S, StationCall
from edge.call.station_table import State
from edge.errors import IllegalInputError
from tests.unit.edge.station_calls import NOW_S, OTHER_RING, RING, pressed, registered, ring, rings, says


@pytest.mark.parametrize(
    ("state", "input_"), sorted({*product(PracticeState, PracticeInput)} - {*TRANSITIONS}, key=str)
)
def test_every_pair_outside_the_table_is_refused(state: PracticeState, input_: PracticeInput) -> None:
    one = Practising(state)
    with pytest.raises(IllegalInputError):
        one._apply(input_)
    assert one.state is state


def practising(kind: str = "drill") -> StationCall:
    call = StationCall()
    call.practise(kind, by="Lan", name=RING, lease_s=600, now_s=NOW_S)  # type: ignore[arg-type]
    assert call.take_told() == [PracticeMode(kind=kind, is_on=True, why="asked")]  # type: ignore[arg-type]
    return call


def test_practice_covers_one_press() -> None:
    call = practising()
    assert call.begin_press().practice == "drill"
    assert pressed(call, 5) == (PracticeMode(kind="drill", is_on=False, why="used"),)
    assert (call.practice, call.practising.is_on) == ("drill", False)


def test_the_press_after_a_practice_press_is_a_call_of_its_own_and_leaves_the_practice_behind() -> None:
    call = practising()
    pressed(call, 5)
    says(call, 5, "claimed", 1, "Lan")
    meaning = call.begin_press()
    assert (meaning.nudges, meaning.practice) == (None, None)
    assert meaning.told == (PracticeMode(kind="drill", is_on=False, why="real press"),)
    call.press(6, meaning, now_s=NOW_S + 9)
    assert (call.state, call.call_seq, call.practice) == (State.REGISTERED, 6, None)
    assert call.overdue_at_s == NOW_S + 9 + KEPT_S
    assert call.hotline_at_s == NOW_S + 9 + HOTLINE_S
    with pytest.raises(IllegalInputError):
        says(call, 5, "ended", 2)
    assert call.begin_press().nudges == 6


def test_a_real_press_beside_a_practice_call_that_is_registered_has_its_own_five_seconds() -> None:
    call = practising()
    pressed(call, 5)
    call.press(6, call.begin_press(), now_s=NOW_S + 3)
    assert (call.since_s, call.overdue_at_s) == (NOW_S + 3, NOW_S + 3 + KEPT_S)


def test_holding_the_button_makes_a_practice_call_real() -> None:
    call = practising()
    pressed(call, 5)
    event = call.call_to_raise(5)
    assert event is not None
    call.raised(event, 6, now_s=NOW_S)
    assert (call.call_seq, call.practice, call.is_raised) == (5, None, True)
    assert call.take_told() == [PracticeMode(kind="drill", is_on=False, why="real press")]


def test_holding_the_button_of_a_test_that_the_hub_has_closed_makes_it_real() -> None:
    call = practising("test")
    pressed(call, 5)
    says(call, 5, "ended", 1)
    event = call.call_to_raise(5)
    assert event is not None
    call.raised(event, 6, now_s=NOW_S)
    assert (call.state, call.call_seq, call.practice) == (State.REGISTERED, 5, None)
    assert call.take_told() == [PracticeMode(kind="test", is_on=False, why="real press")]


def test_practice_that_was_used_or_ended_does_not_begin_again_by_a_late_signal() -> None:
    used, ended, unheard = practising(), practising(), StationCall()
    pressed(used, 5)
    says(used, 5, "ended", 1)
    ended.practise_no_more(name=RING)
    assert ended.take_told() == [PracticeMode(kind="drill", is_on=False, why="asked")]
    unheard.practise_no_more(name=RING)
    assert unheard.take_told() == []
    for call in (used, ended, unheard):
        with pytest.raises(IllegalInputError):
            call.practise("drill", by="Lan", name=RING, lease_s=600, now_s=NOW_S)
        assert call.begin_press().practice is None


def test_practice_is_over_with_its_lease_which_a_repeat_prolongs() -> None:
    call = practising()
    call.practise("drill", by="Lan", name=RING, lease_s=600, now_s=NOW_S + 5)
    assert call.take_told() == []
    assert call.next_s == NOW_S + 605
    call.tick(now_s=NOW_S + 605)
    assert call.take_told() == [PracticeMode(kind="drill", is_on=False, why="over")]
    assert call.begin_press().practice is None


def test_no_practice_begins_while_a_call_is_open_or_the_hub_calls() -> None:
    chiming = StationCall()
    rings(chiming, ring())
    for call in (registered(), chiming):
        with pytest.raises(IllegalInputError):
            call.practise("drill", by="station", now_s=NOW_S)


def test_a_press_that_answers_a_ring_is_real_also_while_practice_was_asked_for() -> None:
    call = practising()
    rings(call, ring(OTHER_RING))
    meaning = call.begin_press()
    assert (meaning.answers, meaning.practice) == (OTHER_RING, None)
    assert PracticeMode(kind="drill", is_on=False, why="real press") in meaning.told
    call.press(5, meaning, now_s=NOW_S)
    assert not call.practising.is_on


def test_practice_asked_for_at_the_station_is_ended_there() -> None:
    call = StationCall()
    with pytest.raises(IllegalInputError):
        call.practise_no_more()
    call.practise("test", by="station", now_s=NOW_S)
    call.practise_no_more()
    assert [one.is_on for one in call.take_told() if isinstance(one, PracticeMode)] == [True, False]
    assert call.begin_press().practice is None


def test_one_practice_of_the_hub_lasts_half_an_hour_at_most_however_often_it_is_said() -> None:
    call = StationCall()
    for at_s in range(0, 1800, 60):
        call.tick(now_s=NOW_S + at_s)
        kind: PracticeKind = "drill" if at_s % 120 else "test"
        call.practise(kind, by="Lan", name=RING, lease_s=600, now_s=NOW_S + at_s)
    call.tick(now_s=NOW_S + 1800)
    assert not call.practising.is_on
    with pytest.raises(IllegalInputError):
        call.practise("drill", by="Lan", name=RING, lease_s=600, now_s=NOW_S + 1801)
    assert call.begin_press().practice is None
