"""Our units as a real systemd starts them: a manager of its own, with stand-ins in place of the programs.

What is kept of a unit is when it begins and what begins it again; what confines it needs the system's own
manager. Paths of the machine are below the folder of the test.
"""

import os
import re
import select
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.village.process import ENDS_WITH_US, ROOT

PLACES: Final = ("/data/", "/run/", "/boot/", "/var/lib/")
KEPT: Final = re.compile(
    r"Type|RemainAfterExit|TimeoutStartSec|Restart\w*|Description|Wants|Requires|Upholds|After|Before|Conflicts|"
    r"OnSuccess|OnFailure|Condition\w+|StartLimit\w+|PathExists|Unit"
)
# It sees one group of processes, its own: it would put those of this machine in order.
BEGIN: Final = """
mount -t cgroup2 groups /sys/fs/cgroup && mkdir /sys/fs/cgroup/haidang-units-$$ || exit 1
echo $$ >/sys/fs/cgroup/haidang-units-$$/cgroup.procs || exit 1
exec unshare --mount --cgroup --propagation=private sh -c '
umount /sys/fs/cgroup && mount -t cgroup2 groups /sys/fs/cgroup || exit 1
mount -t tmpfs run /run && mkdir -p /run/systemd/system && mkdir -m 0700 /run/user || exit 1
exec /usr/lib/systemd/systemd --user'
"""
LIMIT_S: Final = 60.0


class UnitsError(Exception):
    """No manager of its own can be run here. The text says why; root, systemd and util-linux are needed."""


class RunningUnits:
    """The units of one side, "box" or "hub". Use as a context; nothing begins before `begin`.

    `programs`: by the name of a service without `haidang-`, the shell script in its place; $PLACE: `folder`.
    """

    def __init__(self, folder: Path, side: str, programs: Mapping[str, str]) -> None:
        self.folder, self._units, self.log = folder, folder / "units", folder / "systemd.log"
        self._units.mkdir()
        os.mkfifo(folder / "told")
        self._line = os.open(folder / "told", os.O_RDWR)  # both ends: it never says that nobody writes
        self._heard = b""
        for path in (ROOT / "systemd" / side / "system").iterdir():
            if path.suffix in (".service", ".path", ".target"):
                name = path.stem.removeprefix("haidang-")
                program = programs.get(name, "systemd-notify --ready; exec sleep infinity")
                (self._units / path.name).write_text(self._stand_in(path, program), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def _stand_in(self, path: Path, program: str) -> str:
        lines = []
        for line in path.read_text(encoding="utf-8").splitlines():
            key, equals, value = line.partition("=")
            if line.startswith("["):
                lines.append(line)
                if line == "[Service]":
                    script = self._units / f"{path.stem}.sh"
                    script.write_text(f"PLACE={self.folder}\n{program}\n", encoding="utf-8")
                    lines += [f"ExecStart=/bin/sh {script}", "NotifyAccess=all"]
            elif equals and KEPT.fullmatch(key):
                mark = "|" if value.startswith("|") else ""
                is_place = value.removeprefix(mark).startswith(PLACES)
                lines.append(f"{key}={mark}{self.folder}{value.removeprefix(mark)}" if is_place else line)
        return "\n".join(lines) + "\n"

    def __enter__(self) -> Self:
        environment = {**os.environ, "XDG_RUNTIME_DIR": "/run/user", "SYSTEMD_LOG_TARGET": "console"}
        environment["SYSTEMD_UNIT_PATH"] = f"{self._units}:/usr/lib/systemd/user"
        environment["NOTIFY_SOCKET"] = str(self.folder / "notify")
        command = [*ENDS_WITH_US, "unshare", "--mount", "--propagation=private", "sh", "-c", BEGIN]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(environment["NOTIFY_SOCKET"])
            told.settimeout(LIMIT_S)
            with self.log.open("w", encoding="utf-8") as log:
                self._process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            try:
                while b"READY=1" not in told.recv(4_096):
                    pass
            except TimeoutError as error:
                self.__exit__()
                raise UnitsError(self.log.read_text(encoding="utf-8")[-500:]) from error
        return self

    def __exit__(self, *_: object) -> None:
        process, self._process = self._process, None
        assert process is not None, "used as a context"
        process.terminate()  # it ends all that it has begun
        process.wait(LIMIT_S)
        os.close(self._line)
        for groups in Path("/sys/fs/cgroup").glob(f"**/haidang-units-{process.pid}"):
            for folder in sorted((*groups.rglob("*/"), groups), key=lambda one: -len(one.parts)):
                folder.rmdir()

    def begin(self) -> str:
        """Start haidang.target as the machine's start does; return what systemd then says of the whole."""
        self.systemctl("start", "haidang.target")
        return self.systemctl("is-system-running")

    def systemctl(self, *words: str) -> str:
        """Return what `systemctl` says."""
        assert self._process is not None, "used as a context"
        entry = ["nsenter", f"--target={self._process.pid}", "--mount", "--"]
        command = [*entry, "env", "XDG_RUNTIME_DIR=/run/user", "systemctl", "--user", "--no-pager", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT_S)
        return done.stdout.strip() or done.stderr.strip()

    def states(self, *names: str) -> list[str]:
        """Return whether each is active, by names without `haidang-`."""
        return self.systemctl("is-active", *(f"haidang-{name}" for name in names)).split("\n")

    def next_told(self) -> str:
        """Return the next line that a program writes to $PLACE/told. Raises UnitsError: none comes."""
        while b"\n" not in self._heard:
            if not select.select([self._line], [], [], LIMIT_S)[0]:
                raise UnitsError(f"nobody begins: {self.log.read_text(encoding='utf-8')[-2_000:]}")
            self._heard += os.read(self._line, 4_096)
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()
