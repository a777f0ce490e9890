"""A run of the writer under strace: every write of it, and every promise (shell)."""

import pickle
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.crash.contents import Contents, Known, parse_line
from tests.crash.disk import Disk
from tests.crash.trace import CALLS, DATA_MAX_BYTES, Say, Step, TraceError, steps_of
from tests.village.process import ENDS_WITH_US, ROOT

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder in memory makes the states cheap
ROOM_BYTES: Final = 1_000_000_000
SPOOL: Final = "spool.db"


@dataclass(frozen=True, slots=True)
class Recording:
    """The steps, and what was promised: `told[i]` by the step `told_at[i]`."""

    steps: list[Step]
    told_at: list[int]
    told: list[Contents]
    known: dict[int, Known]

    def save(self, path: Path) -> None:
        """Write it, so that a state can be made again."""
        path.write_bytes(pickle.dumps(self))


def load(path: Path) -> Recording:
    """Return what `save` wrote."""
    recording = pickle.loads(path.read_bytes())  # noqa: S301 - our own file
    assert isinstance(recording, Recording)
    return recording


def memory_folder() -> Path | None:
    """Where to make many files for a moment: in memory, where this machine has room there."""
    return MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None


def record(*, seconds: int, careless: bool) -> Recording:
    """Run the writer; `careless`: with synchronous=NORMAL, set from outside. Raises TraceError."""
    with tempfile.TemporaryDirectory(prefix="haidang-crash-", dir=memory_folder()) as place:
        folder, trace = Path(place).resolve() / "data", Path(place) / "trace"
        folder.mkdir()
        writer = [sys.executable, "-m", "tests.crash.writer", str(folder / SPOOL), "--seconds", str(seconds)]
        strace = [
            "strace",
            "-f",
            "--seccomp-bpf",
            "-y",
            "-xx",
            "-s",
            str(DATA_MAX_BYTES),
            "-e",
            f"trace={CALLS}",
        ]
        command = [*ENDS_WITH_US, *strace, "-o", str(trace), *writer, *(["--careless"] if careless else [])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        if done.returncode != 0:
            raise TraceError(f"the recorded process failed:\n{done.stderr.decode()[-2_000:]}")
        with trace.open(encoding="ascii", errors="replace") as lines:
            steps = list(steps_of(lines, str(folder)))
        _compare(steps, folder)
    return _read(steps)


def _compare(steps: list[Step], folder: Path) -> None:
    """The model, given all steps, has the very files that the process left: else it missed something."""
    disk = Disk()
    for step in steps:
        disk.take(step)
    for name, data in disk.everything().items():
        if (folder / name).read_bytes() != data:
            raise TraceError(f"{name} is not what the recorded calls make of it")


def _read(steps: list[Step]) -> Recording:
    recording = Recording(steps, [], [], {})
    for number, step in enumerate(steps):
        if isinstance(step, Say):
            contents, known = parse_line(step.data.decode())
            recording.told_at.append(number)
            recording.told.append(contents)
            recording.known.update(
                {check: one for check, one in known.items() if check not in recording.known}
            )
    return recording
