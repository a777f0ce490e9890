"""Which exchanges with the hub become anchors, and when they are told."""

from contract.ids import BootId
from contract.times import Anchor
from edge.health.hub_anchors import HubAnchors, anchor_event

BOOT = BootId(3)
S = 1_000_000


def anchor(at_s: float, err_ms: float) -> Anchor:
    return Anchor(BOOT, round(at_s * S), round((1_800_000_000 + at_s) * S), round(err_ms * 1_000))


def test_the_first_exchange_is_told_at_once() -> None:
    anchors, first = HubAnchors(), anchor(10, 40)
    assert anchors.on_exchange(first, now_s=10) == [first]
    assert anchors.last == first
    assert anchors.with_status() == []


def test_one_that_is_hardly_better_soon_after_is_none() -> None:
    anchors = HubAnchors()
    anchors.on_exchange(anchor(10, 40), now_s=10)
    assert anchors.on_exchange(anchor(20, 30), now_s=20) == []
    assert anchors.with_status() == []


def test_one_with_half_the_error_is_told_at_once() -> None:
    anchors, better = HubAnchors(), anchor(20, 20)
    anchors.on_exchange(anchor(10, 40), now_s=10)
    assert anchors.on_exchange(better, now_s=20) == [better]


def test_after_ten_minutes_one_that_is_no_better_waits_for_the_status_and_goes_once() -> None:
    anchors, later = HubAnchors(), anchor(611, 60)
    anchors.on_exchange(anchor(10, 40), now_s=10)
    assert anchors.on_exchange(later, now_s=611) == []
    assert anchors.with_status() == [later]
    assert anchors.with_status() == []


def test_the_event_says_what_the_anchor_says() -> None:
    event = anchor_event(anchor(10, 40))
    assert (event.boot, event.t_us, event.err_us, event.source) == (3, 10 * S, 40_000, "hub")
    assert event.utc_us == 1_800_000_010 * S


def test_a_good_link_makes_no_more_anchors_than_a_poor_one() -> None:
    """The hub asks 16 either side: they must be hours, or a clock that is wrong for minutes outvotes them."""
    anchors = HubAnchors()
    for second in range(0, 3_600, 30):
        anchors.on_exchange(Anchor(BootId(1), second * 1_000_000, 0, 1_200, "hub"), now_s=float(second))
    assert len(anchors.with_status()) == 5
