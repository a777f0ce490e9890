"""A box's stores at work on a device that logs its writes: the log, and what was promised by when (shell)."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.crash.contents import Contents, Known, beside_of, parse_line
from tests.crash.recording import SPOOL, Recording, memory_folder
from tests.crash.trace import Make, Resize, Say, Sync, Write
from tests.crash.trace import Step as AnyStep
from tests.powercut.box_mount import mkfs_command, mounted, started
from tests.powercut.keeper import Kept
from tests.powercut.logged_disk import LoggedDisk, logged_disk
from tests.powercut.write_log import DEVICE, Step, read_log
from tests.village.process import ENDS_WITH_US, ROOT

DEVICE_BYTES: Final = 48 << 20
SPOOL_FOLDER: Final = "spool"
FILES_FOLDER: Final = "files"


@dataclass(frozen=True, slots=True)
class Past:
    """What a cut left: the device, and what had been promised until then."""

    device: bytes
    told: list[Contents] = field(default_factory=list)
    known: dict[int, Known] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)


@dataclass(slots=True)
class Recorded:
    """One life. `spool` has the steps of the device and what the spool promised; `first`: the step from which
    on they are this life's. `kept_at[i]` is the step by which `kept[i]` was durable.
    """

    spool: Recording
    first: int
    kept_at: list[int]
    kept: list[Kept]


def new_device() -> Past:
    """Return a device with the box's file system on it and nothing in it but two folders."""
    with tempfile.TemporaryDirectory(prefix="haidang-powercut-", dir=memory_folder()) as place:
        device, mount = Path(place).resolve() / "device", Path(place).resolve() / "mount"
        with device.open("wb") as file:
            file.truncate(DEVICE_BYTES)
        mount.mkdir()
        subprocess.run(mkfs_command(device), check=True)
        with mounted(device, mount):
            for name in (SPOOL_FOLDER, FILES_FOLDER):
                (mount / name).mkdir()
        return Past(device.read_bytes())


def record(past: Past, life: int, *, seconds: int, careless: bool) -> Recorded:
    """Start a box from what `past` left, let its spool live so many seconds, as fast as they go, then the
    keeper of files. `careless`: without syncs. Raises CalledProcessError, UnbootableError.
    """
    with tempfile.TemporaryDirectory(prefix="haidang-powercut-", dir=memory_folder()) as place:
        folder = Path(place).resolve()
        mount = folder / "mount"
        mount.mkdir()
        with logged_disk(folder, past.device) as disk:
            with started(disk.device, mount):
                asked = [str(mount / SPOOL_FOLDER / SPOOL), "--seconds", str(seconds), "--life", str(life)]
                said = _run("tests.crash.writer", disk, asked, careless=careless)
                asked = [str(mount / FILES_FOLDER), "--after", str(len(past.kept))]
                kept = _run("tests.powercut.keeper", disk, asked, careless=careless)
            return _joined(past, disk.log.read_bytes(), said, kept)


def _run(module: str, disk: LoggedDisk, arguments: list[str], *, careless: bool) -> list[str]:
    how = ["--beside", str(disk.log), *(["--careless"] if careless else [])]
    command = [*ENDS_WITH_US, sys.executable, "-m", module, *arguments, *how]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.splitlines()


def _joined(past: Past, log: bytes, said: list[str], kept: list[str]) -> Recorded:
    """Return the steps, each promise behind the last one that was in the log when it was made."""
    made: list[AnyStep] = [Make(DEVICE), Sync(None), Resize(DEVICE, len(past.device))]
    made += [Write(DEVICE, 0, past.device), Sync(DEVICE)]
    spool = Recording(made, [0] * len(past.told), list(past.told), dict(past.known))
    found = Recorded(spool, len(spool.steps), [0] * len(past.kept), list(past.kept))
    happened: list[tuple[int, Step | str | Kept]] = list(read_log(log))
    happened += [(beside_of(line), line) for line in said]
    happened += [(one["beside_bytes"], Kept(one["path"], one["version"])) for one in map(json.loads, kept)]
    happened.sort(key=lambda one: one[0])  # what was logged stays before what was promised then
    for _, what in happened:
        match what:
            case Kept():
                found.kept_at.append(len(spool.steps))
                found.kept.append(what)
                spool.steps.append(Say(b""))
            case str(line):
                contents, known = parse_line(line)
                spool.told_at.append(len(spool.steps))
                spool.told.append(contents)
                spool.known.update({check: one for check, one in known.items() if check not in spool.known})
                spool.steps.append(Say(b""))
            case step:
                spool.steps.append(step)
    return found
