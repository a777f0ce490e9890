"""Debian's archive: where it is, what the wishes need, and each file as the lock names it."""

import hashlib
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from images.commands import run, say, step
from images.errors import ImageError
from images.lock import Lock, Package, differences, parse, wishes
from images.places import BUILD, LOCKS, MACHINES, RECIPE, SUITE, TOOLBOX

COMPONENTS: Final = "main non-free-firmware"  # a Raspberry Pi's firmware is not free
KEYRINGS: Final = ("debian-archive-keyring.pgp", "debian-archive-keyring.gpg")
FILES: Final = BUILD / "packages"
KERNEL_FOR: Final = re.compile(r"linux-image-\d\S*")


def lock_path(name: str) -> Path:
    """Return the file of a machine's lock, or of the toolbox'."""
    return LOCKS / f"packages.{name}.lock"


def wanted(name: str) -> tuple[list[str], str]:
    """Return the packages that a machine, or the toolbox, is asked to have, and the digest of the lists."""
    names = [f"packages-{name}.txt"] if name == TOOLBOX else ["packages.txt", f"packages-{name}.txt"]
    text = "\n".join((RECIPE / one).read_text(encoding="utf-8") for one in names)
    listed = wishes(text)
    return listed, hashlib.sha256("\n".join(sorted(listed)).encode()).hexdigest()


def read_lock(name: str) -> Lock:
    """Return a machine's lock. Raises ImageError: there is none, or the lists have changed since."""
    path = lock_path(name)
    if not path.exists():
        raise ImageError(f"{path.name} is not there: ./run image lock makes it")
    lock = parse(path.read_text(encoding="utf-8"), name=path.name)
    if lock.wanted != wanted(name)[1]:
        raise ImageError(f"{path.name} is older than the lists in images/recipe: ./run image lock")
    return lock


def make_lock(name: str) -> None:
    """Find out what the wishes need today, fetch it, and write the lock."""
    architecture = "amd64" if name == TOOLBOX else name
    listed, digest = wanted(name)
    with step(f"{name}: asking Debian {SUITE} what {len(listed)} packages need"):
        apt = private_apt(BUILD / f"apt-{name}", architecture, SUITE)
        run(["apt-get", *apt, "-qq", "update"])
        archives = BUILD / f"apt-{name}" / "cache" / "archives"
        install = ["apt-get", *apt, "-qq", "-y", "--no-install-recommends", "--download-only", "install"]
        run([*install, "?and(?essential, ?not(?exact-name(apt)))", *listed])
        packages = [_described(path, is_installed=True) for path in sorted(archives.glob("*.deb"))]
        if name in MACHINES:
            depends = run(["apt-cache", *apt, "depends", MACHINES[name].kernel])
            kernel = KERNEL_FOR.search(depends.replace(MACHINES[name].kernel, "", 1))
            if kernel is None:
                raise ImageError(f"{MACHINES[name].kernel} names no kernel")
            run(["apt-get", *apt, "-qq", "download", kernel[0]], folder=archives)
            packages += [_described(path, is_installed=False) for path in archives.glob(f"{kernel[0]}_*.deb")]
        FILES.mkdir(parents=True, exist_ok=True)
        for path in archives.glob("*.deb"):
            path.replace(FILES / _digest(path))
        shutil.rmtree(BUILD / f"apt-{name}")
    path = lock_path(name)
    old = parse(path.read_text(encoding="utf-8"), name=path.name) if path.exists() else Lock(0, digest, ())
    changes = differences(old.packages, packages)
    if not changes and old.wanted == digest:
        say(f"{path.name}: nothing has changed")
        return
    path.write_text(Lock(int(time.time()), digest, tuple(packages)).text(), encoding="utf-8")
    for line in changes:
        say(f"  {line}")
    say(f"{path.name}: {len(packages)} packages")


def fetch(name: str, lock: Lock) -> dict[Package, Path]:
    """Return the file of each package of a lock, fetched when it is not here; each is what the lock says.

    Raises ImageError: Debian's mirror has it no more, or has something else under its name.
    """
    FILES.mkdir(parents=True, exist_ok=True)
    missing = [one for one in lock.packages if not (FILES / one.sha256).exists()]
    if missing:
        with step(f"{name}: fetching {len(missing)} packages"):
            _download(missing, "amd64" if name == TOOLBOX else name)
    return {one: FILES / one.sha256 for one in lock.packages}


def _download(packages: Sequence[Package], architecture: str) -> None:
    state = BUILD / f"apt-fetch-{architecture}"
    apt = private_apt(state, architecture, SUITE)
    run(["apt-get", *apt, "-qq", "update"])
    folder = state / "debs"
    folder.mkdir()
    run(
        ["apt-get", *apt, "-qq", "download", *(f"{one.name}={one.version}" for one in packages)],
        folder=folder,
    )
    for one in packages:
        version = quote(one.version, safe="+~")
        found = list(folder.glob(f"{one.name}_{version.replace('%3A', '%3a')}_*.deb"))
        if len(found) != 1 or _digest(found[0]) != one.sha256:
            raise ImageError(
                f"{one.name} {one.version} is not what {architecture}'s lock names: do not go on; "
                "ask whoever runs the package mirror"
            )
        found[0].replace(FILES / one.sha256)
    shutil.rmtree(state)


def _described(path: Path, *, is_installed: bool) -> Package:
    name, version = run(["dpkg-deb", "-W", "--showformat=${Package} ${Version}", str(path)]).split()
    return Package(name, version, _digest(path), is_installed)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mirror() -> str:
    """Return where this machine's apt finds Debian; its sources are asked, its lists may be empty."""
    release = Path("/etc/os-release").read_text(encoding="utf-8")
    codename = re.search(r"^VERSION_CODENAME=(\S+)$", release, re.MULTILINE)
    suites = "|".join({codename[1] if codename else SUITE, SUITE, "stable", "oldstable", "testing"})
    found = re.search(
        rf"^'([^']+)/dists/(?:{suites})/InRelease'",
        run(["apt-get", "update", "--print-uris"]),
        re.MULTILINE,
    )
    if found is None:
        raise ImageError("apt on this machine knows no Debian archive: name one in /etc/apt/sources.list.d")
    return found[1]


def private_apt(state: Path, architecture: str, suite: str) -> list[str]:
    """Return apt's options for sources, lists and packages of its own in `state`, of that architecture."""
    shutil.rmtree(state, ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    keys = Path("/usr/share/keyrings")
    keyring = next((f" [signed-by={keys / one}]" for one in KEYRINGS if (keys / one).exists()), "")
    sources = state / "sources.list"
    sources.write_text(f"deb{keyring} {mirror()} {suite} {COMPONENTS}\n", encoding="utf-8")
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "APT::Install-Recommends": "0",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Debug::NoLocking": "1",
        "Dir::Etc::SourceList": str(sources),
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State": str(state),
        "Dir::State::Lists": str(state / "lists"),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(state / "cache"),
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
