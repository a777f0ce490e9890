"""The data partition as the box makes, checks and mounts it, by the words of the image's recipe (shell)."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILES: Final = Path(__file__).parents[2] / "images" / "recipe" / "files"
CHECK: Final = FILES / "usr/libexec/haidang/check-data"
BLOCK_BYTES: Final = 4_096  # what mkfs takes for the box's partition; for one as small as ours it would not
JOURNAL_MB: Final = 4  # the box's has 64: this one comes round several times in a recording
NOT_OF_MOUNT: Final = ("nofail", "x-systemd.")
LIMIT_S: Final = 60.0


class UnbootableError(Exception):
    """The data partition does not come up by itself. The text is what was said."""


def mount_options() -> str:
    """Return the options of /data in the image's fstab, without what is said to systemd."""
    rows = [line.split() for line in (FILES / "etc/fstab").read_text(encoding="utf-8").splitlines()]
    [(_, _, kind, options, *_)] = [row for row in rows if row[1:2] == ["/data"]]
    assert kind == "ext4", kind
    return ",".join(word for word in options.split(",") if not word.startswith(NOT_OF_MOUNT))


def mkfs_command(device: Path) -> list[str]:
    """Return how the image's `data` makes the file system, for a small device in a file."""
    script = (FILES / "usr/libexec/haidang/data").read_text(encoding="utf-8").splitlines()
    [line] = [line for line in script if line.strip().startswith("mkfs.ext4")]
    words = shlex.split(line)[:-1]
    words[words.index("-J") + 1] = f"size={JOURNAL_MB}"
    words[words.index("-E") + 1] += ",nodiscard"  # it is empty, and the log of writes has no word for it
    return [*words, "-b", str(BLOCK_BYTES), "-F", str(device)]


@contextmanager
def mounted(file: Path, folder: Path) -> Iterator[None]:
    """Mount what is in `file` as it is. Raises UnbootableError: it cannot be mounted for writing."""
    with _block_device(file) as device, _mounted(device, folder):
        yield


@contextmanager
def _block_device(file: Path) -> Iterator[str]:
    """Show a file as a block device. A program that writes a few bytes to one writes whole blocks in the end,
    to a file it would write those bytes.
    """
    command = ["losetup", "--find", "--show", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LIMIT_S)
    device = done.stdout.strip()
    try:
        yield device
    finally:
        subprocess.run(["losetup", "--detach", device], check=True, timeout=LIMIT_S)


@contextmanager
def _mounted(device: str, folder: Path) -> Iterator[None]:
    done = _run("mount", "-o", mount_options(), device, str(folder))
    if done.returncode:
        raise UnbootableError(done.stderr.strip())
    try:
        if _is_read_only(folder):
            raise UnbootableError(f"{folder} came up read-only")
        yield
        if _is_read_only(folder):
            raise UnbootableError(f"{folder} became read-only")
    finally:
        subprocess.run(["umount", str(folder)], check=True, timeout=LIMIT_S)


@contextmanager
def started(file: Path, folder: Path) -> Iterator[None]:
    """As the box at its start: check and mend by the image's own script, then mount. What took more than the
    usual repair is told in `mended_file`. Raises UnbootableError.
    """
    with _block_device(file) as device:
        _run("sh", str(CHECK), device, str(mended_file(file)))
        with _mounted(device, folder):
            yield


def mended_file(file: Path) -> Path:
    """Return where the script tells of the device in `file`."""
    return file.with_name(f"{file.name}-mended")


def is_sound(device: Path) -> bool:
    """Whether every block and name of an unmounted file system is as it must be."""
    return _run("e2fsck", "-f", "-n", str(device)).returncode == 0


def lacking() -> list[str]:
    """Return what this machine lacks for all this: as root, a kernel with loop devices and ext4."""
    needed = ("mkfs.ext4", "e2fsck", "losetup", "mount", "umount")
    programs = [name for name in needed if shutil.which(name) is None]
    kernel = Path("/proc/filesystems").read_text(encoding="ascii").split()
    return programs + [name for name in ("ext4",) if name not in kernel]


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)


def _is_read_only(folder: Path) -> bool:
    table = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    [options] = [row[3] for row in map(str.split, table) if row[1] == str(folder.resolve())]
    return "ro" in options.split(",")
