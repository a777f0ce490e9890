from contract.ids import BootId
from contract.times import Anchor
from hub.live.hub_times import ANCHOR_ERR_MAX_US, ANCHORS_MAX, HubTimes

S = 1_000_000
BOOT = BootId(3)


def test_without_anchors_the_quickest_parcel_counts() -> None:
    times = HubTimes()
    for sent_s, way_us in ((10, 900_000), (11, 40_000), (12, 300_000)):
        times.learn_parcel(BOOT, sent_t_us=sent_s * S, received_utc_us=1_000 * S + sent_s * S + way_us)
    assert times.utc_us(BOOT, 5 * S) == 1_005 * S + 40_000


def test_an_anchor_counts_for_more_than_parcels_but_nothing_happens_after_its_arrival() -> None:
    times = HubTimes([Anchor(BOOT, 0, 1_000 * S, 20_000)])
    assert times.utc_us(BOOT, 5 * S) == 1_005 * S
    times.learn_parcel(BOOT, sent_t_us=5 * S, received_utc_us=1_004 * S)
    assert times.utc_us(BOOT, 5 * S) == 1_004 * S


def test_a_loose_anchor_is_worse_than_the_quickest_parcel() -> None:
    times = HubTimes([Anchor(BOOT, 0, 990 * S, ANCHOR_ERR_MAX_US + 1)])
    times.learn_parcel(BOOT, sent_t_us=5 * S, received_utc_us=1_005 * S)
    assert times.utc_us(BOOT, 5 * S) == 1_005 * S


def test_a_stepped_hub_clock_is_believed_again_with_the_next_parcel() -> None:
    times = HubTimes()
    times.learn_parcel(BOOT, sent_t_us=0, received_utc_us=1_000 * S)
    times.learn_parcel(BOOT, sent_t_us=S, received_utc_us=5_001 * S)
    assert times.utc_us(BOOT, 2 * S) == 5_002 * S


def test_a_boot_that_nothing_ties_to_utc_has_no_time() -> None:
    times = HubTimes([Anchor(BootId(2), 0, 1_000 * S, 0), Anchor(BootId(4), 0, 2_000 * S, 0)])
    assert times.utc_us(BOOT, 5 * S) is None
    assert times.utc_ms(BOOT, 5 * S) is None


def test_one_anchor_that_lies_moves_nothing() -> None:
    times = HubTimes([Anchor(BOOT, n * 600 * S, (1_000 + n * 600) * S, 20_000) for n in range(3)])
    times.learn_anchor(Anchor(BOOT, 1_300 * S, 9_000 * S, 60 * S, "staff"))
    assert times.utc_us(BOOT, 1_300 * S) == 2_300 * S


def test_a_station_that_is_heard_for_weeks_keeps_no_more_anchors_than_now_needs() -> None:
    times = HubTimes()
    for n in range(1_000):
        times.learn_anchor(Anchor(BOOT, n * 600 * S, (1_000 + n * 600) * S, 20_000))
    assert len(times._anchors) == ANCHORS_MAX
    assert times.utc_us(BOOT, 999 * 600 * S) == (1_000 + 999 * 600) * S
