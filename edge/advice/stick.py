"""Sheets on a USB stick that the system has mounted (shell): found, and written whole."""

import errno
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from edge.advice.piece import Outcome, Print

FOLDER: Final = "haidang"
SYNC_S: Final = 40.0
_SYNC: Final = ("sync", "-f")  # syncfs(2): all of the file system that holds the file
_ESCAPED: Final = re.compile(r"\\([0-7]{3})")  # how /proc/mounts writes a blank
_BUS: Final = re.compile(r"/usb[0-9]+/")


class Stick(NamedTuple):
    """A file system on removable media, and where it is mounted."""

    place: Path
    is_writable: bool


def find_sticks(own: Path, *, sysfs: Path, mounts: Path) -> list[Stick]:
    """Return the mounted file systems on removable disks, in the order in which they were mounted.

    A disk that holds `/` or `own` is the box's own, whatever it is. `mounts`: as /proc/self/mounts.
    """
    found = []
    own_disks = set()
    ours = _mount_of(own, mounts)
    for device, place, options in _mounts(mounts):
        disk = _disk(device, sysfs)
        if disk is None:
            continue
        if place in ("/", ours):
            own_disks.add(disk)
        found.append((disk, Stick(Path(place), "rw" in options.split(","))))
    return [stick for disk, stick in found if disk not in own_disks and _is_removable(disk)]


def write_on(sticks: list[Stick], pdf: bytes, *, name: str) -> Outcome:
    """Write the sheet on the first stick that can be written, and return when it may be pulled out."""
    stick = next((one for one in sticks if one.is_writable), None)
    if stick is None:
        return Outcome(how=Print.STICK_READ_ONLY if sticks else Print.NO_STICK)
    file = stick.place / FOLDER / f"{name}.pdf"
    try:
        file.parent.mkdir(exist_ok=True)
        _write_whole(file, pdf)
    except OSError as error:
        return Outcome(how=_fault(error), detail=str(error.strerror or error))
    except subprocess.SubprocessError as error:
        return Outcome(how=Print.STICK_FAILED, detail=f"sync: {error}"[:120])
    return Outcome(how=Print.ON_STICK, detail=f"{FOLDER}/{file.name}")


def _write_whole(file: Path, data: bytes) -> None:
    """Under its name stands all of it, or what stood there before. Raises OSError, SubprocessError."""
    half = file.with_name(f"~{file.name}")
    try:
        with half.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        half.replace(file)
    except OSError:
        half.unlink(missing_ok=True)
        raise
    subprocess.run([*_SYNC, str(file)], check=True, capture_output=True, timeout=SYNC_S)


def _fault(error: OSError) -> Print:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Print.STICK_FULL
    return Print.STICK_READ_ONLY if error.errno in (errno.EROFS, errno.EACCES) else Print.STICK_FAILED


def _mounts(mounts: Path) -> Iterator[tuple[str, str, str]]:
    for line in mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        device, place, _kind, options, *_rest = (
            _ESCAPED.sub(lambda found: chr(int(found[1], 8)), part) for part in line.split(" ")
        )
        yield device, place, options


def _mount_of(path: Path, mounts: Path) -> str:
    """Return where the file system of a path is mounted."""
    there = [place for _, place, _ in _mounts(mounts) if path.is_relative_to(place)]
    return max(there, key=len, default="/")


def _disk(device: str, sysfs: Path) -> Path | None:
    """Return the folder of the whole disk in sysfs; None: it is no block device."""
    if not device.startswith("/dev/"):
        return None
    link = sysfs / "class" / "block" / Path(device).resolve().name
    if not link.exists():
        return None
    folder = link.resolve()
    return folder.parent if (folder / "partition").exists() else folder


def _is_removable(disk: Path) -> bool:
    """A stick says so; a hard disk in a USB case does not, but hangs at that bus."""
    try:
        says = (disk / "removable").read_text().strip() == "1"
    except OSError:
        return False
    return says or _BUS.search(f"{disk}/") is not None
