"""Makes the image of a card, or finds that it is there already."""

import os
import shutil
import stat
from pathlib import Path
from typing import Final

from images.app import app_tree
from images.commands import say
from images.debian import read_lock
from images.disk import SEED, digest, make_disk
from images.places import BUILD, HOUSE, RECIPE, TOOLBOX
from images.root import copy_tree, system_tree
from images.toolbox import Toolbox
from images.tree import digest_of

IMAGE: Final = "haidang.img"
UMASK: Final = 0o022  # who makes it is not seen in it
ANOTHERS: Final = 0o077  # and what somebody else may have in the environment:
HABITS: Final = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "TZ": "Asia/Ho_Chi_Minh",
    "LC_ALL": "C",
    "SOURCE_DATE_EPOCH": "1",
}


def build(name: str, *, is_forced: bool = False) -> Path:
    """Return the folder with the image for a machine (IMAGE), its kernel and first file system.

    `is_forced`: make everything anew out of the packages and wheels, the toolbox too. Raises ImageError.
    """
    os.umask(UMASK)
    lock = read_lock(name)
    if is_forced:
        _forget(name)
    toolbox = Toolbox()
    app, app_state = app_tree(name, toolbox)
    state = digest_of([lock.text(), toolbox.name, app_state, SEED, *_inputs()])
    folder = BUILD / name
    made_from = folder / ".made-from"
    if made_from.exists() and made_from.read_text(encoding="utf-8") == state:
        say(f"{name}: nothing has changed since it was made")
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        root, boot = system_tree(name, toolbox)
        firmware = BUILD / f"bootfs-{name}"
        shutil.rmtree(firmware, ignore_errors=True)
        copy_tree(RECIPE / "bootfs", firmware)
        trees = {"root": root, "app": app, "boot": boot, "bootfs": firmware}
        make_disk(name, trees, folder / IMAGE, epoch=lock.epoch, toolbox=toolbox)
        for one in ("vmlinuz", "initrd.img", "cmdline.txt"):
            shutil.copyfile(boot / one, folder / one)
        for tree in (root, boot, firmware):
            shutil.rmtree(tree)
        made_from.write_text(state, encoding="utf-8")
    _report(name, folder)
    return folder


def build_twice(name: str) -> bool:
    """Make the image two times from its locked inputs, the second as somebody with habits of their own; tell
    whether the bytes are the same."""
    digests = [digest(build(name, is_forced=True) / IMAGE)]
    os.umask(ANOTHERS)
    os.environ.update(HABITS)
    digests.append(digest(build(name, is_forced=True) / IMAGE))
    for one in digests:
        say(f"{name}: sha256 {one}")
    return digests[0] == digests[1]


def _forget(name: str) -> None:
    for path in (
        *BUILD.glob(f"tree-{name}-*"),
        *BUILD.glob(f"tree-{TOOLBOX}-*"),
        BUILD / "toolbox.made-from",
        *BUILD.glob(f"*-{name}.made-from"),
        BUILD / name / ".made-from",
    ):
        path.unlink(missing_ok=True)


def _inputs() -> list[bytes]:
    """Return what else an image is made of: the recipe, the units, this package."""
    paths = [
        path
        for folder in (RECIPE, HOUSE / "systemd", Path(__file__).parent)
        for path in (folder.rglob("*") if folder.exists() else ())
        if path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".lock", ".md")
    ]
    return [
        part
        for path in sorted(set(paths))
        for part in (
            path.relative_to(HOUSE).as_posix().encode(),
            b"%o" % (path.stat().st_mode & stat.S_IXUSR),
            path.read_bytes(),
        )
    ]


def _report(name: str, folder: Path) -> None:
    image = folder / IMAGE
    size_mb, used_mb = image.stat().st_size / 1e6, image.stat().st_blocks * 512 / 1e6
    say(f"{name}: {image.relative_to(HOUSE)}, {size_mb:.0f} MB, {used_mb:.0f} MB of it used")
    say(f"{name}: first file system {(folder / 'initrd.img').stat().st_size / 1e6:.1f} MB")
