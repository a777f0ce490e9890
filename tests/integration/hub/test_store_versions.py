"""Stores that former hubs left behind are opened, and nothing in them is lost. Real files of that time."""

import lzma
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from contract.ids import BootId, CallId, RecordClass, SpoolId, StationId
from contract.times import Anchor
from hub.store.schema import SCHEMA_VERSION
from hub.store.sqlite import SqliteStore
from hub.times.moments import read_moment
from tests.integration.hub.arrivals import anchor_arrival

FIXTURES = Path(__file__).parents[2] / "fixtures" / "stores"
CON_DAO, LY_SON = StationId("con-dao-01"), StationId("ly-son-02")
SPOOL = SpoolId(0xB0C5)
NOON_US = 1_800_000_000_000_000
S, HOUR_US = 1_000_000, 3_600_000_000
OLD_TABLES = ("spool", "record", "event", "key", "stream_set", "tombstone", "stored_range", "epoch")


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hub.db").write_bytes(lzma.decompress((FIXTURES / "v2.db.xz").read_bytes()))
    return tmp_path


def test_what_an_old_hub_kept_is_all_there_and_is_not_changed(folder: Path) -> None:
    before = {table: rows(folder / "hub.db", table) for table in OLD_TABLES}
    calls = rows(folder / "hub.db", "call")
    assert len(before["record"]) == 48
    with SqliteStore(folder, is_writer=True) as store:
        assert store.stations() == [CON_DAO, LY_SON]
        assert len(store.anchors(CON_DAO, SPOOL, newest=100)) == 33
        assert len(store.events(CON_DAO, names=["press"])) == 4
        assert store.call(CallId(CON_DAO, SPOOL, 2)) is not None
        assert len(list(store.chunks(CON_DAO, SPOOL, record_class=RecordClass.NUMERIC))) == 3
        heard = [utc_us for _, station, _, utc_us in before["spool"] if station == CON_DAO]
        assert [store.links.heard_utc_us(CON_DAO)] == heard
    by_time = sorted(before["spool"], key=lambda row: (row[3], row[0]))  # who was heard after whom
    before["spool"] = [(*row, by_time.index(row) + 1) for row in before["spool"]]
    assert {table: rows(folder / "hub.db", table) for table in OLD_TABLES} == before
    assert rows(folder / "hub.db", "call") == [(*call, None) for call in calls]  # kept: nothing yet
    with closing(sqlite3.connect(folder / "hub.db")) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_call_that_was_over_is_closed_by_the_one_word_that_there_is_now(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "hub.db")) as db, db:
        db.execute("UPDATE call SET state = 'ENDED', is_closed = 1 WHERE seq = 2")
        db.execute("UPDATE call SET state = 'CLAIMED', owner = 'lan' WHERE seq = 3")
    with SqliteStore(folder, is_writer=True) as store:
        over, claimed = (store.call(CallId(CON_DAO, SPOOL, seq)) for seq in (2, 3))
        assert over is not None and claimed is not None
        assert (over.state, claimed.state, claimed.owner, claimed.kept) == ("CLOSED", "CLAIMED", "lan", None)
        assert store.journal(claimed.call_id) == []


def test_old_anchors_tie_their_boots_to_utc_without_the_one_that_lied(folder: Path) -> None:
    with SqliteStore(folder, is_writer=True) as store:
        for hours in (0.1, 1.0, 2.0, 4.5):
            t_us = int(hours * HOUR_US)
            true_us = NOON_US + t_us * (1 + 20e-6)  # 20 ppm
            found = store.time_fit(CON_DAO, SPOOL, BootId(1), t_us=t_us).at(t_us)
            assert found.earliest_us is not None
            assert found.latest_us is not None
            assert found.earliest_us <= true_us <= found.latest_us
            assert found.err_us is not None
            assert found.err_us < S // 10


def test_an_old_anchor_of_no_time_that_a_clock_shows_ties_nothing_and_the_store_opens(folder: Path) -> None:
    highest = 2**63 - 1
    with closing(sqlite3.connect(folder / "hub.db")) as db, db:
        db.execute(
            "INSERT INTO anchor (spool_no, boot, t_us, utc_us, err_us) SELECT no, 77, ?, 0, ? FROM spool",
            (highest, highest),
        )
    with SqliteStore(folder, is_writer=True) as store:
        assert not store.time_fit(CON_DAO, SPOOL, BootId(77), t_us=0).knots
        new = Anchor(BootId(77), 1_000, NOON_US, 5_000, "ntp")
        store.commit([anchor_arrival(CON_DAO, SPOOL, new, seq=1_000)])
        assert [knot.t_us for knot in store.time_fit(CON_DAO, SPOOL, BootId(77), t_us=0).knots] == [1_000]
        assert store.time_fit(CON_DAO, SPOOL, BootId(1), t_us=0).knots


def test_an_old_boot_without_anchors_lies_between_its_neighbours(folder: Path) -> None:
    with SqliteStore(folder, is_writer=True) as store:
        found = read_moment(store, CON_DAO, SPOOL, BootId(2), HOUR_US)
        assert found.earliest_us is not None
        assert found.latest_us is not None
        assert found.earliest_us <= NOON_US + 25 * HOUR_US <= found.latest_us
        assert found.best_us is None


def test_the_next_anchor_makes_version_2_and_version_1_can_still_be_told(folder: Path) -> None:
    with SqliteStore(folder, is_writer=True) as store:
        boot, t_us = BootId(3), 2 * HOUR_US
        before = store.time_fit(CON_DAO, SPOOL, boot, t_us=t_us)
        assert before.version == 1
    with closing(sqlite3.connect(folder / "hub.db")) as db:
        assert db.execute("SELECT DISTINCT version FROM anchor").fetchall() == [(1,)]
    with SqliteStore(folder, is_writer=True) as store:
        utc_us = NOON_US + 48 * HOUR_US + t_us
        store.commit([anchor_arrival(CON_DAO, SPOOL, Anchor(boot, t_us, utc_us, 5_000, "ntp"), seq=1_000)])
        after = store.time_fit(CON_DAO, SPOOL, boot, t_us=t_us)
        assert after.version == 2
        assert after.at(t_us).err_us == 5_000
        assert store.time_fit(CON_DAO, SPOOL, boot, t_us=t_us, version=1) == before
