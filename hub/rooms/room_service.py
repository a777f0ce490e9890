"""The rooms of all calls: their pages' lines, the stations' signals, photographs as their parts come."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from typing import Final

from contract.errors import RefusedError
from contract.header import Record
from contract.ids import CallId, RecordClass, SpoolId, StationId, VisitNo, parse_spool
from contract.media import MediaSignal
from contract.parts import Part
from contract.signals import BoxState, encode_signal
from contract.topics import Topic
from hub.calls.call_desk import CallDesk
from hub.calls.table import ANSWERED_STATES
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.live.feed import LiveFeed
from hub.rooms.direct import PHOTOS_MAX, DirectRoom, Said
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import PageJoin, PageLeave, PagePhoto, PageRefusedError, parse_page_message
from hub.rooms.photographs import (
    PhotoState,
    Progress,
    list_photos,
    open_part,
    read_photo,
    read_progress,
)
from hub.rooms.turn import ice_servers
from hub.store.interface import Arrival, Outcome, Store, StoreFailedError

log = logging.getLogger(__name__)

TICK_S: Final = 0.5
PARTS_WAITING_MAX: Final = 2_000  # to be opened; what is dropped here is counted again when it is looked at
PARTS_AT_ONCE: Final = 16  # a turn of the store's thread

Visit = tuple[SpoolId, VisitNo]


class _Room:
    """The room of a call, and the line of each of its pages."""

    def __init__(self, call_id: CallId, owner: str, *, now_s: float) -> None:
        self.direct = DirectRoom(call_id, now_s=now_s)
        self.owner = owner
        self.lines: dict[str, PageLine] = {}  # by page
        self.photos: dict[str, Progress] = {}
        self._visits: dict[str, Visit | None] = {}  # of a photograph; None: asked for while there was none

    def note(self, photo: str, visit: Visit | None) -> None:
        """A photograph was asked for, or has been found, in this visit."""
        if photo in self._visits or len(self._visits) < PHOTOS_MAX:
            self._visits[photo] = visit

    def knows(self, photo: str) -> bool:
        """Whether the visit of a photograph has been noted."""
        return photo in self._visits

    def may_tell(self, photo: str, visit: Visit | None) -> bool:
        """Whether a page may be told of a photograph while this visit is under way."""
        return photo not in self._visits or self._visits[photo] == visit


class MediaRooms:
    """All methods on the loop. `run` until cancelled."""

    def __init__(self, hub: Hub, desk: CallDesk, feed: LiveFeed) -> None:
        self._hub, self._desk, self._feed = hub, desk, feed
        self._rooms: dict[CallId, _Room] = {}
        self._parts: deque[Arrival] = deque(maxlen=PARTS_WAITING_MAX)
        self._joined: set[CallId] = set()  # whose page is to be told what photographs there are
        self._has_work = asyncio.Event()  # one of the two
        self.refused: Counter[str] = Counter()  # what pages said and could not be used, by reason
        desk.on_change(self._on_calls)
        hub.on_signal(self._on_signal)
        hub.on_committed(self._on_committed)

    async def run(self) -> None:
        """Say again what may have been lost, and open parts as they come."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_ticking(), name="rooms: ticks")
            tasks.create_task(self._keep_opening(), name="rooms: photographs")

    # Pages

    def is_owner(self, call_id: CallId, operator: str) -> bool:
        """Whether this operator has that call now."""
        return self._owner(call_id) == operator

    def _owner(self, call_id: CallId) -> str | None:
        held = self._desk.held(call_id)
        return held.row.owner if held is not None and held.state in ANSWERED_STATES else None

    def hear(self, line: PageLine, text: str) -> None:
        """The page says something. What cannot be used is told to it, and counted."""
        try:
            if not line.may_speak(now_s=self._hub.now_s()):
                line.end({"type": "refused", "text": "too many messages"})
                raise PageRefusedError("too many messages")
            message = parse_page_message(text)
            if line.page is None:
                if not isinstance(message, PageJoin):
                    raise PageRefusedError(f"{message.type!r} before 'join'")
                self._join(line, message)
                return
            room = self._rooms.get(line.call_id)
            if room is not None:
                if isinstance(message, PagePhoto) and not room.knows(message.photo):  # and not said again
                    room.note(message.photo, self.visit(line.call_id.station))
                said = room.direct.page_says(line.page, message, now_s=self._hub.now_s())
                self._say(line.call_id, room, said)
                if isinstance(message, PageLeave):
                    line.is_over = True
        except PageRefusedError as error:
            self.refused[str(error).partition(":")[0][:40]] += 1
            log.debug("call %s: the page of %s: %s", line.call_id, line.operator, error)
            line.refuse(str(error))

    def _join(self, line: PageLine, join: PageJoin) -> None:
        room = self._room(line.call_id)
        if room is None or room.owner != line.operator:
            line.end({"type": "ended"})
            return
        line.page = join.page
        before = room.lines.get(join.page)
        room.lines[join.page] = line
        if before is not None:  # the same page by a new socket; the old one has not been missed yet
            before.drop()
        ice = ice_servers(
            self._hub.config.media, user=line.call_id.station, now_utc_s=self._hub.utc_now_us() / 1e6
        )
        self._say(line.call_id, room, room.direct.join(join, ice=ice, now_s=self._hub.now_s()))
        self._joined.add(line.call_id)  # not read now: the page's description is not to wait for a disk
        self._has_work.set()

    def left(self, line: PageLine, *, is_for_good: bool) -> None:
        """The page's socket is closed."""
        room = self._rooms.get(line.call_id)
        if room is None or line.page is None or room.lines.get(line.page) is not line:
            return
        del room.lines[line.page]
        said = room.direct.page_left(line.page, is_for_good=is_for_good, now_s=self._hub.now_s())
        self._say(line.call_id, room, said)

    # Calls and stations

    def _room(self, call_id: CallId) -> _Room | None:
        """Return the room of a claimed call, made when it is first asked for."""
        owner = self._owner(call_id)
        if owner is None:
            return None
        if call_id not in self._rooms:
            self._rooms[call_id] = _Room(call_id, owner, now_s=self._hub.now_s())
        return self._rooms[call_id]

    def _on_calls(self) -> None:
        for call_id, room in list(self._rooms.items()):
            if self._owner(call_id) != room.owner:
                del self._rooms[call_id]
                self._say(call_id, room, room.direct.end())

    def _on_signal(self, heard: SignalHeard) -> None:
        now_s, signal = self._hub.now_s(), heard.signal
        if isinstance(signal, BoxState):
            if signal.connected and not heard.is_retained:
                for call_id, room in self._rooms.items():
                    if call_id.station == heard.station:
                        self._say(call_id, room, room.direct.station_is_back(now_s=now_s))
        elif isinstance(signal, MediaSignal):
            try:
                call_id = CallId(heard.station, parse_spool(signal.spool), signal.call_seq)
            except RefusedError as error:
                log.debug("%s: %s", heard.station, error)
                return
            room_of_it = self._room(call_id)
            if room_of_it is not None:
                self._say(call_id, room_of_it, room_of_it.direct.station_says(signal, now_s=now_s))

    def _say(self, call_id: CallId, room: _Room, said: Said) -> None:
        for signal in said.to_station:  # one that is not sent now is said again while it holds
            self._hub.publish_signal(call_id.station, Topic.SIGNAL, encode_signal(signal))
        visit = self.visit(call_id.station)
        for page, message in said.to_pages:
            line = room.lines.get(page)
            of_another = message["type"] == "photo" and not room.may_tell(message["photo"], visit)
            if line is None or of_another:  # of the person before: not even when the room says all again
                continue
            if message["type"] in ("taken", "ended"):
                del room.lines[page]
                line.end(message)
            else:
                line.send(message)

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for call_id, room in self._rooms.items():
                self._say(call_id, room, room.direct.tick(now_s=self._hub.now_s()))

    # Photographs

    def visit(self, station: StationId) -> Visit | None:
        """Return the visit whose photographs may be looked at now: the one under way, and no other.

        A call may have begun in an earlier one, and is no reason to show that person beside the next.
        """
        now = self._feed.now(station)
        return None if now.spool is None or now.visit is None else (now.spool, now.visit.no)

    async def photos(self, station: StationId) -> list[PhotoState]:
        """Return the photographs that may be looked at. Raises StoreFailedError."""
        under_way = self.visit(station)
        if under_way is None:
            return []
        spool, visit = under_way
        opener_for = self._hub.opener_for
        return await self._hub.run_read(
            lambda store: list_photos(store, opener_for, station, spool, visit=visit)
        )

    async def photo(self, station: StationId, photo: str) -> tuple[PhotoState, bytes] | None:
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

    async def _keep_opening(self) -> None:
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

    async def _progress(self, station: StationId, room: _Room, photo: str) -> Progress | None:
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

    async def _tell_progress(self, call_id: CallId, room: _Room, photo: str, now: Progress) -> None:
        if now.is_complete:  # whether they make it is seen when they are put together
            found = await self.photo(call_id.station, photo)
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
            states = await self.photos(call_id.station)
        except StoreFailedError as error:
            log.warning("the photographs of %s cannot be read: %s", call_id.station, error)
            return
        room = self._rooms.get(call_id)
        if room is not None:  # the call may have ended meanwhile
            for state in states:
                room.note(state.photo, visit)
                self._tell_photo(call_id, room, state)

    def _tell_photo(self, call_id: CallId, room: _Room, state: PhotoState) -> None:
        said = room.direct.photo_is(
            state.photo,
            received=state.received,
            total=state.total,
            size_bytes=state.size_bytes,
            is_damaged=state.is_damaged,
        )
        self._say(call_id, room, said)
