"""A Debian 12 without a hub in a folder, made once, and programs that run in it."""

import hashlib
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

from package.debian import depends
from tests.village.process import ENDS_WITH_US

HOUSE: Final = Path(__file__).parents[2]
CACHE: Final = HOUSE / "build" / "package"
SUITE: Final = "bookworm"
LIMIT_S: Final = 600.0
START_LIMIT_S: Final = 120.0


def cached_root() -> Path:
    """Return an archive of Debian 12 with what the package depends on; it is made if it is not there."""
    names = sorted({one.split()[0] for one in depends("3.11")})
    digest = hashlib.sha256(" ".join((SUITE, *names)).encode()).hexdigest()[:16]
    archive = CACHE / f"root-{digest}.tar"
    if not archive.exists():
        part = archive.with_suffix(".part.tar")
        command = ["mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(names)}", SUITE, str(part)]
        subprocess.run([*command, os.environ["DEBIAN_MIRROR"]], check=True, timeout=3600)
        part.rename(archive)
    return archive


class ServerRoot:
    """A root in `folder`, a machine without systemd. Use as a context: what was started in it is ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.folder.mkdir()
        subprocess.run(
            ["tar", "-xpf", str(cached_root()), "-C", str(self.folder)], check=True, timeout=LIMIT_S
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def path(self, name: str) -> Path:
        """Return where a path of the root lies outside."""
        return self.folder / name.lstrip("/")

    def run(self, *command: str, status: int = 0, text: str = "") -> str:
        """Run a command to its end; return all that it said. Its exit status must be `status`."""
        told = subprocess.run(
            self._inside(*command), input=text, capture_output=True, text=True, check=False, timeout=LIMIT_S
        )
        assert told.returncode == status, f"{command}: {told.returncode}\n{told.stdout}{told.stderr}"
        return told.stdout + told.stderr

    def install(self, package: Path, *, status: int = 0) -> str:
        """Install a package with dpkg, which fetches nothing."""
        inside = self.path(f"/{package.name}")
        inside.write_bytes(package.read_bytes())
        told = self.run("dpkg", "--force-unsafe-io", "-i", f"/{package.name}", status=status)
        inside.unlink()
        return told

    def start(self, *command: str, port: int) -> None:
        """Start a program and return when it listens on `port`."""
        log = self.path(f"/{port}.log")
        with log.open("wb") as file:
            process = subprocess.Popen([*ENDS_WITH_US, *self._inside(*command)], stdout=file, stderr=file)
        self._running.append(process)
        deadline_s = time.monotonic() + START_LIMIT_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
                return
            except OSError:
                text = log.read_text(encoding="utf-8", errors="replace")
                assert process.poll() is None, f"{command} ended: {text}"
                assert time.monotonic() < deadline_s, f"{command} does not listen: {text}"
                time.sleep(0.05)  # between tries of a connection; nothing announces that a process listens

    def stop(self) -> None:
        """End all that was started, the last first."""
        while self._running:
            process = self._running.pop()
            process.terminate()
            process.wait(timeout=START_LIMIT_S)

    def files(self) -> set[str]:
        """Return every file and folder, but what dpkg and this class write for themselves, and /run, which no
        start of a machine keeps: adduser leaves its lock there.
        """
        found = {path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*")}
        own = ("run/", "var/lib/dpkg", "var/log", "var/cache", "proc", "tmp", "8443.log", "8883.log")
        return {name for name in found if not name.startswith(own)}

    def _inside(self, *command: str) -> list[str]:
        places = "PATH=/usr/sbin:/usr/bin:/sbin:/bin"
        with_proc = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"'  # gone with the program
        entry = ["unshare", "--mount", "sh", "-c", with_proc, str(self.folder)]
        return ["env", "-i", places, "LC_ALL=C.UTF-8", *entry, *command]


if __name__ == "__main__":  # while there is a network
    cached_root()
