"""Who is being seen, where several devices measure: no visit has two persons."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codes import Condition
from contract.events import (
    StreamSet,
    VisitClosed,
    VisitOpened,
)
from contract.header import Kind
from contract.ids import NO_VISIT
from edge.capture.capture import BOARD
from tests.unit.edge.board_events import ECG, UID, block, connected
from tests.unit.edge.heard_station import NOW_US, Station
from tests.unit.edge.instrument_events import (
    BARE_ECG,
    NUMBERS_ONLY,
    WAVE,
    matter,
    plugged,
    samples,
    unplugged,
)

FINGER, OTHER = "finger-1", "finger-2"
OUT = Condition.PROBE_OFF


@pytest.fixture
def station() -> Station:
    return Station()


def test_any_device_opens_the_visit_and_all_belong_to_it(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    assert station.told(VisitOpened) == [VisitOpened(visit=1, how="signal")]
    assert [visit for _, visit, _, _ in station.chunks()] == [1, 1]


def test_after_next_person_no_device_measures_anybody_until_all_were_off(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.next_person()
    station.say(BOARD, block(ECG, 25, 25, mask=3), block(ECG, 50, 25, mask=0))  # on the next one
    station.say(FINGER, samples(WAVE, 10, 10))  # still on the one before
    assert station.capture.visit == NO_VISIT
    assert station.capture.awaits_sensors_off
    station.say(FINGER, matter(FINGER, OUT), matter(FINGER), samples(WAVE, 30, 10))
    station.say(BOARD, block(ECG, 75, 25, mask=0))
    assert sorted(station.chunks()) == [
        (UID.hex(), 0, 50, 25),
        (UID.hex(), 1, 0, 25),
        (UID.hex(), 2, 75, 25),
        (FINGER, 0, 10, 10),
        (FINGER, 1, 0, 10),
        (FINGER, 2, 30, 10),
    ]


def test_a_device_that_went_with_a_finger_in_holds_itself_and_no_other(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, OUT), matter(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3))
    station.say(FINGER, unplugged(FINGER))
    station.next_person()
    station.say(BOARD, block(ECG, 50, 25, mask=0))
    assert station.capture.visit == 2
    station.say(FINGER, plugged(FINGER, life=2), samples(WAVE, 0, 10, life=2))
    station.say(BOARD, block(ECG, 75, 25, mask=0))
    station.say(FINGER, matter(FINGER, OUT), matter(FINGER), samples(WAVE, 20, 10, life=2))
    station.say(BOARD, block(ECG, 100, 25, mask=0))
    assert sorted(station.chunks()) == [
        (UID.hex(), 0, 75, 25),
        (UID.hex(), 1, 0, 25),
        (UID.hex(), 2, 50, 25),
        (UID.hex(), 2, 100, 25),
        (FINGER, 0, 0, 10),
        (FINGER, 1, 0, 10),
        (FINGER, 2, 20, 10),
    ]


def test_a_device_that_cannot_tell_that_it_is_off_is_off_when_it_goes(station: Station) -> None:
    station.say(FINGER, plugged(FINGER, streams=BARE_ECG), samples(0, 0, 25))
    station.next_person()
    station.say(FINGER, samples(0, 25, 25))
    assert station.capture.visit == NO_VISIT
    station.say(FINGER, unplugged(FINGER), plugged(FINGER, streams=BARE_ECG, life=2))
    station.say(FINGER, samples(0, 0, 25, life=2))
    assert [visit for _, visit, _, _ in station.chunks()] == [1, 0, 2]


def test_a_restart_of_the_service_still_waits_for_a_sensor_to_come_off(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, OUT), matter(FINGER), samples(WAVE, 0, 10))
    station.next_person()
    after = Station(facts=station.capture.facts())
    after.say(FINGER, plugged(FINGER, life=2), samples(WAVE, 0, 10, life=2))
    assert after.capture.visit == NO_VISIT
    after.say(FINGER, matter(FINGER, OUT), matter(FINGER), samples(WAVE, 20, 10, life=2))
    assert after.capture.visit == 2


def test_a_sensor_that_was_on_when_the_service_restarted_is_waited_for_after_next_person(
    station: Station,
) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, OUT), matter(FINGER), samples(WAVE, 0, 10))
    after = Station(facts=station.capture.facts())
    after.next_person()
    after.say(FINGER, plugged(FINGER, life=2), samples(WAVE, 0, 10, life=2))
    assert after.capture.visit == NO_VISIT


def test_a_restart_of_the_service_takes_no_unplugging_for_taking_off(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, OUT), matter(FINGER), samples(WAVE, 0, 10))
    station.next_person()
    first = Station(station.capture.facts())
    after = Station(first.capture.facts())  # and once more, before it was heard
    after.say(FINGER, plugged(FINGER, life=2), samples(WAVE, 0, 10, life=2))
    after.say(FINGER, unplugged(FINGER))
    after.entries += after.capture.press(t_us=after.now_us, now_us=after.now_us)
    after.say(FINGER, plugged(FINGER, life=3), samples(WAVE, 0, 10, life=3))
    assert [one[1] for one in after.chunks()] == [NO_VISIT, NO_VISIT]


def test_a_finger_that_is_in_before_its_first_sample_is_waited_for(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, OUT), matter(FINGER))
    station.next_person()
    station.say(FINGER, samples(WAVE, 0, 10))
    station.say(OTHER, plugged(OTHER), samples(WAVE, 0, 10))
    assert (station.capture.awaits_sensors_off, station.capture.visit) == (True, NO_VISIT)


def test_a_finger_without_a_pulse_opens_no_visit_until_the_pulse_is_found(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, Condition.SEARCHING), samples(WAVE, 0, 10))
    assert station.capture.visit == NO_VISIT
    station.say(FINGER, matter(FINGER), samples(WAVE, 10, 10))
    assert station.chunks() == [(FINGER, 0, 0, 10), (FINGER, 1, 10, 10)]


def test_an_instrument_that_has_numbers_only_opens_a_visit_with_them(station: Station) -> None:
    station.say(FINGER, plugged(FINGER, streams=NUMBERS_ONLY), samples(0, 0, 1))
    assert station.capture.visit == 1
    station.say(FINGER, matter(FINGER, OUT), samples(0, 1, 1))
    assert station.capture.asks(now_us=NOW_US + 120_000_000)
    assert station.chunks() == [(FINGER, 1, 0, 1)]


def test_a_visit_lasts_while_any_device_has_contact(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3))
    station.now_us += 3_600_000_000
    assert station.told(VisitClosed) == []
    station.say(FINGER, matter(FINGER, OUT))
    assert station.told(VisitClosed) == [VisitClosed(visit=1, why="sensors off 30 min")]


def test_a_board_that_started_anew_and_says_nothing_keeps_no_visit_open(station: Station) -> None:
    station.say(BOARD, block(ECG, 0, 25, mask=0), connected(board_boot=0xCAFE))
    station.now_us += 1_800_000_000
    assert station.told(VisitClosed) == [VisitClosed(visit=1, why="sensors off 30 min")]


def test_the_end_of_a_visit_makes_records_of_all_that_is_in_memory(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.cut()
    assert len(station.drafts) == 2
    station.next_person()
    station.cut()
    assert station.drafts == []
    assert len([one for one in station.entries if one.header.kind is Kind.CHUNK]) == 2


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["attach", "detach", "unplug", "plug", "measure", "measure", "next", "cut"]),
        st.sampled_from([FINGER, OTHER]),
    ),
    max_size=60,
)


@given(STEPS)
@settings(max_examples=150)
def test_whatever_happens_to_cables_and_fingers_no_visit_has_two_persons(
    steps: list[tuple[str, str]],
) -> None:
    """A sensor that is taken from one person is off before it is on another, seen or not. The nurse says
    "next person" before anything is put on the next one."""
    station = Station()
    person, wearer, lives = 1, dict.fromkeys((FINGER, OTHER), 0), dict.fromkeys((FINGER, OTHER), 1)
    is_in = dict.fromkeys((FINGER, OTHER), True)
    next_index = dict.fromkeys((FINGER, OTHER), 0)
    truth: dict[tuple[str, int, int], int] = {}  # device, life, index -> person
    for device in (FINGER, OTHER):
        station.say(device, plugged(device), matter(device, OUT))
    for step, device in steps:
        if step == "next":
            person += 1
            station.next_person()
        elif step == "cut":
            station.cut()
        elif step == "attach" and not wearer[device]:
            wearer[device] = person
            station.say(device, *[matter(device)] * is_in[device])
        elif step == "detach" and wearer[device]:
            wearer[device] = 0
            station.say(device, *[matter(device, OUT)] * is_in[device])
        elif step == "unplug" and is_in[device]:
            is_in[device] = False
            station.say(device, unplugged(device))
        elif step == "plug" and not is_in[device]:
            is_in[device], next_index[device] = True, 0
            lives[device] += 1
            station.say(device, plugged(device, life=lives[device]))
            station.say(device, *[matter(device, OUT)] * (not wearer[device]))
        elif step == "measure" and is_in[device] and wearer[device]:
            life, first = lives[device], next_index[device]
            truth[device, life, first] = wearer[device]
            next_index[device] += 10
            station.say(device, samples(WAVE, first, 10, life=life))
    persons: defaultdict[int, set[int]] = defaultdict(set)
    seen: defaultdict[str, int] = defaultdict(int)
    lives_of_set: dict[int, tuple[str, int]] = {}
    for one in station.told(StreamSet):
        assert isinstance(one, StreamSet)
        seen[one.device] += 1
        lives_of_set[one.set_no] = (one.device, seen[one.device])
    stored = 0
    for entry in (*station.entries, *station.drafts):
        if entry.header.kind is Kind.CHUNK:
            device, life = lives_of_set[entry.header.stream_set]
            for first in range(entry.header.first_index, entry.header.first_index + entry.header.count, 10):
                stored += 1
                if entry.header.visit != NO_VISIT:
                    persons[entry.header.visit].add(truth[device, life, first])
    assert stored == len(truth)
    assert all(len(some) == 1 for some in persons.values()), dict(persons)
