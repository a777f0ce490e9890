"""What an hour of a link keeps, in bytes; what an outage is."""

from hypothesis import given
from hypothesis import strategies as st

from contract.events import Owed, Status
from hub.fleet.link_history import (
    HOUR_BYTES,
    HOURS,
    OUTAGE_US,
    LinkHour,
    Outage,
    empty_day,
    out_us,
    outage_between,
    pack_hour,
    unpack_hour,
    with_hour,
    with_open_outage,
    without_the_hubs,
)

S = 1_000_000
HOUR_US = 3_600 * S
QUIET = Status(owed={}, spool_bytes=1, disk_free_bytes=2, frames_damaged=0, samples_lost=0, refused=0)
HOUR = st.builds(
    LinkHour,
    live_count=st.integers(0, 65_535),
    late_count=st.integers(0, 255),
    round_trip_ms=st.none() | st.integers(0, 65_534),
    round_trip_max_ms=st.none() | st.integers(0, 65_534),
    loss_permille=st.none() | st.integers(0, 1_000),
    up_bps=st.none() | st.integers(0, 65_534).map(lambda kbps: kbps * 1_000),
    oldest_owed_min=st.none() | st.integers(0, 65_534),
    cpu_c=st.none() | st.integers(-50, 200),
    was_low=st.booleans(),
)


@given(HOUR, st.integers(0, HOURS - 1))
def test_an_hour_comes_back_as_it_was_and_touches_no_other(hour: LinkHour, at: int) -> None:
    day = with_hour(empty_day(), at, hour)
    assert len(day) == HOURS * HOUR_BYTES == 336
    assert unpack_hour(day, at) == hour
    assert all(unpack_hour(day, other).is_empty for other in range(HOURS) if other != at)


def test_an_hour_keeps_the_mean_and_the_longest_round_trip_and_else_the_worst() -> None:
    hour = LinkHour()
    for round_trip_ms, loss, up_bps, cpu_c in (
        (40, 0, 64_000, 50.4),
        (None, 9, None, None),
        (100, 3, 9_999, 61.0),
    ):
        status = QUIET.model_copy(
            update={"round_trip_ms": round_trip_ms, "loss_permille": loss, "up_bps": up_bps, "cpu_c": cpu_c}
        )
        hour = hour.with_status(status, is_late=False)
    assert (hour.live_count, hour.round_trip_ms, hour.round_trip_max_ms) == (3, 60, 100)
    assert (hour.loss_permille, hour.up_bps, hour.cpu_c, hour.was_low) == (9, 64_000, 61, False)


def test_what_came_late_is_counted_apart_and_low_supply_stays_with_its_hour() -> None:
    hour = LinkHour().with_status(QUIET.model_copy(update={"power": "low"}), is_late=True)
    hour = hour.with_status(QUIET.model_copy(update={"power": "was low"}), is_late=True)
    assert (hour.live_count, hour.late_count, hour.was_low) == (0, 2, True)
    assert not LinkHour().with_status(QUIET.model_copy(update={"power": "was low"}), is_late=False).was_low


def test_what_is_owed_is_as_old_as_its_oldest_nothing_is_zero_and_undated_is_unknown() -> None:
    def owed(**classes: Owed) -> int | None:
        status = QUIET.model_copy(update={"owed": classes})
        return LinkHour().with_status(status, is_late=False).oldest_owed_min

    assert owed() == owed(a=Owed(records=0)) == 0
    assert owed(a=Owed(records=3, oldest_age_s=59.0), b=Owed(records=1, oldest_age_s=7_261.0)) == 121
    assert owed(a=Owed(records=3)) is None


def test_a_figure_too_large_for_its_bytes_is_cut_and_never_wraps() -> None:
    hour = LinkHour(live_count=1, round_trip_ms=700_000, up_bps=10**9, oldest_owed_min=10**6, cpu_c=-90)
    kept = unpack_hour(pack_hour(hour), 0)
    assert (kept.round_trip_ms, kept.up_bps, kept.oldest_owed_min) == (65_534, 65_534_000, 65_534)
    assert kept.cpu_c == -50


def test_an_outage_is_a_gap_longer_than_a_station_may_be_late() -> None:
    assert OUTAGE_US == 1_080 * S
    assert outage_between(None, 5 * HOUR_US) is None  # the first time ever
    assert outage_between(0, OUTAGE_US) is None
    assert outage_between(0, OUTAGE_US + 1) == Outage(0, OUTAGE_US + 1)
    assert outage_between(10 * HOUR_US, 0) is None  # the hub's clock was set back


def test_the_outage_that_lasts_follows_from_the_clock_when_it_is_read() -> None:
    past = [Outage(0, HOUR_US)]
    assert with_open_outage(past, heard_us=2 * HOUR_US, now_us=2 * HOUR_US + OUTAGE_US) == past
    lasting = with_open_outage(past, heard_us=2 * HOUR_US, now_us=3 * HOUR_US)
    assert lasting == [Outage(2 * HOUR_US, None), *past]
    assert with_open_outage([], heard_us=None, now_us=HOUR_US) == []
    assert out_us(lasting, from_us=HOUR_US // 2, until_us=3 * HOUR_US) == HOUR_US // 2 + HOUR_US


def test_what_was_mostly_the_hubs_own_outage_is_told_apart() -> None:
    of_hub = [Outage(10 * HOUR_US, 12 * HOUR_US)]
    outages = [Outage(9 * HOUR_US, 12 * HOUR_US), Outage(0, 11 * HOUR_US), Outage(11 * HOUR_US, None)]
    assert [is_hubs for _, is_hubs in without_the_hubs(outages, of_hub)] == [True, False, False]
