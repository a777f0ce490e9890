"""`edge video` of a station as the machine sees it: whether it runs, and what it holds open."""

import contextlib
import os
import time
from pathlib import Path
from typing import NamedTuple

from tests.village.station import Station


def video_pid(station: Station) -> int | None:
    """Return its process id; None while it does not run."""
    if not station.vitals.is_running:
        return None
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            words = (path / "cmdline").read_bytes().split(b"\0")
            if parent == station.vitals.pid and b"video" in words:
                return int(path.name)
    return None


class Usage(NamedTuple):
    """What the process has used: CPU seconds of all its threads since it began, memory now."""

    cpu_s: float
    rss_mb: float


def usage(station: Station) -> Usage:
    """Return what `edge video` has used. Raises ProcessLookupError when it does not run."""
    pid = video_pid(station)
    if pid is None:
        raise ProcessLookupError(f"no `edge video` runs at {station.name}")
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    ticks = int(fields[11]) + int(fields[12])  # utime and stime: proc(5), fields 14 and 15
    return Usage(ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE") / 1e6)


def open_files(station: Station) -> set[Path]:
    """Return the devices, and files in their place, that it holds open: camera, card, sound files."""
    pid = video_pid(station)
    if pid is None:
        return set()
    held = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            held.add(link.readlink())
    return {path for path in held if path.suffix == ".wav" or is_device(path)}


def is_device(path: Path) -> bool:
    """Whether it is a camera or a sound card."""
    return path.is_relative_to("/dev") and (path.name.startswith("video") or "snd" in path.parts)


def video_age_s(station: Station) -> float:
    """Return how long `edge video` has lived, 0 while there is none. Source: proc(5), field 22 of stat."""
    pid = video_pid(station)
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
