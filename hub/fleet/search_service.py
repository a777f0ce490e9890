"""The search index of the organisation as it is now, made anew after a change, off the loop's thread."""

import asyncio

from hub.fleet.organisation import Organisation
from hub.fleet.organisation_service import OrganisationKeeper
from hub.fleet.search import SearchIndex
from hub.fleet.stations import StationList


class Search:
    """`index` is that of now. Use it from the event loop."""

    def __init__(self, organisation: OrganisationKeeper, stations: StationList) -> None:
        self._organisation, self._stations = organisation, stations
        self._made: tuple[Organisation, int, SearchIndex] | None = None
        self._one_at_a_time = asyncio.Lock()

    async def index(self) -> SearchIndex:
        """Return the index of all stations and units as they are now."""
        async with self._one_at_a_time:
            now, count = self._organisation.now, self._stations.count()
            if self._made is None or self._made[0] is not now or self._made[1] != count:
                others = self._stations.ids()
                index = await asyncio.to_thread(SearchIndex, now, others=others)
                self._made = now, count, index
            return self._made[2]
