import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import BootId
from contract.times import Anchor, TimeExchange, UtcInterval, utc_of

NOON_US = 1_800_000_000_000_000
HOUR_US = 3_600_000_000


def anchor(boot: int, *, t_us: int = 0, utc_us: int = NOON_US, err_us: int = 1000) -> Anchor:
    return Anchor(BootId(boot), t_us, utc_us, err_us)


def at(boot: int, t_us: int, *anchors: Anchor, received_us: int | None = None) -> UtcInterval:
    return utc_of(BootId(boot), t_us, anchors, received_us=received_us)


def test_a_moment_of_an_anchored_boot_is_known_within_the_anchor_s_error() -> None:
    assert at(3, 5_000_000, anchor(3, t_us=5_000_000)) == UtcInterval(NOON_US - 1000, NOON_US + 1000)


@pytest.mark.parametrize("direction", [-1, 1])
def test_the_error_grows_by_100_ppm_away_from_the_anchor_both_ways(direction: int) -> None:
    """An hour away: 3,600 s × 100 µs/s = 360 ms."""
    moment = at(3, 2 * HOUR_US + direction * HOUR_US, anchor(3, t_us=2 * HOUR_US))
    middle_us = NOON_US + direction * HOUR_US
    assert moment == UtcInterval(middle_us - 361_000, middle_us + 361_000)
    assert moment.middle_us == middle_us


def test_the_anchor_counts_that_has_the_least_error_at_that_moment() -> None:
    early, late = (
        anchor(3, t_us=0, err_us=500),
        anchor(3, t_us=HOUR_US, utc_us=NOON_US + HOUR_US + 7, err_us=900),
    )
    assert at(3, 10_000_000, early, late) == UtcInterval(NOON_US + 9_998_500, NOON_US + 10_001_500)
    near_late = at(3, HOUR_US, early, late)
    assert near_late == at(3, HOUR_US, late, early) == UtcInterval(late.utc_us - 900, late.utc_us + 900)


def test_a_boot_without_an_anchor_lies_between_its_neighbours() -> None:
    before = [anchor(1, utc_us=NOON_US), anchor(2, utc_us=NOON_US + 50)]
    after = [anchor(4, utc_us=NOON_US + HOUR_US), anchor(5, utc_us=NOON_US + 2 * HOUR_US)]
    moment = at(3, 0, *after, *before)
    assert moment == at(3, 0, *reversed(before), *reversed(after))
    assert moment == UtcInterval(NOON_US + 50 - 1000, NOON_US + HOUR_US + 1000)
    assert moment.middle_us == NOON_US + (HOUR_US + 50) // 2


def test_a_boot_with_one_neighbour_is_open_on_the_other_side() -> None:
    assert at(3, 0, anchor(2)) == UtcInterval(NOON_US - 1000, None)
    assert at(3, 0, anchor(4)) == UtcInterval(None, NOON_US + 1000)
    assert at(3, 0) == UtcInterval(None, None)
    assert at(3, 0, anchor(2)).middle_us is at(3, 0, anchor(4)).middle_us is None


def test_nothing_without_an_anchor_happened_after_it_was_received() -> None:
    assert at(3, 0, anchor(2), received_us=NOON_US + 5) == UtcInterval(NOON_US - 1000, NOON_US + 5)
    assert at(3, 0, anchor(4), received_us=NOON_US + 5) == UtcInterval(None, NOON_US + 5)
    assert at(3, 0, anchor(4), received_us=NOON_US + 5000) == UtcInterval(None, NOON_US + 1000)


def test_anchors_that_contradict_the_arrival_leave_the_start_open() -> None:
    """The staff typed tomorrow's date at an earlier boot."""
    assert at(3, 0, anchor(2, utc_us=NOON_US + 24 * HOUR_US), received_us=NOON_US) == UtcInterval(
        None, NOON_US
    )


anchors = st.builds(
    anchor,
    st.integers(1, 5),
    t_us=st.integers(0, 2**40),
    utc_us=st.integers(0, 2**55),
    err_us=st.integers(0, 2**30),
)


@given(st.lists(anchors, max_size=8), st.integers(0, 2**40), st.none() | st.integers(0, 2**55))
def test_an_interval_never_ends_before_it_starts(
    some: list[Anchor], t_us: int, received_us: int | None
) -> None:
    moment = at(3, t_us, *some, received_us=received_us)
    if moment.earliest_us is not None and moment.latest_us is not None:
        assert moment.earliest_us <= moment.latest_us


def test_an_exchange_gives_an_anchor_whose_error_is_half_the_round_trip() -> None:
    exchange = TimeExchange(9_000_000, NOON_US, NOON_US + 20_000, 9_620_000)
    assert exchange.round_trip_us == 600_000
    assert exchange.anchor(BootId(3)) == Anchor(BootId(3), 9_310_000, NOON_US + 10_000, 300_001)


@pytest.mark.parametrize("up_us", [0, 1, 299_999, 600_000])
def test_the_truth_is_within_the_error_however_lopsided_the_way(up_us: int) -> None:
    box_ahead_us = NOON_US - 9_000_000
    received_utc_us = 9_000_000 + up_us + box_ahead_us
    exchange = TimeExchange(9_000_000, received_utc_us, received_utc_us + 20_000, 9_620_000)
    tie = exchange.anchor(BootId(3))
    assert tie is not None
    assert abs(tie.utc_us - tie.t_us - box_ahead_us) <= tie.err_us


def test_an_exchange_over_a_stepped_clock_gives_none() -> None:
    stepped_hub = TimeExchange(9_000_000, NOON_US, NOON_US + HOUR_US, 9_620_000)
    assert stepped_hub.round_trip_us < 0
    assert stepped_hub.anchor(BootId(3)) is None
    echo_of_an_earlier_boot = TimeExchange(90_000_000, NOON_US, NOON_US + 20_000, 9_620_000)
    assert echo_of_an_earlier_boot.anchor(BootId(3)) is None
