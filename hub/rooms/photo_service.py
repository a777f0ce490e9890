"""Photographs of the visit under way: as their parts come, counted and told to the pages of a call."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contract.header import Record
from contract.ids import CallId, RecordClass, StationId
from contract.parts import Part
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.live.feed import LiveFeed
from hub.rooms.direct import PHOTOS_MAX, Said
from hub.rooms.photographs import (
    PhotoState,
    Progress,
    list_photos,
    open_part,
    read_photo,
    read_progress,
)
from hub.rooms.room import Room, Visit
from hub.store.interface import Arrival, Outcome, Store, StoreFailedError

log = logging.getLogger(__name__)

PARTS_WAITING_MAX: Final = 2_000  # to be opened; what is dropped here is counted again when it is looked at
PARTS_AT_ONCE: Final = 16  # a turn of the store's thread


class RoomPhotos:
    """All methods on the loop. `run` until cancelled. `rooms`: those of now; `say` tells their pages."""

    def __init__(
        self,
        hub: Hub,
        feed: LiveFeed,
        rooms: Mapping[CallId, Room],
        *,
        say: Callable[[CallId, Room, Said], None],
    ) -> None:
        self._hub, self._feed, self._rooms, self._say = hub, feed, rooms, say
        self._parts: deque[Arrival] = deque(maxlen=PARTS_WAITING_MAX)
        self._joined: set[CallId] = set()  # whose page is to be told what photographs there are
        self._has_work = asyncio.Event()  # one of the two
        hub.on_committed(self._on_committed)

    def page_joined(self, call_id: CallId) -> None:
        """A page has joined: it is told what there is, but not before all else: no page waits for a disk."""
        self._joined.add(call_id)
        self._has_work.set()

    def visit(self, station: StationId) -> Visit | None:
        """Return the visit whose photographs may be looked at now: the one under way, and no other.

        A call may have begun in an earlier one, and is no reason to show that person beside the next.
        """
        now = self._feed.now(station)
        return None if now.spool is None or now.visit is None else (now.spool, now.visit.no)

    async def shown(self, station: StationId) -> list[PhotoState]:
        """Return the photographs that may be looked at. Raises StoreFailedError."""
        under_way = self.visit(station)
        if under_way is None:
            return []
        spool, visit = under_way
        opener_for = self._hub.opener_for
        return await self._hub.run_read(
            lambda store: list_photos(store, opener_for, station, spool, visit=visit)
        )

    async def read(self, station: StationId, photo: str) -> tuple[PhotoState, bytes] | None:
        """Return one of them, as far as it has come. Raises StoreFailedError."""
        under_way = self.visit(station)
        if under_way is None:
            return None
        spool, visit = under_way
        opener_for = self._hub.opener_for
        return await self._hub.run_read(
            lambda store: read_photo(store, opener_for, station, spool, visit=visit, photo=photo)
        )

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        if not self._rooms:
            return
        stations = {call_id.station for call_id in self._rooms}
        for one in batch:
            record_class, station = one.arrival.record_id.record_class, one.arrival.station
            if record_class is not RecordClass.PART or station not in stations:
                continue
            record = one.arrival.record
            if one.outcome is not Outcome.STORED or not isinstance(record, Record):
                continue
            if (one.arrival.spool, record.header.visit) == self.visit(station):
                self._parts.append(one.arrival)
                self._has_work.set()

    async def run(self) -> None:
        """Open parts as they come, until cancelled."""
        while True:
            await self._has_work.wait()
            self._has_work.clear()
            while self._joined:
                await self._look_at_photos(self._joined.pop())
            while self._parts:
                turn = [self._parts.popleft() for _ in range(min(PARTS_AT_ONCE, len(self._parts)))]
                try:
                    parts = await self._hub.run_read(lambda store, turn=turn: self._open(store, turn))  # type: ignore[misc]
                    for station in {arrival.station for arrival, _ in parts}:
                        await self._count(station, [part for a, part in parts if a.station == station])
                except StoreFailedError as error:
                    log.warning("parts of photographs cannot be read: %s", error)

    def _open(self, store: Store, turn: Sequence[Arrival]) -> list[tuple[Arrival, Part]]:
        opened = []
        for arrival in turn:
            if isinstance(arrival.record, Record):
                key_id = arrival.record.header.key_id
                opener = self._hub.opener_for(store, arrival.station, arrival.spool, key_id)
                part = open_part(opener, arrival.record)
                if part is not None:
                    opened.append((arrival, part))
        return opened

    async def _count(self, station: StationId, parts: Sequence[Part]) -> None:
        for call_id, room in list(self._rooms.items()):
            if call_id.station != station:
                continue
            for photo in dict.fromkeys(part.object_id.hex() for part in parts):
                now = await self._progress(station, room, photo)
                if now is None:
                    continue
                for part in parts:
                    if part.object_id.hex() == photo:
                        now.add(part)
                await self._tell_progress(call_id, room, photo, now)

    async def _progress(self, station: StationId, room: Room, photo: str) -> Progress | None:
        """Return what is known of a photograph; the first time, what the store has of it."""
        if photo not in room.photos and len(room.photos) < PHOTOS_MAX:
            under_way = self.visit(station)
            if under_way is None:
                return None
            spool, visit = under_way
            opener_for = self._hub.opener_for
            found = await self._hub.run_read(
                lambda store: read_progress(store, opener_for, station, spool, visit=visit, photo=photo)
            )
            if found is not None:
                room.photos[photo] = found
                room.note(photo, under_way)
        return room.photos.get(photo)

    async def _tell_progress(self, call_id: CallId, room: Room, photo: str, now: Progress) -> None:
        if now.is_complete:  # whether they make it is seen when they are put together
            found = await self.read(call_id.station, photo)
            if found is not None:
                self._tell_photo(call_id, room, found[0])
            return
        counts = PhotoState(
            photo, len(now.indexes), now.newest.total, now.newest.size_bytes, is_damaged=False
        )
        self._tell_photo(call_id, room, counts)

    async def _look_at_photos(self, call_id: CallId) -> None:
        """A page has joined: tell it what there is."""
        visit = self.visit(call_id.station)
        try:
            states = await self.shown(call_id.station)
        except StoreFailedError as error:
            log.warning("the photographs of %s cannot be read: %s", call_id.station, error)
            return
        room = self._rooms.get(call_id)
        if room is not None:  # the call may have ended meanwhile
            for state in states:
                room.note(state.photo, visit)
                self._tell_photo(call_id, room, state)

    def _tell_photo(self, call_id: CallId, room: Room, state: PhotoState) -> None:
        said = room.direct.photo_is(
            state.photo,
            received=state.received,
            total=state.total,
            size_bytes=state.size_bytes,
            is_damaged=state.is_damaged,
        )
        self._say(call_id, room, said)
