import pytest

from edge.video.transport.path import Departure, Path
from edge.video.transport.twcc import Arrival

SIZE_BYTES = 500


def landed_bps(*, lost: set[int], apart_s: float = 0.04, sent_apart_s: float = 0.03) -> float | None:
    """What a path of 100 kbit/s seems to carry, where these of 20 packets were lost behind its queue."""
    path = Path()
    for sequence in range(20):
        path.on_sent(sequence, Departure(sent_apart_s * sequence, SIZE_BYTES))
    arrivals = [
        Arrival(sequence, None if sequence in lost else round(apart_s * sequence * 1e6))
        for sequence in range(20)
    ]
    path.on_feedback(arrivals, rate_bps=100_000, now_s=1.2)
    return path.landed_bps


def test_what_arrives_from_a_queue_is_what_the_link_carries() -> None:
    assert landed_bps(lost=set()) == pytest.approx(100_000)


@pytest.mark.parametrize("lost", [{14, 15, 16, 17}, {18}, {10, 12, 14, 16}])
def test_what_radio_lost_took_its_time_on_the_link_all_the_same(lost: set[int]) -> None:
    assert landed_bps(lost=lost) == pytest.approx(100_000)


def test_of_two_packets_nothing_can_be_said() -> None:
    assert landed_bps(lost=set(range(2, 20))) is None


def test_a_way_that_became_longer_has_no_queue_and_a_longer_round_trip() -> None:
    path = Path()
    for sequence in range(100):
        sent_s, way_s = 0.1 * sequence, 0.06 if sequence < 40 else 0.3
        path.on_sent(sequence, Departure(sent_s, SIZE_BYTES))
        arrival = Arrival(sequence, round((sent_s + way_s) * 1e6))
        path.on_feedback([arrival], rate_bps=100_000, now_s=sent_s + 2 * way_s)
        if 60 <= sequence < 80:
            assert not path.is_flat(rate_bps=100_000, now_s=sent_s + 2 * way_s)
    assert path.queue_s == pytest.approx(0.2)
    assert path.is_flat(rate_bps=100_000, now_s=10.5)
    path.take_as_longer(now_s=10.5)
    assert path.queue_s == 0.0
    assert path.least_round_trip_s == pytest.approx(0.6)
