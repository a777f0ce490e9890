"""What a simulated station sends is what the contract asks: the hub's own ingest and live view say so."""

from random import Random

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.chunks import decode_chunk
from contract.events import Press, Status, StreamSet
from contract.header import Record
from contract.ids import RecordClass, SpoolId, StationId, parse_station
from contract.limits import INTEREST_LEASE_S, RECEIPT_EVERY_S
from contract.ranges import SeqRanges
from contract.receipts import Receipt, encode_receipt, parse_receipt
from contract.sealing import HubKey
from contract.signals import CallState, Interest, encode_signal
from hub.ingest.ingest import Counters, Payload, read_batch
from hub.ingest.keyring import KeyRing
from hub.simulate.bodies import Person
from hub.simulate.places import PLACES, places
from hub.simulate.station import SimStation
from hub.store.interface import Arrival

EVERY_S = 4
START_S = 1_000.0
NAME, SPOOL = StationId("cat-hai-01"), SpoolId(7)
HUB_KEY = X25519PrivateKey.generate()
PERSON = Person(EVERY_S, Random(1), spo2_pct=97)


def station(*, has_probe: bool = True) -> SimStation:
    made = SimStation(NAME, SPOOL, HubKey(1, HUB_KEY.public_key()), PERSON, has_probe=has_probe)
    made.begin(now_s=START_S)
    return made


def taken(found: SimStation, ring: KeyRing, *, now_s: float, is_told: bool = True) -> list[Arrival]:
    """What the hub makes of everything that the station sends now; `is_told`: its book hears that it came."""
    counters = Counters()
    payloads = [
        Payload(NAME, RecordClass(int(one.topic[-1:])), one.payload, 0, 0.0)
        for one in found.outgoing(now_s=now_s)
    ]
    batch = read_batch(payloads, ring=ring, find_key=lambda *_: None, counters=counters)
    assert not counters.refused and not counters.unopened, counters.first_text
    if is_told:
        found.owed.take(parse_receipt(receipt_of(found, sent_s=now_s)))
    return batch.arrivals


def receipt_of(found: SimStation, *, sent_s: float) -> bytes:
    committed = {name: SeqRanges([(1, highest)]) for name, highest in found.owed.highest.items()}
    return encode_receipt(Receipt(SPOOL, 1, round(sent_s * 1e6), 5, 6, committed))


def test_the_hub_takes_and_opens_everything() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station()
    arrivals = taken(found, ring, now_s=START_S)
    events = [type(one.event).__name__ for one in arrivals]
    assert events[0] == "KeyMade"  # before what it opens
    assert {"BoxStarted", "StreamSet", "VisitOpened"} <= {*events}
    nonces: set[int] = set()
    for chunk in range(3):
        now_s = START_S + (chunk + 1) * EVERY_S
        found.record(now_s=now_s)
        for one in taken(found, ring, now_s=now_s):
            assert isinstance(one.record, Record)
            nonces.add(one.record.header.nonce)
    assert len(nonces) == 3 * 2 + 1  # numerics, waveform, and one status


def test_samples_go_on_without_a_gap_live_or_not() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station()
    taken(found, ring, now_s=START_S)
    found.hear_signal(encode_signal(Interest(lease_s=INTEREST_LEASE_S)), now_s=START_S + 5.5)
    ends: dict[int, int] = {}
    lengths: set[int] = set()
    at_s = START_S
    while at_s < START_S + 60:
        at_s = found.next_record_s(now_s=at_s)
        found.record(now_s=at_s)
        for one in taken(found, ring, now_s=at_s):
            record = one.record
            if not isinstance(record, Record) or record.header.count == 0:
                continue
            opener = ring.opener(lambda *_: None, NAME, SPOOL, record.header.key_id)
            assert opener is not None
            for column in decode_chunk(opener.open(record), t_us=record.header.t_us):
                assert column.first_index == ends.get(column.stream, 0)
                ends[column.stream] = column.end_index
                per_s = {0: 250, 1: 50}.get(column.stream, 1)
                lengths.add(len(column.samples) // per_s)
                assert column.t_us == round(START_S * 1e6) + column.first_index * 1_000_000 // per_s
                if column.stream == 0:
                    start = column.first_index % (EVERY_S * 250)
                    whole = np.concatenate([PERSON.waveform_samples] * 2)
                    assert np.array_equal(column.samples, whole[start : start + len(column.samples)])
    assert lengths == {1, EVERY_S}
    assert ends[0] == 250 * ends[2] >= 250 * 56


def test_a_station_without_a_probe_has_no_numbers() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station(has_probe=False)
    found.record(now_s=START_S + EVERY_S)
    classes = [one.record_id.record_class for one in taken(found, ring, now_s=START_S + EVERY_S)]
    assert classes.count(RecordClass.WAVEFORM) == 1
    found.record(now_s=START_S + 2 * EVERY_S)
    assert [one.record_id.record_class for one in taken(found, ring, now_s=START_S + 2 * EVERY_S)] == [
        RecordClass.WAVEFORM
    ]


def test_a_press_is_told_once_and_the_next_nudges_it() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station()
    taken(found, ring, now_s=START_S)
    assert not found.owes_press
    seq = found.press(now_s=START_S + 1)
    assert found.owes_press
    (arrival,) = taken(found, ring, now_s=START_S + 1, is_told=False)
    assert isinstance(arrival.event, Press) and arrival.event.nudges is None
    told = found.hear_receipt(receipt_of(found, sent_s=START_S + 1), now_s=START_S + 1.25)
    assert told is not None and list(told.presses_s) == pytest.approx([0.25])
    assert not found.owes_press
    found.press(now_s=START_S + 2)
    (again,) = [one.event for one in taken(found, ring, now_s=START_S + 2) if isinstance(one.event, Press)]
    assert again.nudges == seq
    over = CallState(spool=f"{SPOOL:016x}", call_seq=seq, state="ended", revision=3)
    found.hear_signal(encode_signal(over), now_s=START_S + 3)
    assert found.open_call is None


def test_a_receipt_that_waited_for_its_turn_is_no_measure_of_a_commit() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station()
    taken(found, ring, now_s=START_S)
    first = found.hear_receipt(receipt_of(found, sent_s=START_S), now_s=START_S + 0.5)
    assert first is not None and first.commit_s == pytest.approx(0.5)
    soon_s = START_S + 0.5 + RECEIPT_EVERY_S / 2
    found.record(now_s=soon_s)
    taken(found, ring, now_s=soon_s)
    second = found.hear_receipt(receipt_of(found, sent_s=soon_s), now_s=soon_s + 3)
    assert second is not None and second.commit_s is None


def test_receipts_of_another_spool_and_nonsense_strike_nothing_off() -> None:
    found = station()
    before = len(found.owed)
    other = encode_receipt(Receipt(SpoolId(8), 1, 0, 0, 0, {RecordClass.CALL: SeqRanges([(1, 9)])}))
    assert found.hear_receipt(other, now_s=START_S) is None
    assert found.hear_receipt(b"\xff", now_s=START_S) is None
    found.hear_signal(b"nonsense", now_s=START_S)
    assert len(found.owed) == before


def test_a_status_says_what_is_owed_and_the_streams_what_they_are() -> None:
    ring, found = KeyRing({1: HUB_KEY}), station()
    found.record(now_s=START_S + EVERY_S)
    events = [one.event for one in taken(found, ring, now_s=START_S + EVERY_S)]
    (status,) = [one for one in events if isinstance(one, Status)]
    assert status.owed["2"].records == 1
    (streams,) = [one for one in events if isinstance(one, StreamSet)]
    assert [one.shape for one in streams.streams] == ["ecg", "pleth", "numeric", "numeric"]


def test_fourteen_thousand_places_have_ids_of_the_contract_and_names_of_their_own() -> None:
    found = [one for one, _ in zip(places(), range(14_000), strict=False)]
    assert all(parse_station(one.station) == one.station for one in found)
    assert len({one.station for one in found}) == len({one.name for one in found}) == 14_000
    assert {one.units[0] for one in found[:300]} == set(PLACES)
    assert len({one.units for one, _ in zip(places(units=5), range(100), strict=False)}) == 5
