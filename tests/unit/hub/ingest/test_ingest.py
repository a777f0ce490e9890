from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import Refusal
from contract.events import KeyMade, LeadState, Press
from contract.header import (
    CRC_BYTES,
    Header,
    Kind,
    Record,
    UnreadableRecord,
    crc32c,
    encode_record,
    parse_record,
)
from contract.ids import CLEAR, BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo, VisitNo
from contract.receipts import RefusedRecord
from hub.ingest.ingest import Batch, Counters, Payload, Sent, read_batch
from hub.ingest.keyring import KeyRing
from tests.simulators.box import BoxRecords

HUB_KEY = X25519PrivateKey.generate()
CON_DAO = StationId("con-dao-01")
CALL, NUMERIC, WAVEFORM, _ = RecordClass
LEADS = LeadState(device="board-1", off=(1,))


def new_box() -> BoxRecords:
    return BoxRecords(CON_DAO, HUB_KEY.public_key())


def no_key(station: StationId, spool: SpoolId, key_id: KeyId) -> KeyMade | None:
    return None


def read(
    *parcels: tuple[RecordClass, bytes], counters: Counters | None = None, ring: KeyRing | None = None
) -> Batch:
    payloads = [
        Payload(CON_DAO, record_class, data, received_utc_us=1_000 + n, received_s=float(n))
        for n, (record_class, data) in enumerate(parcels)
    ]
    return read_batch(
        payloads, ring=ring or KeyRing({1: HUB_KEY}), find_key=no_key, counters=counters or Counters()
    )


def of_version_9(raw: bytes) -> bytes:
    changed = b"\x09" + raw[1:-CRC_BYTES]
    return changed + crc32c(changed).to_bytes(CRC_BYTES, "little")


def clear_record(kind: Kind, body: bytes, record_class: RecordClass = CALL) -> bytes:
    header = Header(
        kind=kind,
        record_class=record_class,
        seq=7,
        key_id=CLEAR,
        nonce=0,
        boot=BootId(1),
        t_us=1,
        visit=VisitNo(0),
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    return encode_record(Record(header, body))


def test_events_are_opened_and_waveforms_stay_sealed() -> None:
    box = new_box()
    key, press, chunk = box.key(), box.press(), box.chunk()
    batch = read((CALL, box.parcel([key, press])), (WAVEFORM, box.parcel([chunk])))
    assert [type(arrival.event) for arrival in batch.arrivals] == [KeyMade, Press, type(None)]
    assert [arrival.raw for arrival in batch.arrivals] == [key, press, chunk]
    assert [arrival.received_utc_us for arrival in batch.arrivals] == [1_000, 1_000, 1_001]
    assert batch.received_s == [0.0, 0.0, 1.0]
    assert batch.keys == [(CON_DAO, box.spool, KeyId(1))]
    assert batch.sent == {(CON_DAO, box.spool): Sent(box.t_us, 1_001)}


def test_a_key_opens_what_came_before_it_in_the_same_batch() -> None:
    box = new_box()
    key, leads = box.key(), box.event(LEADS)
    batch = read((NUMERIC, box.parcel([leads])), (CALL, box.parcel([key])))
    assert batch.arrivals[0].event == LEADS


def test_a_key_that_is_stored_is_found_there() -> None:
    box, ring, counters = new_box(), KeyRing({1: HUB_KEY}), Counters()
    key = read((CALL, box.parcel([box.key()])), ring=KeyRing({1: HUB_KEY})).arrivals[0].event
    assert isinstance(key, KeyMade)
    payload = Payload(CON_DAO, NUMERIC, box.parcel([box.event(LEADS)]), 0, 0.0)
    batch = read_batch([payload], ring=ring, find_key=lambda *_: key, counters=counters)
    assert batch.arrivals[0].event == LEADS


def test_an_event_without_its_key_is_taken_sealed_and_counted() -> None:
    box, counters = new_box(), Counters()
    box.key()
    batch = read((NUMERIC, box.parcel([box.event(LEADS)])), counters=counters)
    assert [arrival.event for arrival in batch.arrivals] == [None]
    assert counters.unopened == {Refusal.UNKNOWN_KEY: 1}
    assert not batch.refused


def test_one_refused_record_does_not_hold_up_the_others() -> None:
    box, counters = new_box(), Counters()
    good, also_good = box.chunk(), box.chunk()
    damaged = good[:-1] + bytes((good[-1] ^ 1,))
    batch = read((WAVEFORM, box.parcel([good, damaged, b"", also_good])), counters=counters)
    assert [arrival.raw for arrival in batch.arrivals] == [good, also_good]
    assert counters.refused == {Refusal.BAD_CRC: 1, Refusal.TRUNCATED: 1}
    assert counters.first_text is not None
    assert counters.first_text.startswith("con-dao-01: bad_crc")


def test_a_record_on_the_topic_of_another_class_is_refused_by_name() -> None:
    box = new_box()
    batch = read((CALL, box.parcel([box.chunk()])))
    assert batch.arrivals == []
    assert batch.refused == {(CON_DAO, box.spool): [RefusedRecord(WAVEFORM, 1, Refusal.WRONG_TOPIC)]}
    events = read((WAVEFORM, box.parcel([box.event(LEADS)])))
    assert [one.refusal for one in events.refused[CON_DAO, box.spool]] == [Refusal.WRONG_TOPIC]


def test_waveforms_may_ride_along_with_the_numerics_of_their_seconds() -> None:
    box = new_box()
    batch = read((NUMERIC, box.parcel([box.event(LEADS), box.chunk()])))
    assert [arrival.record.header.kind for arrival in batch.arrivals] == [Kind.EVENT, Kind.CHUNK]  # type: ignore[union-attr]
    assert not batch.refused


def test_nothing_but_a_key_may_come_unsealed() -> None:
    box, counters = new_box(), Counters()
    press = (
        Press(device="board-1", device_boot=1, press_count=1, learned_from="event").model_dump_json().encode()
    )
    records = (clear_record(Kind.EVENT, press), clear_record(Kind.CHUNK, b"\x00"))
    batch = read((CALL, box.parcel(records)), counters=counters)
    assert batch.arrivals == []
    assert counters.refused == {Refusal.NOT_SEALED: 2}
    assert batch.refused[CON_DAO, box.spool] == [RefusedRecord(CALL, 7, Refusal.NOT_SEALED)] * 2


def test_a_broken_seal_is_stored_as_evidence_and_counted() -> None:
    box, counters = new_box(), Counters()
    key = box.key()
    record = parse_record(box.press())
    assert isinstance(record, Record)
    moved = encode_record(replace(record, header=replace(record.header, visit=VisitNo(9))))
    batch = read((CALL, box.parcel([key, moved])), counters=counters)
    assert [arrival.event is None for arrival in batch.arrivals] == [False, True]
    assert counters.unopened == {Refusal.SEAL_BROKEN: 1}


def test_a_key_for_another_hub_is_stored_counted_and_opens_nothing() -> None:
    box, counters = BoxRecords(CON_DAO, X25519PrivateKey.generate().public_key()), Counters()
    ring = KeyRing({1: HUB_KEY})
    batch = read((CALL, box.parcel([box.key(), box.press()])), counters=counters, ring=ring)
    assert [arrival.event is None for arrival in batch.arrivals] == [False, True]
    assert counters.unopened == {Refusal.SEAL_BROKEN: 1, Refusal.UNKNOWN_KEY: 1}
    assert ring.broken_text is not None
    assert "seal key" in ring.broken_text


def test_an_unknown_version_is_taken_whole_and_counted() -> None:
    box, counters = new_box(), Counters()
    raw = of_version_9(box.chunk())
    batch = read((WAVEFORM, box.parcel([raw])), counters=counters)
    assert batch.arrivals[0].record == UnreadableRecord(9, WAVEFORM, 1, raw)
    assert counters.unopened == {Refusal.UNKNOWN_VERSION: 1}


def test_a_time_from_the_future_is_only_data() -> None:
    box = new_box()
    box.key()
    box.t_us = 2**62
    (arrival,) = read((WAVEFORM, box.parcel([box.chunk()]))).arrivals
    assert arrival.received_utc_us == 1_000


def test_the_ring_forgets_the_opener_that_was_not_used_for_longest() -> None:
    ring, boxes = KeyRing({1: HUB_KEY}, openers_max=2), [new_box() for _ in range(3)]
    keys = {}
    for number, box in enumerate(boxes, start=1):
        box.spool = SpoolId(number)
        sealed = BoxRecords(CON_DAO, HUB_KEY.public_key(), spool=number)
        keys[number] = read((CALL, sealed.parcel([sealed.key()]))).arrivals[0].event
    asked = []

    def find(station: StationId, spool: SpoolId, key_id: KeyId) -> KeyMade | None:
        asked.append(spool)
        key = keys[spool]
        assert isinstance(key, KeyMade)
        return key

    for spool in (1, 2, 1, 3, 1, 2):
        assert ring.opener(find, CON_DAO, SpoolId(spool), KeyId(1)) is not None
    assert asked == [1, 2, 3, 2]


@given(st.binary(max_size=200))
def test_garbage_is_counted_and_never_raises(data: bytes) -> None:
    counters = Counters()
    batch = read((CALL, data), counters=counters)
    assert batch.arrivals == []
    assert counters.refused.total() >= (1 if len(data) < 9 else 0)


@given(st.data())
def test_a_parcel_changed_in_one_byte_loses_at_most_what_was_changed(data: st.DataObject) -> None:
    box = new_box()
    parcel = bytearray(box.parcel([box.key(), box.press(), box.press()]))
    parcel[data.draw(st.integers(0, len(parcel) - 1))] ^= data.draw(st.integers(1, 255))
    batch = read((CALL, bytes(parcel)))
    assert {arrival.raw for arrival in batch.arrivals} <= set(box.sent.values())
