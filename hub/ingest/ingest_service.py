"""Takes what the broker delivers, commits it in batches, and only then says so: to boxes, then to rooms."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from contract.errors import Refusal, RefusedError
from contract.header import encode_record
from contract.ids import BoxName, KeyId, RecordClass, SpoolId, StationId, parse_spool
from contract.media import MediaSignal, is_up
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord, encode_receipt
from contract.signals import BoxState, Replaced, encode_signal, parse_signal
from contract.topics import Topic, parse_topic
from hub.clock import Clock
from hub.hub import IngestState
from hub.ingest.committed import Committed, OnCommitted, OnSignal, SignalHeard
from hub.ingest.ingest import Counters, Payload, Sent, Spool, open_event, read_batch
from hub.ingest.intake import BatchWindow, Intake
from hub.ingest.keyring import KeyRing
from hub.ingest.latency import Latency
from hub.ingest.receipt_desk import ReceiptDesk
from hub.ingest.seal_service import Publish, SealService
from hub.people.boxes import Standing, Standings
from hub.store.interface import Arrival, Outcome, Store, StoreFailedError
from hub.store.threads import StoreThread

T = TypeVar("T")

LOG = logging.getLogger(__name__)

HELLOS_A_BATCH: Final = 500
NO_BOOK: Final = Standings()  # every box is its station


@dataclass(frozen=True, slots=True)
class _Work:
    """What one turn of the worker takes on."""

    payloads: Sequence[Payload]
    hellos: Mapping[Spool, Sent]


@dataclass(frozen=True, slots=True)
class _Done:
    """What it made of it."""

    committed: list[Committed]
    refused: Mapping[Spool, list[RefusedRecord]]
    sent: Mapping[Spool, Sent]
    ranges: Mapping[Spool, Mapping[RecordClass, SeqRanges]]


class IngestService:
    """The hub's side of the uplink. All methods belong to the event loop's thread."""

    def __init__(
        self,
        *,
        clock: Clock,
        writer: StoreThread,
        ring: KeyRing,
        epoch: int,
        publish: Publish,
        seal: SealService,
        standing: Callable[[BoxName], Standing] = NO_BOOK.of,
        current: Callable[[StationId], BoxName] = BoxName,
        greet: Callable[[BoxName, BoxState], None] = lambda _box, _state: None,
    ) -> None:
        """`ring` is used on the writer's thread only; `publish` returns False when the broker is away.
        `standing`: how a box stands that says something; `current`: which one a station has now;
        `greet`: a box that is not revoked says hello, now.
        """
        self._standing, self._current, self._greet = standing, current, greet
        self._clock, self._writer, self._ring, self._publish = clock, writer, ring, publish
        self._desk = ReceiptDesk(epoch=epoch)
        self._on_committed: list[OnCommitted] = []
        self._on_signal: list[OnSignal] = []
        self._intake, self._window = Intake(), BatchWindow()
        self._hellos: dict[Spool, Sent] = {}
        self._has_work, self._is_urgent, self._has_note = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._counters = Counters()
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._refused_counts: dict[str, int] = {}
        self._fault: str | None = None
        self._fault_since_s: float | None = None
        self._poisoned_count = 0
        self._receipt_count = 0
        self.turns = 0  # of committing
        self._latency = Latency()
        self._seal = seal
        self.on_signal(seal.on_signal)
        self.on_committed(seal.on_committed)

    def on_committed(self, listener: OnCommitted) -> None:
        """Call `listener` after every commit, in the loop. An event opened late is told again, with it."""
        self._on_committed.append(listener)

    def on_signal(self, listener: OnSignal) -> None:
        """Call `listener` for each `state` and `up/signal`."""
        self._on_signal.append(listener)

    def state(self) -> IngestState:
        """How ingest is, for pages."""
        return IngestState(
            fault=self._fault,
            fault_since_s=self._fault_since_s,
            stored_count=self._outcomes[Outcome.STORED],
            duplicate_count=self._outcomes[Outcome.DUPLICATE],
            other_content_count=self._outcomes[Outcome.OTHER_CONTENT],
            dropped_parcel_count=self._intake.dropped_count + self._poisoned_count,
            refused_counts=self._refused_counts,
            first_refusal_text=self._counters.first_text,
            receipt_count=self._receipt_count,
            commit_counts=self._latency.counts,
            commit_total_s=self._latency.total_s,
        )

    def take(self, topic: str, data: bytes, *, is_retained: bool) -> None:
        """Take one message of the broker. Never raises on a peer's bytes."""
        try:
            box, kind = parse_topic(topic)
        except RefusedError as error:
            LOG.debug("refused: %s", error)
            self._counters.refused[error.refusal] += 1
            return
        standing = self._standing(box)
        if standing is Standing.REVOKED:
            text = f"box {box} is revoked, and says something on {kind.value}"
            self._counters.refuse(box.station, RefusedError(Refusal.WRONG_TOPIC, text))
            return
        former = box if standing is Standing.FORMER else None
        if kind is Topic.STATE and former is not None:
            self._take_hello_of_former(former, data, is_retained=is_retained)
        elif kind in (Topic.STATE, Topic.UP_SIGNAL) and former is None:
            self._take_signal(box, kind, data, is_retained=is_retained)
        elif kind in (Topic.UP_CALL, Topic.UP_NUMERIC, Topic.UP_WAVEFORM, Topic.UP_PART):
            self._take_parcel(box.station, RecordClass(int(kind.value[-1])), data, former)

    async def take_in(self, payloads: Sequence[Payload]) -> Counter[str]:
        """Store parcels that came by hand, now; return what became of their records, by the outcome's name or
        "refused". Raises StoreFailedError: nothing of them was stored.
        """
        done = await self._writer.run(lambda store: self._store(store, _Work(payloads, {})))
        self._announce(done, {})
        counts = Counter(one.outcome.value for one in done.committed)
        refused = sum(len(some) for some in done.refused.values()) - counts[Outcome.OTHER_CONTENT.value]
        return counts + Counter(refused=refused)

    async def run(self) -> None:
        """Commit and answer until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._commit_for_ever(), name="ingest-commit")
            tasks.create_task(self._send_receipts_for_ever(), name="ingest-receipts")
            tasks.create_task(self._seal.run(self._open_waiting), name="ingest-seal-keys")

    def _take_parcel(
        self, station: StationId, record_class: RecordClass, data: bytes, former: BoxName | None
    ) -> None:
        utc_us, now_s = self._clock.utc_now_us(), self._clock.now_s()
        payload = Payload(station, record_class, data, utc_us, now_s, former)
        if not self._intake.put(payload):
            if self._intake.dropped_count == 1:
                LOG.warning("ingest is behind: parcels are dropped, the boxes will send them again")
            return
        self._has_work.set()
        if record_class is RecordClass.CALL or self._intake.is_full_batch:
            self._is_urgent.set()

    def _take_hello_of_former(self, box: BoxName, data: bytes, *, is_retained: bool) -> None:
        """A box that is the station no more is told so, and what is here of its spool; no room hears of
        it.
        """
        try:
            signal = parse_signal(data) if data else None
            if not isinstance(signal, BoxState) or not signal.connected:
                return
            spool = (box.station, parse_spool(signal.spool))
        except RefusedError as error:
            self._counters.refuse(box.station, error)
            return
        sent_t_us = 0 if is_retained else signal.t_us
        self._hellos[spool] = Sent(sent_t_us, self._clock.utc_now_us(), box)
        self._has_work.set()
        if not is_retained:
            self._greet(box, signal)
        by = self._current(box.station)
        self._publish(box, Topic.SIGNAL, encode_signal(Replaced(by=str(by))))

    def _take_signal(self, box: BoxName, topic: Topic, data: bytes, *, is_retained: bool) -> None:
        station = box.station
        if topic is Topic.STATE and not data:
            return  # somebody cleared what was retained
        try:
            signal = parse_signal(data)
        except RefusedError as error:
            self._counters.refuse(station, error)
            return
        is_at_home = (
            isinstance(signal, BoxState)
            if topic is Topic.STATE
            else isinstance(signal, MediaSignal) and is_up(signal)
        )
        if not is_at_home:
            text = f"signal {signal.signal!r} came on {topic.value}"
            self._counters.refuse(station, RefusedError(Refusal.WRONG_TOPIC, text))
            return
        heard = SignalHeard(station, topic, signal, is_retained, self._clock.now_s())
        if topic is Topic.STATE and isinstance(signal, BoxState) and signal.connected:
            try:
                spool = (station, parse_spool(signal.spool))
            except RefusedError as error:
                self._counters.refuse(station, error)
                return
            sent_t_us = 0 if is_retained else signal.t_us  # an old time is no time exchange
            self._hellos[spool] = Sent(sent_t_us, self._clock.utc_now_us())
            self._has_work.set()
            if not is_retained:
                self._greet(box, signal)
        for listener in self._on_signal:
            _call_listener(listener, heard)

    async def _commit_for_ever(self) -> None:
        while True:
            await self._has_work.wait()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._window.length_s):
                    await self._is_urgent.wait()
            work = self._next_work()
            self._window.on_batch(len(work.payloads))
            await self._take_turn(work)
            self.turns += 1

    @property
    def has_work(self) -> bool:
        """Whether anything waits to be committed."""
        return self._has_work.is_set()

    def _next_work(self) -> _Work:
        batch = self._intake.take_batch()
        names = list(self._hellos)[:HELLOS_A_BATCH]
        hellos = {name: self._hellos.pop(name) for name in names}
        if self._intake.is_empty and not self._hellos:
            self._has_work.clear()
            self._is_urgent.clear()
        return _Work(batch, hellos)

    async def _take_turn(self, work: _Work) -> None:
        try:
            done = await self._writer.run(lambda store: self._store(store, work))
        except StoreFailedError as error:
            self._note_fault(str(error))
            if work.payloads and work.hellos:  # who says hello is told what is stored, full disk or not
                await self._take_turn(_Work([], work.hellos))
        except Exception:  # noqa: BLE001 - logged there; one parcel must not stop the others
            await self._take_apart(work)
        else:
            if any(one.outcome is Outcome.STORED for one in done.committed):
                self._clear_fault()
            if work.payloads:
                first_s = min(payload.received_s for payload in work.payloads)
                self._latency.note(self._clock.now_s() - first_s)
            self._announce(done, work.hellos)

    async def _take_apart(self, work: _Work) -> None:
        """Something of the batch does what nobody expected: the others shall not suffer for it."""
        LOG.exception("a batch of %d parcels failed in a way that is our own fault", len(work.payloads))
        if len(work.payloads) <= 1:
            self._poisoned_count += 1
            if work.payloads and work.hellos:
                await self._take_turn(_Work([], work.hellos))
            return
        for payload in work.payloads:
            await self._take_turn(_Work([payload], {}))
        await self._take_turn(_Work([], work.hellos))

    def _store(self, store: Store, work: _Work) -> _Done:
        """On the writer's thread: read, commit, open what waited for a key. Raises StoreFailedError."""
        batch = read_batch(work.payloads, ring=self._ring, find_key=store.key_event, counters=self._counters)
        outcomes = store.commit(batch.arrivals) if batch.arrivals else []
        told = zip(batch.arrivals, outcomes, batch.received_s, strict=True)
        committed = [Committed(*one) for one in told]
        for one in committed:
            if one.outcome is Outcome.OTHER_CONTENT:
                _, _, record_class, seq = one.arrival.record_id
                spool = (one.arrival.station, one.arrival.spool)
                batch.refused[spool].append(RefusedRecord(record_class, seq, Refusal.OTHER_CONTENT))
        for key in dict.fromkeys(batch.keys):
            try:
                committed += self._open_late(store, key, received_s=max(batch.received_s, default=0.0))
            except StoreFailedError as error:  # the batch itself is safe; the events wait for a restart
                LOG.error("events that waited for key %s could not be filed: %s", key, error)
        ranges = {spool: store.ranges(*spool) for spool in (*batch.sent, *work.hellos)}
        return _Done(committed, batch.refused, batch.sent, ranges)

    async def _open_waiting(self) -> None:
        """Open the events that wait although their key is here: it could not be unwrapped until now."""
        now_s = self._clock.now_s()
        try:
            for key in await self._writer.run(lambda store: store.waiting_keys()):
                opened = await self._writer.run(partial(self._open_late, key=key, received_s=now_s))
                if opened:
                    LOG.info("%d events that waited for key %s are opened", len(opened), key)
                    self._tell(opened)
        except StoreFailedError as error:
            LOG.error("events that waited for their key could not be filed: %s", error)

    def _open_late(
        self, store: Store, key: tuple[StationId, SpoolId, KeyId], *, received_s: float
    ) -> list[Committed]:
        if self._ring.opener(store.key_event, *key) is None:
            return []
        opened = []
        for stored in store.unopened(*key):
            arrival = Arrival(
                station=key[0],
                spool=key[1],
                boot=stored.record.header.boot,
                sent_t_us=stored.record.header.t_us,
                received_utc_us=stored.received_utc_us,
                record=stored.record,
                raw=encode_record(stored.record),
            )
            event = open_event(arrival, ring=self._ring, find_key=store.key_event, counters=self._counters)
            if event is not None:
                store.file_event(stored.record_id, event, now_utc_us=self._clock.utc_now_us())
                opened.append(Committed(replace(arrival, event=event), Outcome.STORED, received_s))
        return opened

    def _announce(self, done: _Done, hellos: Mapping[Spool, Sent]) -> None:
        """Count, then tell the boxes, then the rooms."""
        self._count(done)
        now_s = self._clock.now_s()
        urgent = set(hellos)
        for one in done.committed:
            if one.arrival.record_class is RecordClass.CALL:
                urgent.add((one.arrival.station, one.arrival.spool))
        for spool, ranges in done.ranges.items():
            sent = done.sent.get(spool) or hellos[spool]
            refused = done.refused.get(spool, ())
            self._desk.note(spool, sent, ranges, refused=refused, is_urgent=spool in urgent, now_s=now_s)
        self._send_due()
        self._has_note.set()
        self._tell(done.committed)

    def _tell(self, committed: Sequence[Committed]) -> None:
        if committed:
            for listener in self._on_committed:
                _call_listener(listener, committed)

    def _count(self, done: _Done) -> None:
        for one in done.committed:
            self._outcomes[one.outcome] += 1
            if one.outcome is Outcome.OTHER_CONTENT:
                LOG.error("%s came with other content than before; the first stays", one.arrival.record_id)
        counts: Counter[str] = Counter()
        for counter in (self._counters.refused, self._counters.unopened):
            counts.update({refusal.name.lower(): count for refusal, count in counter.items()})
        self._refused_counts = dict(counts)

    def _send_due(self) -> None:
        for station, receipt in self._desk.due(
            now_s=self._clock.now_s(), utc_now_us=self._clock.utc_now_us()
        ):
            if not self._publish(station, Topic.RECEIPT, encode_receipt(receipt)):
                LOG.debug("no broker: the receipt for %s goes out when the box says hello again", station)
            else:
                self._receipt_count += 1

    async def _send_receipts_for_ever(self) -> None:
        while True:
            self._has_note.clear()
            due_s = self._desk.next_due_s
            with suppress(TimeoutError):
                async with asyncio.timeout(None if due_s is None else max(0.0, due_s - self._clock.now_s())):
                    await self._has_note.wait()
            self._send_due()

    def _note_fault(self, text: str) -> None:
        LOG.log(logging.ERROR if self._fault is None else logging.DEBUG, "%s", text)
        self._fault = text
        if self._fault_since_s is None:
            self._fault_since_s = self._clock.now_s()

    def _clear_fault(self) -> None:
        if self._fault is not None:
            LOG.info("the store works again")
        self._fault = self._fault_since_s = None


def _call_listener(listener: Callable[[T], None], value: T) -> None:
    try:
        listener(value)
    except Exception:
        LOG.exception("a room failed over what ingest told it; the records are safe")
