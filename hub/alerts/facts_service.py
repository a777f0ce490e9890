"""Reads the facts of stations and hub out of the rooms, when a place is looked at."""

import logging
import shutil
from collections.abc import Callable, Sequence
from typing import Final

from contract.events import Press
from contract.ids import StationId
from hub.alerts.facts import AT_REST, AnyFacts, Fact, HubFacts, StationFacts
from hub.alerts.station_facts import station_facts
from hub.enrolment.copies import FRESH_S
from hub.fleet.stations import StationList
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.live.feed import LiveFeed
from hub.store.interface import CallRow, Outcome

log = logging.getLogger(__name__)

CONTENT_FRESH_S: Final = 3_600.0  # so long is a record with another content news


class Facts:
    """`hears_since_s`: since when the hub can hear stations, None: it cannot now. `is_closed`: whether a
    station is no more.
    """

    def __init__(
        self, hub: Hub, stations: StationList, feed: LiveFeed, *, is_closed: Callable[[StationId], bool]
    ) -> None:
        self._hub, self._stations, self._feed, self._is_closed = hub, stations, feed, is_closed
        self.hears_since_s: float | None = None
        self._began_s = hub.now_s()
        self._pressed_us: dict[StationId, int] = {}
        self._content: tuple[int, float] = (0, float("-inf"))  # count, when it grew

    def begin(self, newest_calls: Sequence[CallRow]) -> None:
        """Take up when each button was last pressed."""
        self._pressed_us = {row.call_id.station: row.received_utc_us for row in newest_calls}

    def on_committed(self, batch: Sequence[Committed]) -> None:
        """Records came: presses are remembered."""
        for one in batch:
            if one.outcome is Outcome.STORED and isinstance(one.arrival.event, Press):
                self._pressed_us[one.arrival.station] = one.arrival.received_utc_us

    def listen(self) -> bool:
        """Look whether the hub can hear stations; return whether that is another than before."""
        link, before_s = self._hub.broker_link(), self.hears_since_s
        self.hears_since_s = max(self._began_s, link.changed_s or 0.0) if link.is_connected else None
        return before_s != self.hears_since_s

    def of(self, station: StationId | None) -> AnyFacts:
        """Return what is known of a station, or (None) of the hub; nothing, where that goes wrong."""
        now_s = self._hub.now_s()
        if station is None:
            return self._of_hub(now_s)
        try:
            return self._of_station(station, now_s)
        except Exception:  # what one station says that nobody foresaw must not hide the others
            log.exception("what is known of %s cannot be judged", station)
            return StationFacts()

    def _of_station(self, station: StationId, now_s: float) -> AnyFacts:
        if self._is_closed(station):
            return AT_REST
        return station_facts(
            self._feed.now(station),
            self._stations.presence(station, now_s=now_s, leased_since_s=None),
            hears_since_s=self.hears_since_s,
            pressed_utc_us=self._pressed_us.get(station),
            copied=self._copied(station, now_s),
            now_s=now_s,
            now_utc_us=self._hub.utc_now_us(),
        )

    def _copied(self, station: StationId, now_s: float) -> Fact | None:
        """A hub that has just started has not heard yet who takes turns: an alert of before stays."""
        found = self._hub.copies.of(station, now_s=now_s)
        if found is not None:
            return Fact(value=1.0, about=str(found))
        return Fact() if now_s >= self._began_s + FRESH_S else None

    def _of_hub(self, now_s: float) -> HubFacts:
        link, ingest = self._hub.broker_link(), self._hub.ingest_state()
        away_s = None if link.is_connected else link.changed_s or self._began_s
        if ingest.other_content_count > self._content[0]:
            self._content = ingest.other_content_count, now_s
        is_news = now_s < self._content[1] + CONTENT_FRESH_S
        try:
            free = Fact(float(shutil.disk_usage(self._hub.config.store_folder).free))
        except OSError:
            free = None
        return HubFacts(
            deaf=Fact(since_s=away_s),
            store_fault=Fact(since_s=ingest.fault_since_s if ingest.fault else None),
            hub_disk_free=free,
            other_content=Fact(float(ingest.other_content_count) if is_news else 0.0),
        )
