"""The card: partitions and what is in them, by systemd-repart, the same bytes from the same trees."""

import hashlib
import os
import shutil
from pathlib import Path
from typing import Final

from images.commands import step
from images.places import BUILD, RECIPE
from images.toolbox import WORK, Toolbox, emptied

SEED: Final = "5a3b1e0c-8d7f-4b62-9c14-6e2f70a9d835"  # the identities of disk and partitions come of it


def make_disk(name: str, trees: dict[str, Path], target: Path, *, epoch: int, toolbox: Toolbox) -> None:
    """Write the image of a card. `trees`: what the recipe's CopyFiles= name, by their first folder."""
    with step(f"{name}: partitions and file systems"):
        source, definitions = emptied(BUILD / f"card-{name}"), emptied(BUILD / f"repart-{name}")
        for folder, tree in trees.items():
            _bear_one_time(tree, epoch)
            tree.rename(source / folder)
        for path in (RECIPE / "repart.d").iterdir():
            shutil.copyfile(path, definitions / path.name)
        target.unlink(missing_ok=True)
        toolbox.run(
            "systemd-repart",
            "--empty=create",
            "--size=auto",
            "--sector-size=512",  # a FAT of larger ones is refused by computers that claims are written on
            "--offline=yes",
            "--dry-run=no",
            f"--seed={SEED}",
            f"--definitions={WORK}/{definitions.name}",
            f"--copy-source={WORK}/{source.name}",
            target,
            environment={"SOURCE_DATE_EPOCH": str(epoch)},
        )
        for folder, tree in trees.items():
            (source / folder).rename(tree)
        shutil.rmtree(source)
        shutil.rmtree(definitions)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _bear_one_time(tree: Path, epoch: int) -> None:
    for folder, folders, files in os.walk(tree):
        for one in (*folders, *files):
            os.utime(Path(folder) / one, (epoch, epoch), follow_symlinks=False)
    os.utime(tree, (epoch, epoch))
