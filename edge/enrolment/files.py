"""Files that must be there after a power cut: whole, or as they were."""

import os
from pathlib import Path

from edge.errors import EnrolmentError


def write_file(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` into `path`, and its folder onto the disk. Raises EnrolmentError."""
    new = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise EnrolmentError(f"{path} cannot be written: {error.strerror}") from error


def read_file(path: Path) -> bytes:
    """Return what is in `path`; empty when there is nothing that can be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
