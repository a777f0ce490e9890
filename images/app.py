"""What is ours on the box: the locked wheels and our own packages, compiled, as /usr/lib/haidang."""

import csv
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Final

from images.commands import run, step
from images.places import BUILD, HOUSE, MACHINES
from images.toolbox import Toolbox, emptied
from images.tree import digest_of
from images.units import OURS, placed

PYTHON: Final = "3.13"  # Debian trixie's
REQUIREMENTS: Final = HOUSE / "requirements" / "run.txt"
SITE: Final = f"venv/lib/python{PYTHON}/site-packages"
AS_ON_THE_BOX: Final = "/usr/lib/haidang"
SETTINGS: Final = """home = /usr/bin
include-system-site-packages = true
version = {python}
"""  # Debian's evdev is the system's: it has no wheel


def app_tree(name: str, toolbox: Toolbox) -> tuple[Path, str]:
    """Return the folder of the app for a machine, and the name of its state; made when it is not here."""
    sources = our_sources()
    parts: list[str | bytes] = [REQUIREMENTS.read_bytes(), toolbox.name, Path(__file__).read_bytes(), name]
    for path in sources:
        parts += [str(path), (HOUSE / path).read_bytes()]
    parts += [path.read_bytes() for path, target in placed(HOUSE / "systemd") if target.parts[0] == OURS]
    state = digest_of(parts)
    folder, made_from = BUILD / f"app-{name}", BUILD / f"app-{name}.made-from"
    if is_made(folder, made_from, state):
        return folder, state
    made_from.unlink(missing_ok=True)
    wheels = _wheels(name)
    with step(f"{name}: our code and {len(list(wheels.glob('*.dist-info')))} wheels become the app"):
        site = emptied(folder) / SITE
        shutil.copytree(wheels, site)
        for path in sources:
            target = site / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(HOUSE / path, target)
        for path, target in placed(HOUSE / "systemd"):
            if target.parts[0] == OURS:
                shutil.copyfile(path, folder / target.name)
        programs = folder / "venv" / "bin"
        programs.mkdir()
        for alias in ("python", "python3"):
            (programs / alias).symlink_to(f"/usr/bin/python{PYTHON}")
        (folder / "venv" / "pyvenv.cfg").write_text(SETTINGS.format(python=PYTHON), encoding="utf-8")
        _compile(folder, toolbox)
    made_from.write_text(state, encoding="utf-8")
    return folder, state


def packages() -> list[str]:
    """Return the packages of the box: what pyproject.toml names, but for the hub, and what its pages need."""
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
    named = project["tool"]["setuptools"]["packages"]["find"]["include"]
    return [*(one.rstrip("*") for one in named if one != "hub*"), "web"]


def our_sources() -> list[Path]:
    """Return the files of our packages, from the house, as git has them or would."""
    listed = run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", *packages()],
        folder=HOUSE,
    )
    return sorted(Path(one) for one in listed.split("\0") if one and (HOUSE / one).is_file())


def is_made(folder: Path, made_from: Path, state: str) -> bool:
    """Tell whether the folder is there in that state. A build that is killed while it writes the card has
    moved the folder away, and the file beside it stays."""
    return folder.is_dir() and made_from.exists() and made_from.read_text(encoding="utf-8") == state


def _wheels(name: str) -> Path:
    """Return the folder of the wheels as the lock names them, for that machine and the image's Python."""
    folder, made_from = BUILD / f"wheels-{name}", BUILD / f"wheels-{name}.made-from"
    state = digest_of([REQUIREMENTS.read_bytes(), Path(__file__).read_bytes()])
    if is_made(folder, made_from, state):
        return folder
    made_from.unlink(missing_ok=True)
    with step(f"{name}: fetching the wheels of requirements/run.txt"):
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
        command += ["--only-binary", ":all:", "--no-python-downloads", "--link-mode", "copy"]
        command += ["--python-version", PYTHON, "--python-platform", MACHINES[name].wheels]
        run([*command, "--target", str(emptied(folder)), "-r", str(REQUIREMENTS)])
        for left_over in ("bin", ".lock"):  # programs that name this machine's Python
            path = folder / left_over
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        forget_what_is_gone(folder)
    made_from.write_text(state, encoding="utf-8")
    return folder


def forget_what_is_gone(site: Path) -> None:
    """Take out of each wheel's RECORD what is not there: programs, whose digests depend on this machine."""
    for record in site.glob("*.dist-info/RECORD"):
        lines = record.read_text(encoding="utf-8").splitlines(keepends=True)
        there = [line for line in lines if (site / next(csv.reader([line]))[0]).exists()]
        record.write_text("".join(there), encoding="utf-8")


def _compile(folder: Path, toolbox: Toolbox) -> None:
    """Compile every module for a disk that cannot be written: by content, whatever its time says."""
    toolbox.run(
        "python3",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
        "-s",
        folder,
        "-p",
        AS_ON_THE_BOX,
        folder / "venv",
        environment={"PYTHONHASHSEED": "0"},
    )
