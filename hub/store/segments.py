"""Append-only files of waveform records. The database says how far each is valid; the rest is nobody's.

A record is kept as it came, with its header and CRC, so that a segment can be read even without the database.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

LOG = logging.getLogger(__name__)

SEGMENT_MAX_BYTES: Final = 64 * 2**20  # a backup copies whole files: neither many nor huge ones
OPEN_FILES_MAX: Final = 16  # a page that shows a day touches a few


class Place(NamedTuple):
    """Where a record lies."""

    segment: int
    start: int
    length: int


def segment_path(folder: Path, segment: int) -> Path:
    """Return the file of a segment."""
    return folder / f"{segment:08d}.segment"


class SegmentWriter:
    """Appends to the newest segment. Belongs to one thread; there is one writer to a store.

    The order of a commit: `append` …, `sync`, the database's commit with the lengths from `sync`, `keep`.
    When any of them fails: `undo`.
    """

    def __init__(
        self, folder: Path, lengths: Mapping[int, int], *, max_bytes: int = SEGMENT_MAX_BYTES
    ) -> None:
        """Go on after the last committed byte; `lengths` are the database's, by segment. Raises OSError."""
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder, self._max_bytes = folder, max_bytes
        self._fd = -1
        self._touched: dict[int, int] = {}
        segment = max(lengths, default=1)
        end = lengths.get(segment, 0)
        path = segment_path(folder, segment)
        found = path.stat().st_size if path.exists() else 0
        if found < end:
            LOG.error("%s has %d of %d bytes: records are lost, restore it from a backup", path, found, end)
            segment, end = segment + 1, 0
        self._go_to(segment, end)
        self._kept = (segment, end)

    def append(self, raw: bytes) -> Place:
        """Write `raw` and return its place; not durable yet. Raises OSError."""
        if self._end and self._end + len(raw) > self._max_bytes:
            self.sync()
            self._go_to(self._segment + 1, 0)
        place = Place(self._segment, self._end, len(raw))
        view = memoryview(raw)
        while view:
            written = os.pwrite(self._fd, view, self._end)
            self._end += written
            view = view[written:]
        self._touched[self._segment] = self._end
        return place

    def sync(self) -> Mapping[int, int]:
        """Make durable what was appended; return lengths of segments touched since `keep`. Raises OSError."""
        if self._segment in self._touched:
            os.fdatasync(self._fd)
        return self._touched

    def keep(self) -> None:
        """The database has committed the lengths."""
        self._kept = (self._segment, self._end)
        self._touched = {}

    def undo(self) -> None:
        """The database has not committed: what was appended since `keep` is nobody's. Raises OSError."""
        segment, self._end = self._kept
        self._touched = {}
        self._go_to(segment, self._end)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _go_to(self, segment: int, end: int) -> None:
        """Append to `segment` from `end` on; what lies behind is the torn tail of a commit that never was."""
        self.close()
        path = segment_path(self._folder, segment)
        is_new = not path.exists()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._segment, self._end = segment, end
        os.ftruncate(self._fd, end)
        if is_new:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


class SegmentReader:
    """Reads records by their place. Belongs to one thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: OrderedDict[int, int] = (
            OrderedDict()
        )  # segment -> file descriptor, the last used at the end

    def read(self, place: Place) -> bytes:
        """Return the record at `place`. Raises OSError; short or changed bytes are found by its CRC."""
        if place.segment not in self._open:
            self._open[place.segment] = os.open(segment_path(self._folder, place.segment), os.O_RDONLY)
            if len(self._open) > OPEN_FILES_MAX:
                _, oldest = self._open.popitem(last=False)
                os.close(oldest)
        self._open.move_to_end(place.segment)
        return os.pread(self._open[place.segment], place.length, place.start)

    def close(self) -> None:
        """Close all files."""
        while self._open:
            os.close(self._open.popitem()[1])
