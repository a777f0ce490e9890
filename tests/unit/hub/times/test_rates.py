"""The true rate of a stream, from points that are late, noisy and few."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.varints import VARINT_MAX
from hub.times.rates import LINE_MIN_US, SPACING_MIN_US, TELL_US, SampleClock, SampleLine

S = 1_000_000
HOUR_S = 3_600
RATE_HZ = 250 * (1 + 150e-6)  # a quartz that is 150 ppm fast
PERIOD_US = 1e6 / RATE_HZ
START_US = 40 * S
Late = Callable[[random.Random], float]


def true_us(index: int) -> float:
    return START_US + index * PERIOD_US


class Told:
    """What a store has of a clock: the newest version of each line."""

    def __init__(self, told: SampleLine | None = None) -> None:
        self.clock = SampleClock(told)
        self.lines: dict[int, SampleLine] = {}

    def at(self, index: int) -> float:
        """Where the last line that begins before `index` puts it; the first one counts backwards too."""
        before = [start for start in self.lines if start <= index]
        return self.lines[max(before) if before else min(self.lines)].at(index)


def run(
    to: Told,
    *,
    hours: float,
    late_us: Late,
    every_s: float = 30,
    from_s: float = 0,
    t_us: Callable[[int], float] = true_us,
) -> list[SampleLine]:
    """A chunk each `every_s`; return every line that was told."""
    rng = random.Random(7)
    told = []
    for n in range(int(hours * HOUR_S / every_s)):
        index = round((from_s + n * every_s) * RATE_HZ)
        line = to.clock.learn(index, round(t_us(index) + late_us(rng)))
        if line is not None:
            told.append(line)
            to.lines[line.from_index] = line
    return told


def quiet(rng: random.Random) -> float:
    """The bridge's map of the board's clock: two milliseconds either way."""
    return rng.uniform(-2_000, 2_000)


def sometimes_late(rng: random.Random) -> float:
    return quiet(rng) + (rng.uniform(50_000, 900_000) if rng.random() < 0.2 else 0)


def of_arrival(rng: random.Random) -> float:
    """A device without a clock of its own: a block is stamped when it comes, 0 … 40 ms late."""
    return rng.uniform(0, 40_000)


@pytest.mark.parametrize("late_us", [quiet, sometimes_late])
def test_a_board_150_ppm_off_drifts_less_than_a_sample_in_an_hour_instead_of_135(late_us: Late) -> None:
    told = Told()
    run(told, hours=1, late_us=late_us)
    last = round(HOUR_S * RATE_HZ)
    first = told.lines[0]
    nominal_us = first.at(0) + last * 1e6 / 250
    assert abs(nominal_us - true_us(last)) / PERIOD_US == pytest.approx(135, abs=2)
    assert abs(first.at(last) - true_us(last)) < PERIOD_US
    for index in range(0, last, 10_000):
        assert abs(told.at(index) - true_us(index)) < PERIOD_US


def test_a_device_without_a_clock_of_its_own_is_placed_as_late_as_it_usually_is() -> None:
    told = Told()
    run(told, hours=2, late_us=of_arrival)
    line = told.clock.told
    assert line is not None
    assert line.samples_per_s == pytest.approx(RATE_HZ, rel=5e-6)
    last = round(2 * HOUR_S * RATE_HZ)
    assert abs(line.at(last) - 20_000 - true_us(last)) < 15_000


def test_a_front_end_two_percent_off_is_no_matter() -> None:
    told = Told()
    run(told, hours=0.5, late_us=quiet, t_us=lambda index: START_US + index * PERIOD_US * 1.02)
    assert told.lines[0].samples_per_s == pytest.approx(RATE_HZ / 1.02, rel=3e-6)


def test_nothing_is_told_before_a_line_means_something_and_little_after() -> None:
    told = Told()
    assert run(told, hours=0.9 * LINE_MIN_US / S / HOUR_S, late_us=quiet, every_s=1) == []
    lines = run(told, hours=6, late_us=quiet, from_s=LINE_MIN_US / S)
    assert 12 <= len(lines) <= 40  # half an hour a line, a few corrections at the start of the first


def test_a_quartz_that_the_sun_warms_is_followed() -> None:
    """5 ppm in an hour: 18 ms and more if the first line were kept."""

    def warmed_us(index: int) -> float:
        at_s = index * PERIOD_US / 1e6
        return true_us(index) + 5e-6 * at_s * at_s / (2 * HOUR_S) * 1e6

    told = Told()
    run(told, hours=4, late_us=quiet, t_us=warmed_us)
    for index in range(0, round(4 * HOUR_S * RATE_HZ), 50_000):
        assert abs(told.at(index) - warmed_us(index)) < 1.5 * PERIOD_US


def test_a_device_that_jumped_begins_a_new_line_and_keeps_the_old_one() -> None:
    jump = round(600 * RATE_HZ)

    def jumped_us(index: int) -> float:
        return true_us(index) + (300_000 if index >= jump else 0)

    told = Told()
    run(told, hours=0.5, late_us=quiet, t_us=jumped_us)
    for index in (100, jump - 1, jump + round(100 * RATE_HZ), round(1700 * RATE_HZ)):
        assert abs(told.at(index) - jumped_us(index)) < PERIOD_US


def test_a_hole_of_an_hour_is_no_jump() -> None:
    told = Told()
    run(told, hours=0.5, late_us=quiet)
    run(told, hours=0.5, late_us=quiet, from_s=5_400)
    last = round(7_100 * RATE_HZ)
    assert abs(told.at(last) - true_us(last)) < PERIOD_US
    assert len(told.lines) == 2


def test_after_a_restart_of_the_hub_the_line_goes_on() -> None:
    before = Told()
    run(before, hours=1, late_us=quiet)
    after = Told(before.clock.told)
    lines = run(after, hours=0.2, late_us=quiet, from_s=HOUR_S)
    assert len(lines) <= 2
    last = round(1.2 * HOUR_S * RATE_HZ)
    assert abs(after.at(last) - true_us(last)) < PERIOD_US


def test_points_are_taken_ever_further_apart_and_old_ones_not_at_all() -> None:
    told = Told()
    assert told.clock.spacing_us == SPACING_MIN_US
    run(told, hours=0.9, late_us=quiet, every_s=1)
    assert told.clock.spacing_us > 40 * S
    before = told.clock.told
    assert told.clock.learn(5, round(true_us(5)) + 90_000) is None
    assert told.clock.told == before


def test_a_line_that_moved_by_less_than_a_millisecond_is_not_told_again() -> None:
    told = Told()
    (line,) = run(told, hours=0.4, late_us=lambda _: 0.0)
    assert abs(line.at(0) - START_US) < TELL_US


@given(
    st.lists(
        st.tuples(*(st.integers(0, most) | st.integers(0, VARINT_MAX) for most in (10**6, 10**9))),
        max_size=60,
    ),
    st.none() | st.builds(SampleLine, st.integers(0, 10**6), st.floats(0, 1e9), st.floats(100, 1e6)),
)
@settings(max_examples=200, deadline=None)
def test_whatever_a_box_says_every_line_goes_forward(
    points: list[tuple[int, int]], told: SampleLine | None
) -> None:
    clock = SampleClock(told)
    for index, t_us in points:
        line = clock.learn(index, t_us)
        assert line is None or 0 < line.period_us < float("inf")
