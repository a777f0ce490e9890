"""Many records in one MQTT payload (core). Source: docs/wire.md, section 6.

    u8      version (1)
    u64 LE  spool
    varint  boot, sent (the box's CLOCK_BOOTTIME, µs), record count
    each:   varint length, the record

A record that is refused is refused alone: those beside it are taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import BootId, SpoolId
from contract.limits import CONTRACT_VERSION, PARCEL_RECORDS_MAX, PAYLOAD_MAX_BYTES, READABLE_VERSIONS
from contract.varints import Reader, encode_varint


@dataclass(frozen=True, slots=True)
class Parcel:
    """Records as bytes, in the order of sending. `boot` and `sent_t_us` are the box's on sending."""

    spool: SpoolId
    boot: BootId
    sent_t_us: int
    records: Sequence[bytes]


def encode_parcel(parcel: Parcel) -> bytes:
    """Return the payload. Raises OwnFaultError above PAYLOAD_MAX_BYTES or PARCEL_RECORDS_MAX."""
    parts = [bytes((CONTRACT_VERSION,)), parcel.spool.to_bytes(8, "little")]
    parts += map(encode_varint, (parcel.boot, parcel.sent_t_us, len(parcel.records)))
    for record in parcel.records:
        parts += (encode_varint(len(record)), record)
    payload = b"".join(parts)
    if len(payload) > PAYLOAD_MAX_BYTES or len(parcel.records) > PARCEL_RECORDS_MAX:
        raise OwnFaultError(
            f"a parcel of {len(payload)} bytes and {len(parcel.records)} records is over the limit"
        )
    return payload


def parse_parcel(payload: bytes) -> Parcel:
    """Return the parcel in `payload`, its records not yet read. Raises RefusedError."""
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a parcel of {len(payload)} bytes; the limit is {PAYLOAD_MAX_BYTES}"
        )
    reader = Reader(payload, what="parcel")
    version = reader.byte()
    if version not in READABLE_VERSIONS:
        raise RefusedError(
            Refusal.UNKNOWN_VERSION, f"parcel of version {version}; this hub reads 1: update the hub"
        )
    spool, boot, sent_t_us, count = reader.fixed(8), reader.varint(), reader.varint(), reader.varint()
    if spool == 0 or boot == 0:
        raise RefusedError(Refusal.MALFORMED, "parcel of spool or boot zero")
    if count > PARCEL_RECORDS_MAX:
        raise RefusedError(
            Refusal.OVERSIZED, f"a parcel of {count} records; the limit is {PARCEL_RECORDS_MAX}"
        )
    records = [reader.take(reader.varint()) for _ in range(count)]
    reader.finish()
    return Parcel(SpoolId(spool), BootId(boot), sent_t_us, records)
