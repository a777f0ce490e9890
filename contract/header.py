"""The clear header of a record or draft, byte by byte (core). Source: docs/wire.md, section 2.

    u8      version (1)
    u8      kind << 4 | class
    u8      flags: bit 0, this record was a draft and is opened as one; other bits 0
    varint  seq (0 in a draft)
    varint  key id, nonce, boot, t_us, visit, stream set, first index, count
    u8      codec
    varint  body length
    …       body
    u32 LE  CRC-32C over all before it

The first four fields and the CRC stay where they are in every later version, so that a hub can store and
acknowledge what it cannot read.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import google_crc32c

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.ids import BootId, KeyId, RecordClass, StreamSetNo, VisitNo
from contract.limits import CONTRACT_VERSION, READABLE_VERSIONS, RECORD_MAX_BYTES
from contract.varints import VARINT_MAX, Reader, encode_varint

WAS_DRAFT: Final = 0x01
CRC_BYTES: Final = 4
FROZEN_BYTES: Final = 4  # version, kind and class, flags, the first byte of seq


class Kind(IntEnum):
    """The three kinds of a record."""

    CHUNK = 1
    EVENT = 2
    PART = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What anybody may read of a record.

    `t_us` is the box's CLOCK_BOOTTIME, in microseconds, of the event or of the first sample of the first
    column; `first_index` and `count` are those of the first column and 0 for events. `nonce` counts the
    bodies sealed by the key.
    """

    kind: Kind
    record_class: RecordClass
    seq: int
    key_id: KeyId
    nonce: int
    boot: BootId
    t_us: int
    visit: VisitNo
    stream_set: StreamSetNo
    first_index: int
    count: int
    codec: int
    was_draft: bool = False

    def numbered(self, seq: int) -> "Header":
        """Return this draft's header as the header of record `seq`, its body as it is."""
        if self.seq != 0 or seq < 1:
            raise OwnFaultError(
                f"record {self.seq} cannot become record {seq}: only a draft is numbered, from 1 on"
            )
        return replace(self, seq=seq, was_draft=True)

    def as_sealed(self) -> "Header":
        """Return the header as it was when the body was sealed: a draft had no number."""
        return replace(self, seq=0, was_draft=False) if self.was_draft else self


@dataclass(frozen=True, slots=True)
class Record:
    """A header and its body, sealed or clear."""

    header: Header
    body: bytes


@dataclass(frozen=True, slots=True)
class UnreadableRecord:
    """A whole record of a version that we cannot read: its identity, to store and report it by."""

    version: int
    record_class: RecordClass
    seq: int
    raw: bytes


def crc32c(data: bytes) -> int:
    """Return the CRC-32C (Castagnoli) of `data`. Source: RFC 3720, appendix B.4."""
    return int(google_crc32c.value(data))


def encode_clear(header: Header, *, body_length: int) -> bytes:
    """Return the header's bytes up to the body: what goes on the wire, and what a seal is bound to."""
    sealed_by = (header.key_id, header.nonce)
    what = (header.boot, header.t_us, header.visit, header.stream_set, header.first_index, header.count)
    flags = WAS_DRAFT if header.was_draft else 0
    return b"".join(
        (
            bytes((CONTRACT_VERSION, header.kind << 4 | header.record_class, flags)),
            *map(encode_varint, (header.seq, *sealed_by, *what)),
            bytes((header.codec,)),
            encode_varint(body_length),
        )
    )


def encode_record(record: Record) -> bytes:
    """Return the record's bytes with their CRC. Raises OwnFaultError above RECORD_MAX_BYTES."""
    head = encode_clear(record.header, body_length=len(record.body))
    raw = head + record.body
    if len(raw) + CRC_BYTES > RECORD_MAX_BYTES:
        raise OwnFaultError(f"a record of {len(raw) + CRC_BYTES} bytes; the limit is {RECORD_MAX_BYTES}")
    return raw + crc32c(raw).to_bytes(CRC_BYTES, "little")


def announced_length(data: bytes) -> int | None:
    """Return how long the record or draft is that begins `data`, by its own word; None when none begins there
    that we can read. Its CRC is still to be checked.
    """
    reader = Reader(data, what="record")
    try:
        if reader.byte() not in READABLE_VERSIONS or reader.byte() >> 4 not in tuple(Kind):
            return None
        reader.byte()
        for _ in range(9):
            reader.varint()
        reader.byte()
        body_length = reader.varint()
    except RefusedError:
        return None
    length = reader.offset + body_length + CRC_BYTES
    return length if length <= RECORD_MAX_BYTES else None


def parse_record(raw: bytes) -> Record | UnreadableRecord:
    """Return the record in `raw`. Raises RefusedError with the reason; never anything else.

    A record of an unknown version with a good CRC is an `UnreadableRecord`.
    """
    version, record_class, seq, reader = _parse_identity(raw)
    if seq == 0:
        raise RefusedError(Refusal.MALFORMED, "a record without a number: drafts do not travel")
    if version not in READABLE_VERSIONS:
        return UnreadableRecord(version, record_class, seq, raw)
    return _parse_v1(raw, reader, record_class, seq)


def parse_draft(raw: bytes) -> Record:
    """Return the draft in `raw`, as a box reads it from its own spool. Raises RefusedError."""
    version, record_class, seq, reader = _parse_identity(raw)
    if seq != 0 or version not in READABLE_VERSIONS:
        raise RefusedError(Refusal.MALFORMED, f"not a draft that we can read: version {version}, seq {seq}")
    return _parse_v1(raw, reader, record_class, seq)


def _parse_identity(raw: bytes) -> tuple[int, RecordClass, int, Reader]:
    if len(raw) > RECORD_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"a record of {len(raw)} bytes; the limit is {RECORD_MAX_BYTES}"
        )
    if len(raw) < CRC_BYTES + FROZEN_BYTES:
        raise RefusedError(Refusal.TRUNCATED, f"a record of {len(raw)} bytes is shorter than any")
    if crc32c(raw[:-CRC_BYTES]) != int.from_bytes(raw[-CRC_BYTES:], "little"):
        raise RefusedError(Refusal.BAD_CRC, f"the CRC of a record of {len(raw)} bytes does not match")
    reader = Reader(raw[:-CRC_BYTES], what="record")
    version, kind_class, _flags = reader.byte(), reader.byte(), reader.byte()
    try:
        record_class = RecordClass(kind_class & 0x0F)
    except ValueError:
        raise RefusedError(Refusal.MALFORMED, f"class {kind_class & 0x0F} does not exist") from None
    return version, record_class, reader.varint(), reader


def _parse_v1(raw: bytes, reader: Reader, record_class: RecordClass, seq: int) -> Record:
    try:
        kind = Kind(raw[1] >> 4)
    except ValueError:
        raise RefusedError(Refusal.MALFORMED, f"kind {raw[1] >> 4} does not exist") from None
    if raw[2] & ~WAS_DRAFT:
        raise RefusedError(Refusal.MALFORMED, f"flags {raw[2]:#04x} have bits that version 1 does not know")
    if raw[2] & WAS_DRAFT and seq == 0:
        raise RefusedError(Refusal.MALFORMED, "a draft that says it was one")
    key_id, nonce, boot, t_us, visit, stream_set, first_index, count = reader.varints(8)
    if boot == 0 or (key_id == 0) != (nonce == 0):
        raise RefusedError(
            Refusal.MALFORMED, f"boot {boot}, key {key_id}, nonce {nonce}: a zero where none can be"
        )
    if first_index + count > VARINT_MAX:
        raise RefusedError(Refusal.MALFORMED, f"{count} samples from {first_index} end above 2**63-1")
    header = Header(
        kind=kind,
        record_class=record_class,
        seq=seq,
        key_id=KeyId(key_id),
        nonce=nonce,
        boot=BootId(boot),
        t_us=t_us,
        visit=VisitNo(visit),
        stream_set=StreamSetNo(stream_set),
        first_index=first_index,
        count=count,
        codec=reader.byte(),
        was_draft=bool(raw[2] & WAS_DRAFT),
    )
    body = reader.take(reader.varint())
    reader.finish()
    return Record(header, body)
