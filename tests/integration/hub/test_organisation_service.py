"""The organisation while a hub runs: read at the start, changed by one at a time, told to listeners."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from contract.ids import StationId
from hub.fleet.organisation import OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError, OrganisationKeeper
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from hub.hub import Hub
from hub.store.threads import StoreThread

CON_DAO = StationId("con-dao-01")
CITY = Unit(no=UnitNo(1), parent=None, names=(UnitName("Thành phố Hồ Chí Minh"),))


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
            told = []
            keeper.on_change(lambda: told.append(keeper.now.unit_text(CON_DAO)))
            await keeper.begin()
            await other.begin()
            assert keeper.name(CON_DAO) == "Trạm y tế Côn Đảo"

            with pytest.raises(OrganisationError):
                await keeper.keep([StationCard(station=CON_DAO, unit=UnitNo(1))], by="lan")
            await keeper.keep([CITY, StationCard(station=CON_DAO, unit=UnitNo(1))], by="lan")
            assert told == ["Thành phố Hồ Chí Minh"]
            assert keeper.revision(CITY) == 1

            with pytest.raises(ChangedMeanwhileError):
                await other.keep([CITY], by="minh")
            assert other.now.tree.units == {}
            await other.begin()
            assert other.now == keeper.now
            with pytest.raises(ChangedMeanwhileError):
                await keeper.keep([CITY], by="lan", after={("unit", "1"): 0})

    asyncio.run(play())
