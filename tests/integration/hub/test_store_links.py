"""The book of links in the real store: written with the records, late ones where they belong."""

import pytest

from contract.events import AnyEvent, LeadState, Status
from contract.ids import BY_HAND, BootId, SpoolId, StationId
from contract.times import Anchor
from hub.fleet.link_history import DAY_US, HOUR_US, KEPT_DAYS, OUTAGE_US, Outage
from hub.store.interface import Arrival
from hub.store.sqlite import SqliteStore
from tests.integration.hub.arrivals import NOW_US, anchor_arrival, event_arrival

LY_SON, CON_DAO = StationId("ly-son"), StationId("con-dao-01")
SPOOL, BOOT, LATER = SpoolId(0xB0C5), BootId(1), BootId(2)
S = 1_000_000
NOON_US = NOW_US - NOW_US % DAY_US + 12 * HOUR_US
BOOTED_US = NOON_US - 2 * DAY_US  # when boot 1 began, hub UTC


class Box:
    """Tells statuses of boot 1 that arrive when the test says."""

    def __init__(self, store: SqliteStore, station: StationId = LY_SON) -> None:
        self.store, self.station, self.seq = store, station, 0

    def arrival(self, event: AnyEvent, *, told_us: int, came_us: int, boot: BootId = BOOT) -> Arrival:
        self.seq += 1
        arrival = event_arrival(
            self.station, SPOOL, event, boot=BOOT, t_us=told_us - BOOTED_US, seq=self.seq, utc_us=came_us
        )
        sent_t_us = came_us - BOOTED_US if boot == BOOT else 5 * S
        return Arrival(
            station=arrival.station, spool=arrival.spool, boot=boot, sent_t_us=sent_t_us,
            received_utc_us=came_us, record=arrival.record, raw=arrival.raw, event=event,
        )  # fmt: skip

    def status(
        self, *, told_us: int, came_us: int | None = None, rtt: int = 640, boot: BootId = BOOT
    ) -> None:
        status = Status(
            owed={}, spool_bytes=1, disk_free_bytes=2, round_trip_ms=rtt, frames_damaged=0, samples_lost=0,
            refused=0,
        )  # fmt: skip
        came_us = told_us if came_us is None else came_us
        self.store.commit([self.arrival(status, told_us=told_us, came_us=came_us, boot=boot)])

    def hours(self) -> list[tuple[float, int, int, int | None]]:
        rows = self.store.links.hours(
            self.station, from_utc_us=NOON_US - 3 * DAY_US, until_utc_us=NOON_US + DAY_US
        )
        return [
            (
                (row.utc_us - NOON_US) / HOUR_US,
                row.hour.live_count,
                row.hour.late_count,
                row.hour.round_trip_ms,
            )
            for row in rows
        ]


@pytest.fixture
def box(store: SqliteStore) -> Box:
    return Box(store)


def test_what_statuses_tell_stands_in_their_hour(box: Box) -> None:
    box.status(told_us=NOON_US + 5 * S, rtt=100)
    box.status(told_us=NOON_US + 305 * S, rtt=300)
    box.status(told_us=NOON_US + HOUR_US, rtt=50)
    assert box.hours() == [(0.0, 2, 0, 200), (1.0, 1, 0, 50)]
    assert Box(box.store, CON_DAO).hours() == []


def test_what_a_box_tells_of_yesterday_stands_in_yesterday_and_is_known_to_have_come_late(box: Box) -> None:
    box.status(told_us=NOON_US - DAY_US)
    for minutes in (60, 65, 125):  # it was cut off, and told its spool
        box.status(told_us=NOON_US - DAY_US + minutes * 60 * S, came_us=NOON_US)
    box.status(told_us=NOON_US)
    assert box.hours() == [(-24.0, 1, 0, 640), (-23.0, 0, 2, 640), (-22.0, 0, 1, 640), (0.0, 1, 0, 640)]
    assert box.store.links.outages(LY_SON, since_utc_us=0) == [Outage(NOON_US - DAY_US, NOON_US)]


def test_a_status_of_a_former_boot_is_placed_by_what_ties_it_and_without_a_tie_nowhere(box: Box) -> None:
    box.status(told_us=NOON_US - 10 * HOUR_US, came_us=NOON_US, boot=LATER)
    assert box.hours() == []
    tie = Anchor(BOOT, 0, BOOTED_US, 1_000, "hub")
    box.store.commit([anchor_arrival(LY_SON, SPOOL, tie, seq=500)])
    box.status(told_us=NOON_US - 10 * HOUR_US + 60 * S, came_us=NOON_US, boot=LATER)
    assert [at for at, *_ in box.hours()] == [-10.0]


@pytest.mark.parametrize("ahead_us", [HOUR_US + S, -(KEPT_DAYS * DAY_US + S)])
def test_a_moment_that_cannot_be_is_kept_out(box: Box, ahead_us: int) -> None:
    tie = Anchor(BOOT, 0, BOOTED_US + ahead_us, 1_000, "staff")
    box.store.commit([anchor_arrival(LY_SON, SPOOL, tie, seq=500)])
    box.status(told_us=NOON_US, came_us=NOON_US, boot=LATER)
    rows = box.store.links.hours(LY_SON, from_utc_us=0, until_utc_us=2 * NOON_US)
    assert rows == []


def test_an_outage_is_a_gap_in_whatever_was_heard_and_one_of_all_is_the_hubs(box: Box) -> None:
    other = Box(box.store, CON_DAO)
    lead = LeadState(device="board-1", off=())
    times_us = [NOON_US, NOON_US + OUTAGE_US, NOON_US + 3 * OUTAGE_US]
    for at_us in times_us:
        box.store.commit([box.arrival(lead, told_us=at_us, came_us=at_us)])
    assert box.store.links.outages(LY_SON, since_utc_us=0) == [Outage(times_us[1], times_us[2])]
    assert box.store.links.hub_outages(since_utc_us=0) == [Outage(times_us[1], times_us[2])]
    late_us = times_us[2] + 2 * OUTAGE_US
    for at_us in range(times_us[2], late_us, OUTAGE_US // 2):  # another station goes on
        box.store.commit([other.arrival(lead, told_us=at_us, came_us=at_us)])
    box.store.commit([box.arrival(lead, told_us=late_us, came_us=late_us)])
    assert box.store.links.outages(LY_SON, since_utc_us=times_us[2] + 1)[-1] == Outage(times_us[2], late_us)
    assert len(box.store.links.hub_outages(since_utc_us=0)) == 1
    assert box.store.links.heard_utc_us(LY_SON) == late_us


def test_what_was_carried_here_by_hand_was_not_heard(box: Box) -> None:
    box.status(told_us=NOON_US)
    box.status(told_us=NOON_US + HOUR_US, came_us=NOON_US + 2 * HOUR_US, boot=BY_HAND)
    assert box.store.links.heard_utc_us(LY_SON) == NOON_US
    assert box.store.links.outages(LY_SON, since_utc_us=0) == []


def test_ninety_days_are_kept(box: Box) -> None:
    for day in range(KEPT_DAYS + 6):
        at_us = NOON_US + day * DAY_US
        box.store.commit([box.arrival(_status(), told_us=at_us, came_us=at_us)])
    end_us = NOON_US + (KEPT_DAYS + 6) * DAY_US
    rows = box.store.links.hours(LY_SON, from_utc_us=NOON_US, until_utc_us=end_us)
    assert len(rows) == KEPT_DAYS + 1
    assert rows[0].utc_us == NOON_US + 5 * DAY_US
    outages = box.store.links.outages(LY_SON, since_utc_us=0)
    assert len(outages) == KEPT_DAYS + 1


def test_a_commit_that_is_taken_back_leaves_no_history(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = box.arrival(_status(), told_us=NOON_US, came_us=NOON_US)
    with pytest.raises(AttributeError):
        box.store.commit([bad, None])  # type: ignore[list-item]
    assert box.hours() == []
    assert box.store.links.heard_utc_us(LY_SON) is None


def _status() -> Status:
    return Status(owed={}, spool_bytes=1, disk_free_bytes=2, frames_damaged=0, samples_lost=0, refused=0)
