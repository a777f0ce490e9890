"""`edge video` of a station as the machine sees it: whether it runs, and what it holds open."""

import contextlib
from pathlib import Path

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
