"""Waits before connecting again: of one box, and of a thousand whose broker died."""

import random
from collections import Counter

from edge.uplink.backoff import WAIT_FIRST_S, WAIT_FOR_CALL_S, WAIT_MAX_S, Backoff

BOXES = 1_000


def tries_s(box: int, *, until_s: float) -> list[float]:
    """When this box tries, whose connection ended at 0 and whose tries all fail at once."""
    backoff, at_s, tries = Backoff(random.Random(box).uniform), 0.0, []
    while at_s < until_s:
        at_s += backoff.wait_s()
        tries.append(at_s)
    return tries


def test_waits_grow_to_a_limit_and_begin_anew_after_a_connection_that_was_of_use() -> None:
    backoff = Backoff(lambda _low, high: high)
    assert [backoff.wait_s() for _ in range(6)] == [2.0, 4.0, 8.0, 16.0, 20.0, 20.0]
    backoff.connection_was_of_use()
    assert backoff.wait_s() == WAIT_FIRST_S
    assert backoff.call_wait_s() == WAIT_FOR_CALL_S


def test_a_broker_that_is_back_at_once_meets_no_herd() -> None:
    first = Counter(int(tries_s(box, until_s=0.1)[0] / 0.1) for box in range(BOXES))
    assert max(first.values()) < 0.08 * BOXES  # in a tenth of a second


def test_a_broker_that_is_back_after_a_while_meets_no_herd_and_has_all_boxes_soon() -> None:
    for away_s in (5.0, 60.0, 600.0):
        back = [
            next(at_s for at_s in tries_s(box, until_s=away_s + WAIT_MAX_S) if at_s >= away_s)
            for box in range(BOXES)
        ]
        assert max(back) <= away_s + WAIT_MAX_S
        assert max(Counter(int(at_s) for at_s in back).values()) < 0.2 * BOXES  # in a second


def test_boxes_try_seldom_while_their_broker_is_away() -> None:
    minute = sum(
        len([at_s for at_s in tries_s(box, until_s=660.0) if 600.0 <= at_s < 660.0]) for box in range(BOXES)
    )
    assert minute < 7 * BOXES
