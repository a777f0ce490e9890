"""Arrivals at the hub's store that no box has sent: for tests of what the store makes of them."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.events import AnchorSet, AnyEvent
from contract.header import CRC_BYTES, Header, Kind, Record, crc32c, encode_record
from contract.ids import NO_VISIT, BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo
from contract.times import Anchor
from hub.store.interface import Arrival

HUB_KEY = X25519PrivateKey.generate()
NOW_US = 1_800_000_000_000_000
Arrive = Callable[..., Arrival]  # of conftest.py


def event_arrival(
    station: StationId, spool: SpoolId, event: AnyEvent, *, boot: BootId, t_us: int, seq: int, utc_us: int
) -> Arrival:
    """An opened event of class 1, told at `t_us` of `boot` and received at `utc_us`; its seal is made up."""
    header = Header(
        kind=Kind.EVENT,
        record_class=RecordClass.NUMERIC,
        seq=seq,
        key_id=KeyId(1),
        nonce=seq,
        boot=boot,
        t_us=t_us,
        visit=NO_VISIT,
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    record = Record(header, b"sealed" * 8)
    return Arrival(
        station=station,
        spool=spool,
        boot=boot,
        sent_t_us=t_us,
        received_utc_us=utc_us,
        record=record,
        raw=encode_record(record),
        event=event,
    )


def anchor_arrival(station: StationId, spool: SpoolId, anchor: Anchor, *, seq: int) -> Arrival:
    """An anchor, told and received as soon as it was made."""
    event = AnchorSet(
        boot=anchor.boot,
        t_us=anchor.t_us,
        utc_us=anchor.utc_us,
        err_us=anchor.err_us,
        source=anchor.source,
    )
    return event_arrival(
        station, spool, event, boot=anchor.boot, t_us=anchor.t_us, seq=seq, utc_us=anchor.utc_us
    )


def of_version_9(raw: bytes) -> bytes:
    """Return a record as a version that nobody reads."""
    changed = b"\x09" + raw[1:-CRC_BYTES]
    return changed + crc32c(changed).to_bytes(CRC_BYTES, "little")
