"""A simulated station (core): what it records, what it owes, and what it makes of the hub's words.

Its records are real: numbered, sealed to the hub's key with a nonce of their own, with a CRC. Its spool and
its key are new with each start, as those of a box with a new card. `now_s` is the machine's CLOCK_BOOTTIME.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contract.codecs import Codec
from contract.errors import RefusedError
from contract.events import (
    AnchorSet,
    BoxStarted,
    DeviceState,
    Event,
    KeyMade,
    LeadState,
    Press,
    Status,
    StreamSet,
    VisitOpened,
    encode_event,
    event_body,
)
from contract.events import (
    Owed as OwedOfClass,
)
from contract.header import Header, Kind, Record, encode_record
from contract.ids import (
    CLEAR,
    NO_VISIT,
    BootId,
    KeyId,
    RecordClass,
    SpoolId,
    StationId,
    StreamSetNo,
    VisitNo,
    spool_text,
)
from contract.limits import RECEIPT_EVERY_S
from contract.parcels import Parcel, encode_parcel
from contract.receipts import Receipt, parse_receipt
from contract.sealing import HubKey, Sealer
from contract.signals import BoxState, CallState, Interest, encode_signal, parse_signal
from contract.times import TimeExchange
from contract.topics import Topic, topic_name
from hub.simulate.bodies import STREAMS, Columns, Person, chunk_body
from hub.simulate.owed import Owed, OwedRecord

BOOT: Final = BootId(1)
VISIT: Final = VisitNo(1)
STREAM_SET: Final = StreamSetNo(1)
NO_SET: Final = StreamSetNo(0)
DEVICE: Final = "sim-board"
MODEL: Final = "Haidang (simulated)"
STATUS_EVERY_S: Final = 300.0
ANCHOR_EVERY_S: Final = 3_600.0
CALL_OVER: Final = ("ended", "cancelled", "unknown")
DISK_FREE_BYTES: Final = 24_000_000_000
_PARCELS_OF: Final = (
    (Topic.UP_CALL, (RecordClass.CALL,)),
    (Topic.UP_NUMERIC, (RecordClass.NUMERIC, RecordClass.WAVEFORM)),
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A parcel ready to be published."""

    topic: str
    payload: bytes
    records: Sequence[OwedRecord]


@dataclass(frozen=True, slots=True)
class Told:
    """What a receipt said. `commit_s`: from the publication of the newest parcel to here, where the hub was
    free to answer it at once; `presses_s`: from each press that it names for the first time to here.
    """

    records: int
    refused: int
    commit_s: float | None
    presses_s: Sequence[float]


class SimStation:
    """One of them. `has_probe`: without it there is no pleth, SpO2 or pulse."""

    def __init__(
        self,
        name: StationId,
        spool: SpoolId,
        hub_key: HubKey,
        person: Person,
        *,
        has_probe: bool = True,
    ) -> None:
        self.name, self.spool, self.owed = name, spool, Owed()
        self.round_trip_s: float | None = None
        self.connected_s: float | None = None
        self.open_call: int | None = None
        self._person, self._has_probe = person, has_probe
        self._sealer = Sealer(hub_key, station=name, spool=spool, key_id=KeyId(1))
        self._topics = {topic: topic_name(name, topic) for topic, _ in _PARCELS_OF}
        self._began_us = 0
        self._told_s = 0  # seconds of signal that are recorded
        self._leased_until_s = 0.0
        self._status_s = self._anchor_s = float("-inf")
        self._receipt_s = float("-inf")
        self._newest_t_us: int | None = None  # of a parcel that was sent for the first time
        self._presses: dict[int, float] = {}  # when, by seq; until the hub has it

    def begin(self, *, now_s: float) -> None:
        """The box starts: its key, what it is, who is being seen."""
        self._began_us = _us(now_s)
        key = KeyMade(key_id=1, wrapped_key=self._sealer.wrapped_key, hub_key=self._sealer.hub_key_number)
        header = self._header(Kind.EVENT, RecordClass.CALL, now_s, visit=NO_VISIT)
        self._keep(Record(header, encode_event(key)), now_s)
        self._record_event(BoxStarted(software="hub simulate", drafts_recovered=0), now_s, visit=NO_VISIT)
        self._record_event(DeviceState(device=DEVICE, state="connected"), now_s, visit=NO_VISIT)
        streams = StreamSet(set_no=STREAM_SET, device=DEVICE, streams=STREAMS, model=MODEL)
        self._record_event(streams, now_s, visit=NO_VISIT)
        self._record_event(VisitOpened(visit=VISIT, how="signal"), now_s)
        if not self._has_probe:
            self._record_event(LeadState(device=DEVICE, off=(1, 2, 3)), now_s)

    def is_live(self, *, now_s: float) -> bool:
        """Whether somebody at the hub watches."""
        return now_s < self._leased_until_s

    def next_record_s(self, *, now_s: float) -> float:
        """Return when `record` has something to do next."""
        length_s = (
            1 if self.is_live(now_s=now_s) else self._person.length_s - self._told_s % self._person.length_s
        )
        return self._began_us / 1e6 + self._told_s + length_s

    def record(self, *, now_s: float) -> None:
        """Record the signals up to now: by the second while somebody watches, else in whole chunks."""
        length_s = self._person.length_s
        past_s = int(now_s - self._began_us / 1e6)
        while self._told_s < past_s:
            is_whole = self._told_s % length_s == 0 and past_s - self._told_s >= length_s
            if is_whole:
                self._record_chunks(self._person.waveform, self._person.numerics, length_s, now_s)
            elif self.is_live(now_s=now_s) or self._told_s % length_s:
                self._record_chunks(*self._person.second(self._told_s), 1, now_s)
            else:
                break
        if now_s - self._status_s >= STATUS_EVERY_S:
            self._status_s = now_s
            self._record_event(self._status(now_s), now_s)

    def press(self, *, now_s: float) -> int:
        """The button is pressed; return the seq of its record, which is the call's unless one is open."""
        seq = self.owed.next_seq(RecordClass.CALL)
        press = Press(
            device=DEVICE, device_boot=1, press_count=seq, learned_from="event", nudges=self.open_call
        )
        self._record_event(press, now_s, record_class=RecordClass.CALL)
        self._presses[seq] = now_s
        if self.open_call is None:
            self.open_call = seq
        return seq

    @property
    def owes_press(self) -> bool:
        """Whether a press of it is not confirmed yet."""
        return bool(self._presses)

    def outgoing(self, *, now_s: float, calls_only: bool = False) -> list[Outgoing]:
        """Return what is to be published now, calls first; it counts as sent."""
        found = []
        for topic, classes in _PARCELS_OF[: 1 if calls_only else None]:
            for records in self.owed.due(*classes, now_s=now_s):
                if topic is Topic.UP_NUMERIC:
                    is_new = all(one.sent_s is None for one in records)
                    self._newest_t_us = _us(now_s) if is_new else None
                self.owed.sent(records, now_s=now_s)
                parcel = Parcel(self.spool, BOOT, _us(now_s), [one.raw for one in records])
                found.append(Outgoing(self._topics[topic], encode_parcel(parcel), records))
        return found

    def hear_receipt(self, payload: bytes, *, now_s: float) -> Told | None:
        """Take the hub's receipt; None when it is none of this spool's."""
        try:
            receipt = parse_receipt(payload)
        except RefusedError:
            return None
        if receipt.spool != self.spool:
            return None
        done = self.owed.take(receipt)
        presses_s = [
            now_s - self._presses.pop(one.seq)
            for one in done
            if one.record_class is RecordClass.CALL and one.seq in self._presses
        ]
        told = Told(len(done), len(receipt.refused), self._commit_s(receipt, now_s), presses_s)
        self._receipt_s = now_s
        self._tie_clock(receipt, now_s)
        return told

    def hear_signal(self, payload: bytes, *, now_s: float) -> None:
        """Take a signal of the hub: a lease of live mode, or how the open call is."""
        try:
            signal = parse_signal(payload)
        except RefusedError:
            return
        match signal:
            case Interest():
                self._leased_until_s = now_s + signal.lease_s
            case CallState() if (signal.spool, signal.call_seq) == (spool_text(self.spool), self.open_call):
                self.open_call = None if signal.state in CALL_OVER else self.open_call
            case _:
                pass

    def state(self, *, is_connected: bool, now_s: float) -> bytes:
        """Return the signal that says whether the connection stands."""
        state = BoxState(
            connected=is_connected,
            spool=spool_text(self.spool),
            boot=BOOT,
            t_us=_us(now_s),
            open_call=self.open_call,
        )
        return encode_signal(state)

    def _record_chunks(self, waveform: Columns, numerics: Columns, length_s: int, now_s: float) -> None:
        t_us = self._began_us + self._told_s * 1_000_000
        if self._has_probe:
            self._record_chunk(numerics, RecordClass.NUMERIC, t_us, now_s)
        self._record_chunk(waveform if self._has_probe else waveform[:1], RecordClass.WAVEFORM, t_us, now_s)
        self._told_s += length_s

    def _record_chunk(self, columns: Columns, record_class: RecordClass, t_us: int, now_s: float) -> None:
        device_t_us = t_us - self._began_us
        codec, body = chunk_body(columns, from_s=self._told_s, device_t_us=device_t_us)
        header = Header(
            kind=Kind.CHUNK,
            record_class=record_class,
            seq=self.owed.next_seq(record_class),
            key_id=CLEAR,  # the sealer fills in its own
            nonce=0,
            boot=BOOT,
            t_us=t_us,
            visit=VISIT,
            stream_set=STREAM_SET,
            first_index=self._told_s * columns[0].per_s,
            count=columns[0].count,
            codec=codec,
        )
        self._keep(self._sealer.seal(header, body), now_s)

    def _record_event(
        self,
        event: Event,
        now_s: float,
        *,
        record_class: RecordClass = RecordClass.NUMERIC,
        visit: VisitNo = VISIT,
    ) -> None:
        header = self._header(Kind.EVENT, record_class, now_s, visit=visit)
        self._keep(self._sealer.seal(header, event_body(event, record_class)), now_s)

    def _header(self, kind: Kind, record_class: RecordClass, now_s: float, *, visit: VisitNo) -> Header:
        return Header(
            kind=kind,
            record_class=record_class,
            seq=self.owed.next_seq(record_class),
            key_id=CLEAR,
            nonce=0,
            boot=BOOT,
            t_us=_us(now_s),
            visit=visit,
            stream_set=NO_SET,
            first_index=0,
            count=0,
            codec=Codec.NONE,
        )

    def _keep(self, record: Record, now_s: float) -> None:
        self.owed.add(record.header.record_class, record.header.seq, encode_record(record), now_s=now_s)

    def _status(self, now_s: float) -> Status:
        held = {name: self.owed.of(name) for name in RecordClass}
        connected_for_s = None if self.connected_s is None else max(0.0, now_s - self.connected_s)
        return Status.model_validate(
            {
                "owed": {
                    str(name.value): OwedOfClass(
                        records=len(records),
                        oldest_age_s=max(0.0, now_s - records[0].made_s) if records else None,
                    )
                    for name, records in held.items()
                },
                "spool_bytes": sum(len(one.raw) for records in held.values() for one in records),
                "disk_free_bytes": DISK_FREE_BYTES,
                "round_trip_ms": None if self.round_trip_s is None else round(self.round_trip_s * 1000),
                "connected_for_s": connected_for_s,
                "frames_damaged": 0,
                "samples_lost": 0,
                "refused": 0,
            }
        )

    def _commit_s(self, receipt: Receipt, now_s: float) -> float | None:
        """How long the newest parcel took, unless the receipt waited for its turn: the hub says no more than
        one in RECEIPT_EVERY_S.
        """
        newest_t_us = self._newest_t_us
        if newest_t_us is None or receipt.echo_sent_t_us != newest_t_us:
            return None
        self._newest_t_us = None
        sent_s = newest_t_us / 1e6
        return now_s - sent_s if sent_s - self._receipt_s > RECEIPT_EVERY_S else None

    def _tie_clock(self, receipt: Receipt, now_s: float) -> None:
        """Record an anchor now and then, as a box does from the four clocks of a receipt."""
        if now_s - self._anchor_s < ANCHOR_EVERY_S or receipt.echo_sent_t_us == 0:
            return
        exchange = TimeExchange(
            receipt.echo_sent_t_us, receipt.hub_received_utc_us, receipt.hub_sent_utc_us, _us(now_s)
        )
        anchor = exchange.anchor(BOOT)
        if anchor is not None:
            self._anchor_s = now_s
            event = AnchorSet(
                boot=anchor.boot, t_us=anchor.t_us, utc_us=anchor.utc_us, err_us=anchor.err_us, source="hub"
            )
            self._record_event(event, now_s, visit=NO_VISIT)


def _us(at_s: float) -> int:
    return round(at_s * 1e6)
