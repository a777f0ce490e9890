"""The list of a database's free pages, walked page by page (core).

A page that is on the list although it is in use would be given away and overwritten; a list that a card has
returned in an old state no longer has as many pages as the header says. The walk is made on the file as the
last checkpoint left it, a few pages at a time; another checkpoint in between shows in the header, and the
walk begins anew. Source: SQLite's "Database File Format" (sqlite.org/fileformat2.html), sections 1.3 and 1.5.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

RawPage = Callable[[int], bytes]  # of a number, from 1; short or empty where the file ends
TRUNKS_AT_ONCE: Final = 32
RESTARTS_MAX: Final = 5  # then it is left for the next time


@dataclass(frozen=True, slots=True)
class FreeWalk:
    """How far the walk is. `fault` is what is wrong, None for nothing so far."""

    header: bytes = b""
    next_trunk: int = 0
    counted: int = 0
    restarts: int = -1  # the first beginning is none
    is_over: bool = False
    fault: str | None = None


def walk_on(walk: FreeWalk, page: RawPage, *, file_bytes: int, most: int = TRUNKS_AT_ONCE) -> FreeWalk:
    """Return the walk after up to `most` more trunk pages; `file_bytes` is the file's size."""
    first = page(1)
    if len(first) < 100:
        return replace(walk, is_over=True, fault="the first page cannot be read")
    header = first[28:40]
    pages, trunk, count = (int.from_bytes(header[at : at + 4], "big") for at in (0, 4, 8))
    if header != walk.header:
        if walk.restarts >= RESTARTS_MAX:
            return replace(walk, is_over=True)
        walk = FreeWalk(header, trunk, 0, walk.restarts + 1)
        if pages * len(first) > file_bytes:
            return replace(walk, is_over=True, fault=f"the file is cut: {file_bytes} bytes of {pages} pages")
    for _ in range(most):
        if walk.next_trunk == 0:
            is_right = walk.counted == count
            fault = None if is_right else f"{walk.counted} pages are on the list of free ones, not {count}"
            return replace(walk, is_over=True, fault=fault)
        data = page(walk.next_trunk)
        leaves = int.from_bytes(data[4:8], "big")
        numbers = [int.from_bytes(data[at : at + 4], "big") for at in range(8, 8 + 4 * leaves, 4)]
        following = int.from_bytes(data[:4], "big")
        is_sound = (
            len(data) == len(first)
            and leaves <= len(data) // 4 - 2
            and all(2 <= number <= pages for number in numbers)
            and (following == 0 or 2 <= following <= pages)
            and walk.counted + 1 + leaves <= count
        )
        if not is_sound:
            return replace(walk, is_over=True, fault=f"page {walk.next_trunk} of the free list is damaged")
        walk = replace(walk, next_trunk=following, counted=walk.counted + 1 + leaves)
    return walk
