"""A small partition for one box's data, that can be filled up and freed. Needs root: it is a mount."""

import contextlib
import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final, Self

SIZE_BYTES: Final = (
    48_000_000  # the log, the ballast, and room for minutes of records above what is kept free
)
FILL_AT_ONCE_BYTES: Final = 1_000_000


def may_mount() -> bool:
    """Whether this user can have one."""
    return os.geteuid() == 0


class Partition:
    """A tmpfs at `folder`. Use as a context; what it held lies in `folder` afterwards, without the filler.
    Raises CalledProcessError when it cannot be mounted.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._filler = folder / "filler"

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        options = f"size={SIZE_BYTES}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "soak", str(self._folder)], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        self.free()
        kept = self._folder.with_name(f".{self._folder.name}")
        shutil.copytree(self._folder, kept, ignore=shutil.ignore_patterns("*.sock", "*.ballast"))
        subprocess.run(["umount", "--lazy", str(self._folder)], check=True)
        self._folder.rmdir()
        kept.rename(self._folder)

    def fill(self) -> None:
        """Leave not one free byte; again, for what was freed since."""
        size = FILL_AT_ONCE_BYTES
        with self._filler.open("ab", buffering=0) as file:
            while size:
                try:
                    if file.write(bytes(size)) < size:
                        size //= 2
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def free(self) -> None:
        """There is room again."""
        with contextlib.suppress(FileNotFoundError):
            self._filler.unlink()
