"""How fast a stream is truly sampled."""

import random

import pytest

from firmware_bridge.board.sample_clock import MAX_POINTS, SampleClock


def fed(
    *, off_ppm: float, seconds: float, pause_at_s: float = float("inf"), outliers: int = 0
) -> SampleClock:
    """Return a clock that heard blocks of 25 samples, announced as 250 a second."""
    clock, rng = SampleClock(250_000), random.Random(1)
    period_us = 4000 / (1 + off_ppm * 1e-6)
    for block in range(int(seconds * 10)):
        t_us = block * 25 * period_us + rng.uniform(0, 300) + 2_000_000 * (block / 10 >= pause_at_s)
        is_outlier = block % 100 == 50 and block < 1000 * outliers
        clock.on_block(block * 25, round(t_us + 30_000 * is_outlier))
    return clock


@pytest.mark.parametrize("off_ppm", [0.0, 80.0, -15_000.0, 20_000.0])
def test_an_oscillator_that_is_off_is_measured(off_ppm: float) -> None:
    assert fed(off_ppm=off_ppm, seconds=120).drift_ppm == pytest.approx(off_ppm, abs=5)


def test_nothing_is_said_in_the_first_minute() -> None:
    assert fed(off_ppm=80.0, seconds=59).drift_ppm is None
    assert SampleClock(1000).drift_ppm is None


def test_a_front_end_that_stood_still_is_measured_anew() -> None:
    assert fed(off_ppm=80.0, seconds=100, pause_at_s=70).drift_ppm is None
    assert fed(off_ppm=80.0, seconds=180, pause_at_s=70).drift_ppm == pytest.approx(80.0, abs=5)


def test_blocks_that_were_stamped_late_do_not_count() -> None:
    assert fed(off_ppm=80.0, seconds=300, outliers=2).drift_ppm == pytest.approx(80.0, abs=5)


def test_a_board_time_that_goes_back_begins_anew_and_a_day_stays_bounded() -> None:
    clock = fed(off_ppm=0.0, seconds=100)
    clock.on_block(30_000, 5)
    assert clock.drift_ppm is None
    for second in range(3 * MAX_POINTS):
        clock.on_block(250 * second, 1_000_000 * second)
    assert clock.drift_ppm == pytest.approx(0.0, abs=0.1)
