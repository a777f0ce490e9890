"""Which devices there are at a station, what is the matter with them, and who they are."""

import itertools

import pytest

from contract.codes import Condition
from contract.events import (
    AnyEvent,
    BoxStarted,
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    LeadReversal,
    VisitOpened,
)
from hub.live.devices import DEVICES_MAX, STREAM_IDS
from hub.live.station_now import Change, StationNow
from tests.unit.hub.live.station_events import (
    BOARD,
    OXIMETER,
    arrived,
    board,
    next_person,
    oximeter,
    station,
    tell,
)

HELD_APART = "port-1.1"
QUESTION = DeviceQuestion(device=HELD_APART, candidates=(OXIMETER,), port="1-1.1")


def gone(device: str = OXIMETER) -> DeviceState:
    return DeviceState(device=device, state="gone")


def devices_drawn(now: StationNow) -> set[str]:
    return {one.device for one in now.streams()}


def asked(now: StationNow) -> list[str]:
    return [told.event.device for told in now.devices.questions()]


def test_waveforms_stand_ecg_first_then_pleth_whatever_device_they_come_from() -> None:
    labels = [(one.device, one.stream.label) for one in station().streams()]
    assert labels[:3] == [(BOARD, "I"), (BOARD, "Pleth"), (OXIMETER, "Pleth")]


def test_a_device_that_comes_or_starts_anew_leaves_the_others_their_numbers() -> None:
    now = station()
    of_board = [one.stream_id for one in now.streams() if one.device == BOARD]
    tell(now, oximeter(3), 10.0)
    tell(now, oximeter(4, device="usb-2"), 11.0)
    assert [one.stream_id for one in now.streams() if one.device == BOARD] == of_board
    ids = [one.stream_id for one in now.streams()]
    assert len(ids) == len(set(ids))


def test_of_two_alike_each_says_first_which_it_is() -> None:
    now = station()
    assert [now.devices.name(one) for one in (BOARD, OXIMETER)] == [BOARD, "CMS50D+"]
    tell(now, oximeter(4, device="usb-2"), 11.0)
    alike = [now.devices.name(one) for one in (OXIMETER, "usb-2")]
    assert alike == ["usb-1 · CMS50D+", "usb-2 · CMS50D+"]
    assert now.devices.full_name("usb-2") == "CMS50D+ (usb-2)"
    assert now.devices.name("a name that nobody told") == "a name that nobody told"


def test_no_number_of_a_stream_is_ever_too_large_for_a_frame() -> None:
    now = station()
    for extra in range(100):
        tell(now, oximeter(10 + extra, device=f"usb-{extra}"), 10.0 + extra)
    assert max(one.stream_id for one in now.streams()) < STREAM_IDS


def test_a_box_that_invents_devices_does_not_fill_the_hub() -> None:
    now = station()
    for extra in range(3 * DEVICES_MAX):
        tell(now, oximeter(10 + extra, device=f"x-{extra}"), 10.0 + extra)
    assert len(now.devices.sets()) == DEVICES_MAX
    assert f"x-{3 * DEVICES_MAX - 1}" in now.devices.listed(now.visit)


def test_a_device_that_was_unplugged_stays_until_the_visit_ends_and_says_so() -> None:
    now = station()
    assert Change.VIEW in tell(now, gone(), 10.0)
    assert now.devices.word(OXIMETER) == "gone"
    assert devices_drawn(now) == {BOARD, OXIMETER}
    next_person(now, 2, 20.0)
    assert devices_drawn(now) == {BOARD}
    assert now.devices.listed(now.visit) == [BOARD]


def test_a_device_that_is_plugged_in_again_is_there_again() -> None:
    now = station()
    tell(now, gone(), 10.0)
    tell(now, oximeter(3), 30.0)
    next_person(now, 2, 40.0)
    assert (now.devices.word(OXIMETER), devices_drawn(now)) == ("connected", {BOARD, OXIMETER})


def test_what_a_box_does_not_name_again_after_it_began_anew_is_silent_and_then_gone() -> None:
    now = station()
    tell(now, BoxStarted(software="1", drafts_recovered=0), 10.0)
    tell(now, board(3), 11.0)
    assert (now.devices.word(OXIMETER), now.devices.word(BOARD)) == ("silent", "connected")
    next_person(now, 2, 20.0)
    assert devices_drawn(now) == {BOARD}


def test_a_device_that_is_switched_off_takes_no_room_in_the_next_visit_but_is_named() -> None:
    now = station()
    tell(now, DeviceState(device=OXIMETER, state="silent"), 10.0)
    assert devices_drawn(now) == {BOARD, OXIMETER}
    next_person(now, 2, 20.0)
    assert devices_drawn(now) == {BOARD}
    assert now.devices.listed(now.visit) == [BOARD, OXIMETER]
    tell(now, DeviceState(device=OXIMETER, state="connected"), 30.0, visit=2)
    assert devices_drawn(now) == {BOARD, OXIMETER}


def test_what_is_said_late_changes_nothing() -> None:
    now = station()
    tell(now, Conditions(device=OXIMETER, on=("probe off",)), 10.0)
    assert tell(now, Conditions(device=OXIMETER, on=()), 9.0) is Change.NOTHING
    assert now.devices.conditions(OXIMETER, now.visit) == ("probe off",)
    assert tell(now, Conditions(device=OXIMETER, on=()), 11.0) == (
        Change.NOTICES | Change.DEVICES | Change.VALUES
    )
    assert now.devices.conditions(OXIMETER, now.visit) == ()


OF_THE_DEVICE = {"probe off", "probe fault", "lead off", "battery low", "battery critical", "device fault"}


@pytest.mark.parametrize("word", [*Condition, "a word of a later version"])
def test_what_was_the_matter_with_one_persons_measuring_is_not_said_of_the_next(word: str) -> None:
    now = station()
    tell(now, Conditions(device=OXIMETER, on=(word,)), 10.0)
    assert now.devices.conditions(OXIMETER, now.visit) == (word,)
    next_person(now, 2, 20.0)
    assert now.devices.conditions(OXIMETER, now.visit) == ((word,) if word in OF_THE_DEVICE else ())
    tell(now, Conditions(device=OXIMETER, on=(word,)), 21.0, visit=2)
    assert now.devices.conditions(OXIMETER, now.visit) == (word,)


def test_of_a_device_that_is_not_there_no_condition_is_said() -> None:
    now = station()
    tell(now, Conditions(device=OXIMETER, on=("battery low",)), 10.0)
    tell(now, gone(), 11.0)
    assert now.devices.conditions(OXIMETER, now.visit) == ()


def test_suspected_lead_reversal_is_of_its_visit_and_goes_when_the_box_says_so() -> None:
    now = station()
    assert tell(now, LeadReversal(device=BOARD, suspected="RA-LA"), 10.0) == Change.NOTICES | Change.DEVICES
    assert now.devices.reversal(BOARD, now.visit) == "RA-LA"
    tell(now, LeadReversal(device=BOARD), 11.0)
    assert now.devices.reversal(BOARD, now.visit) is None
    tell(now, LeadReversal(device=BOARD, suspected="RA-LA"), 12.0)
    next_person(now, 2, 20.0)
    assert now.devices.reversal(BOARD, now.visit) is None


def test_a_device_in_question_is_drawn_nowhere_until_somebody_says_that_it_is_a_new_one() -> None:
    now = station()
    tell(now, oximeter(5, device=HELD_APART), 9.9, visit=0)
    assert Change.QUESTIONS in tell(now, QUESTION, 10.0, visit=0)
    assert asked(now) == [HELD_APART]
    assert HELD_APART not in devices_drawn(now) | set(now.devices.listed(now.visit))
    tell(now, DeviceConfirmed(device=HELD_APART, by="Lan"), 20.0, visit=0)
    assert asked(now) == []
    assert HELD_APART in devices_drawn(now)


def test_a_name_for_the_time_being_is_never_drawn_once_the_device_is_known_as_another() -> None:
    now = station()
    tell(now, oximeter(5, device=HELD_APART), 9.9, visit=0)
    tell(now, QUESTION, 10.0, visit=0)
    tell(now, DeviceConfirmed(device=HELD_APART, is_device=OXIMETER, by="Lan"), 20.0, visit=0)
    tell(now, gone(HELD_APART), 20.1, visit=0)
    tell(now, oximeter(6), 20.2)
    assert asked(now) == []
    assert devices_drawn(now) == {BOARD, OXIMETER}


@pytest.mark.parametrize("end", [gone(HELD_APART), BoxStarted(software="1", drafts_recovered=0)])
def test_a_question_ends_with_the_device_and_with_the_box_that_asked(end: AnyEvent) -> None:
    now = station()
    tell(now, oximeter(5, device=HELD_APART), 9.9, visit=0)
    tell(now, QUESTION, 10.0, visit=0)
    tell(now, end, 11.0, visit=0)
    assert asked(now) == []
    assert HELD_APART not in devices_drawn(now)
    tell(now, QUESTION, 12.0, visit=0)
    assert asked(now) == [HELD_APART]


def test_devices_are_the_same_in_whatever_order_their_events_come() -> None:
    events: list[tuple[AnyEvent, float]] = [
        (oximeter(5, device=HELD_APART), 9.9),
        (QUESTION, 10.0),
        (DeviceConfirmed(device=HELD_APART, is_device=OXIMETER, by="Lan"), 20.0),
        (gone(HELD_APART), 20.1),
        (gone(), 30.0),
    ]
    for order in itertools.permutations(events):
        now = station()
        for event, t_s in order:
            tell(now, event, t_s)
        assert (asked(now), now.devices.word(OXIMETER), devices_drawn(now)) == ([], "gone", {BOARD, OXIMETER})


def test_another_card_brings_other_devices_and_takes_the_questions_away() -> None:
    now = station()
    tell(now, QUESTION, 10.0, visit=0)
    change = now.on_event(arrived(3.0, spool=8), VisitOpened(visit=1, how="signal"))
    assert Change.QUESTIONS in change
    assert (asked(now), now.streams(), now.devices.listed(now.visit)) == ([], [], [])
