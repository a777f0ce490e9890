"""The list of stations (core): who is enrolled or was ever heard, and how each stands now."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.events import Status
from contract.header import Record
from contract.ids import RecordClass, StationId
from contract.signals import BoxState
from hub.collation import NameKey, name_key
from hub.fleet.presence import Heard, Presence, presence
from hub.ingest.committed import Committed, SignalHeard

PLACED_ONE_BY_ONE: Final = 100  # of more, one sort is quicker
KIND_BY_CLASS = {
    RecordClass.CALL: "call",
    RecordClass.NUMERIC: "numerics",
    RecordClass.WAVEFORM: "waveform",
    RecordClass.PART: "part",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A station's link and spool, as its newest status said. `at_utc_ms` None: when that was is unknown."""

    round_trip_ms: int | None
    owed_count: int
    oldest_owed_s: float | None
    at_utc_ms: float | None


def link_of(status: Status | None, at_utc_ms: float | None) -> Link | None:
    """Return what a status says of link and spool, None without one."""
    if status is None:
        return None
    ages = [
        owed.oldest_age_s for owed in status.owed.values() if owed.oldest_age_s is not None and owed.records
    ]
    return Link(
        round_trip_ms=status.round_trip_ms,
        owed_count=sum(owed.records for owed in status.owed.values()),
        oldest_owed_s=max(ages, default=None),
        at_utc_ms=at_utc_ms,
    )


class StationList:
    """Presence of all stations. `name_of`: what people call one, now; `is_listed`: it is on lists, now."""

    def __init__(
        self,
        stations: Iterable[StationId],
        *,
        name_of: Callable[[StationId], str],
        is_listed: Callable[[StationId], bool] = lambda _: True,
        started_s: float,
    ) -> None:
        self.name, self._is_listed = name_of, is_listed
        self._order: list[tuple[NameKey, StationId]] = []  # of those on lists
        self.order_no = 0  # grows when `ids` may have become another
        self._placed: dict[StationId, NameKey] = {}  # of the same
        self._unplaced = set(stations := list(stations))  # may stand elsewhere by now
        self._started_s = started_s
        self._heard: dict[StationId, Heard] = {station: Heard(started_s=started_s) for station in stations}

    def ids(self) -> list[StationId]:
        """Return every station that is enrolled or was ever heard, in the order of their names; those that
        are on no list are left out.
        """
        if self._unplaced:
            self._place()
        return [station for _, station in self._order]

    def _place(self) -> None:
        some, self._unplaced = self._unplaced, set()
        self.order_no += 1
        for station in some:
            if (key := self._placed.pop(station, None)) is not None and len(some) <= PLACED_ONE_BY_ONE:
                del self._order[bisect_left(self._order, (key, station))]
            if self._is_listed(station):
                self._placed[station] = key = name_key(self.name(station))
                if len(some) <= PLACED_ONE_BY_ONE:
                    insort(self._order, (key, station))
        if len(some) > PLACED_ONE_BY_ONE:
            self._order = sorted((key, station) for station, key in self._placed.items())

    def look_again(self, stations: Iterable[StationId]) -> None:
        """The names of these may be others, or whether they are on lists."""
        self._unplaced.update(station for station in stations if station in self._heard)

    def known(self) -> list[StationId]:
        """Return every station that there is, also those that are on no list, in no order."""
        return list(self._heard)

    def count(self) -> int:
        """Return how many there are."""
        return len(self._heard)

    def enrol(self, stations: Iterable[StationId]) -> None:
        """There are these stations too, heard or not."""
        for station in stations:
            self._of(station)

    def knows(self, station: StationId) -> bool:
        """Whether there is such a station."""
        return station in self._heard

    def begin(self, stations: Iterable[tuple[StationId, float | None]]) -> None:
        """Take up who was heard before the hub started: (station, age in seconds then).

        A negative age is a hub whose clock is behind: how long ago that was, nobody knows.
        """
        for station, age_s in stations:
            self._of(station).before_start_age_s = age_s if age_s is not None and age_s >= 0.0 else None

    def on_committed(self, batch: Sequence[Committed]) -> None:
        """Records came; doubled ones are a sign of life too. What was carried here by hand is none, nor
        what a box sends that is the station no more.
        """
        for one in batch:
            if not one.arrival.is_heard:
                continue
            record = one.arrival.record
            event = one.arrival.event
            is_chunk = isinstance(record, Record) and event is None and record.header.count > 0
            kind = KIND_BY_CLASS[one.arrival.record_class] if event is None else event.event
            self._of(one.arrival.station).hear(kind, at_s=one.received_s, are_samples=is_chunk)

    def on_signal(self, heard: SignalHeard) -> None:
        """A station said how it is, or the broker in its place."""
        if not isinstance(heard.signal, BoxState):
            return
        of = self._of(heard.station)
        of.hint(heard.signal.connected, at_s=heard.received_s)
        if heard.signal.connected and not heard.is_retained:
            of.hear("hello", at_s=heard.received_s, are_samples=False)

    def heard(self, station: StationId) -> Heard:
        """Return when a station was heard."""
        found = self._heard.get(station)
        return Heard(started_s=self._started_s) if found is None else found

    def presence(self, station: StationId, *, now_s: float, leased_since_s: float | None) -> Presence:
        """Return how sure we are that the station is there."""
        return presence(self.heard(station), now_s=now_s, leased_since_s=leased_since_s)

    def _of(self, station: StationId) -> Heard:
        if station not in self._heard:
            self._heard[station] = Heard(started_s=self._started_s)
            self._unplaced.add(station)
        return self._heard[station]
