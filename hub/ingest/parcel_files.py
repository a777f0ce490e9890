"""What `edge spool export` wrote, read and checked (shell: files). Source: docs/wire.md, section 11."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from contract.errors import RefusedError
from contract.ids import RecordClass, StationId, parse_spool, parse_station
from contract.limits import PAYLOAD_MAX_BYTES

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_READ_BYTES: Final = 2**20


class ParcelFolderError(Exception):
    """The folder is no whole export. The text says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class ParcelFile:
    """One file of parcels of one class."""

    path: Path
    record_class: RecordClass
    records: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ParcelFolder:
    """A whole export."""

    station: StationId
    files: tuple[ParcelFile, ...]

    @property
    def records(self) -> int:
        """How many records are in it."""
        return sum(one.records for one in self.files)


def read_folder(folder: Path) -> ParcelFolder:
    """Return what is in `folder`, each file's hash checked. Raises ParcelFolderError."""
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ParcelFolderError(
            f"{folder}: no {MANIFEST}: not an export, or one that was broken off; make it again"
        ) from error
    except (OSError, ValueError) as error:
        raise ParcelFolderError(f"{folder / MANIFEST}: cannot be read: {error}") from error
    try:
        if document["format"] != FORMAT:
            raise ParcelFolderError(
                f"{folder}: format {document['format']}; this hub reads {FORMAT}: update it"
            )
        files = tuple(_file(folder, told) for told in document["files"])
        return ParcelFolder(parse_station(document["station"]), files)
    except (KeyError, TypeError, ValueError, RefusedError) as error:
        raise ParcelFolderError(
            f"{folder / MANIFEST}: is damaged ({error}); make the export again"
        ) from error


def _file(folder: Path, told: dict[str, Any]) -> ParcelFile:
    path = folder / Path(str(told["name"])).name
    parse_spool(told["spool"])
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while data := file.read(_READ_BYTES):
                digest.update(data)
    except OSError as error:
        raise ParcelFolderError(f"{path}: cannot be read: {error.strerror}") from error
    if digest.hexdigest() != told["sha256"]:
        raise ParcelFolderError(f"{path}: is not what was written there; the stick is damaged, make it again")
    return ParcelFile(path, RecordClass(told["record_class"]), int(told["records"]), int(told["bytes"]))


def parcels(file: ParcelFile) -> Iterator[bytes]:
    """Yield the parcels of a file. Raises ParcelFolderError, OSError."""
    with file.path.open("rb") as source:
        while head := source.read(4):
            length = int.from_bytes(head, "little")
            data = source.read(length) if length <= PAYLOAD_MAX_BYTES else b""
            if len(data) != length:
                raise ParcelFolderError(f"{file.path}: ends within a parcel; make the export again")
            yield data
