"""The body of a part: a slice of an object too large for one record (core). Source: docs/wire.md, section 4.

16 bytes object id, u8 content, varint size of the whole object, varint index and total of the slices,
32 bytes SHA-256 of the whole object, then the slice. Slices may arrive in any order and more than once.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.varints import Reader, encode_varint

OBJECT_ID_BYTES: Final = 16
HASH_BYTES: Final = 32
OBJECT_MAX_BYTES: Final = 64 * 2**20  # a photograph at full size, a diagnostic bundle; bounds what is joined
SLICE_MAX_BYTES: Final = 48_000  # a record and the parcel around it stay below one payload
SLICES_MAX: Final = 65_536  # a slice of 1 kB each, for the poorest link


class Content(IntEnum):
    """What the object is. The number travels; never reuse one."""

    PHOTOGRAPH = 1  # JPEG
    BUNDLE = 2  # diagnostic files, zip


@dataclass(frozen=True, slots=True)
class Part:
    """Slice `index` (0 … `total` - 1) of an object of `size_bytes` whose SHA-256 is `digest`."""

    object_id: bytes
    content: Content
    size_bytes: int
    index: int
    total: int
    digest: bytes
    data: bytes


def slice_object(data: bytes, content: Content, *, object_id: bytes, slice_bytes: int) -> list[Part]:
    """Return the parts of an object, `slice_bytes` (1 … SLICE_MAX_BYTES) each, the last one shorter.

    `object_id` is OBJECT_ID_BYTES random bytes. Raises OwnFaultError.
    """
    total = -(-len(data) // slice_bytes) if 1 <= slice_bytes <= SLICE_MAX_BYTES else 0
    if (
        not 1 <= len(data) <= OBJECT_MAX_BYTES
        or not 1 <= total <= SLICES_MAX
        or len(object_id) != OBJECT_ID_BYTES
    ):
        raise OwnFaultError(
            f"an object of {len(data)} bytes in slices of {slice_bytes} is outside the limits"
        )
    digest = hashlib.sha256(data).digest()
    return [
        Part(object_id, content, len(data), n, total, digest, data[n * slice_bytes : (n + 1) * slice_bytes])
        for n in range(total)
    ]


def encode_part(part: Part) -> bytes:
    """Return the body."""
    numbers = (part.size_bytes, part.index, part.total)
    head = part.object_id + bytes((part.content,)) + b"".join(map(encode_varint, numbers))
    return head + part.digest + part.data


def parse_part(body: bytes) -> Part:
    """Return the part in an opened body. Raises RefusedError."""
    reader = Reader(body, what="part")
    object_id, content = reader.take(OBJECT_ID_BYTES), reader.byte()
    size_bytes, index, total = reader.varint(), reader.varint(), reader.varint()
    digest, data = reader.take(HASH_BYTES), reader.take(reader.left)
    if content not in list(Content):
        raise RefusedError(Refusal.UNKNOWN_VERSION, f"part of content {content}: update this side")
    if not 1 <= size_bytes <= OBJECT_MAX_BYTES or not 1 <= total <= SLICES_MAX or len(data) > SLICE_MAX_BYTES:
        raise RefusedError(Refusal.OVERSIZED, f"part of an object of {size_bytes} bytes in {total} slices")
    if index >= total or not data:
        raise RefusedError(Refusal.MALFORMED, f"part {index} of {total} with {len(data)} bytes")
    return Part(object_id, Content(content), size_bytes, index, total, digest, data)


def join_parts(parts: Iterable[Part]) -> bytes | None:
    """Return the whole object; None while slices are missing. Raises RefusedError: they make none."""
    by_index = {part.index: part for part in parts}
    if not by_index:
        return None
    first = next(iter(by_index.values()))
    same = (first.object_id, first.content, first.size_bytes, first.total, first.digest)
    if any((p.object_id, p.content, p.size_bytes, p.total, p.digest) != same for p in by_index.values()):
        raise RefusedError(Refusal.MALFORMED, "slices of several objects under one name")
    if len(by_index) < first.total:
        return None
    data = b"".join(by_index[index].data for index in range(first.total))
    if len(data) != first.size_bytes or hashlib.sha256(data).digest() != first.digest:
        raise RefusedError(Refusal.MALFORMED, f"the {first.total} slices do not make the object they name")
    return data
