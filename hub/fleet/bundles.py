"""Diagnostic bundles, put together from the parts that have come, and opened (core over the given store).

A bundle comes from a box, and a box may be stolen: what it unpacks to is bounded, and only files of the names
that boxes of ours give are shown.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from contract.errors import RefusedError
from contract.ids import NO_VISIT, StationId
from contract.limits import BUNDLE_MAX_BYTES
from contract.parts import Content, Part, join_parts, parse_part
from hub.rooms.photographs import OpenerFor
from hub.store.interface import Store

FILES_MAX: Final = 20
FILE_MAX_BYTES: Final = 200_000
_FILE_NAME: Final = re.compile(r"[a-z_]{1,30}\.(json|txt)")


@dataclass(frozen=True, slots=True)
class BundleState:
    """How much of a bundle has come. `data` None: not all of it, or it `is_damaged`."""

    object_name: str
    received: int
    total: int
    size_bytes: int
    is_damaged: bool
    data: bytes | None


def read_bundle(
    store: Store, opener_for: OpenerFor, station: StationId, object_name: str
) -> BundleState | None:
    """Return a bundle of a station as far as it has come; None: nothing of that name."""
    return read_bundles(store, opener_for, station, [object_name]).get(object_name)


def read_bundles(
    store: Store, opener_for: OpenerFor, station: StationId, object_names: Collection[str]
) -> dict[str, BundleState]:
    """Return some bundles of a station as far as they have come, in one look at its parts."""
    found: dict[str, dict[int, Part]] = {}
    for spool in store.spools(station) if object_names else ():
        for stored in store.parts(station, spool, visit=NO_VISIT):
            opener = opener_for(store, station, spool, stored.record.header.key_id)
            if opener is None:
                continue
            try:
                part = parse_part(opener.open(stored.record))
            except RefusedError:
                continue
            name = part.object_id.hex()
            if part.content is Content.BUNDLE and name in object_names:
                found.setdefault(name, {})[part.index] = part
    return {name: _state(name, parts) for name, parts in found.items()}


def _state(object_name: str, parts: dict[int, Part]) -> BundleState:
    newest = next(reversed(parts.values()))
    data, is_damaged = None, newest.size_bytes > BUNDLE_MAX_BYTES
    if not is_damaged:
        try:
            data = join_parts(parts.values())
        except RefusedError:
            is_damaged = True
    return BundleState(object_name, len(parts), newest.total, newest.size_bytes, is_damaged, data)


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
