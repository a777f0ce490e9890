"""Files that must be there after a power cut: whole, or as they were.

Root may write for services that run as somebody else: what it makes belongs to the owner of what was there
before, or else of the folder that it is made in.
"""

import os
from pathlib import Path

from edge.errors import EnrolmentError


def write_file(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` into `path`, and its folder onto the disk. Raises EnrolmentError."""
    new = path.with_name(f".{path.name}.new")
    try:
        if not path.parent.exists():
            path.parent.mkdir(mode=0o700, parents=True)
            _give_to_owner_of(path.parent.parent, path.parent)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _give_to_owner_of(path if path.exists() else path.parent, new)
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise EnrolmentError(f"{path} cannot be written: {error.strerror}") from error


def _give_to_owner_of(other: Path, path: Path) -> None:
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def read_file(path: Path) -> bytes:
    """Return what is in `path`; empty when there is nothing that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
