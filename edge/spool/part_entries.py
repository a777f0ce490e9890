"""Parts of an object as entries of the spool (core): each to fit a parcel, few enough bytes a commit."""

from collections.abc import Iterator, Sequence
from typing import Final

from contract.header import Header, Kind
from contract.ids import CLEAR, BootId, RecordClass, StreamSetNo, VisitNo
from contract.parts import SLICE_MAX_BYTES, Part, encode_part
from edge.spool.batch import Entry

BATCH_BYTES: Final = 65_536  # of one commit: a press waits behind at most one on a slow card
RECORD_OVERHEAD_BYTES: Final = 256  # header, seal, hash and the parcel around a slice: it fits one parcel
SLICE_MIN_BYTES: Final = 1_024


def slice_bytes_of(parcel_bytes: int) -> int:
    """Return how long a slice may be to fit a parcel of the link of now."""
    return min(SLICE_MAX_BYTES, max(SLICE_MIN_BYTES, parcel_bytes - RECORD_OVERHEAD_BYTES))


def batches(parts: Sequence[Part], *, boot: BootId, t_us: int, visit: VisitNo) -> Iterator[list[Entry]]:
    """Yield the entries of the parts, BATCH_BYTES at most at a time."""
    header = Header(
        kind=Kind.PART,
        record_class=RecordClass.PART,
        seq=0,
        key_id=CLEAR,
        nonce=0,
        boot=boot,
        t_us=t_us,
        visit=visit,
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=0,
    )
    batch: list[Entry] = []
    for part in parts:
        batch.append(Entry(header, encode_part(part)))
        if sum(len(entry.body) for entry in batch) + len(part.data) > BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch
