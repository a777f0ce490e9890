"""The book of the organisation in the real store: every version is kept, the second writer is told."""

from datetime import date
from pathlib import Path

import pytest

from contract.errors import OwnFaultError
from contract.ids import StationId
from hub.fleet.card_json import card_of, draft_of, organisation_of
from hub.fleet.station_card import BoxCard, Contact, OwnedDevice, Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.store.sqlite import SqliteStore

CON_DAO = StationId("con-dao-01")
CITY = Unit(
    no=UnitNo(1),
    parent=None,
    names=(UnitName("Bà Rịa – Vũng Tàu"), UnitName("Thành phố Hồ Chí Minh", date(2025, 7, 1))),
    aliases=("huyện Côn Đảo (cũ)",),
    code="79",
    zone="Asia/Ho_Chi_Minh",
)
CARD = StationCard(
    station=CON_DAO,
    name="Trạm y tế Côn Đảo",
    aliases=("Trạm quân dân y",),
    unit=UnitNo(1),
    position=Position(8.6836, 106.6092),
    contacts=(Contact("trực trạm", "0254 383 0000"),),
    devices=(OwnedDevice("Nonin 9600", "SN-7"),),
    note="tàu hai ngày một chuyến",
)
BOX = BoxCard(box="HD-0001", station=CON_DAO)


def test_what_was_written_is_how_things_are_after_a_restart(tmp_path: Path) -> None:
    with SqliteStore(tmp_path, is_writer=True) as store:
        drafts = [draft_of(card, after=0) for card in (CITY, CARD, BOX)]
        rows = store.fleet.keep_cards(drafts, by="lan", why="", utc_us=1_000)
        assert [row.revision for row in rows] == [1, 1, 1]
    with SqliteStore(tmp_path, is_writer=False) as store:
        found = organisation_of(store.fleet.cards(), {})
    assert found.tree.units == {1: CITY}
    assert found.stations == {CON_DAO: CARD}
    assert found.boxes == {"HD-0001": BOX}


def test_every_version_is_kept_with_who_and_when(store: SqliteStore) -> None:
    spare = BoxCard(box="HD-0001")
    store.fleet.keep_cards([draft_of(BOX, after=0)], by="lan", why="", utc_us=1_000)
    store.fleet.keep_cards([draft_of(spare, after=1)], by="minh", why="đổi hộp", utc_us=2_000)
    first, second = store.fleet.card_versions("box", "HD-0001")
    assert (first.revision, first.by, first.utc_us, card_of(first)) == (1, "lan", 1_000, BOX)
    assert (second.revision, second.by, second.why, card_of(second)) == (2, "minh", "đổi hộp", spare)
    assert [row.no for row in store.fleet.card_changes(newest=1)] == [second.no]
    assert store.fleet.card_changes(newest=5, before_no=second.no) == [first]
    assert store.fleet.cards() == [second]


def test_who_saw_an_older_version_changes_nothing_at_all(store: SqliteStore) -> None:
    store.fleet.keep_cards([draft_of(CITY, after=0)], by="lan", why="", utc_us=1_000)
    late = [draft_of(BOX, after=0), draft_of(CITY, after=0)]
    assert store.fleet.keep_cards(late, by="minh", why="", utc_us=2_000) == []
    assert store.fleet.card_versions("box", "HD-0001") == []
    assert len(store.fleet.card_versions("unit", "1")) == 1


def test_a_station_tells_which_boxes_stood_there_whatever_became_of_them(store: SqliteStore) -> None:
    elsewhere = BoxCard(box="HD-0001", station=StationId("ly-son"))
    store.fleet.keep_cards([draft_of(BOX, after=0)], by="lan", why="", utc_us=1_000)
    store.fleet.keep_cards([draft_of(elsewhere, after=1)], by="lan", why="", utc_us=2_000)
    other = BoxCard(box="HD-0002", station=StationId("ly-son"))
    store.fleet.keep_cards([draft_of(other, after=0)], by="lan", why="", utc_us=3_000)
    assert [(row.id, row.revision) for row in store.fleet.boxes_ever_at(CON_DAO)] == [
        ("HD-0001", 1),
        ("HD-0001", 2),
    ]


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    SqliteStore(tmp_path, is_writer=True).close()
    with SqliteStore(tmp_path, is_writer=False) as store, pytest.raises(OwnFaultError, match="for reading"):
        store.fleet.keep_cards([draft_of(BOX, after=0)], by="lan", why="", utc_us=1_000)
