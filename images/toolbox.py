"""A small Debian of the image's own age beside this one: its tools make the file systems."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from images.commands import PLAIN, run
from images.places import BUILD, TOOLBOX
from images.tree import debian_tree, unpack

WORK: Final = "/work"  # where the toolbox sees build/image
ENTER: Final = f"""
mount --bind "$1" "$2{WORK}" && mount -t proc proc "$2/proc" && mount --bind /dev "$2/dev" || exit 1
root=$2; shift 2
exec chroot "$root" "$@"
"""


class Toolbox:
    """The tools. Each runs in mounts of its own, which end with it."""

    def __init__(self) -> None:
        tar = debian_tree(TOOLBOX)
        self._root = BUILD / "toolbox"
        made_from = BUILD / "toolbox.made-from"
        if not (made_from.exists() and made_from.read_text(encoding="utf-8") == tar.name):
            made_from.unlink(missing_ok=True)
            unpack(tar, self._root)
            (self._root / WORK.lstrip("/")).mkdir(exist_ok=True)
            made_from.write_text(tar.name, encoding="utf-8")
        self.name = tar.stem

    def run(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> str:
        """Return what a tool writes. Paths below build/image are said as it sees them.

        Raises ImageError: it failed, or this is not root.
        """
        inside = [f"{WORK}/{one.relative_to(BUILD)}" if isinstance(one, Path) else one for one in words]
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"]
        command = [*enter, str(BUILD), str(self._root), *inside]
        return run(command, environment={**PLAIN, **(environment or {})}, is_alone=True)


def emptied(folder: Path) -> Path:
    """Return the folder, with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
