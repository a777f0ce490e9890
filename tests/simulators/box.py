"""A box reduced to what the hub sees of it: sealed records, parcels, one connection. For tests of the hub."""

import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Final, Self

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from numpy.typing import NDArray
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from contract.chunks import Column, encode_chunk
from contract.codecs import Codec
from contract.events import Event, KeyMade, PracticeKind, Press, encode_event, event_body
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
from contract.parcels import Parcel, encode_parcel
from contract.parts import Content, Part, encode_part, slice_object
from contract.receipts import Receipt, parse_receipt
from contract.sealing import HubKey, Sealer
from contract.signals import BoxState, encode_signal
from contract.topics import Topic, topic_name, topic_of_class
from hub.pki.authority import Enrolment

WAIT_LIMIT_S: Final = 30.0


class BoxRecords:
    """Numbers and seals records, as the spool of a box does."""

    def __init__(
        self,
        station: str,
        hub_key: X25519PublicKey,
        *,
        hub_key_number: int = 1,
        spool: int = 0xB0C5,
        boot: int = 1,
        key_id: int = 1,
    ) -> None:
        self.station, self.spool, self.boot = StationId(station), SpoolId(spool), BootId(boot)
        self.t_us = 1_000_000
        self.visit = NO_VISIT
        self.stream_set = StreamSetNo(1)
        self.sent: dict[tuple[RecordClass, int], bytes] = {}  # everything ever made
        self._seqs = dict.fromkeys(RecordClass, 0)
        newest = HubKey(hub_key_number, hub_key)
        self._sealer = Sealer(newest, station=self.station, spool=self.spool, key_id=KeyId(key_id))

    def key(self) -> bytes:
        """The key record: clear, class 0, before anything that needs it."""
        event = KeyMade.model_construct(
            key_id=self._sealer.key_id,
            wrapped_key=self._sealer.wrapped_key,
            hub_key=self._sealer.hub_key_number,
        )
        header = self._header(Kind.EVENT, RecordClass.CALL)
        return self._keep(Record(header, encode_event(event)))

    def event(self, event: Event, record_class: RecordClass = RecordClass.NUMERIC) -> bytes:
        """A sealed event."""
        header = self._header(Kind.EVENT, record_class)
        return self._keep(self._sealer.seal(header, event_body(event, record_class)))

    def press(
        self, nudges: int | None = None, *, answers: str | None = None, practice: PracticeKind | None = None
    ) -> bytes:
        """A press of the call button."""
        press = Press(
            device="board-1",
            device_boot=1,
            press_count=self._seqs[RecordClass.CALL] + 1,
            learned_from="event",
            nudges=nudges,
            answers=answers,
            practice=practice,
        )
        return self.event(press, RecordClass.CALL)

    def chunk(
        self,
        samples: NDArray[np.int32] | None = None,
        *,
        record_class: RecordClass = RecordClass.WAVEFORM,
        stream: int = 1,
        first_index: int = 0,
    ) -> bytes:
        """A sealed chunk of one column."""
        samples = np.arange(250, dtype=np.int32) if samples is None else samples
        codec, body = encode_chunk([Column(stream, first_index, self.t_us, 0, samples)])
        header = self._header(Kind.CHUNK, record_class, codec, first_index, len(samples))
        return self._keep(self._sealer.seal(header, body))

    def part(self, part: Part) -> bytes:
        """A sealed part of a larger object."""
        header = self._header(Kind.PART, RecordClass.PART)
        return self._keep(self._sealer.seal(header, encode_part(part)))

    def photograph(self, photo: str, data: bytes, *, slice_bytes: int = 1_000) -> list[bytes]:
        """The sealed parts of a photograph, in order."""
        object_id = bytes.fromhex(photo)
        parts = slice_object(data, Content.PHOTOGRAPH, object_id=object_id, slice_bytes=slice_bytes)
        return [self.part(part) for part in parts]

    def parcel(self, records: Sequence[bytes]) -> bytes:
        """The payload that carries `records`."""
        return encode_parcel(Parcel(self.spool, self.boot, self.t_us, records))

    def _header(
        self,
        kind: Kind,
        record_class: RecordClass,
        codec: Codec = Codec.NONE,
        first_index: int = 0,
        count: int = 0,
    ) -> Header:
        self._seqs[record_class] += 1
        self.t_us += 1_000
        return Header(
            kind=kind,
            record_class=record_class,
            seq=self._seqs[record_class],
            key_id=CLEAR,
            nonce=0,
            boot=self.boot,
            t_us=self.t_us,
            visit=VisitNo(self.visit),
            stream_set=self.stream_set,
            first_index=first_index,
            count=count,
            codec=codec,
        )

    def _keep(self, record: Record) -> bytes:
        raw = encode_record(record)
        self.sent[record.header.record_class, record.header.seq] = raw
        return raw


class BoxLink:
    """One MQTT connection of a box, made with its own certificate. Use as a context."""

    def __init__(self, files: Enrolment, station: str, *, port: int, will: BoxState | None = None) -> None:
        self.station = StationId(station)
        self.receipts: queue.Queue[Receipt] = queue.Queue()
        self.messages: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.is_connected = threading.Event()
        self.is_closed = threading.Event()
        self.is_subscribed = threading.Event()
        self.reason: str | None = None
        self._port = port
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        context = ssl.create_default_context(cafile=str(files.ca))
        context.load_cert_chain(files.certificate, files.key)
        self._client.tls_set_context(context)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        if will is not None:
            self._client.will_set(
                topic_name(self.station, Topic.STATE), encode_signal(will), qos=1, retain=True
            )

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port, keepalive=10, clean_start=True)
        connection = self._client.socket()
        assert isinstance(connection, socket.socket)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client.loop_start()
        assert self.is_subscribed.wait(WAIT_LIMIT_S), f"{self.station} is not connected: {self.reason}"
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        self._client.reinitialise()  # closes the pair of sockets that wakes its thread

    def connect_only(self) -> None:
        """Connect without a thread: it publishes, and hears nothing. `close` it."""
        self._client.connect("127.0.0.1", self._port, keepalive=3600, clean_start=True)
        connection = self._client.socket()
        assert isinstance(connection, socket.socket)
        poll = select.poll()  # no select: there are more than 1,024 files
        poll.register(connection, select.POLLIN)
        while not self.is_connected.is_set():
            assert poll.poll(WAIT_LIMIT_S * 1000), f"{self.station} is not connected: {self.reason}"
            self._client.loop_read()

    def close(self) -> None:
        """Take leave, after `connect_only`."""
        self._client.disconnect()
        self._client.reinitialise()

    def vanish(self) -> None:
        """Close the socket without a word: the broker sends the Will."""
        connection = self._client.socket()
        assert connection is not None
        connection.close()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> mqtt.MQTTMessageInfo:
        """Send anything anywhere."""
        return self._client.publish(topic, payload, qos=1, retain=retain)

    def send(self, record_class: RecordClass, parcel: bytes) -> None:
        """Send a parcel on its topic."""
        self.publish(topic_name(self.station, topic_of_class(record_class)), parcel)

    def say(self, state: BoxState) -> None:
        """Say the box's state, retained."""
        self.publish(topic_name(self.station, Topic.STATE), encode_signal(state), retain=True)

    def receipt(self, timeout_s: float = WAIT_LIMIT_S) -> Receipt:
        """Wait for the next receipt."""
        return self.receipts.get(timeout=timeout_s)

    def receipt_with(self, record_class: RecordClass, seq: int, timeout_s: float = WAIT_LIMIT_S) -> Receipt:
        """Wait for a receipt that says that `seq` is committed."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            receipt = self.receipts.get(timeout=max(0.0, deadline_s - time.monotonic()))
            if record_class in receipt.committed and seq in receipt.committed[record_class]:
                return receipt

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self.reason = str(reason)
        if not reason.is_failure:
            self.is_connected.set()
            client.subscribe(f"v1/{self.station}/down/#", qos=1)

    def _on_subscribe(self, *_: object) -> None:
        self.is_subscribed.set()

    def _on_disconnect(self, *_: object) -> None:
        self.is_closed.set()

    def _on_message(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/" + Topic.RECEIPT.value):
            self.receipts.put(parse_receipt(bytes(message.payload)))
        else:
            self.messages.put((message.topic, bytes(message.payload)))


def box_state(records: BoxRecords, *, connected: bool) -> BoxState:
    """What `records`' box says of itself."""
    return BoxState(
        connected=connected, spool=spool_text(records.spool), boot=records.boot, t_us=records.t_us
    )
