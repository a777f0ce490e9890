"""The first file system of the box: a shell, the modules that reach the card, one script."""

import gzip
import lzma
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from images.errors import ImageError

DIRECTORY: Final = 0o040755
PROGRAM: Final = 0o100755
FILE: Final = 0o100644
FOLDERS: Final = ("dev", "proc", "sys", "run", "new", "bin", "mods")


def first_file_system(busybox: bytes, script: str, modules: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a compressed initramfs; `modules` are inserted in their order. The same in, the same out."""
    parts = [entry(folder, DIRECTORY, b"") for folder in FOLDERS]
    parts.append(entry("bin/busybox", PROGRAM, busybox))
    parts += [entry(f"mods/{number:03}-{name}", FILE, raw) for number, (name, raw) in enumerate(modules)]
    parts.append(entry("init", PROGRAM, script.encode()))
    parts.append(entry("TRAILER!!!", 0, b""))
    return gzip.compress(b"".join(parts), 9, mtime=0)


def modules_in_order(folder: Path, names: Iterable[str]) -> list[tuple[str, bytes]]:
    """Return modules below /lib/modules/VERSION, and what they need, each after what it needs.

    What is built into the kernel is left out. Raises ImageError: a name is of no module of this kernel.
    """
    files = {_name(path.name): path for path in sorted(folder.rglob("*.ko*"))}
    built_in = {
        _name(Path(line).name)
        for line in (folder / "modules.builtin").read_text(encoding="utf-8").splitlines()
    }
    order: dict[str, bytes] = {}

    def insert(name: str) -> None:
        if name in order or name in built_in:
            return
        if name not in files:
            raise ImageError(f"the kernel has no module {name}: look at the list in images/recipe")
        raw = _read(files[name])
        for needed in needs(raw):
            insert(needed)
        order[name] = raw

    for name in names:
        insert(_name(name))
    return [(f"{name}.ko", raw) for name, raw in order.items()]


def needs(module: bytes) -> Iterator[str]:
    """Yield what a module says that it needs."""
    for line in module.split(b"\0"):
        if line.startswith(b"depends=") and len(line) > len(b"depends="):
            yield from (_name(name) for name in line[len(b"depends=") :].decode().split(","))


def entry(name: str, mode: int, data: bytes) -> bytes:
    """Return one file of a "newc" archive. Source: Linux, Documentation/driver-api/early-userspace."""
    raw = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def _read(path: Path) -> bytes:
    raw = path.read_bytes()
    return lzma.decompress(raw) if path.suffix == ".xz" else raw


def _name(text: str) -> str:
    return text.split(".", maxsplit=1)[0].replace("-", "_")
