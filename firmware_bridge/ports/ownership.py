"""Whether another program owns a port, told without opening it: opening alone may disturb an instrument.

Linux only. Programs of other users are seen by their locks, and otherwise only where this process may look
into /proc of others (root, or CAP_SYS_PTRACE). Who made a pseudo-terminal is the instrument behind that port,
not a user of it: it has the other end open.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from firmware_bridge.port import is_pseudo_terminal

LOCK_FOLDER: Final = Path("/var/lock")  # of UUCP's and minicom's lock files, LCK..ttyUSB0
_PROC: Final = Path("/proc")
_PTMX: Final = os.makedev(5, 2)  # the other end of every pseudo-terminal; `fdinfo` says of which


def owner_of(path: str, *, lock_folder: Path = LOCK_FOLDER) -> str | None:
    """Return who else has the port open or has locked it, as people call it; None: nobody, or no port."""
    try:
        node = Path(path).stat()
    except OSError:
        return None
    if not stat.S_ISCHR(node.st_mode):
        return None
    pid = next(_holders(node), None) or next(_lockers(node), None) or _lock_file_pid(path, lock_folder)
    return None if pid is None else f"{_name(pid)} (process {pid})"


def _holders(node: os.stat_result) -> Iterator[int]:
    """Yield processes that have the same device open and did not make it."""
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal() or int(folder.name) == os.getpid():
            continue
        opened = list(_open_devices(folder))
        if any(device == node.st_rdev for device, _ in opened) and not _has_made(folder, opened, node):
            yield int(folder.name)


def _open_devices(process: Path) -> Iterator[tuple[int, str]]:
    """Yield (number, descriptor) of each character device that a process has open."""
    with contextlib.suppress(OSError):  # it ended, or it is not ours to look into
        for fd in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                there = fd.stat()
                if stat.S_ISCHR(there.st_mode):
                    yield there.st_rdev, fd.name


def _has_made(process: Path, opened: list[tuple[int, str]], node: os.stat_result) -> bool:
    """Whether the port is a pseudo-terminal, and the process has its other end open."""
    if not is_pseudo_terminal(node.st_rdev):
        return False
    said = ["tty-index:", str(os.minor(node.st_rdev))]
    for device, fd in opened:
        if device == _PTMX:
            with contextlib.suppress(OSError):
                lines = (process / "fdinfo" / fd).read_text(encoding="ascii").splitlines()
                if any(line.split() == said for line in lines):
                    return True
    return False


def _lockers(node: os.stat_result) -> Iterator[int]:
    """Yield processes that hold a lock on the device's node, whoever's they are."""
    place = f"{os.major(node.st_dev):02x}:{os.minor(node.st_dev):02x}:{node.st_ino}"
    with contextlib.suppress(OSError):
        for line in (_PROC / "locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            pid = next((int(word) for word in words[4:6] if word.isdecimal()), 0)
            if place in words and pid not in (0, os.getpid()):
                yield pid


def _lock_file_pid(path: str, folder: Path) -> int | None:
    """Return the process that says in a lock file that the port is its, if it still runs."""
    with contextlib.suppress(OSError, ValueError):
        name = Path(path).resolve().name
        said, *_ = (folder / f"LCK..{name}").read_text(encoding="ascii").split()
        pid = int(said)
        return pid if pid != os.getpid() and (_PROC / str(pid)).exists() else None
    return None


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    return "a program"
