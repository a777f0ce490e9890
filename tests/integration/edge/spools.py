"""Real spools to test with, and a hub's key to read them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.chunks import Column, encode_chunk
from contract.events import Event, KeyMade, Press, VisitOpened, parse_event
from contract.header import Header, Kind, Record, parse_record
from contract.ids import CLEAR, BootId, KeyId, RecordClass, StationId, StreamSetNo, VisitNo
from contract.sealing import HubKey, Opener, unwrap_key
from edge.spool.batch import Batch, Entry, event_entry
from edge.spool.spool import Spool

STATION: Final = StationId("con-dao-01")
HUB: Final = X25519PrivateKey.from_private_bytes(bytes(range(32)))
HUB_KEY: Final = HubKey(1, HUB.public_key())
BOOT: Final = BootId(1)
QUOTA_BYTES: Final = 2_000_000_000
CALL, NUMERIC, WAVE, PART = RecordClass


@contextmanager
def open_spool(path: Path, *, quota_bytes: int = QUOTA_BYTES) -> Iterator[Spool]:
    """A spool that is ready to store."""
    spool = Spool(path, quota_bytes=quota_bytes)
    try:
        boot = spool.begin_boot("the-boot")
        spool.begin_sealing(HUB_KEY, station=STATION, boot=boot, t_us=1_000, software="test")
        yield spool
    finally:
        spool.close()


def wave(first_index: int = 0, *, count: int = 250, seed: int | None = None) -> Entry:
    """A chunk of one column: a ramp, or noise that no coder makes smaller."""
    samples = np.arange(first_index, first_index + count, dtype=np.int32)
    if seed is not None:
        samples = np.random.default_rng(seed).integers(-(2**31), 2**31 - 1, count, np.int32)
    t_us = 1_000_000 + first_index * 4_000
    codec, body = encode_chunk([Column(0, first_index, t_us, 0, samples)])
    header = Header(
        kind=Kind.CHUNK,
        record_class=WAVE,
        seq=0,
        key_id=CLEAR,
        nonce=0,
        boot=BOOT,
        t_us=t_us,
        visit=VisitNo(1),
        stream_set=StreamSetNo(1),
        first_index=first_index,
        count=count,
        codec=codec,
    )
    return Entry(header, body)


def event(visit: int = 1) -> Entry:
    return event_entry(VisitOpened(visit=visit, how="signal"), NUMERIC, boot=BOOT, t_us=2_000)


def press_batch(count: int, *, device_boot: int = 7) -> Batch:
    told = Press(device="48", device_boot=device_boot, press_count=count, learned_from="event")
    return Batch(entries=[event_entry(told, CALL, boot=BOOT, t_us=3_000)], press=("48", device_boot, count))


def seqs(spool: Spool, record_class: RecordClass) -> list[int]:
    return list(stored(spool, record_class))


def stored(spool: Spool, record_class: RecordClass) -> dict[int, Record]:
    """The records of a class as they lie there."""
    found = {}
    ledger = spool.ledger(record_class)
    there = (range(low, high + 1) for low, high in ledger.given_up.holes(1, ledger.given))
    for seq, raw in spool.read(record_class, chain.from_iterable(there)).items():
        record = parse_record(raw)
        assert isinstance(record, Record)
        assert record.header.seq == seq
        found[seq] = record
    return found


def open_all(spool: Spool) -> dict[tuple[RecordClass, int], Event | bytes]:
    """Every record that is owed, opened with the hub's key: events parsed, chunks as bytes of their body."""
    openers: dict[KeyId, Opener] = {}
    found: dict[tuple[RecordClass, int], Event | bytes] = {}
    for record_class in RecordClass:
        for seq, record in stored(spool, record_class).items():
            if record.header.key_id == CLEAR:
                told = parse_event(record.body)
                assert isinstance(told, KeyMade)
                key_id = KeyId(told.key_id)
                openers[key_id] = unwrap_key(
                    HUB, told.wrapped_key, station=STATION, spool=spool.spool_id, key_id=key_id
                )
                found[record_class, seq] = told
                continue
            body = openers[record.header.key_id].open(record)
            found[record_class, seq] = parse_event(body) if record.header.kind is Kind.EVENT else body
    return found
