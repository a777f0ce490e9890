"""Several devices at once: nothing of one ends, or becomes, anything of another."""

import math
from dataclasses import replace

import pytest

from contract.codes import Condition
from contract.events import (
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    LeadState,
    Measured,
    SamplesLost,
    StreamSet,
    parse_event,
)
from contract.header import Kind
from contract.ids import NO_VISIT
from edge.capture.capture import BOARD
from edge.capture.device import HeardDevice
from edge.capture.told import ENTRIES_MAX
from firmware_bridge import events as bridge
from tests.unit.edge.board_events import ECG, UID, block
from tests.unit.edge.heard_station import NOW_US, Station
from tests.unit.edge.instrument_events import (
    CUFF,
    OXIMETER,
    SATURATION,
    WAVE,
    matter,
    plugged,
    pressure,
    samples,
    unplugged,
)

FINGER, OTHER = "finger-1", "finger-2"
OUT = Condition.PROBE_OFF


@pytest.fixture
def station() -> Station:
    return Station()


def test_two_devices_have_their_own_streams_and_one_draft_each_in_one_transaction(station: Station) -> None:
    station.say(FINGER, plugged(FINGER, model="Finger 1", unverified="never seen"))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say(FINGER, samples(WAVE, 0, 10), samples(SATURATION, 0, 1))
    batch = station.cut()
    assert batch is not None
    assert [one.header.stream_set for one in batch.drafts] == [1, 2]
    sets = station.told(StreamSet)
    assert [(one.device, one.model, one.unverified) for one in sets if isinstance(one, StreamSet)] == [
        (UID.hex(), "Haidang board", None),
        (FINGER, "Finger 1", "never seen"),
    ]
    assert station.chunks() == [(UID.hex(), 1, 0, 25), (FINGER, 1, 0, 10)]


def test_a_finger_that_comes_out_ends_the_oximeter_s_chunk_and_no_other(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say(FINGER, matter(FINGER, OUT), samples(WAVE, 10, 10), samples(SATURATION, 1, 1))
    station.say(BOARD, block(ECG, 25, 25, mask=0))
    station.say(FINGER, matter(FINGER), samples(WAVE, 20, 10))
    assert station.chunks() == [(UID.hex(), 1, 0, 50), (FINGER, 1, 0, 10), (FINGER, 1, 20, 10)]
    finger = next(one for one in station.capture.sights() if one.source == FINGER)
    assert finger.unmeasured_samples == 11
    leads = [one for one in station.told(LeadState) if isinstance(one, LeadState) and one.device == FINGER]
    assert [one.off for one in leads] == [(), (0, 1, 2), ()]


def test_one_device_s_end_makes_no_records_of_the_others(station: Station) -> None:
    station.say(FINGER, plugged(FINGER))
    for second in range(20):
        station.now_us += 1_000_000
        station.say(BOARD, block(ECG, 250 * second, 250, mask=0))
        station.say(FINGER, matter(FINGER, OUT), matter(FINGER), samples(WAVE, second * 100, 100))
        station.cut()
    assert not [one for one in station.entries if one.header.kind is Kind.CHUNK]
    station.now_us += 30_000_000
    chunks = station.chunks()
    assert chunks[0] == (UID.hex(), 1, 0, 5_000)
    assert len(chunks) == 21
    assert station.drafts == []


def test_an_unplugged_device_leaves_a_gap_of_its_own_and_comes_back_with_a_new_set(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say(FINGER, unplugged(FINGER))
    station.say(BOARD, block(ECG, 25, 25, mask=0))
    station.say(FINGER, plugged(FINGER, life=2), samples(WAVE, 10, 5), samples(WAVE, 0, 7, life=2))
    assert station.chunks() == [(UID.hex(), 1, 0, 50), (FINGER, 1, 0, 10), (FINGER, 1, 0, 7)]
    sets = [one for one in station.told(StreamSet) if isinstance(one, StreamSet)]
    assert [(one.device, one.set_no) for one in sets] == [(UID.hex(), 1), (FINGER, 2), (FINGER, 3)]
    states = [one for one in station.told(DeviceState) if isinstance(one, DeviceState)]
    assert [(one.device, one.state) for one in states[1:]] == [
        (FINGER, "connected"),
        (FINGER, "gone"),
        (FINGER, "connected"),
    ]
    assert states[2].text == "the adapter was unplugged: plug it in again"


def test_the_same_life_introduced_again_goes_on(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10), plugged(FINGER), samples(WAVE, 10, 10))
    assert station.chunks() == [(FINGER, 1, 0, 20)]


def test_two_identical_devices_keep_apart_what_has_the_same_numbers(station: Station) -> None:
    for life in (1, 2):
        for device in (FINGER, OTHER):
            station.say(device, plugged(device, life=life))
            station.say(device, samples(WAVE, 0, 10, life=life))
        for device in (FINGER, OTHER):
            station.say(device, unplugged(device))
    assert sorted(station.chunks()) == [(FINGER, 1, 0, 10)] * 2 + [(OTHER, 1, 0, 10)] * 2


def test_silence_ends_the_chunk_and_is_told_with_what_to_do(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.say(FINGER, bridge.InstrumentSilent(FINGER, 1, 1), samples(WAVE, 10, 10))
    assert station.chunks() == [(FINGER, 1, 0, 10), (FINGER, 1, 10, 10)]
    (*_, silent) = station.told(DeviceState)
    assert silent == DeviceState(
        device=FINGER, state="silent", text="nothing comes: switch it on, check its cable"
    )


# Single measurements and conditions


def test_a_blood_pressure_opens_a_visit_and_keeps_no_sensor_on(station: Station) -> None:
    station.say("cuff-1", plugged("cuff-1", streams=CUFF, unverified="its cuff"), pressure("cuff-1"))
    (measured,) = station.told(Measured)
    assert isinstance(measured, Measured)
    assert [(one.mdc, one.value, one.unit) for one in measured.values] == [(150021, 120.0, "mm[Hg]")]
    assert measured.unverified == "its cuff"
    assert station.visits_of(Measured) == [1]
    assert station.told(StreamSet)[1:] == []  # the board's alone: a single measurement is no stream
    assert station.capture.asks(now_us=NOW_US + 120_000_000)


def test_a_measurement_that_failed_is_told_and_opens_no_visit(station: Station) -> None:
    failed = bridge.SingleMeasurement("cuff-1", (), None, "the cuff leaks", 1)
    station.say("cuff-1", plugged("cuff-1", streams=CUFF), failed)
    assert station.told(Measured) == [Measured(device="cuff-1", values=(), text="the cuff leaks")]
    assert station.capture.visit == NO_VISIT


def test_what_is_no_number_or_too_long_is_cut_and_nothing_fails(station: Station) -> None:
    values = ((150021, math.nan, "mm[Hg]"), *((150022, 80.0, "mm[Hg]"),) * 20)
    odd = bridge.SingleMeasurement("cuff-1", values, "x" * 300, "y" * 300, 1)
    station.say("cuff-1", plugged("cuff-1", streams=CUFF, model="m" * 300), odd)
    (measured,) = station.told(Measured)
    assert isinstance(measured, Measured)
    assert {one.value for one in measured.values} == {80.0}
    assert (len(measured.values), len(measured.text), len(measured.device_time or "")) == (15, 200, 200)


def test_a_measurement_while_a_sensor_is_on_the_person_before_is_nobody_s(station: Station) -> None:
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.next_person()
    station.say(BOARD, block(ECG, 25, 25, mask=0))
    station.say("cuff-1", plugged("cuff-1", streams=CUFF), pressure("cuff-1"))
    assert station.visits_of(Measured) == [NO_VISIT]
    assert station.capture.visit == NO_VISIT


def worn_and_out(station: Station) -> None:
    """A monitor with a finger in, and out again before "next person"."""
    station.say("cuff-1", plugged("cuff-1", streams=OXIMETER + CUFF), samples(WAVE, 0, 10))
    station.say("cuff-1", matter("cuff-1", Condition.PROBE_OFF))
    station.now_us += 60_000_000
    station.next_person()


@pytest.mark.parametrize(
    ("begun_s", "ends_s", "visit"), [(-5, 40, 0), (5, 40, 2), (None, 20, 0), (None, 40, 2)]
)
def test_a_pressure_is_of_the_person_on_whom_the_cuff_was_filled(
    station: Station, begun_s: int | None, ends_s: int, visit: int
) -> None:
    worn_and_out(station)
    next_us = station.now_us
    begun_us = None if begun_s is None else next_us + begun_s * 1_000_000
    result = replace(pressure("cuff-1"), box_t_us=next_us + ends_s * 1_000_000, begun_t_us=begun_us)
    restarted = Station(station.capture.facts())  # the service began anew meanwhile
    for one in (station, restarted):
        one.now_us = result.box_t_us
        one.say("cuff-1", result)
        assert one.visits_of(Measured) == [visit]
        assert one.capture.visit == visit


def test_what_an_instrument_had_in_its_memory_is_nobody_s_and_opens_no_visit(station: Station) -> None:
    kept = replace(pressure("cuff-1"), is_from_memory=True)
    station.say("cuff-1", plugged("cuff-1", streams=CUFF), kept)
    assert station.capture.visit == NO_VISIT
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say("cuff-1", kept)
    assert station.visits_of(Measured) == [NO_VISIT, NO_VISIT]


def test_what_is_the_matter_with_the_person_before_is_not_told_of_the_next(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.next_person()
    station.entries += station.capture.press(t_us=station.now_us, now_us=station.now_us)
    station.say(FINGER, samples(WAVE, 10, 10), matter(FINGER, Condition.ALARM))
    assert (station.capture.visit, station.visits_of(Conditions)[-1]) == (2, NO_VISIT)


def test_what_is_the_matter_with_a_device_is_told_of_the_next_person_once_it_measures_them(
    station: Station,
) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.next_person()
    station.say(FINGER, samples(WAVE, 10, 10))
    station.say("other-1", plugged("other-1"), matter("other-1", Condition.WEAK_SIGNAL))
    station.entries += station.capture.press(t_us=station.now_us, now_us=station.now_us)
    assert station.visits_of(Conditions)[-1] == NO_VISIT
    station.say(FINGER, matter(FINGER, Condition.PROBE_OFF))
    told = zip(station.told(Conditions), station.visits_of(Conditions), strict=True)
    assert (Conditions(device="other-1", on=("weak signal",)), 2) in list(told)


def test_a_condition_that_holds_is_told_again_when_a_visit_opens(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), matter(FINGER, Condition.WEAK_SIGNAL), samples(WAVE, 0, 10))
    assert station.told(Conditions) == [
        Conditions(device=FINGER, on=()),
        Conditions(device=FINGER, on=("weak signal",)),
        Conditions(device=FINGER, on=("weak signal",)),
    ]
    assert station.visits_of(Conditions) == [0, 0, 1]


# Held apart


def held(station: Station) -> None:
    station.capture.hold_apart("new-1", ("finger-1", "finger-2"), "usb 1-1.2", now_us=station.now_us)
    station.say("new-1", plugged("new-1"))


def test_a_device_that_nobody_can_tell_measures_nobody_and_opens_no_visit(station: Station) -> None:
    held(station)
    station.say("new-1", samples(WAVE, 0, 10), pressure("new-1"))
    assert station.capture.visit == NO_VISIT
    station.say(BOARD, block(ECG, 0, 25, mask=0))
    station.say("new-1", samples(WAVE, 10, 10), pressure("new-1"))
    assert station.chunks() == [(UID.hex(), 1, 0, 25), ("new-1", 0, 0, 20)]
    assert station.visits_of(Measured) == [0, 0]
    question = DeviceQuestion(device="new-1", candidates=("finger-1", "finger-2"), port="usb 1-1.2")
    assert station.told(DeviceQuestion) == [question]


def test_the_same_question_is_told_once_and_another_again(station: Station) -> None:
    held(station)
    held(station)
    station.capture.hold_apart("new-1", ("finger-2",), "usb 1-1.2", now_us=NOW_US)
    told = [one.candidates for one in station.told(DeviceQuestion) if isinstance(one, DeviceQuestion)]
    assert told == [("finger-1", "finger-2"), ("finger-2",)]


def test_a_device_that_is_said_to_be_new_measures_from_then_on(station: Station) -> None:
    held(station)
    station.say("new-1", samples(WAVE, 0, 10))
    station.capture.confirmed("new-1", None, "Lan", now_us=station.now_us)
    station.say("new-1", samples(WAVE, 10, 10))
    assert station.chunks() == [("new-1", 0, 0, 10), ("new-1", 1, 10, 10)]
    assert station.told(DeviceConfirmed) == [DeviceConfirmed(device="new-1", by="Lan")]


def test_a_device_that_is_said_to_be_another_is_it_when_it_comes_under_that_name(station: Station) -> None:
    held(station)
    station.say("new-1", samples(WAVE, 0, 10))
    station.capture.confirmed("new-1", "finger-2", "Lan", now_us=station.now_us)
    station.say("new-1", samples(WAVE, 10, 10), unplugged("new-1"))  # the name was for the time being
    station.say("finger-2", plugged("finger-2", life=2), samples(WAVE, 0, 10, life=2))
    assert station.chunks() == [("new-1", 0, 0, 10), ("finger-2", 1, 0, 10)]
    told = station.told(DeviceConfirmed)
    assert told == [DeviceConfirmed(device="new-1", is_device="finger-2", by="Lan")]


def test_a_device_that_went_before_its_first_frame_takes_its_question_away(station: Station) -> None:
    station.capture.hold_apart("new-1", ("finger-1", "finger-2"), "usb 1-1.2", now_us=station.now_us)
    station.say("new-1", unplugged("new-1"))
    states = station.told(DeviceState)
    assert [(one.device, one.state) for one in states if isinstance(one, DeviceState)][-1] == (
        "new-1",
        "gone",
    )
    told = [parse_event(one.body) for one in station.capture.told_anew(now_us=1)]
    assert not any(isinstance(one, DeviceQuestion) for one in told)


def test_a_device_that_goes_as_it_is_named_keeps_no_visit_open_and_holds_no_other(station: Station) -> None:
    held(station)
    station.say("new-1", samples(WAVE, 0, 10))
    station.capture.confirmed("new-1", FINGER, "operator", now_us=station.now_us)
    station.say(FINGER, unplugged(FINGER))
    station.say(BOARD, block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3))
    station.next_person()
    station.say(OTHER, plugged(OTHER), samples(WAVE, 0, 10))
    assert (station.capture.awaits_sensors_off, station.capture.visit) == (False, 2)
    station.say(OTHER, matter(OTHER, Condition.PROBE_OFF))
    station.now_us += 1_800_000_000
    station.cut()
    assert station.capture.visit == NO_VISIT


def test_an_answer_to_no_question_changes_nothing(station: Station) -> None:
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    station.capture.confirmed(FINGER, "finger-2", "Lan", now_us=station.now_us)
    station.say(FINGER, samples(WAVE, 10, 10))
    assert station.told(DeviceConfirmed) == []
    assert station.chunks() == [(FINGER, 1, 0, 20)]


@pytest.mark.parametrize("is_device", [None, "finger-2"])
def test_what_was_on_the_person_before_stays_nobody_s_whoever_the_device_is(
    station: Station, is_device: str | None
) -> None:
    held(station)
    station.say("new-1", matter("new-1", OUT), matter("new-1"), samples(WAVE, 0, 10))
    station.say(BOARD, block(ECG, 0, 25, mask=0), block(ECG, 25, 25, mask=3))
    station.next_person()
    station.capture.confirmed("new-1", is_device, "Lan", now_us=station.now_us)
    name = is_device or "new-1"
    station.say(name, plugged(name, life=2), samples(WAVE, 0, 10, life=2))
    assert station.capture.visit == NO_VISIT
    station.say(name, unplugged(name), plugged(name, life=3), samples(WAVE, 0, 10, life=3))
    assert station.capture.visit == NO_VISIT  # it can say that it is off, as it did under the other name
    station.say(name, matter(name, OUT), matter(name), samples(WAVE, 20, 10, life=3))
    assert station.capture.visit == 2
    assert [visit for device, visit, _, _ in station.chunks() if device == name][-2:] == [0, 2]


def test_another_spool_is_told_streams_visit_and_open_questions(station: Station) -> None:
    held(station)
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    told = station.capture.told_anew(now_us=1)
    assert [parse_event(one.body).event for one in told] == [
        "streams",
        "streams",
        "streams",
        "visit opened",
        "which device",
    ]
    assert told[-1].header.visit == NO_VISIT
    station.say("new-1", unplugged("new-1"))
    assert len(station.capture.told_anew(now_us=1)) == 4


# Limits and counts


def test_one_limit_of_events_holds_for_all_devices_together(station: Station) -> None:
    station.cut()
    for n in range(ENTRIES_MAX):
        source = FINGER if n % 2 else OTHER
        station.say(source, matter(source, OUT if n % 4 < 2 else Condition.ALARM))
    station.capture.hold_apart("new-1", (), "", now_us=NOW_US)
    batch = station.cut()
    assert batch is not None
    assert len(batch.entries) == ENTRIES_MAX + 1  # a question is told all the same
    station.say(FINGER, *[unplugged(FINGER)] * (ENTRIES_MAX + 3))
    assert station.capture.dropped_entries == 3


def test_lost_samples_are_counted_by_device_and_told_with_its_set(station: Station) -> None:
    lost = bridge.SamplesLost(WAVE, 1, 10, 5, bridge.LossReason.ON_THE_WIRE)
    absent = bridge.SamplesLost(SATURATION, 1, 0, 3, bridge.LossReason.NO_VALUE)
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10), lost, absent, samples(WAVE, 15, 5))
    told = [one for one in station.told(SamplesLost) if isinstance(one, SamplesLost)]
    assert [(one.set_no, one.stream, one.first_index, one.count) for one in told] == [(2, 0, 10, 5)]
    assert station.capture.lost_samples == 5
    assert [(one.source, one.lost_samples) for one in station.capture.sights()] == [(BOARD, 0), (FINGER, 5)]


def test_waveforms_of_any_device_are_samples(station: Station) -> None:
    assert not station.capture.has_samples(now_us=NOW_US)
    station.say(FINGER, plugged(FINGER), samples(WAVE, 0, 10))
    assert station.capture.has_samples(now_us=NOW_US + 1_000_000)


def test_devices_that_went_long_ago_are_forgotten_and_their_samples_are_not(station: Station) -> None:
    for n in range(100):
        name = f"finger-{n}"
        station.capture.hold_apart(name, (), "", now_us=NOW_US)
        station.say(name, plugged(name, life=n + 1), samples(WAVE, 0, 10, life=n + 1), unplugged(name))
        station.cut(is_live=n % 10 == 0)
    station.cut(is_live=True)
    assert len(station.capture.sights()) == 32
    assert len(station.chunks()) == 100
    assert station.capture.sights()[0].source == BOARD


def test_what_is_known_of_a_device_is_seen(station: Station) -> None:
    station.say(FINGER, plugged(FINGER, model="Finger 1", unverified="rate"))
    station.say(FINGER, matter(FINGER, Condition.SEARCHING, Condition.BATTERY_LOW))
    held(station)
    _, finger, new = station.capture.sights()
    assert (finger.name, finger.model, finger.unverified, finger.problem) == (
        FINGER,
        "Finger 1",
        "rate",
        None,
    )
    assert finger.conditions == (Condition.BATTERY_LOW, Condition.SEARCHING)
    assert (finger.is_held_apart, new.is_held_apart) == (False, True)
    station.say(OTHER, matter(OTHER))
    assert station.capture.sights()[-1].problem == HeardDevice(OTHER).problem
