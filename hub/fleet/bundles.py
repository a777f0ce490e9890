"""Diagnostic bundles, put together from the parts that have come, and opened (over the given store).

A bundle comes from a box, and a box may be stolen: what it unpacks to is bounded, and only files of the names
that boxes of ours give are shown.
"""

import io
import re
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final

from contract.errors import RefusedError
from contract.ids import NO_VISIT, RecordId, StationId
from contract.limits import BUNDLE_MAX_BYTES
from contract.parts import Content, Part, join_parts, parse_part
from hub.rooms.photographs import OpenerFor
from hub.store.interface import Store, StoredRecord

FILES_MAX: Final = 20
FILE_MAX_BYTES: Final = 200_000
KNOWN_MAX: Final = 50_000  # parts, some 300 bytes each
_FILE_NAME: Final = re.compile(r"[a-z_]{1,30}\.(json|txt)")


@dataclass(frozen=True, slots=True)
class BundleState:
    """How much of a bundle has come. `data` None: it was not opened, not all of it is here, or it
    `is_damaged`. One of which all `is_here` may turn out damaged when it is opened.
    """

    object_name: str
    received: int
    total: int
    size_bytes: int
    is_damaged: bool
    data: bytes | None = None

    @property
    def is_here(self) -> bool:
        """Whether all parts have come."""
        return self.received == self.total and not self.is_damaged


class Bundles:
    """What each part is of is remembered once it was opened, for no part ever changes: a list opens what is
    new, and one bundle its own parts. Belongs to the thread of the store that it is given.
    """

    def __init__(self, opener_for: OpenerFor) -> None:
        self._opener_for = opener_for
        self._known: OrderedDict[RecordId, Part | None] = (
            OrderedDict()
        )  # without its data; None: of no bundle

    def states(
        self, store: Store, station: StationId, object_names: Collection[str]
    ) -> dict[str, BundleState]:
        """Return some bundles of a station as far as they have come, without their data."""
        found: dict[str, dict[int, Part]] = {}
        for stored in _stored(store, station) if object_names else ():
            part = self._known.get(stored.record_id) or self._opened(store, stored)
            if part is not None and part.object_id.hex() in object_names:
                found.setdefault(part.object_id.hex(), {})[part.index] = part
        return {name: _state(name, parts) for name, parts in found.items()}

    def read(self, store: Store, station: StationId, object_name: str) -> BundleState | None:
        """Return a bundle of a station as far as it has come; None: nothing of that name."""
        parts: dict[int, Part] = {}
        for stored in _stored(store, station):
            known = self._known.get(stored.record_id)
            if known is None or known.object_id.hex() == object_name:
                part = self._opened(store, stored)
                if part is not None and part.object_id.hex() == object_name:
                    parts[part.index] = part
        if not parts:
            return None
        state = _state(object_name, parts)
        if not state.is_here:
            return state
        try:
            return replace(state, data=join_parts(parts.values()))
        except RefusedError:
            return replace(state, is_damaged=True)

    def _opened(self, store: Store, stored: StoredRecord) -> Part | None:
        """Return the part of a bundle in a sealed record, None for what is none or cannot be opened yet."""
        if stored.record_id in self._known and self._known[stored.record_id] is None:
            return None
        station, spool, _, _ = stored.record_id
        opener = self._opener_for(store, station, spool, stored.record.header.key_id)
        if opener is None:
            return None
        try:
            part = parse_part(opener.open(stored.record))
        except RefusedError:
            part = None
        if part is not None and part.content is not Content.BUNDLE:
            part = None
        self._known[stored.record_id] = None if part is None else replace(part, data=b"")
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return part


def _stored(store: Store, station: StationId) -> Iterator[StoredRecord]:
    for spool in store.spools(station):
        yield from store.parts(station, spool, visit=NO_VISIT)


def _state(object_name: str, parts: dict[int, Part]) -> BundleState:
    newest = next(reversed(parts.values()))
    objects = {(part.digest, part.size_bytes, part.total) for part in parts.values()}
    is_damaged = newest.size_bytes > BUNDLE_MAX_BYTES or len(objects) > 1
    return BundleState(object_name, len(parts), newest.total, newest.size_bytes, is_damaged)


def open_bundle(data: bytes) -> dict[str, str]:
    """Return the files of a bundle as text, by their names; empty when it is none."""
    files: dict[str, str] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for info in packed.infolist()[:FILES_MAX]:
                if _FILE_NAME.fullmatch(info.filename):
                    with packed.open(info) as file:
                        files[info.filename] = file.read(FILE_MAX_BYTES).decode(errors="replace")
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        return files
    return files
