"""A network of its own, kept by a process that does nothing else (shell over unshare and nsenter)."""

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.village.process import ENDS_WITH_US, ROOT


class NamespaceError(Exception):
    """The kernel refuses. The text says what; root and iproute2 are needed."""


class Namespace:
    """Use as a context. `files`: what stands in the place of a file of this machine there."""

    def __init__(self, files: Mapping[str, Path] | None = None) -> None:
        self._files = files or {}
        self._process: subprocess.Popen[str] | None = None

    @property
    def pid(self) -> int:
        """Of who keeps it."""
        assert self._process is not None, "not begun: use it as a context"
        return self._process.pid

    @property
    def entry(self) -> list[str]:
        """What runs the rest of a command line there."""
        return ["nsenter", f"--target={self.pid}", "--net", "--mount", f"--wdns={ROOT}", "--"]

    def __enter__(self) -> Self:
        places = [f"mount --bind {path} {name}" for name, path in self._files.items()]
        steps = " && ".join([*places, "ip link set lo up", "echo ready", "exec sleep infinity"])
        command = [*ENDS_WITH_US, "unshare", "--net", "--mount", "--propagation=private", "sh", "-c", steps]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None, "started with a pipe"
        if self._process.stdout.readline() != "ready\n":
            self.__exit__()
            raise NamespaceError("no network namespace could be made; root is needed")
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        assert process is not None and process.stdout is not None
        process.kill()
        process.wait()
        process.stdout.close()

    def ip(self, *arguments: str) -> str:
        """Run `ip` there; return what it says. Raises NamespaceError."""
        return run([*self.entry, "ip", *arguments])

    def set(self, key: str, value: str) -> None:
        """Set a sysctl of the network there."""
        place = Path("/proc/sys", *key.split("."))
        run([*self.entry, "sh", "-c", f"echo {value} >{place}"])


def run(command: list[str]) -> str:
    """Run a command; return what it says. Raises NamespaceError."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NamespaceError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout
