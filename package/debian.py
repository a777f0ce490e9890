"""The control data of the package, and dpkg-deb, which packs it."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

from package.tree import settle, units, units_to_enable

NAME: Final = "haidang-hub"
SCRIPTS: Final = ("preinst", "postinst", "prerm", "postrm")
DEPENDS: Final = (  # and the Python that the libraries were chosen for
    "adduser",
    "mosquitto (>= 2.0.11)",
    "haproxy (>= 2.6)",  # one port for everything
    "coturn (>= 4.6)",
    "fonts-dejavu-core",  # Vietnamese letters on paper
    "libstdc++6",
)


def depends(python: str) -> list[str]:
    """Return what must be installed, for a Python such as "3.11"."""
    major, minor = python.split(".")
    return [f"python3 (>= {python})", f"python3 (<< {major}.{int(minor) + 1})", *DEPENDS]


def control(version: str, architecture: str, python: str, *, size_kib: int) -> str:
    """Return the control file (Debian Policy, section 5.3)."""
    lines = (
        f"Package: {NAME}",
        f"Version: {version}",
        f"Architecture: {architecture}",
        "Maintainer: The Haidang project",
        f"Installed-Size: {size_kib}",
        f"Depends: {', '.join(depends(python))}",
        "Recommends: systemd",
        "Section: net",
        "Priority: optional",
        "Description: the hub of Haidang, which answers the boxes of health stations",
        " Ingest, store, calls and console, with a mosquitto of its own configuration.",
        " How to begin: /usr/share/doc/haidang-hub/hub-server.md",
    )
    return "\n".join(lines) + "\n"


def script(text: str, tree: Path, *, version: str) -> str:
    """Return a maintainer script with the version and the units of the tree written in."""
    words = {"@VERSION@": version, "@UNITS@": units(tree), "@ENABLE@": units_to_enable(tree)}
    for mark, value in words.items():
        text = text.replace(mark, value if isinstance(value, str) else " ".join(value))
    return text


def pack(
    tree: Path, scripts: Path, out: Path, *, version: str, architecture: str, python: str, epoch_s: int
) -> None:
    """Add the control data to `tree` and write the package `out`. Raises OSError, CalledProcessError."""
    files = sorted(path for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    size_kib = sum(path.stat().st_size for path in files) // 1024
    sums = [
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}"
        for path in files
    ]
    folder = tree / "DEBIAN"
    folder.mkdir()
    texts = {
        "control": control(version, architecture, python, size_kib=size_kib),
        "md5sums": "\n".join(sums) + "\n",
        **{
            name: script((scripts / name).read_text(encoding="utf-8"), tree, version=version)
            for name in SCRIPTS
        },
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    settle(tree, epoch_s=epoch_s)
    command = ["dpkg-deb", "--root-owner-group", "--threads-max=1", "-Zxz"]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch_s), "LC_ALL": "C.UTF-8"}
    subprocess.run(
        [*command, "-b", str(tree), str(out)], check=True, env=environment, stdout=subprocess.DEVNULL
    )
