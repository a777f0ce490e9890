"""Trains of padding: how large, and when the next one goes."""

import pytest

from edge.video.transport.probing import Probing

RATE_BPS = 100_000


def begun(*, now_s: float = 0.0) -> Probing:
    probing = Probing(now_s=now_s)
    assert probing.train(RATE_BPS, now_s=now_s) is not None
    return probing


def next_train_s(probing: Probing, *, from_s: float) -> float:
    """When a train goes next, to a tenth of a second."""
    times = (from_s + 0.1 * tick for tick in range(100))
    return next(now_s for now_s in times if probing.train(RATE_BPS, now_s=now_s) is not None)


def test_a_train_into_a_queue_is_as_small_as_can_be() -> None:
    asked = begun().ask(500_000, now_s=1.0)
    assert asked.packets * asked.packet_bytes == 600
    assert asked.rate_bps == 1_000_000


def test_where_the_link_is_full_nothing_is_looked_for() -> None:
    probing = begun()
    probing.wait(has_fallen=False, now_s=5.0)
    assert next_train_s(probing, from_s=5.0) == pytest.approx(7.0, abs=0.11)


def test_a_fade_may_be_over_soon() -> None:
    probing = begun()
    probing.wait(has_fallen=True, now_s=5.0)
    assert next_train_s(probing, from_s=5.0) == pytest.approx(6.0, abs=0.11)
    assert next_train_s(probing, from_s=6.2) < 7.3
