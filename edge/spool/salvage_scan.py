"""Records in the raw pages of a spool file (core): found by their own bytes, whatever became of the b-tree.

A record names itself (class and seq), says how long it is and ends in its CRC, so that it can be told from
anything else in the file. What is longer than a page's share goes on in overflow pages. Deleted rows and old
copies of pages are found too: the caller knows what is still owed. Sources: docs/wire.md, section 2;
SQLite's "Database File Format" (sqlite.org/fileformat2.html), sections 1.6, 2.1 and 4.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from contract.errors import RefusedError
from contract.header import Record, announced_length, parse_draft, parse_record
from edge.spool.integrity_log import PAGE_SIZES, frames_of

PageOf = Callable[[int], bytes | None]

_START: Final = re.compile(
    rb"(?=\x01[\x10-\x13\x20-\x23\x30-\x33][\x00\x01])"
)  # version, kind and class, flags
_HEAD_MAX_BYTES: Final = 96  # of a record: three bytes, nine numbers, a codec, a length
_BEFORE_MIN_BYTES: Final = 3  # of a row before its record: the row's own header, then its other columns
_BEFORE_MAX_BYTES: Final = 32
_NUMBER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 8: 0, 9: 0}  # by the type of a column
_BLOB: Final = 12  # the type of an empty one; two more for each byte


def page_bytes_of(head: bytes) -> int | None:
    """Return the size of a database's pages from its first 18 bytes; None when they say none."""
    size = int.from_bytes(head[16:18], "big") if head[:16] == b"SQLite format 3\0" else 0
    return size if size in PAGE_SIZES else None


def records_in(page: bytes, page_of: PageOf) -> Iterator[Record]:
    """Yield the records and drafts (seq 0) that begin in `page` and are whole: their CRC holds. `page_of`
    gives the page of a number for what goes on elsewhere, None where there is none.
    """
    for match in _START.finditer(page):
        start = match.start()
        length = announced_length(page[start : start + _HEAD_MAX_BYTES])
        record = None
        if length is not None and start + length <= len(page):
            record = _whole(page[start : start + length])
        if record is None:
            record = _spilled(page, start, length, page_of)
        if record is not None:
            yield record


def _whole(raw: bytes) -> Record | None:
    for parse in (parse_record, parse_draft):
        try:
            record = parse(raw)
        except RefusedError:
            continue
        return record if isinstance(record, Record) else None
    return None


def _spilled(page: bytes, start: int, announced: int | None, page_of: PageOf) -> Record | None:
    """How much of a long row lies in its own page follows from its whole length. The row's own header says
    it; where that is damaged, the record's, for each length that the columns before it may have.
    """
    for before in range(_BEFORE_MIN_BYTES, min(_BEFORE_MAX_BYTES, start) + 1):
        told = _told_length(page[start - before : start])
        length = announced if told is None else told
        here = 0 if length is None else _local_bytes(before + length, len(page))
        end = start - before + here
        if length is None or here >= before + length or not start < end <= len(page) - 4:
            continue
        rest = _chained(page_of, int.from_bytes(page[end : end + 4], "big"), length - (end - start))
        record = None if rest is None else _whole(page[start:end] + rest)
        if record is not None:
            return record
    return None


def _told_length(before: bytes) -> int | None:
    """Return how long the last column is by a row's own header; None when `before` is not just that header
    and the columns between.
    """
    size = before[0]
    if not 3 <= size <= len(before) or before[1] != 0:  # the first column is the row's number: kept elsewhere
        return None
    types, value = [], 0
    for byte in before[1:size]:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            types.append(value)
            value = 0
    numbers, last = types[1:-1], types[-1]
    if value or last < _BLOB or last % 2 or any(one not in _NUMBER_BYTES for one in numbers):
        return None
    if size + sum(_NUMBER_BYTES[one] for one in numbers) != len(before):
        return None
    return (last - _BLOB) // 2


def _local_bytes(row: int, page_bytes: int) -> int:
    """Return how many bytes of a row of that length lie in its own page."""
    most, least = page_bytes - 35, (page_bytes - 12) * 32 // 255 - 23
    if row <= most:
        return row
    here = least + (row - least) % (page_bytes - 4)
    return here if here <= most else least


def _chained(page_of: PageOf, number: int, length: int) -> bytes | None:
    """Return what lies in a chain of overflow pages; the first four bytes of each name the next."""
    parts: list[bytes] = []
    while length > 0:
        page = page_of(number) if number > 1 else None
        if page is None:
            return None
        number = int.from_bytes(page[:4], "big")
        parts.append(page[4 : 4 + length])
        length -= len(page) - 4
    return b"".join(parts)


@dataclass(slots=True)
class WalPages:
    """What a write-ahead log holds. `committed`: the newest copy of each page, by its number, as SQLite
    itself would read it. `likely`: the same, of all that was written since the log was begun anew, also
    behind a damage. `others`: every other copy, newest first.
    """

    committed: dict[int, bytes] = field(default_factory=dict)
    likely: dict[int, bytes] = field(default_factory=dict)
    others: list[bytes] = field(default_factory=list)
    is_broken: bool = False  # it goes on behind what SQLite would read: damaged, or cut in a transaction


def read_wal(data: bytes, page_bytes: int) -> WalPages:
    """Return the pages in the bytes of a `-wal` file. A damaged log has fewer committed ones."""
    pages = WalPages()
    waiting: dict[int, bytes] = {}  # of the transaction that is being read
    frames = frames_of(data, page_bytes)
    for frame in frames:
        if frame.is_own:
            pages.is_broken = pages.is_broken or not frame.is_chained
            pages.likely[frame.number] = frame.page
        if frame.is_chained:
            waiting[frame.number] = frame.page
            if frame.is_commit:
                pages.committed.update(waiting)
                waiting = {}
    newest = set(map(id, pages.committed.values()))
    pages.others = [frame.page for frame in reversed(frames) if id(frame.page) not in newest]
    return pages
