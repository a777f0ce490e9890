"""Every record that is still on the box, sealed as it is, into a folder: for a stick that travels where no
link does (shell: files). Format: docs/wire.md, section 11.

The manifest is written last, and only then is the export whole.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from contract.ids import BY_HAND, BootId, RecordClass, SpoolId, StationId, spool_text
from contract.parcels import Parcel, encode_parcel
from contract.ranges import SeqRanges
from edge.errors import ExportError
from edge.spool.spool import Spool

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
PARCEL_BYTES: Final = 48_000
AT_ONCE: Final = 64  # records: one look at the card


@dataclass(slots=True)
class ExportedFile:
    """One file of parcels."""

    name: str
    spool: str
    record_class: int
    records: int = 0
    damaged: int = 0  # on the card, and left out
    bytes: int = 0
    sha256: str = ""


class Export:
    """One export, on the way: `plan` each spool, then write them portion by portion, then `finish`."""

    def __init__(self, folder: Path, *, station: StationId) -> None:
        """Raises ExportError: the folder cannot be used."""
        self.folder, self._station = folder, station
        self.files: list[ExportedFile] = []
        self.total = self.done = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ExportError(f"{folder}: is not empty; choose a new folder")
        except OSError as error:
            raise ExportError(f"{folder}: cannot be used: {error.strerror}") from error

    def plan(self, spool: Spool) -> "SpoolExport":
        """Return the export of one spool; its records are counted."""
        one = SpoolExport(self, spool)
        self.total += one.total
        return one

    def open(self, spool: SpoolId, record_class: RecordClass) -> tuple[ExportedFile, BinaryIO]:
        """Begin a file. Raises OSError."""
        name = f"{spool_text(spool)}-{record_class.value}.parcels"
        told = ExportedFile(name, spool_text(spool), int(record_class))
        self.files.append(told)
        return told, (self.folder / name).open("wb")

    def finish(self, *, boot: BootId, t_us: int) -> dict[str, Any]:
        """Write the manifest; return it. Raises ExportError."""
        document = {
            "format": FORMAT,
            "station": self._station,
            "boot": boot,
            "t_us": t_us,
            "files": [asdict(one) for one in self.files],
        }
        try:
            unfinished = self.folder / (MANIFEST + ".new")
            unfinished.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
            unfinished.rename(self.folder / MANIFEST)
        except OSError as error:
            raise ExportError(f"{self.folder}: {error.strerror}; is the stick full?") from error
        return document


class SpoolExport:
    """The export of one spool."""

    def __init__(self, export: Export, spool: Spool) -> None:
        self._export = export
        there = {c: SeqRanges(one.given_up.holes(1, one.given)) for c, one in spool.ledgers().items()}
        self.total = sum(high - low + 1 for ranges in there.values() for low, high in ranges)
        self._steps = self._write_all(spool.spool_id, there)
        self._spool = spool

    def portion(self) -> bool:
        """Write a few records; False: all are written. For the spool's thread. Raises ExportError."""
        return next(self._steps, None) is not None

    def _write_all(self, name: SpoolId, there: dict[RecordClass, SeqRanges]) -> Iterator[bool]:
        for record_class, ranges in there.items():
            if not any(ranges):
                continue
            try:
                told, file = self._export.open(name, record_class)
                digest = hashlib.sha256()
                with file:
                    for seqs in _few(ranges):
                        found = self._spool.read(record_class, seqs)
                        for payload in _parcels(name, list(found.values())):
                            data = len(payload).to_bytes(4, "little") + payload
                            file.write(data)
                            digest.update(data)
                            told.bytes += len(data)
                        told.records += len(found)
                        told.damaged += len(seqs) - len(found)
                        self._export.done += len(seqs)
                        yield True
                told.sha256 = digest.hexdigest()
            except OSError as error:
                raise ExportError(f"{self._export.folder}: {error.strerror}; is the stick full?") from error


def _few(ranges: SeqRanges) -> Iterator[list[int]]:
    for low, high in ranges:
        for start in range(low, high + 1, AT_ONCE):
            yield list(range(start, min(high, start + AT_ONCE - 1) + 1))


def _parcels(spool: SpoolId, records: list[bytes]) -> Iterator[bytes]:
    """Parcels that no boot has sent: when they come, nobody can tell from them how old their records are."""
    waiting: list[bytes] = []
    for raw in records:
        if waiting and sum(map(len, waiting)) + len(raw) > PARCEL_BYTES:
            yield encode_parcel(Parcel(spool, BY_HAND, 0, waiting))
            waiting = []
        waiting.append(raw)
    if waiting:
        yield encode_parcel(Parcel(spool, BY_HAND, 0, waiting))
