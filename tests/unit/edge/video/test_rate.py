import pytest

from edge.video.transport.rate import (
    AFTER_OUTAGE,
    BLIND_BPS,
    MAX_BPS,
    MIN_BPS,
    REMB_LEAST_BPS,
    START_BPS,
    RateController,
)
from edge.video.transport.twcc import Arrival


def test_without_a_first_word_a_guess_is_sent_that_fits_the_poorest_link() -> None:
    rate = RateController(now_s=0.0)
    rate.on_sent(0, size_bytes=100, now_s=0.0)
    assert rate.next_check_s is not None
    rate.on_tick(now_s=rate.next_check_s)
    assert rate.target_bps == BLIND_BPS


def test_the_round_trip_and_the_lost_share_come_from_feedback() -> None:
    rate = RateController(now_s=0.0)
    for sequence in range(10):
        rate.on_sent(sequence, size_bytes=100, now_s=0.1 * sequence)
    arrivals = [Arrival(sequence, None if sequence == 4 else 1_000 * sequence) for sequence in range(10)]
    rate.on_feedback(arrivals, now_s=1.5)
    assert rate.round_trip_s == pytest.approx(0.6)
    assert rate.lost_share == pytest.approx(0.1)


@pytest.mark.parametrize("held_back", [False, True])
def test_what_an_outage_lost_or_held_back_says_nothing_of_the_link_that_is_back(held_back: bool) -> None:
    rate, sequence = RateController(now_s=0.0), 0
    for sequence in range(100):
        rate.on_sent(sequence, size_bytes=500, now_s=0.05 * sequence)
        rate.on_feedback([Arrival(sequence, 50_000 * sequence)], now_s=0.05 * sequence + 0.6)
    before_bps = rate.target_bps
    gone = range(sequence + 1, sequence + 201)
    for sequence in gone:  # ten seconds of voice
        rate.on_sent(sequence, size_bytes=80, now_s=0.05 * sequence)
        rate.on_tick(now_s=0.05 * sequence)
    assert rate.is_out
    arrivals = [Arrival(sequence, 16_000_000 if held_back else None) for sequence in gone]
    came = gone[-1] + 1
    rate.on_sent(came, size_bytes=80, now_s=16.0)
    rate.on_feedback([*arrivals, Arrival(came, 16_300_000)], now_s=16.6)
    for later in range(1, 10):
        rate.on_sent(came + later, size_bytes=80, now_s=16.6 + 0.05 * later)
        rate.on_feedback([Arrival(came + later, 16_900_000 + 50_000 * later)], now_s=17.2 + 0.05 * later)
    assert not rate.is_out
    assert rate.target_bps >= AFTER_OUTAGE * before_bps - 1
    assert rate.take_train(now_s=18.5) is None  # of what was held back, some is still in the queue
    assert rate.lost_share == 0.0
    assert rate.round_trip_s == pytest.approx(0.6, abs=0.05)


@pytest.mark.parametrize(("queue_s", "held_s"), [(0.1, 0.22), (0.6, 0.1)])
def test_nothing_is_added_to_a_long_queue(queue_s: float, held_s: float) -> None:
    """`held_s`: what of the rate may be on its way beyond the shortest round trip, one feedback in it."""
    rate = RateController(now_s=0.0)
    for sequence in range(60):
        at_s, wait_s = 0.05 * sequence, queue_s * (sequence > 30)
        rate.on_sent(sequence, size_bytes=2_000, now_s=at_s)
        rate.on_feedback([Arrival(sequence, round((at_s + 0.3 + wait_s) * 1e6))], now_s=at_s + 0.6 + wait_s)
    assert rate.room_bytes == pytest.approx(rate.target_bps / 8 * (0.6 + held_s), rel=0.02)


def test_sequences_that_were_never_sent_say_nothing() -> None:
    rate = RateController(now_s=0.0)
    rate.on_feedback([Arrival(7, 1_000), Arrival(8, None)], now_s=1.0)
    assert (rate.target_bps, rate.round_trip_s, rate.has_feedback) == (START_BPS, None, False)


def test_a_clock_of_the_other_side_that_jumps_raises_nothing() -> None:
    rate = RateController(now_s=0.0)
    for sequence, arrival_us in enumerate([0, 10**12, -(10**12), 5]):
        rate.on_sent(sequence, size_bytes=100, now_s=0.1 * sequence)
        rate.on_feedback([Arrival(sequence, arrival_us)], now_s=0.1 * sequence + 0.05)
    assert MIN_BPS <= rate.target_bps <= MAX_BPS


def reported(lost_share: float, round_trip_s: float, seconds: int = 30) -> RateController:
    """A call of 100 packets a second, of which the other side only reports once a second."""
    rate = RateController(now_s=0.0)
    for packet in range(100 * seconds):
        now_s = packet / 100
        rate.on_sent(packet & 0xFFFF, size_bytes=rate.target_bps // 800, now_s=now_s)
        if packet % 100 == 99:
            late_s = round_trip_s if packet > 500 else 0.1
            rate.on_report(lost_share, round_trip_s=late_s, now_s=now_s)
    return rate


def test_a_peer_without_feedback_is_followed_by_its_reports() -> None:
    assert reported(0.01, 0.1).target_bps > 2 * START_BPS
    assert reported(0.3, 0.1).target_bps < START_BPS / 2
    assert reported(0.0, 0.9).target_bps < START_BPS / 2


def test_an_estimate_of_the_other_side_is_a_cap() -> None:
    rate = reported(0.01, 0.1)
    rate.on_remb(90_000, now_s=31.0)
    assert rate.target_bps == 90_000
    rate.on_remb(10**9, now_s=32.0)
    assert rate.target_bps > START_BPS


def test_an_estimate_that_only_follows_a_picture_held_back_lets_it_begin_again() -> None:
    rate = RateController(now_s=0.0)
    rate.on_remb(15_000, now_s=1.0)
    assert rate.target_bps == REMB_LEAST_BPS
