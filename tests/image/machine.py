"""A virtual machine that runs the built card: QEMU without hardware help, its hardware changed by QMP.

The card is what was built and what an engineer puts on its boot partition. What is inside is
asked through systemd's own debug shell, which the command line opens on a console that leads here.
"""

import base64
import contextlib
import os
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Final, Self

from images.build_service import IMAGE
from tests.image.kinds import PC, Kind
from tests.image.qmp import Qmp

MEMORY_MB: Final = 1024
CARD_BYTES: Final = 6 << 30  # what is left of it becomes the data partition
BOOTFS_BYTES: Final = 1 << 20  # where the first partition begins
# Of ours on the command line: a shell on the console that leads here, patience with a machine that is fifty
# times slower than it thinks, and a screen that is not there before a test plugs it in (screen.py).
OURS: Final = (
    "systemd.debug_shell=hvc0",
    "systemd.tty.term.hvc0=dumb",
    "systemd.show_status=no",
    "systemd.default_device_timeout_sec=900",
    "systemd.default_timeout_start_sec=900",
    "modprobe.blacklist=virtio_gpu",
    "rcupdate.rcu_cpu_stall_suppress=1",
    "nosoftlockup",
)
PROMPT: Final = "# "
END: Final = "haidang-image-end"
START_LIMIT_S: Final = 420.0
ANSWER_LIMIT_S: Final = 180.0
PYTHON: Final = "/usr/lib/haidang/venv/bin/python"
SPOOL: Final = "/data/haidang/spool/spool.db"
LINE_MAX: Final = 3_000  # a terminal takes no more than 4,096 at a time


class Machine:
    """One box. Use as a context manager; `sh` asks what is inside, `hardware` changes what it is made of,
    `button` is what hangs on it.

    `files`: by their names, what somebody puts on the boot partition before the power comes.
    """

    def __init__(
        self, folder: Path, card: Path, *, files: dict[str, str], devices: list[str], kind: Kind = PC
    ) -> None:
        self.folder, self._kind = folder, kind
        disk = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", str(card / IMAGE), str(disk)], check=True)
        os.truncate(disk, CARD_BYTES)
        for name, text in files.items():
            command = ["mcopy", "-i", f"{disk}@@{BOOTFS_BYTES}", "-", f"::{name}"]
            subprocess.run(command, input=text.encode(), check=True)
        line = (card / "cmdline.txt").read_text(encoding="utf-8").strip()
        self._command = [kind.program, *kind.machine, "-accel", "tcg,thread=multi", "-smp", "2"]
        self._command += ["-m", str(MEMORY_MB), "-nodefaults", "-display", "none", "-no-user-config"]
        self._command += ["-kernel", str(card / "vmlinuz"), "-initrd", str(card / "initrd.img")]
        self._command += ["-append", " ".join([line, *OURS, *kind.words])]
        self._command += ["-drive", f"file={disk},if=virtio,format=raw,cache=unsafe"]
        self._command += ["-serial", f"file:{folder / 'console.log'}"]
        self._command += ["-device", "virtio-serial-pci"]
        self._command += ["-chardev", f"socket,id=shell,path={folder / 'shell'},server=on,wait=off"]
        self._command += ["-device", "virtconsole,chardev=shell"]
        self._command += ["-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,id=nic0"]
        self._command += ["-object", "rng-random,id=rng0,filename=/dev/urandom"]
        self._command += ["-device", "virtio-rng-pci,rng=rng0"]
        self._command += ["-uuid", str(uuid.uuid4())]  # what it calls itself, as a board's serial number
        self._command += ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off", *devices, *kind.devices]

    def __enter__(self) -> Self:
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.folder, stdin=subprocess.DEVNULL, stderr=log
            )
        self.power_s = time.monotonic()
        self._number = 0  # of questions: each has its own mark at its end
        self._shell = self._connected("shell")
        self.hardware = Qmp(self._connected("qmp"))
        self.button = self._kind.button(self.hardware, self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._shell.close()
        self.button.close()
        self.hardware.close()

    def lose_power(self) -> None:
        """Take its power away, without a word, and give it back."""
        self.__exit__()
        self.__enter__()

    def kill(self) -> None:
        """Take its power away, without a word; `__enter__` gives it back."""
        self._process.kill()
        self._process.wait()

    def _connected(self, name: str) -> socket.socket:
        deadline_s = time.monotonic() + 10.0
        while True:
            found = socket.socket(socket.AF_UNIX)
            try:
                found.connect(str(self.folder / name))
                return found
            except OSError:
                found.close()
                if self._process.poll() is not None or time.monotonic() > deadline_s:
                    sys.exit((self.folder / "qemu.log").read_text(encoding="utf-8"))
                time.sleep(0.05)  # nothing announces that a process listens

    def wait_for_shell(self) -> None:
        """Return when the debug shell answers: after power came, or came again."""
        self._shell.settimeout(2.0)
        heard, deadline_s = "", time.monotonic() + START_LIMIT_S
        while not heard.rstrip("\0").endswith(PROMPT):
            if time.monotonic() > deadline_s:
                raise TimeoutError(
                    f"no shell in {START_LIMIT_S:.0f} s: {heard[-500:]} {self.console()[-1500:]}"
                )
            with contextlib.suppress(TimeoutError):
                heard += self._shell.recv(65536).decode("utf-8", errors="replace")
        self._shell.sendall(b"stty -echo -onlcr; SYSTEMD_COLORS=0 SYSTEMD_PAGER= PS1= PS2= exec sh\n")
        self.tried("true")

    def sh(self, command: str, *, limit_s: float = ANSWER_LIMIT_S) -> str:
        """Return what a command writes inside, and its standard error. Raises AssertionError: it failed."""
        text, status = self.tried(command, limit_s=limit_s)
        assert status == 0, f"{command}: {status}: {text}"
        return text

    def tried(self, command: str, *, limit_s: float = ANSWER_LIMIT_S) -> tuple[str, int]:
        """Return what a command writes, and its exit status."""
        self._number += 1
        mark = f"{END}-{self._number}:"
        line = f"{{ {command}\n}} 2>&1 </dev/null; printf '{mark[:-3]}%s%s;\\n' '{mark[-3:]}' $?\n"
        self._shell.sendall(line.encode())
        deadline_s = time.monotonic() + limit_s
        heard = ""
        while mark not in heard or ";" not in heard.split(mark, 1)[1]:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"{command}: no end in {limit_s:.0f} s: {heard[-500:]}")
            with contextlib.suppress(TimeoutError):
                heard += self._shell.recv(65536).decode("utf-8", errors="replace")
        text, _, rest = heard.partition(mark)
        return text.replace("\r", "").strip(), int(rest.split(";")[0])

    def run(self, script: Path, *words: str, limit_s: float = ANSWER_LIMIT_S) -> str:
        """Return what a Python file of ours writes inside, run there with the box's own Python."""
        there = f"/run/{script.name}"
        if self.tried(f"test -e {there}")[1]:
            text = base64.b64encode(script.read_bytes()).decode()
            for at in range(0, len(text), LINE_MAX):
                self.sh(f"printf %s {text[at : at + LINE_MAX]} >>{there}.coded")
            self.sh(f"base64 -d {there}.coded >{there}")
        return self.sh(f"{PYTHON} {there} {' '.join(words)}", limit_s=limit_s)

    def unit(self, name: str, fact: str) -> str:
        """Return a property of a unit, as systemd tells it."""
        return self.sh(f"systemctl show -p {fact} --value {name}")

    def console(self) -> str:
        """Return what the kernel's console has said."""
        return (self.folder / "console.log").read_text(encoding="utf-8", errors="replace")
