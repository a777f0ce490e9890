"""The organisation while a hub runs: read at the start, changed by one at a time, told to listeners."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from contract.ids import StationId
from hub.fleet.organisation import OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError, OrganisationKeeper
from hub.fleet.search_service import Search
from hub.fleet.station_card import StationCard
from hub.fleet.stations import StationList
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.hub import Hub
from hub.store.fleet_book import MANY
from hub.store.threads import StoreThread

CON_DAO = StationId("con-dao-01")
CITY = Unit(no=UnitNo(1), parent=None, names=(UnitName("Thành phố Hồ Chí Minh"),))


def test_a_name_holds_from_its_day_on_without_a_restart(tmp_path: Path) -> None:
    async def play() -> None:
        async with StoreThread(tmp_path, is_writer=True) as writer:
            day = [datetime(2026, 12, 31, 16, 59, tzinfo=UTC)]  # 23:59 in Viet Nam
            hub = SimpleNamespace(
                config=SimpleNamespace(station_names={}),
                run_read=writer.run,
                run_write=writer.run,
                utc_now_us=lambda: round(day[0].timestamp() * 1e6),
            )
            keeper = OrganisationKeeper(cast(Hub, hub))
            await keeper.begin()
            names = (UnitName("Xã Cô Tô"), UnitName("Đặc khu Cô Tô", date(2027, 1, 1)))
            await keeper.keep(
                [replace(CITY, names=names), StationCard(station=CON_DAO, unit=UnitNo(1))], by="lan"
            )
            assert keeper.unit_text(CON_DAO) == "Xã Cô Tô"
            assert keeper.unit_names().text(UnitNo(1)) == "Xã Cô Tô"
            day[0] += timedelta(minutes=1)
            assert keeper.unit_text(CON_DAO) == "Đặc khu Cô Tô"
            assert keeper.unit_names().text(UnitNo(1)) == "Đặc khu Cô Tô"

    asyncio.run(play())


def test_many_cards_are_kept_and_a_search_is_of_what_stands_now(tmp_path: Path) -> None:
    async def play() -> None:
        async with StoreThread(tmp_path, is_writer=True) as writer:
            hub = SimpleNamespace(
                config=SimpleNamespace(station_names={}),
                run_read=writer.run,
                run_write=writer.run,
                utc_now_us=lambda: 5_000,
            )
            keeper = OrganisationKeeper(cast(Hub, hub))
            await keeper.begin()
            stations = StationList([], name_of=keeper.name, started_s=0.0)
            search = Search(keeper, stations)
            assert (await search.index()).find("tram") == []
            many = [StationCard(station=StationId(f"tram-{no}"), name=f"Trạm {no}") for no in range(MANY + 1)]
            await keeper.keep(many, by="lan")
            index = await search.index()
            assert index.find("tram 200") == ["tram-200"]
            assert await search.index() is index
            stations.enrol([StationId("moi")])
            assert (await search.index()).find("moi") == ["moi"]
            with pytest.raises(ChangedMeanwhileError):
                await keeper.keep(many, by="minh", after={("station", "tram-7"): 0})
            with pytest.raises(OrganisationError):
                await keeper.keep([*many, StationCard(station=CON_DAO, unit=UnitNo(9))], by="minh")
            rows = await writer.run(lambda store: store.fleet.cards())
            assert [row.no for row in rows] == list(range(1, MANY + 2))

    asyncio.run(play())


def test_a_change_is_kept_told_and_there_after_a_restart(tmp_path: Path) -> None:
    async def play() -> None:
        async with (
            StoreThread(tmp_path, is_writer=True) as writer,
            StoreThread(tmp_path, is_writer=False) as reader,
        ):
            hub = SimpleNamespace(
                config=SimpleNamespace(station_names={CON_DAO: "Trạm y tế Côn Đảo"}),
                run_read=reader.run,
                run_write=writer.run,
                utc_now_us=lambda: 5_000,
            )
            keeper, other = OrganisationKeeper(cast(Hub, hub)), OrganisationKeeper(cast(Hub, hub))
            told = list[tuple[str, frozenset[StationId]]]()
            keeper.on_change(lambda change: told.append((keeper.now.unit_text(CON_DAO), change.moved)))
            await keeper.begin()
            await other.begin()
            assert keeper.name(CON_DAO) == "Trạm y tế Côn Đảo"

            with pytest.raises(OrganisationError):
                await keeper.keep([StationCard(station=CON_DAO, unit=UnitNo(1))], by="lan")
            await keeper.keep([CITY, StationCard(station=CON_DAO, unit=UnitNo(1))], by="lan")
            assert told == [("Thành phố Hồ Chí Minh", frozenset({CON_DAO}))]
            assert keeper.revision(CITY) == 1

            with pytest.raises(ChangedMeanwhileError):
                await other.keep([CITY], by="minh")
            assert other.now.tree.units == {}
            await other.begin()
            assert other.now == keeper.now
            with pytest.raises(ChangedMeanwhileError):
                await keeper.keep([CITY], by="lan", after={("unit", "1"): 0})

    asyncio.run(play())
