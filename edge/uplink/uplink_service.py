"""The box's side of the link: keeps one connection, sends what is owed, hears what the hub says.

It asks the cores: `Scheduler` what goes next, `Window` whether it may, `Owed` what must go again.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from math import inf
from typing import Final

from contract.commands import parse_command
from contract.errors import RefusedError
from contract.ids import BootId, RecordClass, SpoolId
from contract.media import MediaSignal
from contract.parcels import Parcel, encode_parcel
from contract.receipts import Receipt, parse_receipt
from contract.signals import Interest, encode_signal, parse_signal
from contract.topics import Topic, parse_topic, topic_of_class
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.errors import SpoolError
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.uplink.answers import Answers
from edge.uplink.backoff import Backoff
from edge.uplink.door_service import Door
from edge.uplink.ears import Ears
from edge.uplink.figures import figures_of
from edge.uplink.link_state import LinkState
from edge.uplink.mqtt import Connection, Will
from edge.uplink.owed import Owed
from edge.uplink.own_state import OwnState
from edge.uplink.receipts_service import READ_AGAIN_S, Card, Receipts, exchange_of
from edge.uplink.silence import Silence
from edge.uplink.sources import Source, Sources
from edge.uplink.timeline import Timeline
from edge.uplink.tls import HubTls
from edge.uplink.window import Window

log = logging.getLogger(__name__)

CONNECT_MAX_S: Final = 25.0  # from the first packet to standing subscriptions
FIRST_RECEIPT_WAIT_S: Final = 2.0  # after connecting the hub says what it has; do not send that again
STALL_MIN_S: Final = 15.0  # without any PUBACK while one is due
ROUND_TRIP_GUESS_S: Final = 0.6  # until one is measured
LOOK_AT_TCP_S: Final = 0.1  # while something waits for room: nobody tells of holes


class Uplink:
    """Sends what is owed for as long as `run` runs."""

    def __init__(
        self,
        config: BoxConfig,
        clock: BoxClock,
        *,
        spool: SpoolId,
        boot: BootId,
        owed: Owed,
        timeline: Timeline,
        card: Card,
        load: Callable[[Page], Awaitable[list[OwedRecord]]],
        read: Callable[[RecordClass, Iterable[int]], Awaitable[dict[int, bytes]]],
        reload: Callable[[Receipt], Awaitable[Mapping[RecordClass, Ledger]]],
        ears: Ears,
        rng: random.Random,
    ) -> None:
        self.link = LinkState()
        self.turns = 0  # of sending; it goes on while this grows
        self._config, self._clock, self._spool, self._boot = config, clock, spool, boot
        self._state = OwnState(config, clock, spool=spool, boot=boot, open_call=ears.open_call)
        self.sources = Sources(Source(spool, boot, owed, load, read, reload, ears.on_receipt))
        self._ears, self._taking = ears, Receipts(self.sources, timeline, card)
        self._window, self._silence, self._answers = Window(), Silence(), Answers()
        self._connection: Connection | None = None
        self._tls, self._backoff, self._holes = HubTls(config), Backoff(rng.uniform), 0
        self._door = Door(config, self._tls.way, now_s=clock.now_s)
        self._wake, self._over = asyncio.Event(), asyncio.Event()
        self._hurry = asyncio.Event()  # a call waits for its receipt, or another link is used
        self._is_open = False  # calls may go, although the broker has not said yet that it takes us
        self._waits_for_room = False
        self._connect_limit: asyncio.Timeout | None = None
        self._connected_us, self._hold_until_s, self._live_until_s = 0, 0.0, 0.0
        self._read_problem: str | None = None
        self._told: str | None = None  # the last trouble that was logged
        self._receipts: asyncio.Queue[tuple[Receipt, int]] = asyncio.Queue(maxsize=100)  # heard at, µs

    # What others ask and say

    @property
    def is_live(self) -> bool:
        """Whether somebody watches now."""
        return self._clock.now_s() < self._live_until_s

    @property
    def round_trip_s(self) -> float | None:
        """The smoothed time to a PUBACK."""
        return self._window.round_trip_s

    def look_for_answers(self) -> Answers:
        """Look whether the broker owes us an answer now, and return what is known of that."""
        tcp = self._connection.tcp_state() if self._connection is not None and self._is_connected else None
        self._answers.look(
            heard_ago_s=None if tcp is None or tcp.heard_s == inf else tcp.heard_s,
            is_asked=tcp is not None and (tcp.on_the_way > 0 or self._window.oldest_sent_s is not None),
            now_s=self._clock.now_s(),
        )
        return self._answers

    @property
    def owed(self) -> Owed:
        """What the own spool owes."""
        return self.sources.own.owed

    def look_again(self) -> None:
        """A former spool came, or has more to send than before."""
        if self.sources.owes_calls:
            self._hurry.set()
        self._wake.set()

    def share_link(self, *, is_in_call: bool, media_bps: int | None = None) -> None:
        """Say whether voice and picture are on the link too, and what it gives them: we leave them room."""
        self._window.share(is_in_call=is_in_call, media_bps=media_bps)

    @property
    def local_address(self) -> str | None:
        """By which of this machine's addresses the box is connected, or tries to be; None: by none."""
        return None if self._connection is None else self._connection.local_address()

    def connect_anew(self, why: str) -> None:
        """Whatever the connection goes by is of no use any more."""
        self._hurry.set()
        self.on_disconnected(why)

    def add(self, records: Iterable[OwedRecord]) -> None:
        """These were stored: send them in their turn."""
        for record in records:
            self.owed.add(record)
            if record.record_class == RecordClass.CALL:
                self._hurry.set()
        self._wake.set()

    def say_state(self) -> None:
        """Say (again) that we are here and which call is open."""
        if self._connection is not None and self.link.connected_since_s is not None:
            self._connection.publish(Topic.STATE, self._state.encoded(connected=True))

    def say_media(self, signal: MediaSignal) -> bool:
        """Say a signal of picture and voice; False: the hub cannot be reached now, and nothing is kept."""
        if self._connection is None or self.link.connected_since_s is None:
            return False
        self._connection.pace(inf)  # parcels may be slow in a call; who waits for an answer must not be
        return self._connection.publish(Topic.UP_SIGNAL, encode_signal(signal)) is not None

    def ask_for_desired(self) -> bool:
        """Have the broker hand out the desired document again; False: the hub cannot be reached now."""
        if self._connection is None or self.link.connected_since_s is None:
            return False
        return self._connection.ask_again(Topic.DESIRED)

    def figures(self) -> dict[str, float | int | bool | None]:
        """Return what is known of the way to the hub."""
        return figures_of(self._window, None if self._connection is None else self._connection.tcp_state())

    @property
    def parcel_bytes(self) -> int:
        """The size to which a parcel may grow on the link of now."""
        return self._window.parcel_bytes

    # Running

    async def run(self) -> None:
        """Connect, send, connect again, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_connected(), name="uplink connection")
            tasks.create_task(self._keep_sending(), name="uplink sending")
            tasks.create_task(self._keep_receiving(), name="uplink receipts")
            tasks.create_task(self._door.run(is_idle=self._is_idle, go_back=self._go_back), name="uplink way")

    async def _keep_connected(self) -> None:
        while True:
            await self._taking.before_connecting()
            where = await self._door.choose()
            started_s, self.link.port = self._clock.now_s(), where.hub_port
            self._over.clear()
            will = Will(self._state.encoded(connected=False))
            connection = self._connection = Connection(where, self._tls, will, self)
            connection.open()
            try:
                await self._until_over()
            finally:
                connection.close()
                self._forget_connection()
            if (self.link.last_receipt_s or 0.0) > started_s:
                self._backoff.connection_was_of_use()
            else:
                self._door.on_failed(where.hub_port, was_open=connection.was_open)
            await self._wait_to_connect()
            self.link.reconnects += 1

    async def _wait_to_connect(self) -> None:
        """As long as the others; less when a call came since the last try, or another link is used."""
        began_s, wait_s = self._clock.now_s(), self._backoff.wait_s()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()
            self._hurry.clear()
            wait_s = min(wait_s, self._backoff.call_wait_s())
            await asyncio.sleep(began_s + wait_s - self._clock.now_s())

    async def _until_over(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_MAX_S) as self._connect_limit:
                await self._over.wait()
        except TimeoutError:
            self.on_disconnected(
                "the broker did not take us in time; the link is very slow or lets nothing through"
            )

    def _forget_connection(self) -> None:
        self.link.connected_since_s = None
        self._connection, self._is_open = None, False
        self.sources.connection_lost()
        self._window.connection_lost()

    async def _keep_sending(self) -> None:
        while True:
            self._wake.clear()
            self._look_at_tcp()
            self._on_due()
            try:
                await self._send_all()
                wait_s = self._wait_s()
                self._read_problem = None
            except SpoolError as error:
                log.log(logging.DEBUG if self._read_problem else logging.ERROR, "nothing is sent: %s", error)
                self._read_problem, wait_s = str(error), READ_AGAIN_S
            self.turns += 1
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    def _wait_s(self) -> float | None:
        now_s = self._clock.now_s()
        due = [
            self.sources.next_due_s(),
            self._hold_until_s if self._hold_until_s > now_s else None,
            self._silence.next_s(now_s=now_s),
            self._stall_s(),
            self._window.next_room_s(now_s=now_s) if self._waits_for_room else None,
            now_s + LOOK_AT_TCP_S if self._waits_for_room else None,
        ]
        return min((max(0.0, at_s - now_s) for at_s in due if at_s is not None), default=None)

    def _stall_s(self) -> float | None:
        oldest_s = self._window.oldest_sent_s
        return None if oldest_s is None else oldest_s + max(STALL_MIN_S, 6 * (self._window.answer_s or 0.0))

    def _look_at_tcp(self) -> None:
        if self._connection is not None and self._is_open:
            tcp, now_s = self._connection.tcp_state(), self._clock.now_s()
            self._window.on_tcp(
                has_repaired=tcp.holes != self._holes,
                beyond_hole_bytes=tcp.beyond_hole_bytes,
                queue_s=tcp.queue_s,
                now_s=now_s,
            )
            self._holes, self.link.tcp, self.link.rate = tcp.holes, tcp, self._window.rate
            self.sources.heard(at_s=now_s - tcp.silent_s)

    def _on_due(self) -> None:
        now_s, stall_s = self._clock.now_s(), self._stall_s()
        if self.sources.overdue(now_s=now_s):
            self.on_disconnected("a call's record was not received in time: connecting anew")
        elif stall_s is not None and stall_s <= now_s:
            self.on_disconnected("nothing was acknowledged for long: the link is dead, connecting anew")

    async def _send_all(self) -> None:
        """Look up what is owed and send what may go; calls before either, and without a link look up only."""
        while True:
            chosen = self.sources.next_parcel(
                now_us=self._clock.now_us(), is_live=self.is_live, limit_bytes=self._window.parcel_bytes
            )
            is_call = chosen is not None and chosen.record_class == RecordClass.CALL
            may_call = is_call and self._connection is not None and self._is_open
            if not may_call and await self._look_up():
                continue
            self._waits_for_room = False
            if chosen is None or not (may_call or (self._is_connected and self._may_send())):
                return
            await self._send(*chosen)

    @property
    def _is_connected(self) -> bool:
        return self._connection is not None and self.link.connected_since_s is not None

    def _is_idle(self) -> bool:
        """Whether another connection would disturb nobody."""
        return self._is_connected and self._ears.open_call()[0] is None and not self.sources.owes_calls

    def _go_back(self) -> None:
        self.on_disconnected(f"port {self._config.hub_port} leads to the hub again: connecting there")

    async def _look_up(self) -> bool:
        """Look up the next page of what is owed; return whether there was one to look up."""
        wanted = self.sources.wanted()
        if wanted is None:
            return False
        source, page = wanted
        source.owed.take_page(page, await source.load(page))
        return True

    def _may_send(self) -> bool:
        """Whether anything but a call may go now; a call waits for nothing."""
        now_s = self._clock.now_s()
        if now_s < self._hold_until_s:
            return False
        if not self._window.has_room(now_s=now_s):
            self._waits_for_room = True
            return False
        return self._silence.may_send(is_on_the_way=self.sources.is_on_the_way, now_s=now_s)

    async def _send(self, source: Source, record_class: RecordClass, records: list[OwedRecord]) -> None:
        now_us, limit_bytes = self._clock.now_us(), self._window.parcel_bytes
        along = self.sources.riders(
            source, records, is_live=self.is_live, now_us=now_us, limit_bytes=limit_bytes
        )
        raw = {record_class: await source.raw(record_class, records)}
        if along:
            raw[RecordClass.WAVEFORM] = await source.raw(RecordClass.WAVEFORM, along)
        inside = [one for found in raw.values() for one in found.values()]
        await self._taking.before_sending(source)
        if self._connection is None or not self._is_open or not inside:
            return
        now_s = self._clock.now_s()
        parcel = Parcel(source.spool, source.boot, self._clock.now_us(), inside)
        payload = encode_parcel(parcel)
        self._connection.pace(self._window.pace(is_urgent=record_class == RecordClass.CALL))
        message_id = self._connection.publish(topic_of_class(record_class), payload)
        if message_id is None:
            return
        self._window.on_sent(message_id, len(payload), now_s=now_s)
        self._silence.on_sent(now_s=now_s)
        round_trip_s = self._window.answer_s or ROUND_TRIP_GUESS_S
        for one_class, found in raw.items():
            source.owed.sent(one_class, found, now_s=now_s, round_trip_s=round_trip_s)
            self._taking.on_sent(source, one_class, found)
        self.link.parcels_sent += 1
        self.link.bytes_sent += len(payload)

    # What the connection says (edge.uplink.mqtt.Listener)

    def on_open(self) -> None:
        """The broker hears us: a call goes up right behind our name."""
        self._is_open, self._holes = True, 0
        self._connected_us = self._clock.now_us()
        self._wake.set()

    def on_connected(self) -> None:
        """The broker took us."""
        now_s = self._clock.now_s()
        self.link.connected_since_s, self.link.problem, self.link.refused_by_broker = now_s, None, None
        if self._connect_limit is not None:
            self._connect_limit.reschedule(None)
        self._hold_until_s = now_s + FIRST_RECEIPT_WAIT_S
        level = logging.INFO if self._told is None else logging.DEBUG
        port = self.link.port or self._config.hub_port
        log.log(level, "connected to %s:%d", self._config.hub_host, port)
        self._door.on_up(port)
        self._silence.on_connected()
        self._ears.on_connected()
        self.say_state()
        self._wake.set()

    def on_disconnected(self, why: str) -> None:
        """The connection is over."""
        if self._over.is_set():
            return
        log.log(logging.DEBUG if self._told == why else logging.WARNING, "uplink: %s", why)
        self._told = why
        self.link.problem = why
        self.link.connected_since_s, self._is_open = None, False
        self._over.set()
        self._wake.set()

    def on_acknowledged(self, message_id: int) -> None:
        """A PUBACK: the window moves, nothing else."""
        self._look_at_tcp()
        self._window.on_acknowledged(message_id, now_s=self._clock.now_s())
        self._wake.set()

    def on_refused(self, why: str) -> None:
        """The broker takes nothing, or not that: the record stays owed."""
        text = f"the broker does not take what {self._config.station} says: {why}"
        if self.link.refused_by_broker is None:
            log.log(logging.DEBUG if self._told == text else logging.WARNING, "uplink: %s", text)
            self._told = text
        self.link.refused_by_broker = text

    def on_message(self, topic: str, payload: bytes) -> None:
        """The hub says something; what cannot be read is counted."""
        try:
            match parse_topic(topic)[1]:
                case Topic.RECEIPT:
                    self._silence.on_heard()
                    receipt = parse_receipt(payload)
                    if self.sources.of(receipt.spool) is not None and not self._receipts.full():
                        self._receipts.put_nowait((receipt, self._clock.now_us()))
                case Topic.INTEREST | Topic.SIGNAL:
                    self._silence.on_heard()
                    self._on_signal(payload)
                case Topic.DESIRED:
                    self._ears.on_desired(payload)
                case Topic.COMMAND:
                    self._silence.on_heard()
                    self._ears.on_command(parse_command(payload))
                case _:
                    self.link.bad_messages += 1
        except RefusedError as error:
            self.link.bad_messages += 1
            level = logging.WARNING if self.link.bad_messages == 1 else logging.DEBUG
            log.log(level, "the hub's message on %s was not understood: %s", topic, error)

    def _on_signal(self, payload: bytes) -> None:
        match parse_signal(payload):
            case Interest(lease_s=lease_s):
                was_live = self.is_live
                self._live_until_s = self._clock.now_s() + lease_s
                if self.is_live != was_live:
                    self._ears.on_live()
            case signal if not self._ears.hear(signal):
                self.link.bad_messages += 1

    async def _keep_receiving(self) -> None:
        while True:
            receipt, now_us = await self._receipts.get()
            self.link.last_receipt_s = now_us / 1e6
            self._hold_until_s = 0.0
            if self._told is not None:
                self._told = None
                log.info("the hub answers")
            await self._taking.take(receipt)
            if not self.sources.owes_calls:
                self._hurry.clear()
            if receipt.echo_sent_t_us >= self._connected_us:  # of this boot and connection
                anchor = exchange_of(receipt, heard_us=now_us).anchor(self._boot)
                if anchor is not None:
                    self._ears.on_exchange(anchor)
            self._wake.set()
