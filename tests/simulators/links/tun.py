"""TUN devices and network namespaces (shell): what the kernel must do for a link. Linux, root."""

import ctypes
import fcntl
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Final

TUNSETIFF: Final = 0x400454CA  # linux/if_tun.h
IFF_TUN: Final = 0x0001
IFF_NO_PI: Final = 0x1000
CLONE_NEWNET: Final = 0x40000000  # linux/sched.h
READ_BYTES: Final = 65_536
SETTINGS_OF_A_BOX: Final = Path(__file__).parents[3] / "systemd/box/sysctl.d/haidang.conf"


class TunError(Exception):
    """The kernel refuses. The text says what is needed."""


def open_tun(name: str) -> int:
    """Make the device `name` in the present namespace and return its descriptor: one packet a read or write.

    The device is gone when the descriptor is closed. Raises TunError.
    """
    try:
        tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError as error:
        raise TunError(
            f"/dev/net/tun: {error.strerror}; emulated links need it, root and CAP_NET_ADMIN"
        ) from error
    return tun


def leave_namespace() -> None:
    """Put this process into a new network namespace; its devices opened before stay where they are."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise TunError(f"no network namespace: {reason}; emulated links need root and CAP_SYS_ADMIN")


def set_as_on_a_box() -> None:
    """Let the kernel send from the present namespace as from a box. Raises OSError."""
    for line in SETTINGS_OF_A_BOX.read_text(encoding="ascii").splitlines():
        key, is_set, value = line.partition(" = ")
        if is_set and not key.startswith("#"):
            Path("/proc/sys", *key.split(".")).write_text(value, encoding="ascii")


def ip(*arguments: str) -> None:
    """Run `ip`, of iproute2, in the present namespace. Raises TunError."""
    program = shutil.which("ip", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if program is None:
        raise TunError("`ip` is not installed: apt-get install iproute2")
    done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode != 0:
        raise TunError(f"ip {' '.join(arguments)}: {done.stderr.decode().strip()}")


def bring_up(name: str, addresses: list[str]) -> None:
    """Give the device its addresses and let it carry IPv4 only."""
    ip("link", "set", name, "addrgenmode", "none")
    for address in addresses:
        ip("addr", "add", address, "dev", name)
    ip("link", "set", name, "up")


def read_all(tun: int, most: int) -> list[bytes]:
    """Return the packets that wait, at most so many."""
    packets: list[bytes] = []
    while len(packets) < most:
        try:
            packets.append(os.read(tun, READ_BYTES))
        except BlockingIOError:
            break
    return packets
