"""Indexes and times of a stream that carries neither."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.instruments.instrument_bridge import GATHER_S
from firmware_bridge.instruments.steady import DOUBT_S, HOLD_BUSY_S, HOLD_S, Placed, SteadyClock
from tests.unit.firmware_bridge.arrivals import BEGAN_S, Arrival, Instrument

OFFS = (-0.01, 0.0, 0.01)  # of the nominal rate: as far as quartzes and their makers' roundings go
SETTLED_S = 10.0


def ticked(clock: SteadyClock, *, until_s: float) -> list[Placed]:
    """Let the time pass, as the bridge does."""
    told: list[Placed] = []
    while clock.next_wake_s is not None and clock.next_wake_s < until_s:
        told += clock.tick(now_s=clock.next_wake_s)
    return told


def placed(source: Instrument, *, seed: int = 1, lasts_s: float = 40.0) -> list[tuple[Arrival, Placed]]:
    """Run what `source` sends through a clock; return where it put each arrival."""
    clock = SteadyClock(rate_hz=source.rate_hz, frame_samples=source.frame)
    arrivals, places = [], []
    for arrival in source.arrivals(random.Random(seed), lasts_s=lasts_s):
        places += ticked(clock, until_s=arrival.arrival_s)
        arrivals.append(arrival)
        places += clock.take(arrival.samples, arrival_s=arrival.arrival_s)
    places += clock.flush()
    return list(zip(arrivals, places, strict=True))


def errors_s(source: Instrument, of: list[tuple[Arrival, Placed]], *, after_s: float) -> list[float]:
    """Return by how much the told times are late, of what was told at the right index."""
    return [
        place.box_s - source.taken_s(arrival.first)
        for arrival, place in of
        if arrival.arrival_s - BEGAN_S >= after_s
    ]


@pytest.mark.parametrize("off", OFFS)
@pytest.mark.parametrize(
    ("source", "within_s"),
    [
        (Instrument(rate_hz=100.0), 0.003),
        (Instrument(rate_hz=60.0), 0.003),
        (Instrument(rate_hz=250.0), 0.003),
        (Instrument(rate_hz=50.0, frame=5), 0.006),
        (Instrument(rate_hz=100.0, stalls_s=0.5), 0.003),
        (Instrument(rate_hz=100.0, clump_s=0.1), 0.010),
        (Instrument(rate_hz=60.0, clump_s=0.25, stalls_s=0.5), 0.017),
    ],
)
def test_a_sample_is_where_it_was_taken_whatever_clumps_and_stalls_do(
    source: Instrument, within_s: float, off: float
) -> None:
    source = Instrument(source.rate_hz, off, source.frame, source.clump_s, stalls_s=source.stalls_s)
    told = placed(source)
    assert all(place.first_index == arrival.first for arrival, place in told)
    assert max(map(abs, errors_s(source, told, after_s=SETTLED_S))) < within_s
    assert max(map(abs, errors_s(source, told, after_s=0.0))) < source.clump_s + 0.025
    assert told[-1][1].period_s == pytest.approx(source.period_s, rel=0.0005)


@pytest.mark.parametrize("off", OFFS)
@pytest.mark.parametrize("gap_s", [0.1, 0.3, 1.0, 4.0, 9.9])
@pytest.mark.parametrize("source", [Instrument(rate_hz=100.0), Instrument(rate_hz=60.0, stalls_s=0.1)])
def test_a_gap_is_counted_within_one_frame_and_put_where_it_was(
    source: Instrument, gap_s: float, off: float
) -> None:
    gap = (20.1, 20.1 + gap_s)
    source = Instrument(source.rate_hz, off, stalls_s=source.stalls_s, gaps_s=(gap,))
    told = placed(source, lasts_s=40.0)
    missing = round(gap_s / source.period_s)
    losses = [place for _, place in told if place.estimated_lost]
    assert len(losses) == 1
    assert abs(losses[0].estimated_lost - missing) <= 1
    assert abs(losses[0].first_index - told_after(told, gap[1]).first) <= 1
    assert max(map(abs, errors_s(source, told, after_s=SETTLED_S))) < 0.003 + source.period_s


def told_after(told: list[tuple[Arrival, Placed]], at_s: float) -> Arrival:
    """Return the first arrival after `at_s`."""
    return next(arrival for arrival, _ in told if arrival.arrival_s - BEGAN_S > at_s)


def test_of_frames_of_several_samples_whole_frames_are_missing() -> None:
    source = Instrument(rate_hz=50.0, frame=5, gaps_s=((20.0, 23.0),))
    (lost,) = [place.estimated_lost for _, place in placed(source) if place.estimated_lost]
    assert lost % 5 == 0
    assert abs(lost - 150) <= 5


def steady(clock: SteadyClock, *, seconds: int, from_s: float = 0.0) -> None:
    """Have 100 samples a second arrive, each at its time."""
    for k in range(1, seconds * 100 + 1):
        assert clock.take(1, arrival_s=from_s + k / 100)


def test_what_was_only_late_is_no_gap() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    assert clock.take(1, arrival_s=5.5) == []  # held back: what follows will tell
    (first, second) = clock.take(49, arrival_s=5.51)
    assert (first.first_index, second.first_index, second.estimated_lost) == (500, 501, 0)
    assert second.box_s == pytest.approx(5.02, abs=0.005)
    assert clock.next_wake_s is None


def test_what_is_not_made_up_for_is_told_when_the_time_is_over() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    assert clock.take(1, arrival_s=6.0) == []
    assert clock.next_wake_s == pytest.approx(6.0 + HOLD_S)
    assert ticked(clock, until_s=6.0 + HOLD_S + HOLD_BUSY_S / 2) == []  # one arrival proves little
    (place,) = ticked(clock, until_s=6.1 + HOLD_S + HOLD_BUSY_S)
    assert (place.first_index, place.estimated_lost) == (599, 99)
    assert place.box_s == pytest.approx(6.0, abs=0.002)


def test_a_stream_that_is_taken_together_is_not_taken_for_a_busy_loop() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    gap_s, every_s = 1.0, GATHER_S + 0.03  # an adapter's clump, and a loop that is late
    told: list[Placed] = []
    for k in range(10):
        arrival_s = 5.0 + gap_s + k * every_s
        told += ticked(clock, until_s=arrival_s)
        if told:
            break
        told += clock.take(round(every_s * 100), arrival_s=arrival_s)
    assert told[0].estimated_lost == pytest.approx(gap_s * 100, abs=10)
    assert arrival_s - (5.0 + gap_s) <= HOLD_S + every_s


def test_a_loop_that_is_busy_for_long_loses_nothing() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    for k in range(1, 40):  # what it reads is at times 90 ms old, though never twice in a row for long
        late_s = 0.09 if k % 4 else 0.01
        clock.take(20, arrival_s=5.0 + 0.2 * k + late_s)
    clock.take(1, arrival_s=12.82)
    assert clock.flush() == []
    assert clock.take(1, arrival_s=12.83)[0].first_index == 500 + 39 * 20 + 1


def test_what_ends_in_doubt_is_settled_by_flush() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    assert clock.take(1, arrival_s=6.0) == []
    assert [place.estimated_lost for place in clock.flush()] == [99]
    assert clock.flush() == []


def test_a_gap_behind_what_came_late_is_counted_too() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    clock.take(10, arrival_s=5.4)  # 300 ms late
    told = [place for k in range(1, 60) for place in clock.take(1, arrival_s=6.0 + k / 100)]
    assert sum(place.estimated_lost for place in told) == 90
    assert told[-1].first_index == 500 + 10 + 90 + 58


def test_a_pause_in_the_first_seconds_says_less() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=1)
    assert clock.take(1, arrival_s=1.2)[0].first_index == 100
    assert clock.take(1, arrival_s=1.6) == []


def test_a_pause_that_jitter_explains_is_no_doubt() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    (place,) = clock.take(1, arrival_s=5.01 + DOUBT_S * 0.9)
    assert (place.first_index, place.estimated_lost) == (500, 0)


def test_beside_damage_the_time_corrects_the_count() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    assert clock.take(1, lost=1, arrival_s=5.05) == []  # one is known to be lost: four are missing
    told = [place for k in range(6, 60) for place in clock.take(1, arrival_s=5 + k / 100)]
    assert (told[0].first_index, told[0].estimated_lost) == (503, 3)
    assert told[1].first_index == 505
    assert told[1].box_s == pytest.approx(5.06, abs=0.002)


def test_what_the_time_has_told_already_is_not_told_again_when_the_instrument_says_it() -> None:
    clock = SteadyClock(rate_hz=75.0)
    for k in range(1, 376):
        clock.take(1, arrival_s=k / 75)
    told = [place for k in range(398, 426) for place in clock.take(1, arrival_s=k / 75)]  # 22 are missing
    assert sum(place.estimated_lost for place in told) == 22
    (place,) = clock.take(1, lost=22, arrival_s=426 / 75)
    assert (place.first_index, place.lost, place.estimated_lost) == (425, 0, 0)
    (place,) = clock.take(1, lost=2, arrival_s=429 / 75)  # and these are truly lost
    assert (place.first_index, place.lost) == (426, 2)


def test_a_decoder_that_takes_one_damage_for_two_frames_is_corrected_by_the_time() -> None:
    clock = SteadyClock(rate_hz=100.0)
    steady(clock, seconds=5)
    (place,) = clock.take(1, lost=2, arrival_s=5.02)
    assert (place.first_index, place.lost) == (500, 1)
    (place,) = clock.take(1, arrival_s=5.03)
    assert place.first_index == 502


def test_a_rate_that_is_not_the_nominal_one_at_all_is_learned_and_loses_nothing() -> None:
    source = Instrument(rate_hz=100.0, off=-0.4)
    told = placed(source)
    assert not any(place.estimated_lost for _, place in told)
    assert max(map(abs, errors_s(source, told, after_s=30.0))) < 0.01
    assert told[-1][1].period_s == pytest.approx(source.period_s, rel=0.001)


def test_times_follow_an_instrument_that_warms_up() -> None:
    clock = SteadyClock(rate_hz=100.0)
    taken_s, late_s = BEGAN_S, 0.0
    for k in range(100 * 180):
        taken_s += 0.01 * (1.0 + 50e-6 * k / 18_000)  # 50 ppm in three minutes
        (place,) = clock.take(1, arrival_s=taken_s)
        late_s = max(late_s, abs(place.box_s - taken_s))
    assert late_s < 0.002


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.floats(0.0, 3.0), st.integers(0, 3)), min_size=1, max_size=60),
    st.sampled_from([(100.0, 1), (50.0, 5), (250.0, 1)]),
)
def test_whatever_arrives_no_time_steps_back_or_is_ahead_and_no_index_is_told_twice(
    steps: list[tuple[int, float, int]], stream: tuple[float, int]
) -> None:
    clock = SteadyClock(rate_hz=stream[0], frame_samples=stream[1])
    arrived, told, now_s = [], list[Placed](), BEGAN_S
    for frames, passed_s, lost_frames in steps:
        now_s += passed_s
        told += ticked(clock, until_s=now_s)
        lost = stream[1] * lost_frames
        arrived.append((frames * stream[1], lost, now_s))
        told += clock.take(frames * stream[1], lost=lost, arrival_s=now_s)
    told += clock.flush()
    next_index, before_s = 0, float("-inf")
    for (samples, lost, arrival_s), place in zip(arrived, told, strict=True):
        assert place.first_index == next_index + place.estimated_lost
        assert place.estimated_lost >= 0
        assert 0 <= place.lost <= lost
        assert before_s <= place.box_s <= arrival_s
        next_index, before_s = place.first_index + place.lost + samples, place.box_s
