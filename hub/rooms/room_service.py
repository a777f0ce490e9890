"""The rooms of all answered calls: their pages' lines, stations' signals, and what the desk is told."""

import asyncio
import logging
from collections import Counter
from typing import Final

from contract.errors import RefusedError
from contract.ids import CallId, StationId, parse_spool
from contract.media import IceServer, MediaSignal
from contract.signals import BoxState, encode_signal
from contract.topics import Topic
from hub.calls.call import Given
from hub.calls.call_desk import CallDesk
from hub.calls.table import ANSWERED_STATES, Input
from hub.hub import Hub
from hub.ingest.committed import SignalHeard
from hub.live.feed import LiveFeed
from hub.rooms.direct import Said
from hub.rooms.page_line import PageLine
from hub.rooms.page_messages import PageJoin, PageLeave, PagePhoto, PageRefusedError, parse_page_message
from hub.rooms.photo_service import RoomPhotos
from hub.rooms.room import Room
from hub.rooms.turn import ice_servers
from hub.store.interface import StoreFailedError

log = logging.getLogger(__name__)

TICK_S: Final = 0.5


class MediaRooms:
    """All methods on the loop. `run` until cancelled."""

    def __init__(self, hub: Hub, desk: CallDesk, feed: LiveFeed) -> None:
        self._hub, self._desk = hub, desk
        self._rooms: dict[CallId, Room] = {}
        self._has_news = asyncio.Event()  # for the desk
        self.photos = RoomPhotos(hub, feed, self._rooms, say=self._say)
        self.refused: Counter[str] = Counter()  # what pages said and could not be used, by reason
        desk.on_change(self._on_calls)
        hub.on_signal(self._on_signal)

    async def run(self) -> None:
        """Say again what may have been lost, tell the desk how picture and voice are, open photographs."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_ticking(), name="rooms: ticks")
            tasks.create_task(self._keep_telling(), name="rooms: what the desk is told")
            tasks.create_task(self.photos.run(), name="rooms: photographs")

    # Pages

    def may_come(self, call_id: CallId, name: str) -> bool:
        """Whether somebody of that name has a place in that call now."""
        room = self._rooms.get(call_id)
        return room is not None and room.may_come(name)

    def hear(self, line: PageLine, text: str) -> None:
        """The page says something. What cannot be used is told to it, and counted."""
        try:
            if not line.may_speak(now_s=self._hub.now_s()):
                line.end({"type": "refused", "text": "too many messages"})
                raise PageRefusedError("too many messages")
            self._hear(line, text)
        except PageRefusedError as error:
            self.refused[str(error).partition(":")[0][:40]] += 1
            log.debug("call %s: the page of %s: %s", line.call_id, line.operator, error)
            line.refuse(str(error))
        self._has_news.set()

    def _hear(self, line: PageLine, text: str) -> None:
        message, room = parse_page_message(text), self._rooms.get(line.call_id)
        if line.page is None:
            if not isinstance(message, PageJoin):
                raise PageRefusedError(f"{message.type!r} before 'join'")
            if room is None or not room.may_come(line.operator):
                line.end({"type": "ended", "reason": "over"})
                return
            self._say(line.call_id, room, room.join(line, message, now_s=self._hub.now_s()))
            self.photos.page_joined(line.call_id)
        elif room is not None:
            if isinstance(message, PagePhoto) and not room.knows(message.photo):  # and not said again
                room.note(message.photo, self.photos.visit(line.call_id.station))
            self._say(line.call_id, room, room.page_says(line.page, message, now_s=self._hub.now_s()))
            if isinstance(message, PageLeave):
                line.is_over = True

    def left(self, line: PageLine, *, is_for_good: bool) -> None:
        """The page's socket is closed."""
        room = self._rooms.get(line.call_id)
        if room is not None:
            said = room.left(line, is_for_good=is_for_good, now_s=self._hub.now_s())
            self._say(line.call_id, room, said)

    # Calls and stations

    def _on_calls(self) -> None:
        answered = {one.call_id: one.call for one in self._desk.in_states(ANSWERED_STATES)}
        for call_id in [one for one in self._rooms if one not in answered]:
            held, room = self._desk.held(call_id), self._rooms[call_id]
            self._say(call_id, room, room.end(None if held is None else held.call))
            del self._rooms[call_id]
        for call_id, call in answered.items():
            known = self._rooms.get(call_id)
            if known is None:
                self._rooms[call_id] = self._made(call_id)
            elif known.call is not call:
                self._say(call_id, known, known.follow(call, now_s=self._hub.now_s()))
        self._has_news.set()

    def _made(self, call_id: CallId) -> Room:
        held, station = self._desk.held(call_id), call_id.station
        assert held is not None  # noqa: S101 - it is answered, and open
        return Room(
            call_id,
            held.call,
            servers=lambda: self._servers(station),
            phone=lambda: self._desk.hotline(station),
            now_s=self._hub.now_s(),
        )

    def _servers(self, station: StationId) -> tuple[IceServer, ...]:
        return ice_servers(self._hub.config.media, user=station, now_utc_s=self._hub.utc_now_us() / 1e6)

    def _on_signal(self, heard: SignalHeard) -> None:
        now_s, signal = self._hub.now_s(), heard.signal
        if isinstance(signal, BoxState):
            if signal.connected and not heard.is_retained:
                for call_id, room in self._rooms.items():
                    if call_id.station == heard.station:
                        self._say(call_id, room, room.station_is_back(now_s=now_s))
        elif isinstance(signal, MediaSignal):
            try:
                call_id = CallId(heard.station, parse_spool(signal.spool), signal.call_seq)
            except RefusedError as error:
                log.debug("%s: %s", heard.station, error)
                return
            room_of_it = self._rooms.get(call_id)
            if room_of_it is not None:
                self._say(call_id, room_of_it, room_of_it.station_says(signal, now_s=now_s))

    def _say(self, call_id: CallId, room: Room, said: Said) -> None:
        for signal in said.to_station:  # one that is not sent now is said again while it holds
            self._hub.publish_signal(call_id.station, Topic.SIGNAL, encode_signal(signal))
        visit = self.photos.visit(call_id.station)
        for page, message in said.to_pages:
            line = room.lines.get(page)
            of_another = message["type"] == "photo" and not room.may_tell(message["photo"], visit)
            if line is None or of_another:  # of the person before: not even when the room says all again
                continue
            if message["type"] in ("taken", "ended"):
                room.forget(page)
                line.end(message)
            else:
                line.send(message)

    # Time, and the desk

    async def _keep_ticking(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            for call_id, room in list(self._rooms.items()):
                self._say(call_id, room, room.tick(now_s=self._hub.now_s()))
            self._has_news.set()

    async def _keep_telling(self) -> None:
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            await self._tell_desk()

    async def _tell_desk(self) -> None:
        has_relay = bool(self._hub.config.media.turn)
        for call_id, room in list(self._rooms.items()):
            input_ = room.input_due(now_s=self._hub.now_s(), has_relay=has_relay)
            if input_ is None:
                continue
            by = room.call.speaker if input_ is Input.JOINED else None
            try:
                await self._desk.give(call_id, Given(input=input_, by=by))
            except StoreFailedError as error:  # it is looked at again
                log.debug("call %s: %s is not written down: %s", call_id, input_.name, error)
