"""The system of the box: Debian's tree, the kernel's files, the recipe's and those of systemd/."""

import shutil
import stat
from pathlib import Path
from typing import Final

from images.commands import step
from images.errors import ImageError
from images.initial import first_file_system, modules_in_order
from images.lock import wishes
from images.places import BUILD, HOUSE, RECIPE
from images.toolbox import WORK, Toolbox, emptied
from images.tree import debian_tree, unpack, unpacked_only
from images.units import OURS, is_enabled, placed

EMPTY: Final = ("data", "etc/haidang", "usr/lib/haidang")  # others are mounted there
FIRMWARE: Final = {  # what is loaded before the kernel
    "arm64": (
        "usr/lib/raspi-firmware/start4.elf",
        "usr/lib/raspi-firmware/fixup4.dat",
        "usr/lib/linux-image-*/broadcom/bcm2711-rpi-*.dtb",
        "usr/lib/linux-image-*/broadcom/bcm2712-rpi-*.dtb",
    )
}
LOADED_BEFORE: Final = ("usr/lib/raspi-firmware", "usr/lib/linux-image-*")  # from the boot partition only
PROGRAM: Final = 0o755
FILE: Final = 0o644
NOT_ON_THE_BOX: Final = ("etc/apt", "var/cache", "var/lib/apt", "var/lib/dpkg")


def system_tree(name: str, toolbox: Toolbox) -> tuple[Path, Path]:
    """Return the folder of the system for a machine, and that of its boot partition. Made anew."""
    root, boot = BUILD / f"system-{name}", emptied(BUILD / f"boot-{name}")
    tree = debian_tree(name)
    with step(f"{name}: the system"):
        unpack(tree, root)
        unpacked_only(name, root)
        for one in NOT_ON_THE_BOX:
            shutil.rmtree(root / one, ignore_errors=True)
        for one in EMPTY:
            (root / one).mkdir(parents=True, exist_ok=True)
        copy_tree(RECIPE / "files", root)
        enabled = _house_units(root)
        inside = f"{WORK}/{root.name}"
        toolbox.run("systemd-sysusers", f"--root={inside}")
        if enabled:
            toolbox.run("systemctl", f"--root={inside}", "enable", *enabled)
        _boot_partition(name, root, boot, toolbox)
        (root / "var").joinpath("lib").mkdir(parents=True, exist_ok=True)
    return root, boot


def _house_units(root: Path) -> list[str]:
    """Put the units, users, rules and settings of systemd/ there; return the units that are to be enabled."""
    enabled = []
    for path, target in placed(HOUSE / "systemd"):
        if target.parts[0] == OURS:
            continue  # the app brings it
        full = root / "usr/lib" / target
        full.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, full)
        if target.parent == Path("systemd/system") and is_enabled(path.read_text(encoding="utf-8")):
            enabled.append(path.name)
    return enabled


def _boot_partition(name: str, root: Path, boot: Path, toolbox: Toolbox) -> None:
    kernels = sorted((root / "boot").glob("vmlinuz-*"))
    if len(kernels) != 1:
        raise ImageError(f"the system has {len(kernels)} kernels, and one is wanted")
    version = kernels[0].name.removeprefix("vmlinuz-")
    toolbox.run("depmod", "-b", root, version)
    shutil.copyfile(kernels[0], boot / "vmlinuz")
    names = (RECIPE / f"modules-{name}.txt").read_text(encoding="utf-8")
    modules = modules_in_order(root / "usr/lib/modules" / version, wishes(names))
    busybox = (root / "usr/bin/busybox").read_bytes()
    script = (RECIPE / "init.sh").read_text(encoding="utf-8")
    (boot / "initrd.img").write_bytes(first_file_system(busybox, script, modules))
    copy_tree(RECIPE / f"boot-{name}", boot)
    for pattern in FIRMWARE.get(name, ()):
        found = sorted(root.glob(pattern))
        if not found:
            raise ImageError(f"the system has no {pattern}, which a {name} machine starts with")
        for path in found:
            shutil.copyfile(path, boot / path.name)
    for pattern in LOADED_BEFORE:
        for path in root.glob(pattern):
            shutil.rmtree(path)
    (emptied(root / "boot") / "firmware").mkdir()


def copy_tree(source: Path, target: Path) -> None:
    """Copy what git has: of a file's mode only whether it is a program, whoever's folder it lies in."""
    for path in (source, *sorted(source.rglob("*"))):
        there = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            there.mkdir(parents=True, exist_ok=True)
            continue
        there.unlink(missing_ok=True)
        shutil.copyfile(path, there, follow_symlinks=False)
        if not path.is_symlink():
            there.chmod(PROGRAM if path.stat().st_mode & stat.S_IXUSR else FILE)
