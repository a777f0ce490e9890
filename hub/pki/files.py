"""Files of the pki folder: read with a cure in the error, written whole or not at all."""

import os
from pathlib import Path


class PkiError(Exception):
    """A certificate or key cannot be used. The text names the file and what to do."""


def read_file(path: Path) -> bytes:
    """Return what is in `path`. Raises PkiError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PkiError(
            f"{path} cannot be read ({error.strerror}): run hub init, or restore the backup"
        ) from error


def write_file(path: Path, data: bytes, *, mode: int) -> None:
    """Put `data` into `path` whole or not at all; a key is not readable by others for even a moment."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # a key that is gone after a power cut opens nothing
    finally:
        os.close(folder)
