"""Other programs, and words about how far we are."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from images.errors import ImageError

PLAIN: Final = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "TMPDIR": "/tmp",  # noqa: S108
}
LIMIT_S: Final = 3_600.0  # an emulated machine is slow
LAST_WORDS: Final = 6_000  # characters of a failed program's complaint


def run(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    is_alone: bool = False,
) -> str:
    """Return what the command writes. Raises ImageError with its last words when it fails or is not there.

    `environment` is added to ours; `is_alone`: it is all that there is, for what makes the image's bytes.
    """
    try:
        ran = subprocess.run(
            command,
            cwd=folder,
            env={**({} if is_alone else os.environ), **(environment or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LIMIT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise ImageError(f"{command[0]} is not here: ./run image installs it where apt is") from error
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"{command[0]} has not ended in an hour") from error
    if ran.returncode:
        raise ImageError(f"{' '.join(command[:3])} failed: {(ran.stderr + ran.stdout).strip()[-LAST_WORDS:]}")
    return ran.stdout


def say(text: str) -> None:
    """Tell who waits."""
    sys.stderr.write(f"image: {text}\n")
    sys.stderr.flush()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what begins, and how long it took."""
    say(f"{name} …")
    begun_s = time.monotonic()
    yield
    say(f"{name}: {time.monotonic() - begun_s:.1f} s")
