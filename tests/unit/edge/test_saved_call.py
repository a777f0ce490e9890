import json
from collections.abc import Callable

import pytest

from contract.events import Event, HubRang, PracticeMode
from edge.call.hub_ring import RingState
from edge.call.saved_call import restored_call, saved_call
from edge.call.station_call import HOTLINE_S, KEPT_S, NO_WORD_S, StationCall
from edge.call.station_table import REPEATED, State
from tests.unit.edge.station_calls import (
    NOW_S,
    RING,
    pressed,
    received,
    registered,
    ring,
    rings,
    says,
)

LATER_S = 17.0  # of another boot


def in_state(state: State) -> StationCall:
    """A call that has come there by what can happen."""
    call = StationCall() if state in (State.IDLE, State.CHIMING) else registered()
    match state:
        case State.KEPT:
            call.tick(now_s=NOW_S + KEPT_S)
        case State.AT_HUB:
            received(call, 5)
        case State.RINGING:
            says(call, 5, "ringing", 1)
        case State.CLAIMED:
            says(call, 5, "claimed", 1, "Lan")
        case State.HELD:
            says(call, 5, "held", 1, "Lan")
        case State.NO_WORD:
            says(call, 5, "claimed", 1, "Lan")
            call.tick(now_s=NOW_S + NO_WORD_S)
        case State.CHIMING:
            rings(call, ring())
        case _:
            pass
    call.take_told()
    assert call.state is state
    return call


def again(call: StationCall, *, is_same_boot: bool, now_s: float) -> StationCall:
    """The call after a restart, by way of the card; its first tick is done."""
    saved = json.loads(json.dumps(saved_call(call, boot_name="boot")))
    other = restored_call(saved, boot_name="boot" if is_same_boot else "other", now_s=now_s)
    other.tick(now_s=now_s)
    return other


@pytest.mark.parametrize("state", State)
def test_a_restart_of_the_service_changes_nothing_in_any_state(state: State) -> None:
    call = in_state(state)
    after = again(call, is_same_boot=True, now_s=NOW_S + 1)
    assert saved_call(after, boot_name="boot") == saved_call(call, boot_name="boot")
    next_s = NOW_S + 1 + NO_WORD_S if state in REPEATED else call.next_s  # the hub's next word, anew
    assert (after.next_s, after.take_told()) == (next_s, [])


@pytest.mark.parametrize(
    ("state", "expected", "told"),
    [
        (State.IDLE, State.IDLE, []),
        (State.REGISTERED, State.REGISTERED, []),
        (State.KEPT, State.KEPT, []),
        (State.AT_HUB, State.AT_HUB, []),
        (State.RINGING, State.AT_HUB, []),
        (State.CLAIMED, State.AT_HUB, []),
        (State.HELD, State.AT_HUB, []),
        (State.NO_WORD, State.NO_WORD, []),
        (State.CHIMING, State.IDLE, [HubRang(ring=RING, outcome="unanswered", by="")]),
    ],
)
def test_after_a_boot_of_the_box_only_what_is_certain_is_shown(
    state: State, expected: State, told: list[Event]
) -> None:
    before = in_state(state)
    call = again(before, is_same_boot=False, now_s=LATER_S)
    assert (call.state, call.call_seq, call.take_told()) == (expected, before.call_seq, told)
    assert call.since_s is None or state is State.CHIMING
    assert call.overdue_at_s == (LATER_S + KEPT_S if state is State.REGISTERED else None)
    is_waiting = expected is not State.IDLE
    assert call.hotline_at_s == (LATER_S + HOTLINE_S if is_waiting else None)


def test_a_restored_call_goes_on_as_the_hub_says() -> None:
    for is_same_boot in (True, False):
        call = again(in_state(State.CLAIMED), is_same_boot=is_same_boot, now_s=LATER_S)
        call.link_came(now_s=LATER_S)
        says(call, 5, "claimed", 1, "Lan")
        assert (call.state, call.claimed_by) == (State.CLAIMED, "Lan")


def test_a_reboot_ends_a_ring_within_a_call_and_its_name_stays_over() -> None:
    call = registered()
    rings(call, ring())
    after = again(call, is_same_boot=False, now_s=LATER_S)
    assert after.take_told() == [HubRang(ring=RING, outcome="unanswered", by="")]
    assert (after.state, after.ring.is_on, after.ring.ended) == (State.REGISTERED, False, [RING])


def test_practice_ends_with_a_boot_and_outlives_a_restart() -> None:
    call = StationCall()
    call.practise("drill", by="Lan", name=RING, lease_s=600, now_s=NOW_S)
    assert again(call, is_same_boot=True, now_s=NOW_S + 1).begin_press().practice == "drill"
    after = again(call, is_same_boot=False, now_s=LATER_S)
    assert after.take_told() == [PracticeMode(kind="drill", is_on=False, why="over")]
    assert after.begin_press().practice is None


@pytest.mark.parametrize("is_same_boot", [True, False])
def test_an_open_practice_call_and_an_emergency_stay_what_they_are(is_same_boot: bool) -> None:
    practice = StationCall()
    practice.practise("drill", by="station", now_s=NOW_S)
    pressed(practice, 5)
    after = again(practice, is_same_boot=is_same_boot, now_s=NOW_S)
    assert (after.practice, after.begin_press().nudges) == ("drill", None)
    raised = registered()
    event = raised.call_to_raise(5)
    assert event is not None
    raised.raised(event, 6, now_s=NOW_S)
    assert again(raised, is_same_boot=is_same_boot, now_s=NOW_S).call_to_raise(5) is None


def test_a_press_on_its_way_to_the_disk_leaves_the_ring_as_it_was() -> None:
    call = StationCall()
    rings(call, ring())
    call.begin_press()
    after = again(call, is_same_boot=True, now_s=NOW_S + 1)
    assert after.begin_press().answers == RING


def test_nudges_come_back_with_what_the_hub_has_of_them() -> None:
    call = registered()
    says(call, 5, "claimed", 1, "Lan")
    pressed(call, 6)
    received(call, 6)
    pressed(call, 7)
    after = again(call, is_same_boot=True, now_s=NOW_S)
    assert (after.nudges, after.nudges_at_hub) == ([6, 7], [6])


def test_a_restart_between_the_end_and_the_hubs_word_of_the_nudge_keeps_its_lamp() -> None:
    call = registered()
    pressed(call, 6)
    received(call, 5, 6)
    says(call, 5, "ended", 2)
    after = again(call, is_same_boot=True, now_s=NOW_S)
    assert (after.state, after.call_seq) == (State.IDLE, None)
    assert says(after, 6, "offered", 1) == "at the hub"
    assert (after.state, after.call_seq) == (State.AT_HUB, 6)


def test_no_name_of_a_person_is_saved() -> None:
    calls: list[Callable[[], StationCall]] = [
        lambda: in_state(State.CLAIMED),
        lambda: in_state(State.CHIMING),
    ]
    assert not any("Lan" in str(saved_call(make(), boot_name="boot")) for make in calls)


def test_nothing_saved_is_no_call_and_what_an_older_version_saved_is_one() -> None:
    assert restored_call(None, boot_name="boot", now_s=0.0) == StationCall()
    old = {"state": "at the hub", "call_seq": 5, "nudges": [6], "nudges_at_hub": []}
    call = restored_call(old, boot_name="boot", now_s=0.0)
    assert (call.state, call.call_seq, call.nudges) == (State.AT_HUB, 5, [6])


def test_words_that_say_the_same_again_write_nothing_to_the_card() -> None:
    call = in_state(State.CLAIMED)
    before = saved_call(call, boot_name="boot")
    says(call, 5, "claimed", 1, "Lan", now_s=NOW_S + 5)
    call.media_flows(now_s=NOW_S + 14)
    assert saved_call(call, boot_name="boot") == before


def test_a_ring_that_was_to_answer_itself_is_announced_anew_after_a_restart() -> None:
    call = StationCall()
    rings(call, ring(is_emergency=True), may_answer=True)
    call.announced(now_s=NOW_S + 2)
    after = again(call, is_same_boot=True, now_s=NOW_S + 3)
    assert not after.tick(now_s=NOW_S + 8)  # nobody knows whether they heard it
    assert after.state is State.CHIMING
    rings(after, ring(is_emergency=True), may_answer=True, now_s=NOW_S + 8)
    assert after.ring.state is RingState.ANNOUNCED


def test_a_ring_about_practice_is_still_marked_so_after_a_restart() -> None:
    call = StationCall()
    rings(call, ring(practice="drill"))
    assert again(call, is_same_boot=True, now_s=NOW_S + 1).ring.practice == "drill"
    saved = saved_call(call, boot_name="boot")
    del saved["ring"]["practice"]  # of a version of before
    assert restored_call(saved, boot_name="boot", now_s=NOW_S + 1).ring.practice is None
