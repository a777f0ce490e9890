"""`./run package`: the Debian package of the hub, the same bytes from the same commit."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated, Final

import typer

from package.debian import NAME, pack
from package.libraries import PYTHON, LibrariesError, make_libraries
from package.tree import lay_out

SOURCE: Final = Path(__file__).parents[1]
BUILD: Final = Path("build/package")


def main(
    out: Annotated[Path, typer.Option(help="The folder for the package.")] = BUILD,
    version: Annotated[str, typer.Option(help="Another than that of pyproject.toml.")] = "",
) -> None:
    """Make the hub's Debian package, for machines with the Python and the processor of this one."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    version = version or str(project["version"])
    architecture = _told("dpkg", "--print-architecture")
    epoch_s = int(os.environ.get("SOURCE_DATE_EPOCH") or _told("git", "log", "-1", "--format=%ct"))
    try:
        libraries = make_libraries(SOURCE / "requirements/hub.txt", SOURCE / BUILD)
    except LibrariesError as error:
        raise SystemExit(f"haidang: {error}") from error
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=SOURCE / BUILD) as folder:
        tree = Path(folder) / "tree"
        lay_out(SOURCE, libraries, tree, python=PYTHON, epoch_s=epoch_s)
        installed = sum(one.stat().st_size for one in tree.rglob("*") if one.is_file())
        made = Path(folder) / path.name
        pack(
            tree,
            SOURCE / "package/hub",
            made,
            version=version,
            architecture=architecture,
            python=PYTHON,
            epoch_s=epoch_s,
        )
        shutil.move(made, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, installed {installed / 1e6:.0f} MB, sha256 {digest}")


def _told(*command: str) -> str:
    return subprocess.run(
        ["/usr/bin/env", *command], cwd=SOURCE, capture_output=True, text=True, check=True
    ).stdout.strip()


if __name__ == "__main__":
    typer.run(main)
