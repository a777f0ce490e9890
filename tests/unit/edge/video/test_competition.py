"""What is held beside somebody else's upload, and that nothing is held on a link that fades."""

import pytest

from edge.video.transport.competition import Competition
from tests.unit.edge.video.one_queue import stepped, targets_of_a_call

CARRIED_BPS = 500_000.0
SHARE_BPS = 0.3 * CARRIED_BPS
FALLS_AT_S = 5.0


def squeezed(*, until_s: float, queue_s: float = 0.5, trains_bps: tuple[float, ...] = ()) -> Competition:
    """Five seconds of a full link without a queue, then 50 kbit/s beside one; trains as soon as asked for."""
    competition, trains = Competition(now_s=0.0), list(trains_bps)
    for tick in range(round(until_s * 10)):
        now_s = tick / 10
        is_before = now_s < FALLS_AT_S
        bps = CARRIED_BPS if is_before else 50_000.0
        competition.on_queue(
            0.0 if is_before else queue_s,
            is_empty=is_before,
            rate_bps=bps,
            landed_bps=bps,
            lost_share=0.0,
            now_s=now_s,
        )
        if competition.ask(bps, now_s=now_s) and trains:
            competition.on_train(trains.pop(0))
    return competition


def test_a_share_is_held_where_a_train_gets_it() -> None:
    assert squeezed(until_s=7.0, trains_bps=(140_000.0,)).floor_bps == pytest.approx(SHARE_BPS, rel=0.05)


def test_beside_a_tcp_that_begins_a_train_may_get_little_once() -> None:
    assert squeezed(until_s=7.0, trains_bps=(60_000.0,)).floor_bps == 60_000.0
    assert squeezed(until_s=8.0, trains_bps=(60_000.0, 90_000.0)).floor_bps == pytest.approx(
        SHARE_BPS, rel=0.05
    )


def test_nothing_is_held_before_a_train_has_told() -> None:
    assert squeezed(until_s=7.0).floor_bps == 0.0


def test_nothing_is_held_where_trains_are_as_slow_as_a_link_that_fades() -> None:
    competition = squeezed(until_s=30.0, trains_bps=(25_000.0, 25_000.0, 140_000.0))
    assert not competition.is_on
    assert competition.floor_bps == 0.0


def test_no_train_goes_into_a_queue_that_has_mostly_drained() -> None:
    competition = squeezed(until_s=5.5)
    competition.on_queue(0.1, is_empty=False, rate_bps=50_000, landed_bps=50_000, lost_share=0.0, now_s=5.5)
    assert competition.ask(50_000, now_s=5.8) is None


def test_a_fall_to_a_tenth_is_not_taken_for_somebody_else() -> None:
    targets = targets_of_a_call(
        link_bps=stepped((0.0, 256e3), (12.0, 25e3)), delay_s=stepped((0.0, 0.06)), seconds=40
    )
    assert max(targets[15:]) < 2 * 25_000
