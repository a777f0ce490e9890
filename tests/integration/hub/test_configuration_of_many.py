"""Documents of 14,000 stations after a change of one: that one is compared, and no other."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from contract.ids import StationId
from hub.fleet.configuration_service import PLANNED_AT_ONCE, ConfigurationDesk
from hub.hub import BrokerLink, Hub
from hub.store.interface import Store
from hub.store.settings_book import LayerDraft, SettingsBook
from hub.store.threads import StoreThread

COUNT = 14_000
STATIONS = [StationId(f"s{number:05d}") for number in range(COUNT)]
LINK = BrokerLink(is_connected=False, changed_s=None, heard_s=None, text="")


class Unit:
    """The members of the one unit; counts whom it was asked of."""

    def __init__(self) -> None:
        self.members, self.asked = set[StationId](), list[object]()

    def __contains__(self, station: object) -> bool:
        self.asked.append(station)
        return station in self.members


def layer(name: str, *, unit: str = "", **settings: object) -> LayerDraft:
    members = {"rank": 1, "prefix": "", "stations": [], "unit": unit} if unit else None
    return LayerDraft(layer=name, settings=settings, members=members, by="Lan", why="", utc_us=7)


def test_a_station_that_moves_is_compared_alone_and_many_in_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, slices = Unit(), list[int]()
    bring_up = SettingsBook.bring_up

    def counted(self: SettingsBook, wanted: Any, **rest: Any) -> Any:
        slices.append(len(wanted))
        return bring_up(self, wanted, **rest)

    monkeypatch.setattr(SettingsBook, "bring_up", counted)

    async def play() -> None:
        async with StoreThread(tmp_path, is_writer=True) as writer:
            made = asyncio.Event()

            async def run_write(work: Callable[[Store], Any]) -> Any:
                try:
                    return await writer.run(work)
                finally:
                    made.set()

            hub = SimpleNamespace(
                run_read=writer.run, run_write=run_write, now_s=lambda: 0.0, utc_now_us=lambda: 7,
                on_committed=lambda _: None, on_signal=lambda _: None, broker_link=lambda: LINK,
                publish_signal=lambda *_: False,
            )  # fmt: skip
            desk = ConfigurationDesk(
                cast(Hub, hub), stations=lambda: STATIONS, unit_members=lambda _path: unit
            )
            await desk.begin()
            await desk.change(layer("all", volume_pct=80), after=0)
            await desk.change(layer("group:islands", unit="Cô Tô", volume_pct=60), after=0)
            running = asyncio.create_task(desk.run())

            async def planned(count: int) -> None:
                while sum(slices) < count:
                    made.clear()
                    await made.wait()

            try:
                await asyncio.wait_for(planned(COUNT), 60)  # as after a start
                assert max(slices) == PLANNED_AT_ONCE
                slices.clear()
                unit.asked.clear()
                unit.members.add(STATIONS[7])
                desk.plan_again([STATIONS[7]])
                await asyncio.wait_for(planned(1), 60)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            assert slices == [1] and unit.asked == [STATIONS[7]]
            (row,) = await writer.run(lambda store: store.settings.versions(STATIONS[7], newest=1))
            contents = await writer.run(lambda store: store.settings.contents([row.hash]))
            assert contents[row.hash] == {"volume_pct": 60}

    asyncio.run(play())
