"""The session with an instrument: its lives, its silence, its waveforms, and what it is told."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.codes import Condition
from firmware_bridge.drivers.driver import Talk
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import (
    InstrumentConnected,
    InstrumentLost,
    InstrumentSilent,
    LossReason,
    SampleBlock,
    SamplesLost,
    SingleMeasurement,
)
from firmware_bridge.instruments.instrument import Instrument
from firmware_bridge.instruments.instrument_presence import TRANSITIONS, Input, State, after
from tests.unit.firmware_bridge.instrument_session import (
    ECG_ID,
    PLETH_ID,
    STREAMS,
    T0_S,
    WELL,
    Session,
    frame,
    losses,
    of,
    samples,
)

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


def test_three_frames_with_nothing_between_them_prove_one_that_speaks_each_second() -> None:
    session = Session(check_bits=0, structure_bits=6).open()
    assert session.hear(frame(None, spo2=97), at_s=T0_S + 0.5) == []
    assert session.hear(frame(None, spo2=97), at_s=T0_S + 1.5) == []
    assert isinstance(session.hear(frame(None, spo2=97), at_s=T0_S + 2.5)[0], InstrumentConnected)


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


def test_an_instrument_that_speaks_of_other_things_has_not_lost_its_wave() -> None:
    session = Session().open()
    session.stream(5.0, frame())
    session.stream(3.0, frame(None, spo2=None))
    session.stream(1.0, frame())
    assert losses(session.told) == [(500, 300, LossReason.NO_VALUE)]


def test_an_instrument_that_measures_now_and_then_has_lost_nothing_between() -> None:
    session = Session(is_steady=False).open()
    session.stream(5.0, frame())
    session.stream(1.0, frame(), from_s=T0_S + 65.0)
    assert losses(session.told) == [(500, 6000, LossReason.NO_VALUE)]
    session.stream(1.0, frame(), from_s=T0_S + 66.5)  # within a measurement
    assert losses(session.told)[1:] == [(6600, 50, LossReason.ESTIMATED)]


def test_what_the_time_told_and_the_decoder_learns_later_is_told_once() -> None:
    session = Session().open()
    session.stream(5.0, frame())
    session.stream(1.0, frame(), from_s=T0_S + 5.5)  # fifty are missing
    session.hear(frame(lost=20), frame(lost=32), at_s=T0_S + 6.54)  # it counts them now, and two more
    assert losses(session.told) == [(500, 50, LossReason.ESTIMATED), (651, 2, LossReason.ON_THE_WIRE)]
    assert sorted(samples(session.told))[-2:] == [650, 653]


def test_what_is_missing_beside_damage_is_told_where_the_damage_was() -> None:
    session = Session().open()
    session.stream(5.0, frame())
    session.hear(frame(1), frame(2, lost=1), at_s=T0_S + 5.07)  # five are missing, one of them known
    session.stream(0.5, frame(3))
    assert losses(session.told) == [(501, 4, LossReason.ESTIMATED), (505, 1, LossReason.ON_THE_WIRE)]
    assert list(samples(session.told).items())[500:503] == [(500, 1), (506, 2), (507, 3)]


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
