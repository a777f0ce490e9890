"""The first file system of the virtual machine: a shell, the kernel's modules that it needs, one script."""

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from images.initial import DIRECTORY, FILE, PROGRAM, entry

BUSYBOX: Final = "bin/busybox"
# The root is the folder of unpacked packages over 9p, with memory on top of it; the house is read only.
SCRIPT: Final = """#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
{insert}
share() {{ mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144 "$1" "$2"; }}
share root /lower
mount -t tmpfs tmpfs /upper; mkdir /upper/top /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/top,workdir=/upper/work overlay /new
for folder in house wheels proc sys dev run; do mkdir -p /new/$folder; done
share house /new/house; share wheels /new/wheels
for folder in proc sys dev; do mount --move /$folder /new/$folder; done
exec switch_root /new /bin/busybox sh -c 'export PATH=/usr/bin:/bin:/usr/sbin:/sbin; {command}; poweroff -f'
"""


def initial_file_system(root: Path, *, modules: Iterable[str], command: str) -> bytes:
    """Return an initramfs that inserts `modules` with what they need, mounts, and runs `command`."""
    files = modules_in_order(root, modules)
    insert = "\n".join(f"insmod /mods/{path.name}" for path in files)
    script = SCRIPT.format(insert=insert, command=command)
    folders = ("dev", "proc", "sys", "mods", "lower", "upper", "new", "bin")
    parts = [entry(folder, DIRECTORY, b"") for folder in folders]
    parts.append(entry(BUSYBOX, PROGRAM, (root / BUSYBOX).read_bytes()))
    parts += [entry(f"mods/{path.name}", FILE, path.read_bytes()) for path in files]
    parts.append(entry("init", PROGRAM, script.encode()))
    parts.append(entry("TRAILER!!!", 0, b""))
    return gzip.compress(b"".join(parts), 1)


def modules_in_order(root: Path, names: Iterable[str]) -> list[Path]:
    """Return the files of modules and of what they need, each after what it needs. What is built into the
    kernel has no file and is left out."""
    files = {_name(path.name): path for path in (root / "lib" / "modules").rglob("*.ko")}
    order: list[Path] = []

    def insert(name: str) -> None:
        path = files.get(name)
        if path is None or path in order:
            return
        for needed in _needs(path):
            insert(needed)
        order.append(path)

    for name in names:
        insert(_name(name))
    return order


def _needs(path: Path) -> Iterator[str]:
    for line in path.read_bytes().split(b"\0"):
        if line.startswith(b"depends=") and len(line) > len(b"depends="):
            yield from (_name(name) for name in line[len(b"depends=") :].decode().split(","))


def _name(text: str) -> str:
    return text.split(".", maxsplit=1)[0].replace("-", "_")
