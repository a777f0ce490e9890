"""A real CUPS with a printer of ours: its own folder, socket and queues, and nothing of the machine's.

The printer is a CUPS backend: it takes the pages of a job into a file, or lacks what the test takes away.
"""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Final, Self

QUEUE: Final = "May-in-tram"
CUPS_FOLDERS: Final = (
    "cache",
    "log",
    "paper",
    "run",
    "spool",
    "tmp",
    "bin/backend",
    "bin/daemon",
    "bin/filter",
)
LIMIT_S: Final = 30.0
_BACKEND: Final = """#!/bin/sh
[ $# -gt 0 ] || exit 0
folder=${DEVICE_URI#paper:}
lacks() { [ -e "$folder/lacks" ] && read -r what <"$folder/lacks"; }
if lacks; then
  [ "$what" != abort ] || exit 1
  echo "STATE: +$what" >&2
  while lacks; do sleep 0.05; done
  echo "STATE: -$what" >&2
fi
cat "${6:--}" >"$folder/$1.tmp" && mv "$folder/$1.tmp" "$folder/$1.pdf"
"""
_SERVER: Final = """
LogLevel debug
Listen {folder}/run/s
Browsing Off
DefaultAuthType None
WebInterface No
PreserveJobFiles No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
_FILES: Final = """
ServerRoot {folder}
ServerBin {folder}/bin
StateDir {folder}/run
RequestRoot {folder}/spool
TempDir {folder}/tmp
CacheDir {folder}/cache
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
"""


class CupsSim:
    """Use as a context. `folder` must be short: a socket is in it. Who prints needs `environment`."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._paper = folder, folder / "paper"
        self.environment = {"CUPS_SERVER": str(folder / "run" / "s")}
        self._lacking = self._paper / "lacks"

    def __enter__(self) -> Self:
        for name in CUPS_FOLDERS:
            (self._folder / name).mkdir(parents=True)
        (self._folder / "bin/daemon/cups-exec").symlink_to("/usr/lib/cups/daemon/cups-exec")
        backend = self._folder / "bin/backend/paper"
        backend.write_text(_BACKEND)
        backend.chmod(0o700)  # run by whoever runs cupsd, not by the user lp
        server, files = self._folder / "cupsd.conf", self._folder / "cups-files.conf"
        server.write_text(_SERVER.format(folder=self._folder))
        files.write_text(_FILES.format(folder=self._folder))
        self._process = subprocess.Popen(
            ["cupsd", "-f", "-c", str(server), "-s", str(files)], stderr=subprocess.DEVNULL
        )
        deadline_s = time.monotonic() + LIMIT_S
        while "is running" not in self.command("lpstat", "-r"):
            assert self._process.poll() is None and time.monotonic() < deadline_s, self.log
            time.sleep(0.05)  # nothing announces that it listens
        return self

    def __exit__(self, *_: object) -> None:
        self.lacks(None)
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(LIMIT_S)

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self._folder / "log" / "error").read_text(errors="replace")

    def add_printer(self, *, is_default: bool) -> None:
        """A queue that takes whatever comes as it is."""
        self.command("lpadmin", "-p", QUEUE, "-E", "-v", f"paper:{self._paper}", "-m", "raw")
        if is_default:
            self.command("lpadmin", "-d", QUEUE)

    def lacks(self, what: str | None) -> None:
        """Take something away from the printer: a printer state reason; None gives it back."""
        if what is None:
            self._lacking.unlink(missing_ok=True)
        else:
            self._lacking.write_text(f"{what}\n")

    def pages(self) -> list[bytes]:
        """Return what has come out, a file a job."""
        return [file.read_bytes() for file in sorted(self._paper.glob("*.pdf"))]

    def command(self, *typed: str) -> str:
        """Run a command of CUPS here. Raises CalledProcessError."""
        done = subprocess.run(
            typed,
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, **self.environment, "LC_ALL": "C"},
        )
        return done.stdout
