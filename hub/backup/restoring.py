"""Makes a hub's folder of a backup. Its store gets a new epoch: boxes send again what it lacks."""

import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.backup.copying import PIECE_BYTES, OnBytes, check_backup, fingerprint, read_manifest, sync
from hub.backup.manifest import ACCOUNTS, CA, CONFIG, HUB_DB, ROUTING, SEAL_PUBLIC, BackupError, Manifest
from hub.store.copies import write_epoch

OWN_FOLDERS: Final = {  # beside the configuration
    "store": "store",
    "pki": "pki",
    "accounts": "accounts.db",
    "routing": "routing.toml",
}
_PLACES: Final = {
    HUB_DB: "store/hub.db",
    ACCOUNTS: "accounts.db",
    CONFIG: "hub.toml",
    ROUTING: "routing.toml",
    CA: "pki/ca.crt",
    SEAL_PUBLIC: "pki/seal.pub",
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What was made. Epochs are u32."""

    manifest: Manifest
    epoch: int


def bytes_to_do(backup: Path) -> int:
    """Return how many bytes `restore` will report: all is read, written, read again. Raises BackupError."""
    return 3 * sum(file.size_bytes for file in read_manifest(backup).files)


def restore(backup: Path, into: Path, *, on_bytes: OnBytes) -> Restored:
    """Make the folder `into` of a backup, whole or not at all.

    Nothing is overwritten: `into` must be new, or empty. Raises BackupError, StoreFailedError, OSError.
    """
    part = into.with_name(into.name + ".part")
    if part.exists() or (into.exists() and (not into.is_dir() or any(into.iterdir()))):
        taken = part if part.exists() else into
        raise BackupError(
            f"{taken} is there already and not empty: name a new folder, nothing is overwritten"
        )
    manifest = check_backup(backup, on_bytes=on_bytes)
    for folder in (part / "store" / "segments", part / "pki"):
        folder.mkdir(mode=0o700, parents=True)
    for folder in (part, part / "store"):
        folder.chmod(0o700)
    for file in manifest.files:
        target = part / _PLACES.get(file.path, f"store/{file.path}")
        _copy(backup / file.path, target, on_bytes)
        if fingerprint(target, on_bytes) != (file.size_bytes, file.sha256):
            raise BackupError(f"{target} was not written as it was read: is this disk failing?")
    config = part / "hub.toml"
    if config.exists():
        config.write_text(with_own_folders(config.read_text(encoding="utf-8")), encoding="utf-8")
    epoch = _another(manifest.epoch)
    write_epoch(part / "store" / "hub.db", epoch)
    for path in sorted(part.rglob("*")):
        sync(path)
    if into.exists():
        into.rmdir()
    part.rename(into)
    sync(into.absolute().parent)
    return Restored(manifest, epoch)


def with_own_folders(text: str) -> str:
    """Return a hub's configuration with all its folders beside it, wherever they were. Raises BackupError."""
    lines, table = [], ""
    for line in text.splitlines():
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            table = header[1].strip()
        key = re.match(r"\s*(store|pki|accounts|routing)\s*=", line) if table == "folders" else None
        lines.append(f'{key[1]} = "{OWN_FOLDERS[key[1]]}"' if key else line)
    changed = "\n".join(lines) + "\n"
    try:
        folders = tomllib.loads(changed).get("folders", {})
    except tomllib.TOMLDecodeError as error:
        raise BackupError(f"the backup's {CONFIG} cannot be read: {error}") from error
    if any(folders.get(key, own) != own for key, own in OWN_FOLDERS.items()):
        raise BackupError(
            f"the backup's {CONFIG} names its folders in a way that is not understood:"
            " write them into it line by line, under [folders]"
        )
    return changed


def _copy(source: Path, target: Path, on_bytes: OnBytes) -> None:
    with source.open("rb") as file, target.open("xb") as copy:
        while piece := file.read(PIECE_BYTES):
            copy.write(piece)
            on_bytes(len(piece))


def _another(epoch: int) -> int:
    while (new := secrets.randbits(32)) == epoch:
        pass
    return new
