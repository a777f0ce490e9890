"""The hub's word that records are committed (core). Source: docs/wire.md, section 7.

    u8      version (1)
    u64 LE  spool
    u32 LE  epoch of the hub's store: a store restored from a backup has a new one
    varint  sent time of the parcel answered (echoed, µs), hub received and hub sent (UTC, µs)
    varint  class count
    each:   u8 class, varint cumulative, varint range count; each: varint gap, varint length - 1
    varint  refusal count
    each:   u8 class, varint seq, u8 reason

A range starts `gap` + 2 after the end of the one before it (the cumulative number for the first): less cannot
be, for they would touch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import RecordClass, SpoolId
from contract.limits import (
    CONTRACT_VERSION,
    PAYLOAD_MAX_BYTES,
    READABLE_VERSIONS,
    RECEIPT_RANGES_MAX,
    RECEIPT_REFUSALS_MAX,
)
from contract.ranges import SeqRanges
from contract.varints import VARINT_MAX, Reader, encode_varint


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that the hub will not take, however often it comes. It stays on the box and is shown there."""

    record_class: RecordClass
    seq: int
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Receipt:
    """All seqs in `committed` are safe at the hub. The three times (µs) are for the box's clock."""

    spool: SpoolId
    epoch: int  # u32
    echo_sent_t_us: int
    hub_received_utc_us: int
    hub_sent_utc_us: int
    committed: Mapping[RecordClass, SeqRanges] = field(default_factory=dict)
    refused: Sequence[RefusedRecord] = ()


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the payload. What is over RECEIPT_RANGES_MAX (the highest) or over the refusals waits.

    Raises OwnFaultError for STORE_FAILED: the box gives up what is refused, and a full disk passes.
    """
    if any(one.refusal is Refusal.STORE_FAILED for one in receipt.refused):
        raise OwnFaultError("a record that could not be stored is not refused but left out: it stays owed")
    parts = [
        bytes((CONTRACT_VERSION,)),
        receipt.spool.to_bytes(8, "little"),
        receipt.epoch.to_bytes(4, "little"),
    ]
    times = (receipt.echo_sent_t_us, receipt.hub_received_utc_us, receipt.hub_sent_utc_us)
    parts += map(encode_varint, (*times, len(receipt.committed)))
    for record_class, ranges in receipt.committed.items():
        above = ranges.above_cumulative()[:RECEIPT_RANGES_MAX]
        parts += (bytes((record_class,)), encode_varint(ranges.cumulative), encode_varint(len(above)))
        end = ranges.cumulative
        for low, high in above:
            parts += (encode_varint(low - end - 2), encode_varint(high - low))
            end = high
    refused = receipt.refused[:RECEIPT_REFUSALS_MAX]
    parts.append(encode_varint(len(refused)))
    for one in refused:
        parts += (bytes((one.record_class,)), encode_varint(one.seq), bytes((one.refusal,)))
    return b"".join(parts)


def parse_receipt(payload: bytes) -> Receipt:
    """Return the receipt in `payload`. Raises RefusedError."""
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a receipt of {len(payload)} bytes; the limit is {PAYLOAD_MAX_BYTES}"
        )
    reader = Reader(payload, what="receipt")
    version = reader.byte()
    if version not in READABLE_VERSIONS:
        raise RefusedError(
            Refusal.UNKNOWN_VERSION, f"receipt of version {version}; this box reads 1: update the box"
        )
    spool, epoch = SpoolId(reader.fixed(8)), reader.fixed(4)
    if spool == 0:
        raise RefusedError(Refusal.MALFORMED, "receipt of spool zero")
    echo, received, sent, class_count = (reader.varint() for _ in range(4))
    if class_count > len(RecordClass):
        raise RefusedError(Refusal.OVERSIZED, f"receipt of {class_count} classes")
    committed: dict[RecordClass, SeqRanges] = {}
    for _ in range(class_count):
        record_class = _class(reader.byte())
        if record_class in committed:
            raise RefusedError(Refusal.MALFORMED, f"receipt names class {record_class} twice")
        committed[record_class] = _parse_ranges(reader)
    refusal_count = reader.varint()
    if refusal_count > RECEIPT_REFUSALS_MAX:
        raise RefusedError(Refusal.OVERSIZED, f"receipt of {refusal_count} refusals")
    refused = [
        RefusedRecord(_class(reader.byte()), reader.varint(), _refusal(reader.byte()))
        for _ in range(refusal_count)
    ]
    reader.finish()
    return Receipt(spool, epoch, echo, received, sent, committed, refused)


def _parse_ranges(reader: Reader) -> SeqRanges:
    end = reader.varint()
    ranges = SeqRanges.from_parts(end, ())
    range_count = reader.varint()
    if range_count > RECEIPT_RANGES_MAX:
        raise RefusedError(Refusal.OVERSIZED, f"receipt of {range_count} ranges in a class")
    for _ in range(range_count):
        low = end + 2 + reader.varint()
        end = low + reader.varint()
        if end > VARINT_MAX:
            raise RefusedError(Refusal.MALFORMED, "receipt of a seq above 2**63-1")
        ranges.add(low, end)
    return ranges


def _class(number: int) -> RecordClass:
    try:
        return RecordClass(number)
    except ValueError:
        raise RefusedError(Refusal.MALFORMED, f"receipt of class {number}") from None


def _refusal(number: int) -> Refusal:
    try:
        return Refusal(number)
    except ValueError:
        return Refusal.MALFORMED  # a newer hub's reason: it is refused all the same
