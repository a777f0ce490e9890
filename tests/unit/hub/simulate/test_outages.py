"""When simulated links fall and come back: spread, bounded, and the same for the same seed."""

from random import Random

from hub.simulate.outages import (
    OUTAGE_MAX_S,
    OUTAGE_MIN_S,
    RETRY_FIRST_S,
    RETRY_MAX_S,
    RETRY_MIN_S,
    RETRY_PRESS_S,
    next_outage_s,
    outage_length_s,
    retry_after_s,
)


def test_a_fleet_does_not_come_back_at_one_moment() -> None:
    waits_s = sorted(retry_after_s(0, Random(seed)) for seed in range(2_000))
    assert waits_s[0] >= RETRY_MIN_S
    assert waits_s[-1] <= RETRY_FIRST_S
    width_s = RETRY_FIRST_S - RETRY_MIN_S
    for tenth in range(10):  # every tenth of the time has about a tenth of the stations
        low_s = RETRY_MIN_S + tenth * width_s / 10
        assert 140 < sum(low_s <= one < low_s + width_s / 10 for one in waits_s) < 260


def test_a_broker_that_stays_away_is_asked_less_often_but_never_seldom() -> None:
    longest_s = [max(retry_after_s(tries, Random(seed)) for seed in range(300)) for tries in range(12)]
    assert longest_s == sorted(longest_s[:3]) + longest_s[3:]
    assert max(longest_s) <= RETRY_MAX_S
    assert max(longest_s) > RETRY_MAX_S * 0.9


def test_a_press_does_not_wait_for_a_fleet_to_come_back() -> None:
    for tries in range(12):
        assert all(retry_after_s(tries, Random(seed), has_press=True) <= RETRY_PRESS_S for seed in range(100))


def test_links_fall_as_often_as_was_asked_and_for_a_bounded_time() -> None:
    rng = Random(1)
    waits_s = [next_outage_s(6.0, rng) or 0.0 for _ in range(5_000)]
    assert 540 < sum(waits_s) / len(waits_s) < 660
    lengths_s = [outage_length_s(rng) for _ in range(5_000)]
    assert min(lengths_s) >= OUTAGE_MIN_S and max(lengths_s) <= OUTAGE_MAX_S
    assert next_outage_s(0.0, rng) is None
