"""A virtual machine: QEMU without hardware help, a Debian kernel for aarch64, the house inside.

What runs inside says JSON lines on its console that begin with `@`; the machine's hardware is changed by QMP.
"""

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Self

from tests.guest.initial import initial_file_system
from tests.guest.parts import HOUSE, pins, unpacked, wheel

PLACE: Final = HOUSE / "build" / "guest"
QEMU: Final = "qemu-system-aarch64"
PACKAGES: Final = [
    "linux-image-arm64",
    "python3",
    "python3-evdev",
    "udev",
    "busybox-static",
    "libudev1",
    "libstdc++6",
    "libc-bin",
]
TO_BOOT: Final = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
MEMORY_MB: Final = 1024
WORD: Final = "@"


class Machine:
    """One virtual machine that runs `module` of the house. `wheels`: of the lock, by name; `modules`: of the
    kernel. Use as a context manager; `said` yields what is said inside until the machine goes off."""

    def __init__(
        self,
        folder: Path,
        module: str,
        *,
        wheels: Sequence[str],
        modules: Sequence[str],
        devices: Sequence[str],
    ) -> None:
        if shutil.which(QEMU) is None:
            sys.exit(f"{QEMU} is not here: apt-get install qemu-system-arm")
        self._folder = folder
        root = unpacked(PLACE / "root", "arm64", PACKAGES)
        version = max((root / "usr/bin").glob("python3.[0-9]*[0-9]")).name.removeprefix("python")
        folders = [wheel(pins(name, version)[0], PLACE / "wheels").name for name in wheels]
        paths = ":".join(["/house", *(f"/wheels/{name}" for name in folders)])
        command = f"ldconfig; PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={paths} python3 -m {module}"
        initial = folder / "initial.gz"
        initial.write_bytes(initial_file_system(root, modules=[*TO_BOOT, *modules], command=command))
        [kernel] = (root / "boot").glob("vmlinuz-*")
        self._command = [QEMU, "-machine", "virt", "-cpu", "cortex-a72", "-accel", "tcg,thread=multi"]
        self._command += ["-smp", "2", "-m", str(MEMORY_MB), "-nodefaults", "-display", "none", "-no-reboot"]
        self._command += ["-serial", "stdio", "-kernel", str(kernel), "-initrd", str(initial)]
        self._command += ["-append", "console=ttyAMA0 quiet panic=-1"]
        self._command += ["-qmp", f"unix:{folder / 'qmp'},server=on,wait=off"]
        for tag, path in (("root", root), ("house", HOUSE), ("wheels", PLACE / "wheels")):
            share = f"local,path={path},mount_tag={tag},security_model=none,readonly=on,multidevs=remap"
            self._command += ["-virtfs", share]
        self._command += devices

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._lock = threading.Lock()
        self._qmp: socket.socket | None = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._qmp is not None:
            self._qmp.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def said(self, *, limit_s: float) -> Iterator[dict[str, Any]]:
        """Yield each object that is said inside; other lines of the console go to standard error. After
        `limit_s` the machine is switched off."""
        timer = threading.Timer(limit_s, self._process.kill)
        timer.start()
        try:
            assert self._process.stdout is not None
            for raw in self._process.stdout:
                line = raw.decode("utf-8", errors="replace").strip("\r\n")
                if line.startswith(WORD):
                    yield json.loads(line[len(WORD) :])
                elif line.strip():
                    sys.stderr.write(f"  {line}\n")
        finally:
            timer.cancel()

    def do(self, command: str, **arguments: Any) -> None:
        """Have QEMU do something to the hardware. Raises RuntimeError: it refused."""
        with self._lock:
            qmp = self._connected()
            qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
            for answer in self._answers:
                if "error" in answer:
                    raise RuntimeError(f"{command}: {answer['error']['desc']}")
                if "return" in answer:
                    return

    def _connected(self) -> socket.socket:
        if self._qmp is None:
            self._qmp = socket.socket(socket.AF_UNIX)
            self._qmp.connect(str(self._folder / "qmp"))
            lines = self._qmp.makefile("r", encoding="utf-8")
            self._answers = (json.loads(line) for line in lines)
            next(self._answers)  # the greeting
            self._qmp.sendall(b'{"execute": "qmp_capabilities"}\n')
            next(self._answers)
        return self._qmp
