"""The board's time on the box's clock."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.clock import (
    DRIFT_MAX_PPM,
    FIRST_COUNT,
    FIRST_PAUSE_S,
    MAX_EXCHANGES,
    PAUSE_S,
    BoardClock,
    pause_s,
)
from firmware_bridge.board.clock_bounds import Bounds, Exchange
from tests.simulators.jittered_usb import Jitter, JitteredUsb

BOX0_US = 7_000_000_000  # the box has been up for two hours


class Deaf(BoardClock):
    """Takes no exchange: a time is the time of arrival."""

    def on_exchange(self, **_: int) -> bool:
        return False


class Wire:
    """A board clock that runs at `speed`, and exchanges over a line with jitter."""

    def __init__(self, speed: float, seed: int = 1) -> None:
        self.speed = speed
        self.rng = random.Random(seed)
        self.clock = BoardClock()

    def board_us(self, s: float) -> int:
        return round(s * self.speed * 1e6)

    def exchange(self, s: float, *, late_us: int = 0) -> bool:
        """`late_us`: by how much the box's clock has been moved on."""
        out_s, back_s = (0.0002 + self.rng.expovariate(2000) for _ in range(2))
        return self.clock.on_exchange(
            sent_us=BOX0_US + late_us + round(s * 1e6),
            received_us=BOX0_US + late_us + round((s + out_s + back_s) * 1e6),
            board_rx_us=self.board_us(s + out_s),
            board_tx_us=self.board_us(s + out_s),
        )

    def error_us(self, s: float) -> int:
        mapped_us = self.clock.to_box_us(self.board_us(s), arrival_us=BOX0_US + round(s * 1e6) + 30_000)
        return mapped_us - BOX0_US - round(s * 1e6)


def test_before_the_first_exchange_a_time_is_the_time_of_arrival() -> None:
    clock = BoardClock()
    assert clock.to_box_us(123, arrival_us=BOX0_US) == BOX0_US
    assert not clock.is_synchronised
    assert clock.round_trip_us is None


@pytest.mark.parametrize("speed", [1.0, 1.00005, 0.9999, 20.0, 60.0])
def test_after_a_minute_the_map_is_right_within_two_milliseconds(speed: float) -> None:
    wire = Wire(speed)
    for tick in range(240):
        s = tick / 4
        wire.exchange(s)
    assert abs(wire.error_us(60.0)) < 2000
    assert wire.clock.rate == pytest.approx(1 / speed, rel=100e-6)


@pytest.mark.parametrize("speed", [20.0, 60.0])
def test_a_replay_is_followed_from_the_second_exchange(speed: float) -> None:
    wire = Wire(speed)
    wire.exchange(0.0)
    wire.exchange(0.25)
    assert wire.clock.rate == pytest.approx(1 / speed, rel=0.02)
    assert abs(wire.error_us(0.5)) < 10_000


@given(
    st.sampled_from([1.0, 0.9997, 20.0, 60.0]),
    st.integers(0, 1000),
    st.lists(st.floats(0.001, 0.8), min_size=2, max_size=60),
)
def test_later_board_times_are_never_mapped_earlier_nor_after_their_arrival(
    speed: float, seed: int, steps_s: list[float]
) -> None:
    wire = Wire(speed, seed)
    before_us = s = 0.0
    for n, step_s in enumerate(steps_s):
        s += step_s
        if n % 3 == 1:
            wire.exchange(s)
        arrival_us = BOX0_US + round((s + 0.002) * 1e6)
        mapped_us = wire.clock.to_box_us(wire.board_us(s), arrival_us=arrival_us)
        assert before_us <= mapped_us <= arrival_us
        before_us = mapped_us


def test_a_slow_exchange_does_not_move_the_map() -> None:
    wire = Wire(1.0)
    for tick in range(20):
        wire.exchange(float(tick))
    before_us = wire.error_us(21.0)
    wire.clock.on_exchange(  # the answer was stuck for 40 ms
        sent_us=BOX0_US + 22_000_000,
        received_us=BOX0_US + 22_040_000,
        board_rx_us=22_000_200,
        board_tx_us=22_000_200,
    )
    assert abs(wire.error_us(22.5) - before_us) < 500


def test_a_box_that_slept_is_believed_after_three_exchanges() -> None:
    wire = Wire(1.0)
    for tick in range(20):
        wire.exchange(float(tick))
    slept_us = 3_600_000_000
    used = [
        wire.clock.on_exchange(
            sent_us=BOX0_US + slept_us + s * 1_000_000,
            received_us=BOX0_US + slept_us + s * 1_000_000 + 400,
            board_rx_us=s * 1_000_000 + 200,
            board_tx_us=s * 1_000_000 + 200,
        )
        for s in (20, 21, 22)
    ]
    assert used == [False, False, True]
    arrival_us = BOX0_US + slept_us + 23_100_000
    mapped_us = wire.clock.to_box_us(23_000_000, arrival_us=arrival_us)
    assert abs(mapped_us - BOX0_US - slept_us - 23_000_000) < 1000


@pytest.mark.parametrize(
    ("sent_us", "received_us", "board_rx_us", "board_tx_us"),
    [
        (100, 90, 5, 5),  # answered before it was asked
        (100, 200, 9, 5),  # the board went backwards
        (100, 200, 5, 5000),  # longer at the board than on the way
    ],
)
def test_an_impossible_exchange_is_not_used(
    sent_us: int, received_us: int, board_rx_us: int, board_tx_us: int
) -> None:
    clock = BoardClock()
    assert not clock.on_exchange(
        sent_us=sent_us, received_us=received_us, board_rx_us=board_rx_us, board_tx_us=board_tx_us
    )
    assert not clock.is_synchronised


def test_an_exchange_that_repeats_the_board_time_is_not_used() -> None:
    wire = Wire(1.0)
    assert wire.exchange(1.0)
    assert not wire.exchange(0.5)


def test_a_board_whose_clock_leaps_about_is_borne() -> None:
    rng = random.Random(1)
    for _ in range(200):
        clock, sent_us, board_us = BoardClock(), BOX0_US, 5
        for _ in range(40):
            sent_us += 250_000
            board_us = rng.choice((board_us + 250_000, board_us, rng.randrange(1 << 40), board_us // 2))
            clock.on_exchange(
                sent_us=sent_us, received_us=sent_us + 2000, board_rx_us=board_us, board_tx_us=board_us
            )
            assert clock.to_box_us(board_us, arrival_us=sent_us + 2000) <= sent_us + 2000


def test_a_board_whose_clock_stood_still_is_believed_once_it_runs_again() -> None:
    wire = Wire(1.0)
    for tick in range(5):
        wire.exchange(float(tick))
    stood_us = wire.board_us(4.0) + 1000
    for tick in range(5, 15):
        sent_us = BOX0_US + tick * 1_000_000
        wire.clock.on_exchange(
            sent_us=sent_us, received_us=sent_us + 2000, board_rx_us=stood_us, board_tx_us=stood_us
        )
    for tick in range(15, 20):
        wire.exchange(float(tick))
    assert abs(wire.error_us(20.0)) < 2000


def test_an_impossible_board_time_does_not_stop_the_clock() -> None:
    wire = Wire(1.0)
    wire.exchange(0.0)
    wire.exchange(1.0)
    arrival_us = BOX0_US + 1_100_000
    assert wire.clock.to_box_us(1 << 63, arrival_us=arrival_us) == arrival_us
    assert abs(wire.error_us(5.0)) < 2000


def test_an_earlier_board_time_is_mapped_before_a_later_one() -> None:
    wire = Wire(1.0)
    wire.exchange(0.0)
    wire.error_us(2.0)
    assert abs(wire.error_us(1.5)) < 2000


def test_a_block_that_a_heartbeat_has_overtaken_is_not_mapped_before_the_block_before_it() -> None:
    wire = Wire(1.0)
    late_us = wire.clock.to_box_us(wire.board_us(1.0), arrival_us=BOX0_US + 1_107_000)  # of its arrival only
    wire.exchange(1.15)
    beat_us = wire.clock.to_box_us(wire.board_us(1.2), arrival_us=BOX0_US + 1_210_000)
    next_us = wire.clock.to_box_us(wire.board_us(1.1), arrival_us=BOX0_US + 1_211_000)
    assert late_us <= next_us <= beat_us


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=2, max_size=60))
def test_in_whatever_order_they_are_asked_for_later_times_are_mapped_later(
    asked: list[tuple[int, bool]],
) -> None:
    wire, mapped = Wire(1.0), list[tuple[int, int]]()
    for step, (tenths, exchanges) in enumerate(asked):
        s = 5.0 + step / 10
        if exchanges:
            wire.exchange(s)
        board_us = wire.board_us(tenths / 10)
        mapped.append(
            (board_us, wire.clock.to_box_us(board_us, arrival_us=BOX0_US + round(s * 1e6) + 50_000))
        )
    in_order = sorted(mapped, key=lambda one: one[0])
    assert [box_us for _, box_us in in_order] == sorted(box_us for _, box_us in mapped)


def test_a_day_of_exchanges_stays_bounded_and_forgets_the_window() -> None:
    wire = Wire(1.0)
    for tick in range(4000):
        wire.exchange(float(tick))
        assert wire.clock.exchange_count <= 662
    for tick in range(4000, 8000):
        wire.exchange(4000 + tick / 100)
    assert wire.clock.exchange_count <= MAX_EXCHANGES


def test_a_restart_forgets_the_boot() -> None:
    wire = Wire(20.0)
    for tick in range(5):
        wire.exchange(float(tick))
    wire.clock.restart()
    assert not wire.clock.is_synchronised
    assert wire.clock.to_box_us(0, arrival_us=BOX0_US + 9) == BOX0_US + 9


def test_what_was_before_the_box_started_is_told_as_its_start_and_keeps_its_order() -> None:
    clock = BoardClock()  # the board has run for 100 s, the box for 12 s
    assert clock.on_exchange(sent_us=12_000_000, received_us=12_002_000, board_rx_us=10**8, board_tx_us=10**8)
    assert clock.to_box_us(80_000_000, arrival_us=12_010_000) == 0
    assert clock.to_box_us(70_000_000, arrival_us=12_011_000) == 0
    assert clock.to_box_us(89_000_000, arrival_us=12_012_000) == 1_001_000


@pytest.mark.parametrize("rhythm_us", [0, 1_000, 8_000, 10_000, 16_000])
def test_over_a_jittered_line_sample_times_are_right_within_two_milliseconds_after_a_minute(
    rhythm_us: int,
) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        jitter = Jitter.drawn(rng, rhythm_us=rhythm_us)
        clock = BoardClock()
        usb = JitteredUsb(jitter, rng, clock)
        errors_us = [error_us for at_s, error_us in usb.errors_us(90) if at_s >= 60]
        assert len(errors_us) >= 298
        assert max(map(abs, errors_us)) < 2000, (seed, jitter)
        assert clock.drift_ppm == pytest.approx(jitter.drift_ppm, abs=25)
        assert not clock.is_drift_excessive


def test_the_jittered_line_would_show_a_clock_that_only_believes_arrivals() -> None:
    rng = random.Random(1)
    usb = JitteredUsb(Jitter.drawn(rng, rhythm_us=16_000), rng, Deaf())
    assert max(abs(error_us) for at_s, error_us in usb.errors_us(90) if at_s >= 60) > 100_000


def test_questions_are_never_asked_in_the_rhythm_of_an_adapter() -> None:
    asked_s, s = [], 0.0
    for count in range(1, 400):
        asked_s.append(s)
        s += pause_s(count)
    assert asked_s[FIRST_COUNT] == pytest.approx(FIRST_COUNT * FIRST_PAUSE_S, rel=0.05)
    assert asked_s[-1] - asked_s[-101] == pytest.approx(100 * PAUSE_S, rel=0.001)
    for rhythm_s in (0.001, 0.004, 0.01, 0.016):
        phases = sorted(at_s % rhythm_s / rhythm_s for at_s in asked_s[-100:])
        gaps = [b - a for a, b in pairwise(phases)]
        assert max(gaps) < 0.1, rhythm_s


def test_a_frame_that_came_quicker_than_every_answer_tightens_the_map() -> None:
    slow, helped = Wire(1.0), Wire(1.0)
    for tick in range(70):
        for wire in (slow, helped):
            wire.clock.on_exchange(  # each answer is stuck for 10 ms
                sent_us=BOX0_US + tick * 1_000_000,
                received_us=BOX0_US + tick * 1_000_000 + 10_200,
                board_rx_us=tick * 1_000_000 + 200,
                board_tx_us=tick * 1_000_000 + 200,
            )
        said_us = tick * 1_000_000 + 500_000
        helped.clock.on_frame(said_us=said_us, arrival_us=BOX0_US + said_us + 300)
    assert slow.error_us(70.0) == pytest.approx(4_900, abs=100)
    assert abs(helped.error_us(70.0)) < 200


@pytest.mark.parametrize("said_us", [1 << 62, 0])
def test_a_frame_of_an_impossible_time_changes_nothing(said_us: int) -> None:
    wire = Wire(1.0)
    wire.clock.on_frame(said_us=said_us, arrival_us=BOX0_US)  # before anything is known
    for tick in range(10):
        wire.exchange(float(tick))
        wire.clock.on_frame(said_us=said_us, arrival_us=BOX0_US + tick * 1_000_000 + 10_000)
    assert abs(wire.error_us(10.0)) < 2000


@pytest.mark.parametrize("drift_ppm", [150.0, -150.0, 0.0])
def test_a_sound_quartz_is_no_alarm_and_its_drift_is_known_after_a_minute(drift_ppm: float) -> None:
    wire = Wire(1 + drift_ppm * 1e-6)
    wire.exchange(0.0)
    assert wire.clock.drift_ppm is None
    for tick in range(1, 300):
        wire.exchange(float(tick))
    assert wire.clock.drift_ppm == pytest.approx(drift_ppm, abs=5)
    assert not wire.clock.is_drift_excessive


@pytest.mark.parametrize("drift_ppm", [260.0, -260.0, 900.0, -900.0])
def test_a_quartz_that_is_off_by_more_than_it_may_is_told_when_it_is_proven(drift_ppm: float) -> None:
    assert abs(drift_ppm) > DRIFT_MAX_PPM
    wire = Wire(1 + drift_ppm * 1e-6)
    for tick in range(10):
        wire.exchange(float(tick))
    assert not wire.clock.is_drift_excessive
    for tick in range(10, 300):
        wire.exchange(float(tick))
    assert wire.clock.drift_ppm == pytest.approx(drift_ppm, abs=10)
    assert wire.clock.is_drift_excessive
    assert abs(wire.error_us(300.0)) < 2000


def test_a_replay_is_no_alarm() -> None:
    wire = Wire(20.0)
    for tick in range(100):
        wire.exchange(float(tick))
    assert not wire.clock.is_drift_excessive


def test_a_box_whose_clock_is_being_put_right_is_followed() -> None:
    wire, late_us = Wire(1.0), 0
    for tick in range(600):
        late_us += 500 * (200 <= tick < 260)  # 500 ppm for a minute, as NTP does it
        wire.exchange(float(tick), late_us=late_us)
        if tick >= 60:
            assert abs(wire.error_us(float(tick)) - late_us) < 3000, tick
    assert abs(wire.error_us(600.0) - late_us) < 1000


def test_the_room_of_a_rate_is_what_the_quickest_ways_leave() -> None:
    bounds = Bounds(limit=8)
    for at_us, out_us, back_us in ((0, 100, 900), (1_000_000, 700, 300), (2_000_000, 200, 500)):
        bounds.add(Exchange(at_us - out_us, at_us, at_us, at_us + back_us))
    assert bounds.room_us(1.0) == 400  # 100 out, 300 back
    assert bounds.box_us(3_000_000, 1.0) == pytest.approx(3_000_100)
    assert bounds.room_us(1.002) < 0
    assert not bounds.add(Exchange(3_000_000, 2_000_000, 2_000_000, 3_000_001))
    for tick in range(3, 30):
        bounds.add(
            Exchange(tick * 1_000_000, tick * 1_000_000 + 1, tick * 1_000_000 + 1, tick * 1_000_000 + 2)
        )
    assert len(bounds) <= 8
