"""What a box keeps in files of their own, as enrolment writes them: `python -m tests.powercut.keeper FOLDER`.

Version after version of key, certificate, configuration and state; after each one that returned, a line of
JSON says so, and how long the file `--beside` was then.
"""

import argparse
import json
import os
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Final, NamedTuple

from edge.config import ENROLMENT_STATE
from edge.enrolment.enrol_service import CONFIG_NAME
from edge.enrolment.enrolled_config import FILES, KEYS_FOLDER
from edge.enrolment.files import read_file, write_file

KEYS: Final = tuple(f"{KEYS_FOLDER}/{FILES[name]}" for name in ("key", "certificate"))
PATHS: Final = (CONFIG_NAME, ENROLMENT_STATE, *KEYS)
SIZES: Final = (900, 300, 241, 1_700)  # bytes: one of them more than a sector, all less than a block
AT_ONCE: Final = 12  # files written in one life


class Kept(NamedTuple):
    """A file that is durable, and which version of it."""

    path: str
    version: int


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--beside", type=Path, required=True)
    parser.add_argument("--after", type=int, default=0, help="files of lives before")
    parser.add_argument("--careless", action="store_true", help="the control: nothing is synced")
    options = parser.parse_args()
    if options.careless:
        os.fsync = _do_nothing
    for kept in islice(planned(), options.after, options.after + AT_ONCE):
        write_file(options.folder / kept.path, data_of(kept), mode=0o600)
        said = {"path": kept.path, "version": kept.version, "beside_bytes": options.beside.stat().st_size}
        os.write(1, json.dumps(said).encode() + b"\n")


def _do_nothing(fd: object) -> None:
    pass


def planned() -> Iterator[Kept]:
    """Yield what is written, in order, for ever."""
    for number, path in enumerate(cycle(PATHS)):
        yield Kept(path, number // len(PATHS) + 1)


def data_of(kept: Kept) -> bytes:
    """Return what that version of the file holds."""
    word = f"{kept.path} {kept.version}\n".encode()
    return (word * SIZES[PATHS.index(kept.path)])[: SIZES[PATHS.index(kept.path)]]


def wrong_with(folder: Path, kept: list[Kept]) -> Iterator[str]:
    """Yield what is not as it was promised: `kept` is what was durable, and the next may be there instead."""
    newest = {one.path: one.version for one in kept}
    coming = next(islice(planned(), len(kept), None))
    for path in PATHS:
        version = newest.get(path, 0)
        good = [data_of(Kept(path, version)) if version else b""]
        if coming.path == path:
            good.append(data_of(coming))
        if (found := read_file(folder / path)) not in good:
            yield f"{path}: version {version} was durable, and it holds {found[:40]!r}"


if __name__ == "__main__":
    main()
