"""Makes a backup of a hub that runs, and checks one.

The store's database is copied as it is at one moment; it says how far each segment file is valid, and what is
valid of a segment never changes again, so that the segments are copied after it, up to there. No private key
is in a backup: what boxes sealed stays sealed, and nobody can play the hub with it. docs/backup.md says what
can be read in it all the same.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hub.backup.manifest import (
    ACCOUNTS,
    CA,
    CONFIG,
    HUB_DB,
    MANIFEST,
    ROUTING,
    SEAL_PUBLIC,
    BackupError,
    BackupFile,
    Manifest,
    segment_file,
)
from hub.config import Config
from hub.store.copies import check_database, copy_database, count_records, read_epoch, segment_lengths
from hub.store.segments import segment_path

PIECE_BYTES: Final = 2**20
OnBytes = Callable[[int], None]  # so many bytes more are done


def bytes_to_do(config: Config) -> int:
    """Return about how many bytes `make_backup` will report: all is written once and read again."""
    files = [config.store_folder / "hub.db", config.accounts_path]
    files += (config.store_folder / "segments").glob("*.segment")
    return 2 * sum(path.stat().st_size for path in files if path.exists())


def make_backup(config: Config, out: Path, *, on_bytes: OnBytes) -> Manifest:
    """Write a backup into the new folder `out`, whole and checked or not at all; return its manifest.

    Raises BackupError, StoreFailedError, OSError.
    """
    part = out.with_name(out.name + ".part")
    for folder in (out, part):
        if folder.exists():
            raise BackupError(f"{folder} is there already: remove it, or name another folder")
    try:
        manifest = _write_backup(config, part, on_bytes)
    except BaseException:  # a disk that is full must not stay so
        shutil.rmtree(part, ignore_errors=True)
        raise
    part.rename(out)
    sync(out)
    sync(out.absolute().parent)
    return manifest


def _write_backup(config: Config, part: Path, on_bytes: OnBytes) -> Manifest:
    (part / "segments").mkdir(mode=0o700, parents=True)
    part.chmod(0o700)
    copy_database(config.store_folder / "hub.db", part / HUB_DB, on_bytes=on_bytes)
    damaged = list(_copy_segments(config.store_folder / "segments", part, on_bytes))
    if config.accounts_path.exists():
        copy_database(config.accounts_path, part / ACCOUNTS, on_bytes=on_bytes)
    beside = [
        (config.path, CONFIG),
        (config.pki_folder / "ca.crt", CA),
        (config.pki_folder / "seal.pub", SEAL_PUBLIC),
    ]
    if config.routing_path is not None:
        beside.append((config.routing_path, ROUTING))
    for source, name in beside:
        if source.exists():
            (part / name).write_bytes(source.read_bytes())
    manifest = _describe(part, damaged, on_bytes)
    (part / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    for path in sorted(part.rglob("*")):
        sync(path)
    return manifest


def check_backup(folder: Path, *, on_bytes: OnBytes) -> Manifest:
    """Read all of a backup and return its manifest. Raises BackupError, StoreFailedError, OSError."""
    manifest = read_manifest(folder)
    for file in manifest.files:
        try:
            size_bytes, sha256 = fingerprint(folder / file.path, on_bytes)
        except OSError as error:
            raise BackupError(
                f"{folder / file.path} cannot be read ({error.strerror}): take another copy of the backup,"
                " or an older one"
            ) from error
        if (size_bytes, sha256) != (file.size_bytes, file.sha256):
            raise BackupError(
                f"{folder / file.path} is not what was backed up ({size_bytes} of {file.size_bytes} bytes):"
                " take another copy of the backup, or an older one"
            )
    check_database(folder / HUB_DB)
    _check_segments(folder, manifest)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup. Raises BackupError."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise BackupError(
            f"{path} cannot be read ({error.strerror}): this is no backup, or one that was interrupted"
        ) from error
    except ValidationError as error:
        raise BackupError(
            f"{path} is not a manifest that this hub reads: {error.errors()[0]['msg']}"
        ) from error
    if HUB_DB not in {file.path for file in manifest.files}:
        raise BackupError(f"{path} names no {HUB_DB}: this is no backup of a hub")
    return manifest


def fingerprint(path: Path, on_bytes: OnBytes) -> tuple[int, str]:
    """Return size and SHA-256 of a file. Raises OSError."""
    digest, size_bytes = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
            size_bytes += len(piece)
            on_bytes(len(piece))
    return size_bytes, digest.hexdigest()


def sync(path: Path) -> None:
    """Make a file or folder durable. Raises OSError."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _copy_segments(folder: Path, part: Path, on_bytes: OnBytes) -> Iterator[str]:
    """Copy what is valid of each segment; yield what is not there, in words."""
    for segment, length in segment_lengths(part / HUB_DB).items():
        source, left = segment_path(folder, segment), length
        with (part / segment_file(segment)).open("wb") as copy:
            if source.exists():
                with source.open("rb") as file:
                    while left and (piece := file.read(min(PIECE_BYTES, left))):
                        copy.write(piece)
                        left -= len(piece)
                        on_bytes(len(piece))
        if left:
            yield f"{source} lacks {left} of {length} bytes: records are lost, boxes may have them still"


def _describe(part: Path, damaged: list[str], on_bytes: OnBytes) -> Manifest:
    check_database(part / HUB_DB)
    counts, files = count_records(part / HUB_DB), []
    for path in sorted(part.rglob("*")):
        if path.is_file():
            size_bytes, sha256 = fingerprint(path, on_bytes)
            name = path.relative_to(part).as_posix()
            files.append(BackupFile(path=name, size_bytes=size_bytes, sha256=sha256))
    newest = datetime.fromtimestamp(counts.newest_utc_us / 1e6, UTC) if counts.newest_utc_us else None
    return Manifest(
        made_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        epoch=read_epoch(part / HUB_DB),
        stations=counts.stations,
        records=counts.records,
        newest_record_utc=None if newest is None else newest.isoformat(timespec="seconds"),
        files=files,
        damaged=damaged,
    )


def _check_segments(folder: Path, manifest: Manifest) -> None:
    """A file that the database counts on must be named in the manifest, which has just been checked."""
    sizes = {file.path: file.size_bytes for file in manifest.files}
    for segment, length in segment_lengths(folder / HUB_DB).items():
        if sizes.get(segment_file(segment), -1) < length and not manifest.damaged:
            raise BackupError(f"{folder}: {segment_file(segment)} is shorter than its database says")
