"""The Python parts of the lock as installed files, made once for each lock and Python."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_OF_THIS_BUILD: Final = (
    "RECORD",
    "INSTALLER",
    "REQUESTED",
    "direct_url.json",
)  # pip's notes: paths, programs


class LibrariesError(Exception):
    """The parts cannot be had. The text says what and what to do."""


def make_libraries(lock: Path, cache: Path) -> Path:
    """Return the folder with the parts of `lock`: wheels, by their hashes. Raises LibrariesError."""
    digest = hashlib.sha256(lock.read_bytes() + PYTHON.encode()).hexdigest()[:16]
    folder = cache / f"libraries-{digest}"
    if folder.exists():
        return folder
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-input"]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--no-compile"]
    log = cache / "pip.log"
    with log.open("wb") as file:
        target = ["--target", str(part), "-r", str(lock)]
        told = subprocess.run([*command, *target], check=False, stdout=file, stderr=subprocess.STDOUT)
    if told.returncode:
        raise LibrariesError(f"pip could not fetch the parts of the package: {log} says why")
    shutil.rmtree(part / "bin", ignore_errors=True)
    for path in list(part.rglob("*.dist-info/*")):
        if path.name in _OF_THIS_BUILD:
            path.unlink()
    part.rename(folder)
    return folder
