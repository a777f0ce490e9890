"""Lays out what the hub's package puts on a machine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

VENV: Final = Path("usr/lib/haidang/venv")
DOCS: Final = Path("usr/share/doc/haidang-hub")
ROOMS: Final = ("contract", "supervisor", "hub", "web")  # whatever of them the source has
UNIT_SUFFIXES: Final = (".service", ".timer", ".target", ".socket", ".path")
_NOT_SHIPPED: Final = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md")


def lay_out(source: Path, libraries: Path, tree: Path, *, python: str, epoch_s: int) -> None:
    """Fill the new folder `tree`. `python`: such as "3.11". Modes and times depend on nothing but the files:
    every time becomes `epoch_s`. Raises OSError.
    """
    site = tree / VENV / "lib" / f"python{python}" / "site-packages"
    shutil.copytree(libraries, site, ignore=_NOT_SHIPPED)
    for room in ROOMS:
        if (source / room).is_dir():
            shutil.copytree(source / room, site / room, ignore=_NOT_SHIPPED)
    _make_venv(tree / VENV, python)
    wrapper = tree / "usr/bin/haidang-hub"
    wrapper.parent.mkdir(parents=True)
    shutil.copyfile(source / "package/hub/haidang-hub", wrapper)
    _copy_units(source / "systemd/hub", tree / "usr/lib")
    (tree / DOCS).mkdir(parents=True)
    for name in ("hub-server.md", "backup.md"):
        shutil.copyfile(source / "docs" / name, tree / DOCS / name)
    texts = [(source / name).read_text(encoding="utf-8") for name in ("LICENSE", "NOTICE")]
    (tree / DOCS / "copyright").write_text("\n".join(texts), encoding="utf-8")
    settle(tree, epoch_s=epoch_s)


def settle(tree: Path, *, epoch_s: int) -> None:
    """Give every file and folder of `tree` the mode that it needs, and one time."""
    programs = (tree / "usr/bin", tree / "DEBIAN")
    for path in [tree, *tree.rglob("*")]:
        if not path.is_symlink():
            is_program = path.parent in programs and path.name not in ("control", "md5sums")
            path.chmod(0o755 if path.is_dir() or is_program else 0o644)
        os.utime(path, (epoch_s, epoch_s), follow_symlinks=False)


def units(tree: Path) -> list[str]:
    """Return the names of all units in the tree, sorted."""
    return sorted(path.name for path in _unit_files(tree))


def units_to_enable(tree: Path) -> list[str]:
    """Return the names of those that a start of the machine begins with."""
    return sorted(
        path.name
        for path in _unit_files(tree)
        if "[Install]" in path.read_text(encoding="utf-8").splitlines()
    )


def _unit_files(tree: Path) -> Iterator[Path]:
    folder = tree / "usr/lib/systemd/system"
    return (path for path in folder.glob("*") if path.suffix in UNIT_SUFFIXES)


def _make_venv(venv: Path, python: str) -> None:
    (venv / "bin").mkdir()
    (venv / "bin/python3").symlink_to(f"/usr/bin/python{python}")
    (venv / "pyvenv.cfg").write_text(
        f"home = /usr/bin\ninclude-system-site-packages = false\nversion = {python}\n", encoding="utf-8"
    )


def _copy_units(units_folder: Path, lib: Path) -> None:
    """`system` and `*.conf.d` go below systemd's folder, the rest under its own name (systemd/README.md)."""
    for folder in sorted(units_folder.glob("*/")):
        is_systemds = folder.name == "system" or folder.name.endswith(".conf.d")
        shutil.copytree(folder, lib / ("systemd" if is_systemds else "") / folder.name, ignore=_NOT_SHIPPED)
