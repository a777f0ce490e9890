"""A way that becomes longer, and queues that must not be taken for one."""

from tests.unit.edge.video.one_queue import stepped, targets_of_a_call

AT_S = 12.0
LINK_BPS = stepped((0.0, 256e3))
WAY_S = stepped((0.0, 0.06))


def test_a_way_that_became_longer_is_no_queue_after_a_few_seconds() -> None:
    targets = targets_of_a_call(link_bps=LINK_BPS, delay_s=stepped((0.0, 0.06), (AT_S, 0.3)), seconds=24)
    assert targets[11] > 200_000
    assert min(targets[12:16]) < 100_000  # at first it cannot be told from a queue
    assert min(targets[21:]) > 190_000


def test_a_queue_that_goes_up_and_down_is_not_taken_for_the_way() -> None:
    """As one that a TCP fills: from 0.2 s to 0.26 in three seconds, and down at once."""
    targets = targets_of_a_call(
        link_bps=LINK_BPS,
        delay_s=lambda at_s: 0.06 if at_s < AT_S else 0.26 + 0.02 * (at_s % 3.0),
        seconds=30,
    )
    assert max(targets[15:]) < 0.45 * targets[11]
    assert min(targets[16:]) > 0.2 * targets[11]  # but a share is held beside it, for a train gets it


def test_a_queue_of_our_own_is_not_taken_for_the_way() -> None:
    targets = targets_of_a_call(link_bps=stepped((0.0, 256e3), (AT_S, 64e3)), delay_s=WAY_S, seconds=40)
    assert max(targets[14:]) < 1.3 * 64_000
