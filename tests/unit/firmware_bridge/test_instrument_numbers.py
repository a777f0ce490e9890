"""What an instrument measures, as it is told: numbers each second, conditions, single measurements."""

import pytest

from contract.codes import DIASTOLIC, SYSTOLIC, Condition
from firmware_bridge.drivers.driver import Reading
from firmware_bridge.events import (
    ConditionsChanged,
    Event,
    LossReason,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
)
from firmware_bridge.instruments.conditions import ENDS_AFTER_S
from tests.unit.firmware_bridge.instrument_session import (
    ECG_ID,
    HR_ID,
    PLETH_ID,
    SKIN_ID,
    SPO2_ID,
    T0_S,
    WELL,
    Session,
    conditions,
    frame,
    losses,
    of,
    samples,
)

# Numbers


def rows(told: list[Event], stream_id: int = SPO2_ID) -> list[int | None]:
    """Return a number's column; None where there was none."""
    found: dict[int, int | None] = dict(samples(told, stream_id))
    for first, count, reason in losses(told, stream_id):
        assert reason is LossReason.NO_VALUE
        assert count == 1
        found[first] = None
    assert sorted(found) == list(range(len(found)))
    return [found[index] for index in sorted(found)]


def test_a_number_is_told_each_second_with_what_was_said_last() -> None:
    session = Session().open()
    session.stream(1.0, frame(spo2=97))
    session.stream(1.0, frame(spo2=96))
    session.stream(1.0, frame(spo2=95))
    assert rows(session.told) == [97, 96]  # the third second is not quite over
    times_us = [e.box_t_us for e in session.told if isinstance(e, SampleBlock) and e.stream_id == SPO2_ID]
    assert times_us == [round((T0_S + 1.01) * 1e6), round((T0_S + 2.01) * 1e6)]


def test_a_number_that_is_no_longer_told_is_absent_and_never_repeated() -> None:
    session = Session().open()
    session.stream(2.2, frame(spo2=97))
    session.stream(3.0, frame())
    assert rows(session.told) == [97, 97, None, None, None]


def test_a_number_that_comes_each_second_though_not_on_the_dot_has_no_holes() -> None:
    session = Session().open()
    for k in range(30):
        late_s = 0.3 * (k % 3)
        session.hear(frame(None, spo2=97), at_s=T0_S + k + late_s)
    assert rows(session.told) == [97] * 29


def test_a_temperature_that_is_told_all_the_time_is_a_number() -> None:
    session = Session().open()
    session.stream(2.2, frame(skin=3652))
    assert rows(session.told, SKIN_ID) == [3652, 3652]


def test_a_number_that_the_instrument_takes_back_is_absent() -> None:
    session = Session().open()
    session.stream(2.2, frame(spo2=97))
    session.stream(2.0, frame(spo2=None))
    assert rows(session.told) == [97, 97, None, None]


@pytest.mark.parametrize("condition", [Condition.HELD, Condition.PROBE_OFF, Condition.PROBE_FAULT])
def test_a_number_that_is_held_or_of_nobody_is_absent(condition: Condition) -> None:
    session = Session().open()
    session.stream(1.2, frame(spo2=97))
    session.stream(2.0, frame(spo2=97, conditions=frozenset({condition})))
    assert rows(session.told) == [97, None, None]


def test_bytes_that_waited_while_the_loop_was_busy_have_their_numbers_in_their_seconds() -> None:
    session = Session().open()
    session.stream(0.99, frame(spo2=97))
    late = [frame(spo2=96)] * 100 + [frame(spo2=95)] * 100 + [frame(spo2=94)] * 100
    session.now_s = T0_S + 3.99
    session.decoder.next = late
    session.told += session.instrument.on_bytes(bytes(4), now_s=session.now_s)
    session.stream(0.1, frame(spo2=94))
    assert rows(session.told) == [96, 95, 94, 94]


def test_a_number_that_no_living_person_has_is_absent_and_a_condition() -> None:
    session = Session().open()
    session.stream(1.2, frame(hr=72))
    session.stream(3.0, frame(hr=900))
    session.stream(3.0, frame(hr=72))
    assert rows(session.told, HR_ID) == [72, None, None, None, 72, 72, 72]
    assert conditions(session.told) == [{Condition.OUT_OF_RANGE}, set()]
    assert session.instrument.refused_numbers == 300


def test_without_a_checksum_no_single_frame_makes_a_number() -> None:
    session = Session(check_bits=0, structure_bits=32).open()
    for n in range(1, 500):
        damaged = n % 100 in (0, 1)  # two frames in a row, and they agree
        session.hear(frame(hr=200 if damaged else 72), at_s=T0_S + n / 100)
    assert rows(session.told, HR_ID) == [72] * 4
    with_checksum = Session().open()
    for n in range(1, 500):
        with_checksum.hear(frame(hr=200 if n % 100 in (0, 1) else 72), at_s=T0_S + n / 100)
    assert rows(with_checksum.told, HR_ID) == [200] * 4  # a checksum answers for every number


# Conditions


def test_probe_off_is_told_at_once_and_what_comes_meanwhile_is_of_nobody() -> None:
    session = Session().open()
    session.stream(1.0, frame(50, ecg=9))
    off = frame(0, ecg=9, conditions=frozenset({Condition.PROBE_OFF}))
    (changed,) = of(ConditionsChanged, session.hear(off, at_s=T0_S + 1.01))
    assert changed == ConditionsChanged(
        "oximeter-1", frozenset({Condition.PROBE_OFF}), round((T0_S + 1.01) * 1e6)
    )
    told = session.stream(2.0, off)
    assert samples(told, PLETH_ID) == {}
    assert len(samples(told, ECG_ID)) == 200  # the electrodes are another matter
    assert losses(told) == [(100, 100, LossReason.NO_VALUE), (200, 100, LossReason.NO_VALUE)]
    told = session.stream(1.0, frame(60, ecg=9))
    assert conditions(told) == [set()]
    assert set(samples(told).values()) == {60}
    assert 60 <= len(samples(told)) <= 75  # from when contact is sure


def test_what_was_of_nobody_is_told_before_what_follows_it() -> None:
    session = Session().open()
    session.stream(1.0, frame(50))
    session.stream(0.05, frame(0, conditions=frozenset({Condition.PROBE_OFF})))
    told = session.stream(0.5, frame(60))
    waves = [e for e in told if isinstance(e, SampleBlock | SamplesLost) and e.stream_id == PLETH_ID]
    assert (waves[0].first_index, type(waves[0])) == (100, SamplesLost)
    assert [e.first_index for e in waves] == sorted(e.first_index for e in waves)


def test_a_sample_is_of_nobody_as_soon_as_its_frame_says_so() -> None:
    session = Session(check_bits=0, structure_bits=6).open()
    session.stream(1.0, frame(50))
    told = session.hear(frame(0, conditions=frozenset({Condition.PROBE_OFF})), at_s=T0_S + 1.01)
    assert conditions(told) == []  # not sure yet
    assert samples(told) == {}


def test_lead_off_is_a_matter_of_the_electrodes() -> None:
    session = Session().open()
    session.stream(1.0, frame(50, ecg=9, hr=72))
    told = session.stream(2.0, frame(50, ecg=0, hr=72, conditions=frozenset({Condition.LEAD_OFF})))
    assert len(samples(told, PLETH_ID)) == 200
    assert samples(told, ECG_ID) == {}
    assert rows(session.told, HR_ID) == [72, None]


def test_what_came_before_the_finger_was_out_is_told_before_it() -> None:
    session = Session().open()
    session.stream(0.5, frame())
    told = session.hear(
        *[frame(50)] * 3, frame(0, conditions=frozenset({Condition.PROBE_OFF})), at_s=T0_S + 0.54
    )
    assert [type(event) for event in told] == [SampleBlock, ConditionsChanged]


def test_what_comes_with_each_beat_holds_all_the_time_and_is_told_once() -> None:
    session = Session().open()
    weak = frozenset({Condition.WEAK_SIGNAL})
    for n in range(1, 3000):
        on = weak if n % 80 < 16 else WELL  # 160 ms of each 800 ms
        session.hear(frame(conditions=on), at_s=T0_S + n / 100)
    assert conditions(session.told) == [{Condition.WEAK_SIGNAL}]
    told = session.stream(ENDS_AFTER_S + 0.5, frame())
    assert conditions(told) == [set()]


def test_where_a_frame_may_be_damaged_one_alone_says_nothing() -> None:
    session = Session(check_bits=0, structure_bits=6).open()
    off = frozenset({Condition.PROBE_OFF})
    for n in range(1, 500):
        session.hear(frame(conditions=off if n % 100 == 50 else WELL), at_s=T0_S + n / 100)
    assert conditions(session.told) == []
    told = session.stream(0.05, frame(conditions=off))
    assert conditions(told) == [{Condition.PROBE_OFF}]


def test_of_one_that_speaks_each_second_the_second_word_counts() -> None:
    session = Session(check_bits=0, structure_bits=6).open()
    off = frozenset({Condition.PROBE_OFF})
    for k in range(5):
        session.hear(frame(None), at_s=T0_S + k)
    assert conditions(session.hear(frame(None, conditions=off), at_s=T0_S + 5)) == []
    assert conditions(session.hear(frame(None, conditions=off), at_s=T0_S + 6)) == [{Condition.PROBE_OFF}]


def test_frames_that_do_not_speak_of_conditions_change_none() -> None:
    session = Session().open()
    session.hear(frame(None, conditions=frozenset({Condition.SEARCHING})), at_s=T0_S + 0.1)
    told = session.stream(10.0, frame(conditions=None))
    assert conditions(told) == []


def test_each_life_begins_without_conditions() -> None:
    session = Session().open()
    session.stream(1.0, frame(conditions=frozenset({Condition.SEARCHING})))
    session.until(T0_S + 10.0)
    assert conditions(session.hear(frame(), at_s=T0_S + 10.0)) == []


# Single measurements


def test_a_single_measurement_is_told_in_its_unit_with_its_time() -> None:
    session = Session(is_steady=False).open()
    reading = frame(None, sys=121, dia=79, facts={"device_time": "2026-11-22T08:30:15"})
    (single,) = of(SingleMeasurement, session.hear(reading, at_s=T0_S + 1.0))
    assert single == SingleMeasurement(
        device="oximeter-1",
        values=((SYSTOLIC, 121, "mm[Hg]"), (DIASTOLIC, 79, "mm[Hg]")),
        device_time="2026-11-22T08:30:15",
        text="",
        box_t_us=round((T0_S + 1.0) * 1e6),
    )


def test_a_measurement_that_failed_says_why() -> None:
    session = Session(is_steady=False).open()
    reading = frame(None, sys=None, dia=None, facts={"text": "cuff loose"})
    (single,) = of(SingleMeasurement, session.hear(reading, at_s=T0_S + 1.0))
    assert isinstance(single, SingleMeasurement)
    assert (single.values, single.text) == ((), "cuff loose")


def test_a_temperature_of_384_degrees_is_none_and_says_so() -> None:
    session = Session(is_steady=False).open()
    (single,) = of(SingleMeasurement, session.hear(frame(None, temp=38450), at_s=T0_S + 1.0))
    assert isinstance(single, SingleMeasurement)
    assert (single.values, single.text) == ((), "temp out of range (384.5 Cel)")


def cuff(session: Session, from_s: int, to_s: int) -> None:
    for k in range(from_s, to_s):
        session.hear(frame(None, facts={"cuff_mmhg": 180 - k}), at_s=T0_S + k)


def begun(session: Session, at_s: float, reading: Reading) -> list[int | None]:
    told = session.hear(reading, at_s=T0_S + at_s)
    return [one.begun_t_us for one in told if isinstance(one, SingleMeasurement)]


def test_a_pressure_says_when_its_cuff_was_filled_and_a_temperature_meanwhile_does_not() -> None:
    session = Session(is_steady=False).open()
    cuff(session, 10, 20)
    assert begun(session, 20.0, frame(None, temp=3652)) == [None]
    cuff(session, 21, 40)
    assert begun(session, 41.0, frame(None, sys=121, dia=79)) == [round((T0_S + 10) * 1e6)]
    assert begun(session, 60.0, frame(None, sys=122, dia=79)) == [None]
    cuff(session, 70, 80)  # broken off
    cuff(session, 100, 130)
    assert begun(session, 131.0, frame(None, sys=None, dia=None)) == [round((T0_S + 100) * 1e6)]
    cuff(session, 140, 145)
    assert begun(session, 200.0, frame(None, sys=123, dia=79)) == [None]  # of a cuff that nobody saw


def test_a_measurement_out_of_the_instruments_memory_says_so() -> None:
    session = Session(is_steady=False).open()
    told = session.hear(frame(None, temp=3652, facts={"from_memory": True}), at_s=T0_S + 1.0)
    assert [one.is_from_memory for one in told if isinstance(one, SingleMeasurement)] == [True]


def test_an_instrument_that_says_a_result_twice_has_measured_once() -> None:
    session = Session(is_steady=False).open()
    for k in range(10):
        session.hear(frame(None, temp=3652), at_s=T0_S + k)
    session.hear(frame(None, temp=3652), at_s=T0_S + 60)
    session.hear(frame(None, temp=3660), at_s=T0_S + 61)
    values = [e.values[0][1] for e in session.told if isinstance(e, SingleMeasurement)]
    assert values == [36.52, 36.52, 36.6]
