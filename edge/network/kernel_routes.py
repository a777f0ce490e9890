"""Interfaces and routes of this machine (shell over `ip`, of iproute2, and a socket that says when to
look).
"""

import logging
import os
import shutil
import socket
import subprocess
from typing import Final, Self

from edge.errors import NetworkError
from edge.network.interfaces import FAMILIES, Kernel, parse_kernel

log = logging.getLogger(__name__)

LIMIT_S: Final = 10.0
# RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE: linux/rtnetlink.h
GROUPS: Final = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
READ_BYTES: Final = 65_536


def read_kernel() -> Kernel:
    """Return what there is now. Raises NetworkError."""
    routes = {family: _ip("-N", "-json", f"-{family}", "route", "show", "default") for family in FAMILIES}
    try:
        return parse_kernel(_ip("-json", "-stats", "address", "show"), routes)
    except (ValueError, KeyError, TypeError) as error:
        raise NetworkError(f"`ip -json` says what is not understood: {error}") from error


def change_route(arguments: list[str]) -> None:
    """Run one `ip` of edge.network.interfaces.route_changes. What the kernel refuses is logged: a link that
    went meanwhile took its routes along, and whoever looks again sees it.
    """
    try:
        _ip(*arguments)
    except NetworkError as error:
        log.warning("%s", error)


def _ip(*arguments: str) -> str:
    program = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise NetworkError("`ip` is not installed: apt-get install iproute2")
    try:
        done = subprocess.run(
            [program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NetworkError(f"ip {' '.join(arguments)}: {error}") from error
    if done.returncode != 0:
        raise NetworkError(f"ip {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


class RouteEvents:
    """Readable when an interface, an address or a route has changed. Use as a context."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)

    def __enter__(self) -> Self:
        self._socket.bind((0, GROUPS))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fileno(self) -> int:
        """Return what can be waited for."""
        return self._socket.fileno()

    def take(self) -> None:
        """Forget what was said: whoever calls this looks at all of it."""
        try:
            while self._socket.recv(READ_BYTES):
                pass
        except BlockingIOError:
            return
        except OSError as error:  # more was said than there was room for: looking helps here too
            log.debug("netlink: %s", error)
