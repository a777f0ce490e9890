"""Debian packages and wheels for aarch64, unpacked into a folder. Nothing of this machine is changed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.bench.report import progress

HOUSE: Final = Path(__file__).parents[2]
LIMIT_S: Final = 900


def unpacked(root: Path, architecture: str, packages: list[str]) -> Path:
    """Return `root` with Debian's packages of that architecture, and all that they need, unpacked."""
    complete, listed = root / ".complete", " ".join(packages)
    if complete.exists() and complete.read_text(encoding="utf-8") == listed:
        return root
    state = root.with_suffix(".apt")
    for folder in (root, state):
        shutil.rmtree(folder, ignore_errors=True)
    root.mkdir(parents=True)
    progress(f"fetching Debian packages of {architecture}: {', '.join(packages)}\n")
    apt = private_apt(state, architecture)
    run("apt-get", *apt, "-qq", "update")
    run("apt-get", *apt, "-qq", "-y", "install", "--download-only", "--no-install-recommends", *packages)
    for package in sorted((state / "cache" / "archives").glob("*.deb")):
        run("dpkg-deb", "-x", str(package), str(root))
    shutil.rmtree(state)
    complete.write_text(listed, encoding="utf-8")
    return root


def private_apt(state: Path, architecture: str) -> list[str]:
    """Return apt's options for lists and packages of its own, of that architecture."""
    for folder in ("lists/partial", "cache/archives/partial"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    settings = {
        "APT::Architecture": architecture,
        "APT::Architectures": architecture,
        "Debug::NoLocking": "1",
        "Dir::State": str(state),
        "Dir::State::Lists": str(state / "lists"),
        "Dir::State::status": str(state / "status"),
        "Dir::Cache": str(state / "cache"),
        "APT::Sandbox::User": "",
    }
    return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def pins(name: str, python_version: str | None = None) -> list[tuple[str, str]]:
    """Return the lock's requirements of `name`, with all hashes and without the marker, each with a Python.

    With `python_version` that Python's alone.
    """
    lock = (HOUSE / "requirements" / "run.txt").read_text(encoding="utf-8")
    block = rf"^{name}==(\S+)(?: ; (.*?))? \\\n((?:    --hash=\S+(?: \\)?\n)+)"
    found = []
    for version, marker, hashes in re.findall(block, lock, re.MULTILINE):
        bound = re.search(r"python_full_version (<|>=) '3\.(\d+)'", marker)
        minors = [
            minor for minor in (11, 13) if bound is None or (minor < int(bound[2])) == (bound[1] == "<")
        ]
        of = [f"3.{minor}" for minor in minors if python_version in (None, f"3.{minor}")]
        found += [(f"{name}=={version} \\\n{hashes}", of[0])] if of else []
    return found or sys.exit(f"requirements/run.txt names no {name} for Python {python_version}")


def wheel(pin: tuple[str, str], place: Path) -> Path:
    """Return the folder below `place` of a wheel for aarch64, unpacked, as the lock names it."""
    requirement, python_version = pin
    folder = place / requirement.split()[0].replace("==", "-")
    if (folder / ".complete").exists():
        return folder
    progress(f"fetching {folder.name} for aarch64\n")
    shutil.rmtree(folder, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    asked = place / "wheel.txt"
    asked.write_text(requirement, encoding="utf-8")
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--python-version", python_version]
    command += ["--platform", "manylinux_2_28_aarch64", "--platform", "manylinux_2_17_aarch64"]
    run(*command, "--target", str(folder), "-r", str(asked))
    (folder / ".complete").touch()
    return folder


def run(*command: str, folder: Path = HOUSE) -> str:
    """Return what the command says; end with its own last words when it fails."""
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    if ran.returncode:
        sys.exit(f"{' '.join(command[:2])} failed: {ran.stderr.strip()[-500:]}")
    return ran.stdout
