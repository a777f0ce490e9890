"""The body of a chunk: columns of samples, unsealed (core). Source: docs/wire.md, section 4.

    varint  column count
    each:   varint stream, varint first index, zigzag varint t offset (µs after the header's t_us),
            varint device time (µs), varint count, u8 codec, varint length, the coded samples

A column is contiguous: a gap or a lead that came off ends the chunk, and nothing is ever filled in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.codecs import Codec, decode_column, encode_column
from contract.errors import OwnFaultError, Refusal, RefusedError
from contract.limits import CHUNK_SAMPLES_MAX, COLUMNS_MAX, RECORD_MAX_BYTES
from contract.varints import VARINT_MAX, Reader, encode_varint, unzigzag, zigzag

FIRST_LEADS: Final = 2
NEAREST_LEADS: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A run of samples of one stream of a stream set.

    `stream` is the stream's number in its set; `first_index` counts the device's samples since it started;
    `t_us` is the box's CLOCK_BOOTTIME and `device_t_us` the device's own clock at the first sample, both in
    microseconds; `samples` is int32 of shape (count,), in the stream's own steps.
    """

    stream: int
    first_index: int
    t_us: int
    device_t_us: int
    samples: NDArray[np.int32]

    @property
    def end_index(self) -> int:
        """The index that the next sample would have."""
        return self.first_index + len(self.samples)


@dataclass(frozen=True, slots=True)
class ColumnStart:
    """Where a column begins: a `Column` without its samples, of which there are `count`."""

    stream: int
    first_index: int
    t_us: int
    device_t_us: int
    count: int


def encode_chunk(columns: Sequence[Column], *, is_draft: bool = False) -> tuple[Codec, bytes]:
    """Return the highest codec and the body. The first column is the header's. A draft lives for seconds and
    takes what is quickly coded. Raises OwnFaultError.
    """
    if not 1 <= len(columns) <= COLUMNS_MAX:
        raise OwnFaultError(f"a chunk has 1 … {COLUMNS_MAX} columns, not {len(columns)}")
    sample_count = sum(len(column.samples) for column in columns)
    if sample_count > CHUNK_SAMPLES_MAX:
        raise OwnFaultError(
            f"a chunk has at most {CHUNK_SAMPLES_MAX} samples in all columns, not {sample_count}"
        )
    parts, highest = [encode_varint(len(columns))], Codec.RAW
    independent: list[int] = []  # columns that follow from no others
    for number, column in enumerate(columns):
        earlier = aligned(columns[:number], column.first_index, len(column.samples))
        leads = [one for one in independent if earlier[one] is not None]
        codec, data = encode_column(
            column.samples, earlier=earlier, neighbours=neighbours_of(leads), is_draft=is_draft
        )
        highest = max(highest, codec)
        if codec is not Codec.RELATION:
            independent.append(number)
        offset = zigzag(column.t_us - columns[0].t_us)
        for value in (column.stream, column.first_index, offset, column.device_t_us, len(column.samples)):
            parts.append(encode_varint(value))
        parts += (bytes((codec,)), encode_varint(len(data)), data)
    return highest, b"".join(parts)


def aligned(columns: Sequence[Column], first_index: int, count: int) -> list[NDArray[np.int32] | None]:
    """Return the samples of those columns that have exactly these indexes, None for each other."""
    return [
        one.samples if (one.first_index, len(one.samples)) == (first_index, count) else None
        for one in columns
    ]


def neighbours_of(leads: Sequence[int]) -> list[int]:
    """Return which of the leads before it predict a lead best: the first two, which span the frontal plane,
    and the last two, whose electrodes are the nearest.
    """
    return [*leads[:FIRST_LEADS], *leads[FIRST_LEADS:][-NEAREST_LEADS:]]


def decode_chunk(body: bytes, *, t_us: int) -> list[Column]:
    """Return the columns of an opened body; `t_us` is the header's. Raises RefusedError."""
    columns: list[Column] = []
    for start, codec, data in _read_columns(body, t_us=t_us):
        earlier = aligned(columns, start.first_index, start.count)
        samples = decode_column(codec, data, count=start.count, earlier=earlier)
        columns.append(Column(start.stream, start.first_index, start.t_us, start.device_t_us, samples))
    return columns


def read_starts(body: bytes, *, t_us: int) -> list[ColumnStart]:
    """Return where the columns of an opened body begin, without decoding a sample. Raises RefusedError."""
    return [start for start, _, _ in _read_columns(body, t_us=t_us)]


def _read_columns(body: bytes, *, t_us: int) -> Iterator[tuple[ColumnStart, int, bytes]]:
    """Yield the start, codec and coded samples of each column."""
    if len(body) > RECORD_MAX_BYTES:
        raise RefusedError(
            Refusal.OVERSIZED, f"chunk body of {len(body)} bytes; the limit is {RECORD_MAX_BYTES}"
        )
    reader = Reader(body, what="chunk")
    column_count = reader.varint()
    if not 1 <= column_count <= COLUMNS_MAX:
        raise RefusedError(Refusal.OVERSIZED, f"chunk of {column_count} columns; the limit is {COLUMNS_MAX}")
    samples_left = CHUNK_SAMPLES_MAX
    for number in range(column_count):
        start = _read_start(reader, t_us=t_us, samples_max=samples_left)
        if number == 0 and start.t_us != t_us:
            raise RefusedError(
                Refusal.MALFORMED, f"the first column starts at {start.t_us} µs, its header at {t_us} µs"
            )
        samples_left -= start.count
        yield start, reader.byte(), reader.take(reader.varint())
    reader.finish()


def _read_start(reader: Reader, *, t_us: int, samples_max: int) -> ColumnStart:
    stream, first_index, column_t_us = reader.varint(), reader.varint(), t_us + unzigzag(reader.varint())
    device_t_us, count = reader.varint(), reader.varint()
    if count > samples_max:
        raise RefusedError(
            Refusal.OVERSIZED, f"chunk of over {CHUNK_SAMPLES_MAX} samples: a column of {count} is too many"
        )
    if not 0 <= column_t_us <= VARINT_MAX or first_index + count > VARINT_MAX:
        raise RefusedError(
            Refusal.MALFORMED, f"column from {first_index} at {column_t_us} µs is outside 0 … 2**63-1"
        )
    return ColumnStart(stream, first_index, column_t_us, device_t_us, count)
