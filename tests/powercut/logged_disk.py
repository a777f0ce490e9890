"""A block device that logs what it is asked to do, in memory (shell).

`qemu-storage-daemon` shows a file by FUSE, the kernel makes a loop device of it, ext4 lies on that. Between
the two nothing is kept back: what ext4 hands to the device is in the log when the device has answered.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from tests.powercut import box_mount
from tests.village.process import END_LIMIT_S, ENDS_WITH_US

DAEMON: Final = "qemu-storage-daemon"
START_LIMIT_S: Final = 30.0


class LoggedDisk(NamedTuple):
    """`device` may be mounted; `log` grows with what it is asked to do."""

    device: Path
    log: Path


@contextmanager
def logged_disk(folder: Path, content: bytes) -> Iterator[LoggedDisk]:
    """Make one that holds `content`, and take it away again; it must be unmounted then."""
    raw, log, device = (folder / name for name in ("raw", "log", "device"))
    raw.write_bytes(content)
    log.touch()
    device.touch()
    nodes = (
        f"driver=file,node-name=raw,filename={raw}",
        f"driver=file,node-name=log,filename={log}",
        "driver=blklogwrites,node-name=logged,file=raw,log=log",
    )
    export = f"type=fuse,id=shown,node-name=logged,mountpoint={device},writable=on"
    command = [*ENDS_WITH_US, DAEMON, *(word for node in nodes for word in ("--blockdev", node))]
    with subprocess.Popen([*command, "--export", export], stderr=subprocess.PIPE) as daemon:
        try:
            _wait_until_shown(device, len(content), daemon)
            yield LoggedDisk(device, log)
        finally:
            daemon.terminate()
            daemon.wait(END_LIMIT_S)


def _wait_until_shown(device: Path, size: int, daemon: subprocess.Popen[bytes]) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while device.stat().st_size != size:
        if daemon.poll() is not None or time.monotonic() > deadline_s:
            daemon.kill()
            assert daemon.stderr is not None
            raise RuntimeError(f"{DAEMON} shows no device: {daemon.stderr.read().decode()}")
        time.sleep(0.02)  # nothing announces it


def unable() -> str:
    """Return why this machine cannot have such a disk and mount it; empty: it can."""
    if os.geteuid() != 0:
        return "mounting needs root"
    missing = [*box_mount.lacking(), *([DAEMON] if shutil.which(DAEMON) is None else [])]
    missing += [path for path in ("/dev/fuse", "/dev/loop-control") if not Path(path).exists()]
    return f"missing: {', '.join(missing)}" if missing else ""
