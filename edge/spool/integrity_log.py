"""The write-ahead log, frame by frame, as SQLite would read it and further (core).

SQLite takes a log up to the first frame that is not right, and forgets the rest: it writes over it, and where
the header itself is not right it deletes the file. That is how a power cut in a transaction is undone; of a
damaged log it loses what was committed. So a log is looked at before SQLite sees it. Source: SQLite's
"Database File Format" (sqlite.org/fileformat2.html), section 4.
"""

import struct
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

PAGE_SIZES: Final = (512, 1024, 2048, 4096, 8192, 16384, 32768)
_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_MAGIC: Final = 0x377F0682  # the lowest bit says that checksums are big-endian
_SALT_LOOK: Final = 8  # frames at the front, of which most are of the log's own time


@dataclass(frozen=True, slots=True)
class Frame:
    """A page in the log. `is_commit`: it ends a transaction; `is_own`: it was written since the log was begun
    anew; `is_chained`: it is right, and all before it.
    """

    number: int
    page: bytes
    is_commit: bool
    is_own: bool
    is_chained: bool


def page_bytes_of_log(head: bytes) -> int | None:
    """Return the size of pages from a log's first 12 bytes; None when they say none."""
    size = int.from_bytes(head[8:12], "big")
    return size if int.from_bytes(head[:4], "big") & ~1 == _MAGIC and size in PAGE_SIZES else None


def frames_of(data: bytes, page_bytes: int) -> list[Frame]:
    """Return the frames that were ever written in the bytes of a `-wal` file, in their order."""
    frame_bytes = _FRAME_HEADER_BYTES + page_bytes
    count = (len(data) - _HEADER_BYTES) // frame_bytes
    if count < 1:
        return []
    body = np.frombuffer(data, np.uint8, count * frame_bytes, _HEADER_BYTES).reshape(count, frame_bytes)
    heads = np.ascontiguousarray(body[:, :_FRAME_HEADER_BYTES]).view(">u4").astype(np.int64)
    numbers, commits = heads[:, 0].tolist(), heads[:, 1].tolist()
    salts = [data[at : at + 8] for at in range(_HEADER_BYTES + 8, len(data) - page_bytes, frame_bytes)][
        :count
    ]
    order = ">" if data[3] & 1 else "<"
    right = _chained(data, body, order, page_bytes) if page_bytes_of_log(data) == page_bytes else 0
    written = [salt for number, salt in zip(numbers, salts, strict=True) if number]
    own = data[16:24]
    if written and not _is_header_right(data):
        own = Counter(written[:_SALT_LOOK]).most_common(1)[0][0]
    return [
        Frame(
            numbers[at],
            body[at, _FRAME_HEADER_BYTES:].tobytes(),
            is_commit=bool(commits[at]),
            is_own=salts[at] == own,
            is_chained=at < right,
        )
        for at in range(count)
        if numbers[at]
    ]


def log_damage(data: bytes, page_bytes: int) -> str | None:
    """Return what is wrong with a log, None when SQLite may have it: empty, whole, or cut by a power cut in
    its last transaction.
    """
    if not any(data):
        return None
    if page_bytes_of_log(data) != page_bytes or not _is_header_right(data):
        return "the header of its log is damaged"
    behind = [frame for frame in frames_of(data, page_bytes) if frame.is_own and not frame.is_chained]
    commits = sum(frame.is_commit for frame in behind)
    # The last transaction may end in one. The one before it was on the card before it began.
    return (
        f"its log is damaged: {commits} commits lie behind a frame that is not right" if commits > 1 else None
    )


def _is_header_right(data: bytes) -> bool:
    order = ">" if data[3] & 1 else "<"
    words = np.frombuffer(data[:24], f"{order}u4").astype(np.uint32)
    return _step(words, (0, 0)) == struct.unpack(">2I", data[24:32])


def _chained(data: bytes, body: NDArray[np.uint8], order: str, page_bytes: int) -> int:
    """Return how many frames at the front are right: salt and checksum, each over all before it."""
    if not _is_header_right(data):
        return 0
    salt, sums = data[16:24], struct.unpack(">2I", data[24:32])
    told = np.concatenate((body[:, :8], body[:, _FRAME_HEADER_BYTES:]), axis=1)
    words = np.ascontiguousarray(told).view(f"{order}u4").astype(np.uint32)
    start, added = _coefficients(2 + page_bytes // 4)
    parts = (words @ added).tolist()  # modulo 2**32, as the checksum is
    for at, (first, second) in enumerate(parts):
        head = body[at, :_FRAME_HEADER_BYTES].tobytes()
        sums = (
            (start[0][0] * sums[0] + start[0][1] * sums[1] + first) & 0xFFFFFFFF,
            (start[1][0] * sums[0] + start[1][1] * sums[1] + second) & 0xFFFFFFFF,
        )
        if head[8:16] != salt or sums != struct.unpack(">2I", head[16:24]):
            return at
    return len(parts)


@cache
def _coefficients(count: int) -> tuple[tuple[tuple[int, int], tuple[int, int]], NDArray[np.uint32]]:
    """Return how much the two sums of before, and each of `count` words, add to the two sums after them."""
    nothing = np.zeros(count, np.uint32)
    ones = (_step(nothing, (1, 0)), _step(nothing, (0, 1)))
    start = ((ones[0][0], ones[1][0]), (ones[0][1], ones[1][1]))
    added = np.zeros((count, 2), np.uint32)
    for at in range(count):
        unit = nothing.copy()
        unit[at] = 1
        added[at] = _step(unit, (0, 0))
    return start, added


def _step(words: NDArray[np.uint32], sums: tuple[int, int]) -> tuple[int, int]:
    first, second = sums
    numbers = words.tolist()
    for at in range(0, len(numbers), 2):
        first = (first + numbers[at] + second) & 0xFFFFFFFF
        second = (second + numbers[at + 1] + first) & 0xFFFFFFFF
    return first, second
