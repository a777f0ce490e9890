"""The book of alerts in the real store: an alert, its members, its journal; maintenance; nothing is lost."""

from dataclasses import replace
from pathlib import Path

import pytest

from contract.errors import OwnFaultError
from contract.ids import StationId
from hub.alerts.alert import Alert, AlertNo, Move, Place, acknowledged, move
from hub.alerts.kept import draft_of, read_alert, window_of_row
from hub.alerts.rules import Severity
from hub.alerts.table import Input, State
from hub.calls.time_line import TimeLine
from hub.fleet.units import UnitNo
from hub.store.alert_book import MaintenanceRow
from hub.store.sqlite import SqliteStore

UTC_US = 1_790_000_000_000_000
LINE = TimeLine(boot="boot-1", now_s=lambda: 1_000.0, utc_now_us=lambda: UTC_US)
ALERT = Alert(
    no=AlertNo(1), rule="silent", place=Place(unit=UnitNo(3)), severity=Severity.MEDIUM, since_s=100.0,
    raised_s=400.0, unowned_s=400.0, value=900.0, about="board-1",
)  # fmt: skip
RAISED = Move(before=None, after=ALERT, input=Input.RAISE, detail={"value": 900.0})
A, B = StationId("a"), StationId("b")


def joined(alert: Alert, *stations: StationId) -> Move:
    moved = move(alert, Input.JOINED, members=alert.members | set(stations))
    return replace(moved, joined=frozenset(stations))


def keep(store: SqliteStore, *moves: Move, utc_us: int = UTC_US) -> None:
    store.alerts.keep_alerts([draft_of(one, line=LINE, utc_us=utc_us) for one in moves])


def test_an_alert_is_as_it_was_after_a_restart(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        owned = acknowledged(joined(ALERT, A, B).after, by="lan", note="x", for_s=3_600, now_s=1_000.0)
        keep(store, RAISED, joined(ALERT, A, B), owned)
    with SqliteStore(tmp_path, is_writer=False) as store:
        (row,) = store.alerts.open_alerts()
        assert read_alert(row, line=LINE) == owned.after
        assert (row.raised_utc_us, store.alerts.next_alert()) == (UTC_US - 600_000_000, 2)
        assert [line.input for line in store.alerts.alert_journal(1)] == ["RAISE", "JOINED", "ACKNOWLEDGE"]
        assert store.alerts.alert_journal(1)[-1].by == "lan"


def test_in_another_boot_its_moments_lie_where_they_were_by_utc(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        keep(store, acknowledged_move := acknowledged(ALERT, by="lan", note="", for_s=3_600, now_s=1_000.0))
        later = TimeLine(boot="boot-2", now_s=lambda: 50.0, utc_now_us=lambda: UTC_US + 600_000_000)
        (row,) = store.alerts.open_alerts()
        alert = read_alert(row, line=later)
    assert acknowledged_move.after.owned_until_s == 4_600.0
    assert alert.owned_until_s == pytest.approx(50.0 + 3_000.0)  # an hour, of which ten minutes have passed
    assert alert.raised_s == pytest.approx(50.0 - 1_200.0)


def test_a_wall_clock_that_was_set_moves_nothing_in_the_same_boot(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        keep(store, RAISED)
        stepped = TimeLine(boot="boot-1", now_s=lambda: 1_001.0, utc_now_us=lambda: UTC_US + 10**13)
        assert read_alert(store.alerts.open_alerts()[0], line=stepped) == ALERT


def test_a_row_that_cannot_be_read_is_an_alert_that_begins_now(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        keep(store, RAISED)
        row = replace(store.alerts.open_alerts()[0], kept="{not json")
    alert = read_alert(row, line=LINE)
    assert (alert.no, alert.rule, alert.state, alert.raised_s) == (1, "silent", State.RAISED, 1_000.0)


def test_what_is_written_twice_is_written_once(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        keep(store, RAISED, joined(ALERT, A))
        keep(store, RAISED)  # a hub that does not know whether it was written writes it again
        assert store.alerts.open_alerts()[0].revision == 2
        assert len(store.alerts.alert_journal(1)) == 2


def test_members_come_and_go_and_a_closed_alert_keeps_its_last(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        both = joined(ALERT, A, B)
        left = replace(move(both.after, Input.LEFT, members=frozenset({B})), left=frozenset({A}))
        closed = move(left.after, Input.CLEAR)
        keep(store, RAISED, both, left)
        assert store.alerts.open_alerts()[0].members == ("b",)
        keep(store, closed, utc_us=UTC_US + 5)
        assert store.alerts.open_alerts() == []
        row = store.alerts.alert(1)
        assert row is not None and row.is_closed and row.members == ("b",)
        (last,) = store.alerts.closed_alerts(newest=9)
        assert (last.no, last.changed_utc_us) == (1, UTC_US + 5)
        assert store.alerts.closed_alerts(newest=9, place="hub") == []
        assert store.alerts.alert(2) is None


def test_a_reader_keeps_nothing(tmp_path: Path) -> None:
    SqliteStore(tmp_path, is_writer=True).close()
    with SqliteStore(tmp_path, is_writer=False) as store, pytest.raises(OwnFaultError):
        keep(store, RAISED)


def test_maintenance_is_kept_and_ended_once(tmp_path: Path) -> None:
    row = MaintenanceRow(
        no=0, place="unit:3", from_utc_us=100, until_utc_us=200, why="x", by="lan", made_utc_us=90
    )
    with SqliteStore(tmp_path, is_writer=True) as store:
        no = store.alerts.add_maintenance(row)
        assert store.alerts.end_maintenance(no, by="minh", utc_us=150)
        assert not store.alerts.end_maintenance(no, by="minh", utc_us=160)
        (kept,) = store.alerts.maintenance(since_utc_us=0)
        assert (kept.no, kept.ended_utc_us, kept.ended_by) == (no, 150, "minh")
        assert window_of_row(kept).over_utc_us == 150
        assert store.alerts.maintenance(since_utc_us=200) == []
