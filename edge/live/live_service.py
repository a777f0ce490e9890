"""`edge vitals`' side of the live view on the station's own screen: looks, and tells whoever looks on.

A screen is told by a stream of the control socket: each message is its kind (`t` a text, `b` samples), its
length (u32, little-endian) and itself. Nothing waits here for a screen: while it does not read, it is told
nothing, and what it missed it gets from the last seconds that are in memory anyway. Source: docs/live.md.
"""

import asyncio
import contextlib
import logging
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from contract.ids import NO_VISIT, SpoolId, visit_code
from contract.times import Anchor
from edge.advice.advice_service import AdviceService
from edge.control_service import Talk
from edge.errors import ControlError
from edge.health.own_clocks import NOT_BEFORE_S
from edge.health.wall_clock import read_kernel_time
from edge.live.link_facts import LinkDiary, LinkFacts, kept_of
from edge.live.look import Look
from edge.live.station_time import StationTime
from edge.live.watch import Message, Watch
from edge.rooms import Rooms
from edge.uplink.answers import Answers
from edge.wishes_service import HubWishes

log = logging.getLogger(__name__)

TICK_S: Final = 0.2
WATCHERS_MAX: Final = 4  # screens of a station, and one that is being put in the place of another
UNREAD_MAX_BYTES: Final = (
    262_144  # that wait for a screen, beside what the kernel holds: then it gets no more
)
STALLED_MAX_S: Final = 20.0  # one that reads nothing for so long is dead
HEARD_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 30.0  # at the card, while nothing can be sent
_UNSURE_US: Final = 3_600_000_000  # of a wall clock that nothing keeps right
_HEAD: Final = struct.Struct("<cI")


@dataclass(frozen=True, slots=True)
class Shown:
    """The rooms of which the station's page says something in words."""

    rooms: Rooms
    advice: AdviceService
    wishes: HubWishes

    @property
    def name(self) -> str:
        """What people call the station."""
        return self.wishes.settings.station_name

    def outline(self) -> tuple[object, ...]:
        """Return what they show, in short: another one is worth a look."""
        rooms, media = self.rooms, self.rooms.video.media
        devices = (media.is_connected, media.camera, media.microphone, media.loudspeaker) if media else ()
        return (
            self.name, rooms.call.outline(), self.advice.outline(), rooms.instruments.outline(), devices,
        )  # fmt: skip


class LiveService:
    """All methods on the loop. `run` until cancelled."""

    def __init__(self, rooms: Rooms, advice: AdviceService, wishes: HubWishes, *, spool_id: SpoolId) -> None:
        self._statuses, self._shown = rooms.statuses, Shown(rooms, advice, wishes)
        self._clock, self._spool = rooms.clock, rooms.spool
        self._capture, self._uplink = rooms.capture, rooms.uplink
        self._station, self._boot, self._spool_id = rooms.config.station, rooms.boot, spool_id
        self.time = StationTime()
        self._link = LinkDiary()
        self._watchers = 0
        self._news = 0
        self._outlined: tuple[object, ...] = ()
        self._learn_wall_clock()

    def _learn_wall_clock(self) -> None:
        """Better than no time at all, and told as unsure."""
        kernel = read_kernel_time(self._clock.now_us)
        if kernel is not None and kernel.utc_us >= NOT_BEFORE_S * 1_000_000:
            self.time.learn(Anchor(self._boot, kernel.before_us, kernel.utc_us, _UNSURE_US, "rtc"))

    def questions(self) -> dict[str, Any]:
        """Return who answers what is asked of it, by the names of the questions."""
        return {"link": self._link_now}

    async def run(self) -> None:
        """See how the link is until cancelled, and while there is none whether the card still holds all."""
        looked_s = self._clock.now_s()
        while True:
            self._tick()
            now_s = self._clock.now_s()
            if self._link.is_connected is False and now_s - looked_s >= LOOK_EVERY_S:
                looked_s = now_s
                await self._statuses.look()
            await asyncio.sleep(1.0)

    def _tick(self) -> Answers:
        self._link.look(
            is_connected=self._uplink.link.connected_since_s is not None,
            given_up=self._statuses.given_up_count,
            now_s=self._clock.now_s(),
        )
        return self._uplink.look_for_answers()

    async def _link_now(self, _request: Mapping[str, Any]) -> Mapping[str, Any]:
        answers = self._tick()
        now_s, now_us, link = self._clock.now_s(), self._clock.now_us(), self._uplink.link
        kept_s, records = kept_of(self._statuses.owed())
        time, round_trip_s, since_s = (
            self.time.now(now_us=now_us),
            self._uplink.round_trip_s,
            self._link.since_s,
        )
        last_s = max(link.last_receipt_s or 0.0, link.connected_since_s or 0.0)
        facts = LinkFacts(
            station_name=self._shown.name,
            is_connected=link.connected_since_s is not None,
            is_heard=not link.refused_by_broker and (not records or now_s - last_s < HEARD_WITHIN_S),
            heard_ago_s=answers.heard_ago_s(now_s=now_s),
            unanswered_s=answers.unanswered_s(now_s=now_s),
            for_s=None if since_s is None else now_s - since_s,
            since_utc_ms=None
            if since_s is None or time.utc_us is None
            else (time.utc_us - now_us) / 1000 + since_s * 1000,
            round_trip_ms=None if round_trip_s is None else round(round_trip_s * 1000),
            kept_s=kept_s,
            records=records,
            given_up=self._link.given_up_since(self._statuses.given_up_count),
            has_card_problem=self._spool.problem is not None,
            now_utc_ms=None if time.utc_us is None else time.utc_us / 1000,
            is_time_sure=time.is_sure,
        )
        return facts.model_dump()

    def open_stream(self, pid: int) -> Talk:
        """Return how to talk with a screen. Raises ControlError: there are enough."""
        if self._watchers >= WATCHERS_MAX:
            raise ControlError(f"{WATCHERS_MAX} screens look on already; end one of them")
        log.debug("process %d looks on", pid)
        return self._talk

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._watchers += 1
        gone = asyncio.create_task(reader.read(1), name="a screen goes")
        watch, read_at_s = Watch(), self._clock.now_s()
        try:
            while not gone.done():
                now_s = self._clock.now_s()
                if writer.transport.get_write_buffer_size() <= UNREAD_MAX_BYTES:
                    read_at_s = now_s
                    for message in watch.messages(self._look()):
                        writer.write(framed(message))
                elif now_s - read_at_s > STALLED_MAX_S:
                    log.warning("a screen has read nothing for %.0f s", STALLED_MAX_S)
                    writer.transport.abort()
                    return
                await asyncio.wait([gone], timeout=TICK_S)
        finally:
            self._watchers -= 1
            gone.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await gone

    def _look(self) -> Look:
        now_us, capture = self._clock.now_us(), self._capture
        outlined = (
            self._shown.outline(),
            (capture.visit, capture.asks(now_us=now_us), capture.awaits_sensors_off),
            self._uplink.link.connected_since_s is not None,
        )
        if outlined != self._outlined:
            self._outlined = outlined
            self._news += 1
        visit = capture.visit
        return Look(
            station=self._station,
            now_us=now_us,
            zero_ms=self.time.zero_us / 1000,
            clock_no=self.time.step_no,
            is_utc_known=self.time.now(now_us=now_us).utc_us is not None,
            visit=visit,
            code="" if visit == NO_VISIT else visit_code(self._spool_id, visit),
            sights=capture.sights(),
            recent=capture.recent,
            news=self._news,
        )


def framed(message: Message) -> bytes:
    """Return a message as it goes over the socket."""
    kind, data = (b"t", message.encode()) if isinstance(message, str) else (b"b", message)
    return _HEAD.pack(kind, len(data)) + data
