"""The session with an instrument: lives, silence, numbers, single measurements, and what it is told."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codes import (
    BODY_TEMPERATURE,
    DIASTOLIC,
    ECG_II,
    HEART_RATE,
    PLETH,
    SPO2,
    SYSTOLIC,
    Condition,
    RateSource,
)
from firmware_bridge.conditions import ENDS_AFTER_S
from firmware_bridge.drivers.driver import Decoder, Driver, Line, Reading, Talk
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import (
    ConditionsChanged,
    Event,
    InstrumentConnected,
    InstrumentLost,
    InstrumentSilent,
    InstrumentStream,
    LossReason,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
    StreamKind,
)
from firmware_bridge.instrument import Instrument
from firmware_bridge.instrument_presence import TRANSITIONS, Input, State, after

T0_S = 1000.0
FRAME_BYTES = 4
PLETH_ID, ECG_ID, SPO2_ID, HR_ID = range(4)
STREAMS = (
    InstrumentStream(name="pleth", kind=StreamKind.PPG, mdc=PLETH, rate_mhz=100_000),
    InstrumentStream(name="ecg", kind=StreamKind.ECG, mdc=ECG_II, rate_mhz=100_000, scale=5.0, unit="uV"),
    InstrumentStream(name="spo2", kind=StreamKind.NUMERIC, mdc=SPO2, rate_mhz=1000, unit="%"),
    InstrumentStream(
        name="hr", kind=StreamKind.NUMERIC, mdc=HEART_RATE, rate_mhz=1000, unit="/min", source=RateSource.ECG
    ),
    InstrumentStream(name="sys", kind=StreamKind.NUMERIC, mdc=SYSTOLIC, rate_mhz=0, unit="mm[Hg]"),
    InstrumentStream(name="dia", kind=StreamKind.NUMERIC, mdc=DIASTOLIC, rate_mhz=0, unit="mm[Hg]"),
    InstrumentStream(
        name="temp", kind=StreamKind.NUMERIC, mdc=BODY_TEMPERATURE, rate_mhz=0, scale=0.01, unit="Cel"
    ),
)
WELL: frozenset[Condition] = frozenset()


class Scripted(Decoder):
    """Hands out the readings that it was given, four bytes each; what is between them is damage."""

    def __init__(self) -> None:
        super().__init__()
        self.next: list[Reading] = []
        self.held_back: list[Reading] = []
        self._offset = 0

    @property
    def pending_bytes(self) -> int:
        return 0

    def feed(self, data: bytes) -> list[Reading]:
        readings, self.next = self.next, []
        return self._placed(readings)

    def finish(self) -> list[Reading]:
        readings, self.held_back = self.held_back, []
        return self._placed(readings)

    def damage(self) -> None:
        self._offset += FRAME_BYTES

    def _placed(self, readings: list[Reading]) -> list[Reading]:
        placed = []
        for reading in readings:
            placed.append(reading._replace(offset=self._offset, size=FRAME_BYTES))
            self._offset += FRAME_BYTES
            self.counts.frames += 1
            for name in ("pleth", "ecg"):
                self.counts.lost_samples[name] = self.counts.lost_samples.get(name, 0) + reading.lost
        return placed


class Session:
    """An instrument and all that it told."""

    def __init__(
        self,
        *,
        talk: Talk | None = None,
        is_steady: bool = True,
        check_bits: int = 16,
        structure_bits: int = 16,
    ) -> None:
        self.decoder = Scripted()
        driver = Driver(
            name="scripted",
            device="An instrument of a test",
            sheet="none.md",
            lines=(Line(9600),),
            streams=STREAMS,
            decoder=lambda: self.decoder,
            check_bits=check_bits,
            structure_bits=structure_bits,
            talk=talk,
            is_steady=is_steady,
        )
        self.instrument = Instrument(driver, device="oximeter-1", first_life=7)
        self.told: list[Event] = []
        self.sent: list[tuple[float, bytes]] = []
        self.now_s = T0_S

    def open(self) -> "Session":
        self.instrument.opened(now_s=self.now_s)
        self._send()
        return self

    def hear(self, *readings: Reading, at_s: float) -> list[Event]:
        """Readings arrive together; deadlines before it are kept. Return what is told for them."""
        self.until(at_s)
        self.decoder.next = list(readings)
        told = self.instrument.on_bytes(bytes(FRAME_BYTES * len(readings)), now_s=at_s)
        self.told += told
        self._send()
        return told

    def until(self, at_s: float) -> list[Event]:
        """Let the time pass, as the bridge does."""
        told: list[Event] = []
        while (wake_s := self.instrument.next_wake_s) is not None and wake_s <= at_s:
            self.now_s = max(self.now_s, wake_s)
            told += self.instrument.tick(now_s=self.now_s)
            self._send()
        self.now_s = at_s
        self.told += told
        return told

    def stream(self, seconds: float, reading: Reading, *, from_s: float | None = None) -> list[Event]:
        """One frame every ten milliseconds; return what is told meanwhile."""
        start_s, heard = self.now_s if from_s is None else from_s, len(self.told)
        for k in range(1, round(seconds * 100) + 1):
            self.hear(reading, at_s=start_s + k / 100)
        return self.told[heard:]

    def _send(self) -> None:
        if data := self.instrument.data_to_send():
            self.sent.append((round(self.now_s - T0_S, 3), data))


def frame(
    pleth: int | None = 50,
    *,
    ecg: int | None = None,
    conditions: frozenset[Condition] | None = WELL,
    lost: int = 0,
    facts: dict[str, str] | None = None,
    **values: int | None,
) -> Reading:
    samples = {name: (raw,) for name, raw in (("pleth", pleth), ("ecg", ecg)) if raw is not None}
    return Reading(0, 0, "frame", samples, values, conditions, facts or {}, lost)


def of(kind: type[Event], told: list[Event]) -> list[Event]:
    return [event for event in told if isinstance(event, kind)]


def samples(told: list[Event], stream_id: int = PLETH_ID) -> dict[int, int]:
    """Return index -> sample of a stream; fails when an index comes twice or a block does not follow."""
    found: dict[int, int] = {}
    for event in told:
        if isinstance(event, SampleBlock) and event.stream_id == stream_id:
            assert event.first_index > max(found, default=-1)
            found |= {event.first_index + k: int(row[0]) for k, row in enumerate(event.samples)}
    return found


def losses(told: list[Event], stream_id: int = PLETH_ID) -> list[tuple[int, int, LossReason]]:
    return [
        (event.first_index, event.count, event.reason)
        for event in told
        if isinstance(event, SamplesLost) and event.stream_id == stream_id
    ]


def conditions(told: list[Event]) -> list[set[Condition]]:
    return [set(event.on) for event in told if isinstance(event, ConditionsChanged)]


# Lives


def test_it_is_there_with_the_first_frame_that_proves_it() -> None:
    told = Session().open().hear(frame(), at_s=T0_S + 0.1)
    connected = told[0]
    assert isinstance(connected, InstrumentConnected)
    assert (connected.device, connected.life, connected.driver) == ("oximeter-1", 7, "scripted")
    assert connected.streams == STREAMS
    assert samples(told) == {0: 50}
    assert all(block.board_boot == 7 for block in told if isinstance(block, SampleBlock))


def test_frames_of_a_weak_structure_must_come_in_a_row_and_none_of_them_is_lost() -> None:
    session = Session(check_bits=0, structure_bits=6).open()  # six frames are 36 bits
    for k in range(5):
        assert session.hear(frame(k), at_s=T0_S + 0.01 * k) == []
    told = session.hear(frame(5), at_s=T0_S + 0.05)
    assert isinstance(told[0], InstrumentConnected)
    assert samples(told) == {k: k for k in range(6)}


def test_noise_that_looks_like_frames_now_and_then_is_no_instrument() -> None:
    session = Session(check_bits=0, structure_bits=6).open()
    for k in range(40):
        session.decoder.damage()
        session.hear(*[frame()] * 3, at_s=T0_S + 0.01 * k)
    assert session.told == []


def test_silence_is_told_once_and_what_comes_after_it_is_another_life() -> None:
    session = Session().open()
    session.stream(1.0, frame())
    told = session.until(T0_S + 20.0)
    (silent,) = of(InstrumentSilent, told)
    assert isinstance(silent, InstrumentSilent)
    assert (silent.life, silent.box_t_us) == (7, round((T0_S + 3.0) * 1e6))
    told = session.hear(frame(), at_s=T0_S + 21.0)
    assert [event.life for event in told if isinstance(event, InstrumentConnected)] == [8]
    assert samples(told) == {0: 50}


def test_one_that_says_nothing_from_the_start_is_silent_too() -> None:
    session = Session().open()
    assert [type(event) for event in session.until(T0_S + 60.0)] == [InstrumentSilent]


def test_one_that_speaks_only_when_it_has_measured_is_never_silent() -> None:
    session = Session(is_steady=False).open()
    session.hear(frame(None, sys=120, dia=80), at_s=T0_S + 1.0)
    assert not of(InstrumentSilent, session.until(T0_S + 600.0))
    told = session.hear(frame(None, sys=130, dia=80), at_s=T0_S + 601.0)
    assert not of(InstrumentConnected, told)
    assert of(SingleMeasurement, told)


def test_a_port_that_goes_is_told_and_the_next_opening_is_another_life() -> None:
    session = Session().open()
    session.stream(0.5, frame())
    told = session.instrument.closed("it went away", "plug it in again", now_s=session.now_s)
    assert told[-1] == InstrumentLost(
        "oximeter-1", "it went away", "plug it in again", round((T0_S + 0.5) * 1e6)
    )
    assert session.instrument.next_wake_s is None
    session.open()
    told = session.hear(frame(), at_s=T0_S + 2.0)
    assert [event.life for event in told if isinstance(event, InstrumentConnected)] == [8]


def test_another_line_on_the_same_port_is_no_news() -> None:
    session = Session().open()
    session.until(T0_S + 3.0)
    session.open()  # with another line
    assert session.until(T0_S + 30.0) == []
    assert session.instrument.state is State.SILENT


def test_what_the_decoder_held_back_is_of_the_life_that_ends() -> None:
    session = Session().open()
    session.stream(0.5, frame())
    session.decoder.held_back = [frame(99)]
    told = session.until(T0_S + 10.0)
    assert samples(told) == {50: 99}
    assert isinstance(told[-1], InstrumentSilent)


def test_a_first_life_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="1 or more"):
        Instrument(Session().instrument.driver, device="x", first_life=0)


@pytest.mark.parametrize(
    ("state", "input_"), sorted({*itertools.product(State, Input)} - {*TRANSITIONS}, key=str)
)
def test_every_pair_outside_the_table_is_refused(state: State, input_: Input) -> None:
    with pytest.raises(IllegalInputError):
        after(state, input_)


# Waveforms


def test_what_comes_together_is_one_block_of_each_stream() -> None:
    session = Session().open()
    session.hear(frame(1, ecg=-1), at_s=T0_S + 0.01)
    told = session.hear(frame(2, ecg=-2), frame(3, ecg=-3), frame(4), at_s=T0_S + 0.04)
    assert [len(block.samples) for block in told if isinstance(block, SampleBlock)] == [3, 2]
    assert samples(session.told, PLETH_ID) == {0: 1, 1: 2, 2: 3, 3: 4}
    assert samples(session.told, ECG_ID) == {0: -1, 1: -2, 2: -3}


def test_a_block_says_when_its_first_sample_was_taken() -> None:
    session = Session().open()
    session.stream(1.0, frame())
    (block,) = of(SampleBlock, session.hear(*[frame()] * 10, at_s=T0_S + 1.1))
    assert isinstance(block, SampleBlock)
    assert block.box_t_us == pytest.approx((T0_S + 1.01) * 1e6, abs=2000)
    assert block.board_t_us == 1_000_000  # by its own count of samples


def test_frames_that_were_lost_are_told_before_the_frame_that_knows_it() -> None:
    session = Session().open()
    session.stream(5.0, frame(ecg=1))
    told = session.hear(frame(), frame(lost=3), at_s=T0_S + 5.05)
    assert losses(told) == [(501, 3, LossReason.ON_THE_WIRE)]
    assert losses(told, ECG_ID) == [(500, 3, LossReason.ON_THE_WIRE)]
    assert sorted(samples(told)) == [500, 504]
    assert session.instrument.lost_samples == {"pleth": 3, "ecg": 3}


def test_a_pause_is_told_as_an_estimate_before_what_follows_it() -> None:
    session = Session().open()
    session.stream(5.0, frame())
    told = session.stream(1.0, frame(), from_s=T0_S + 6.0)
    (lost,) = losses(told)
    assert lost == (500, 100, LossReason.ESTIMATED)
    assert sorted(samples(told)) == list(range(600, 700))


def test_what_a_pause_held_back_is_told_before_the_life_ends() -> None:
    session = Session().open()
    session.stream(5.0, frame())
    assert samples(session.hear(frame(77), at_s=T0_S + 6.0)) == {}
    told = session.instrument.closed("gone", "", now_s=T0_S + 6.01)
    assert samples(told) == {599: 77}


PIECES = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([0.0, 0.01, 0.01, 0.01, 0.4])),
    min_size=1,
    max_size=80,
)


@settings(max_examples=60, deadline=None)
@given(PIECES)
def test_every_index_is_told_once_as_a_sample_or_as_missing(frames: list[tuple[int, bool, float]]) -> None:
    session = Session().open()
    at_s = T0_S
    for n, (lost, is_off, passed_s) in enumerate(frames):
        at_s += passed_s
        on = frozenset({Condition.PROBE_OFF}) if is_off else WELL
        session.hear(frame(n, lost=lost, conditions=on), at_s=at_s)
    session.told += session.instrument.closed("gone", "", now_s=at_s)
    next_index = 0
    for event in session.told:
        if isinstance(event, SampleBlock | SamplesLost) and event.stream_id == PLETH_ID:
            assert event.first_index == next_index
            next_index += event.count if isinstance(event, SamplesLost) else len(event.samples)


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


def test_an_instrument_that_says_a_result_twice_has_measured_once() -> None:
    session = Session(is_steady=False).open()
    for k in range(10):
        session.hear(frame(None, temp=3652), at_s=T0_S + k)
    session.hear(frame(None, temp=3652), at_s=T0_S + 60)
    session.hear(frame(None, temp=3660), at_s=T0_S + 61)
    values = [e.values[0][1] for e in session.told if isinstance(e, SingleMeasurement)]
    assert values == [36.52, 36.52, 36.6]


# What it is told

TALK = Talk(opening=b"go", keep_alive=b"still", keep_alive_s=5.0, silence_s=3.0, closing=b"stop")


def test_it_is_asked_at_the_opening_and_again_after_silence() -> None:
    session = Session(talk=TALK).open()
    session.until(T0_S + 7.0)
    assert [told for told in session.sent if told[1] == b"go"] == [(0.0, b"go"), (3.0, b"go"), (6.0, b"go")]


def test_it_is_kept_alive_while_it_streams_and_not_asked_again() -> None:
    session = Session(talk=TALK).open()
    session.stream(16.0, frame())
    assert session.sent == [(0.0, b"go"), (5.0, b"still"), (10.0, b"still"), (15.0, b"still")]
    assert session.instrument.farewell == b"stop"


def test_one_that_is_only_listened_to_is_never_told_anything() -> None:
    session = Session().open()
    session.stream(1.0, frame())
    session.until(T0_S + 60.0)
    session.instrument.closed("gone", "", now_s=session.now_s)
    session.open()
    session.until(T0_S + 120.0)
    assert session.sent == []
    assert session.instrument.farewell == b""


def test_nothing_is_left_to_say_to_a_port_that_went() -> None:
    session = Session(talk=TALK)
    session.instrument.opened(now_s=T0_S)
    session.instrument.closed("gone", "", now_s=T0_S)
    assert session.instrument.data_to_send() == b""
