"""A Debian tree out of a lock's files, as a tar that bears one time; the scripts of packages run in it."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from images.commands import PLAIN, run, step
from images.debian import fetch, read_lock
from images.lock import Lock, Package
from images.places import BUILD, SUITE, TOOLBOX

INDEX_FIELDS: Final = "\nFilename: ./{name}\nSize: {size}\nSHA256: {sha256}\n\n"
LEFT_OUT: Final = (  # for people at a keyboard, who are not there; licences stay
    "path-exclude=/usr/share/doc/*",
    "path-include=/usr/share/doc/*/copyright",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/info/*",
    "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/bash-completion/*",
    "path-exclude=/usr/share/zsh/*",
    "path-exclude=/usr/share/fonts/truetype/noto/*",  # 400 files for all scripts of the world
    "path-include=/usr/share/fonts/truetype/noto/NotoSans-*.ttf",
)


def debian_tree(name: str) -> Path:
    """Return the tar of a machine's tree, or of the toolbox', made when it is not here yet."""
    lock = read_lock(name)
    made = BUILD / f"tree-{name}-{_state(lock)}.tar"
    if made.exists():
        return made
    for old in BUILD.glob(f"tree-{name}-*"):
        old.unlink()
    archive = BUILD / f"archive-{name}"
    _local_archive(archive, fetch(name, lock))
    half = made.with_suffix(".half.tar")
    command = [
        "mmdebstrap",
        "--mode=root",
        "--variant=essential",
        f"--architectures={'amd64' if name == TOOLBOX else name}",
        "--include=" + ",".join(one.name for one in lock.packages if one.is_installed),
        *(f"--dpkgopt={one}" for one in LEFT_OUT),
        "--customize-hook=rm -rf $1/var/log/* $1/var/cache/ldconfig",
        "--customize-hook=: >$1/etc/machine-id",
        "--customize-hook=rm -f $1/etc/hostname $1/etc/resolv.conf $1/var/lib/systemd/random-seed",
        "--format=tar",
        SUITE,
        str(half),
        f"deb [trusted=yes] copy:{archive} ./",
    ]
    with step(f"{name}: {len(lock.packages)} packages become a tree"):
        run(command, environment={**PLAIN, "SOURCE_DATE_EPOCH": str(lock.epoch)}, is_alone=True)
    half.rename(made)
    shutil.rmtree(archive)
    return made


def unpack(tar: Path, folder: Path) -> None:
    """Unpack a tree into an empty folder, with its owners."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    run(["tar", "--extract", "--file", str(tar), "--directory", str(folder), "--numeric-owner", "--xattrs"])


def unpacked_only(name: str, root: Path) -> None:
    """Put the files of the packages that are not installed, the kernel's, into the tree."""
    lock = read_lock(name)
    files = fetch(name, lock)
    for one in lock.packages:
        if not one.is_installed:
            run(["dpkg-deb", "-x", str(files[one]), str(root)])


def _local_archive(folder: Path, files: dict[Package, Path]) -> None:
    """Make an archive of exactly these files, so that apt has nothing else to choose from."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    index = []
    for one, path in sorted(files.items()):
        if one.is_installed:
            name = f"{one.name}.deb"
            (folder / name).hardlink_to(path)
            control = run(["dpkg-deb", "-f", str(path)]).strip()
            index.append(
                control + INDEX_FIELDS.format(name=name, size=path.stat().st_size, sha256=one.sha256)
            )
    raw = "".join(index).encode()
    (folder / "Packages").write_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    release = f"Suite: {SUITE}\nCodename: {SUITE}\nSHA256:\n {digest} {len(raw)} Packages\n"
    (folder / "Release").write_text(release, encoding="utf-8")


def _state(lock: Lock) -> str:
    return digest_of([lock.text(), Path(__file__).read_bytes()])


def digest_of(parts: Sequence[str | bytes]) -> str:
    """Return a short name for what something is made of."""
    whole = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        whole.update(len(raw).to_bytes(8, "big") + raw)
    return whole.hexdigest()[:16]
