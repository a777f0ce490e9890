"""The board's time on the box's clock."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.board.clock import MAX_POINTS, BoardClock

BOX0_US = 7_000_000_000  # the box has been up for two hours


class Wire:
    """A board clock that runs at `speed`, and exchanges over a line with jitter."""

    def __init__(self, speed: float, seed: int = 1) -> None:
        self.speed = speed
        self.rng = random.Random(seed)
        self.clock = BoardClock()

    def board_us(self, s: float) -> int:
        return round(s * self.speed * 1e6)

    def exchange(self, s: float) -> bool:
        out_s, back_s = (0.0002 + self.rng.expovariate(2000) for _ in range(2))
        return self.clock.on_exchange(
            sent_us=BOX0_US + round(s * 1e6),
            received_us=BOX0_US + round((s + out_s + back_s) * 1e6),
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
    for tick in range(1000):
        wire.exchange(float(tick))
    assert wire.clock.point_count <= min(MAX_POINTS, 62)


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
