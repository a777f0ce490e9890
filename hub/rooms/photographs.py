"""A visit's photographs, put together from the parts that have come (core over the store it is given).

Parts are kept sealed as they came and opened on view. What has come without a hole can be looked at; a
photograph whose parts make another hash than they name is never shown as a whole one.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from contract.errors import RefusedError
from contract.header import Record
from contract.ids import KeyId, SpoolId, StationId, VisitNo
from contract.parts import Content, Part, parse_part
from contract.sealing import Opener
from hub.store.interface import Store

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]


@dataclass(frozen=True, slots=True)
class PhotoState:
    """How much of a photograph has come. (`boot`, `t_us`): when it was taken, by the box's clock."""

    photo: str
    received: int
    total: int
    size_bytes: int
    is_damaged: bool
    boot: int = 0
    t_us: int = 0

    @property
    def is_whole(self) -> bool:
        """All parts are there and make what they name."""
        return self.received == self.total and not self.is_damaged


@dataclass(slots=True)
class Progress:
    """The parts of one photograph that have come, counted. `newest`: any of them."""

    newest: Part
    indexes: set[int] = field(default_factory=set)

    def add(self, part: Part) -> None:
        """A part has come. One of another object under the same name begins it anew: the last one counts."""
        if _object(part) != _object(self.newest):
            self.indexes.clear()
        self.newest = part
        self.indexes.add(part.index)

    @property
    def is_complete(self) -> bool:
        """All parts are there, whatever they make."""
        return len(self.indexes) == self.newest.total


@dataclass(slots=True)
class _Whole:
    """The parts themselves."""

    boot: int
    t_us: int
    newest: Part
    slices: dict[int, bytes] = field(default_factory=dict)
    settled: PhotoState | None = None  # what they made, when they were not kept

    def add(self, part: Part) -> None:
        if _object(part) != _object(self.newest):
            self.slices.clear()
            self.settled = None
        self.newest = part
        if self.settled is None:
            self.slices[part.index] = part.data

    def settle(self) -> None:
        """Keep what all parts make and not the parts: a visit's photographs together are large."""
        if len(self.slices) == self.newest.total:
            self.settled = self.state()
            self.slices.clear()
            self.newest = replace(self.newest, data=b"")

    def prefix(self) -> bytes:
        """What has come without a hole."""
        parts = []
        for index in range(self.newest.total):
            if index not in self.slices:
                break
            parts.append(self.slices[index])
        return b"".join(parts)

    def state(self) -> PhotoState:
        if self.settled is not None:
            return self.settled
        is_complete, is_damaged = len(self.slices) == self.newest.total, False
        if is_complete:
            data = self.prefix()
            is_damaged = len(data) != self.newest.size_bytes or _digest(data) != self.newest.digest
        return PhotoState(
            self.newest.object_id.hex(),
            len(self.slices),
            self.newest.total,
            self.newest.size_bytes,
            is_damaged,
            self.boot,
            self.t_us,
        )


def open_part(opener: Opener | None, record: Record) -> Part | None:
    """Return the part of a photograph in a sealed record; None: it is none, or cannot be opened (yet)."""
    if opener is None:
        return None
    try:
        part = parse_part(opener.open(record))
    except RefusedError:
        return None
    return part if part.content is Content.PHOTOGRAPH else None


def list_photos(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, *, visit: VisitNo
) -> list[PhotoState]:
    """Return the visit's photographs, oldest first."""
    return [
        whole.state() for whole in _read(store, opener_for, station, spool, visit=visit, wanted=None).values()
    ]


def read_photo(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, *, visit: VisitNo, photo: str
) -> tuple[PhotoState, bytes] | None:
    """Return a photograph of the visit and as much of its JPEG as has come without a hole; None: there is
    none of that name.
    """
    whole = _read(store, opener_for, station, spool, visit=visit, wanted=photo).get(photo)
    return None if whole is None else (whole.state(), whole.prefix())


def read_progress(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, *, visit: VisitNo, photo: str
) -> Progress | None:
    """Return which parts of a photograph have come; None: there is none of that name."""
    progress: Progress | None = None
    for _, part in _parts(store, opener_for, station, spool, visit=visit):
        if part.object_id.hex() == photo:
            progress = progress or Progress(part)
            progress.add(part)
    return progress


def _read(
    store: Store,
    opener_for: OpenerFor,
    station: StationId,
    spool: SpoolId,
    *,
    visit: VisitNo,
    wanted: str | None,
) -> dict[str, _Whole]:
    found: dict[str, _Whole] = {}
    for record, part in _parts(store, opener_for, station, spool, visit=visit):
        photo = part.object_id.hex()
        if wanted in (None, photo):
            header = record.header
            whole = found.setdefault(photo, _Whole(header.boot, header.t_us, part))
            whole.add(part)
            if wanted is None:
                whole.settle()
    return found


def _parts(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, *, visit: VisitNo
) -> Iterator[tuple[Record, Part]]:
    for stored in store.parts(station, spool, visit=visit):
        opener = opener_for(store, station, spool, stored.record.header.key_id)
        part = open_part(opener, stored.record)
        if part is not None:
            yield stored.record, part


def _object(part: Part) -> tuple[bytes, int, int]:
    return part.digest, part.size_bytes, part.total


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
