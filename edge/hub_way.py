"""The way to the hub (shell over socket): the addresses of its name, and the last one that proved itself.

A name server that is dead, or lies, must not keep a box from its hub. Who answers at an address is not asked
here: TLS checks the name, whatever address was taken (edge/hub_tls.py).
"""

import ipaddress
import json
import logging
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.enrolment.files import read_file, write_file
from edge.errors import BoxError

log = logging.getLogger(__name__)

KEPT_NAME: Final = "hub-address.json"
RESOLVE_S: Final = 3.0  # a name server behind a satellite answers in two
RESOLVE_FIRST_S: Final = 10.0  # while no address is kept there is nothing else to try
ADDRESSES_MAX: Final = 4
# With all headers 1,280 bytes, which every path carries. It is announced to the hub, whose packets are then
# as short: a path whose MTU is smaller than it says loses larger ones without a word, of either direction.
SEGMENT_BYTES: Final = 1_220


class HubWay:
    """The hub's addresses. `kept`: the file on the data partition where the last good one stays."""

    def __init__(self, host: str, kept: Path) -> None:
        self.host, self._kept = host, kept
        self.is_name_dead = False  # when it was last asked for
        self._doubted: set[str] = set()
        self._question = threading.Lock()
        self._asked: _Question | None = None

    def addresses(self) -> list[str]:
        """Return the addresses to try, in this order; may take RESOLVE_FIRST_S. Empty: none is known."""
        kept = self._read()
        resolved = self._resolve(RESOLVE_FIRST_S if kept is None else RESOLVE_S)
        self.is_name_dead = not resolved
        known = [*resolved[:ADDRESSES_MAX], *([kept] if kept and kept not in resolved else [])]
        return sorted(known, key=lambda one: one in self._doubted)

    def connect(self, port: int, *, timeout_s: float | None) -> socket.socket:
        """Return a socket that is connected to one of the addresses. `timeout_s`: of each. Raises OSError;
        socket.gaierror when no address is known.
        """
        failed: OSError = socket.gaierror(socket.EAI_NONAME, "no name server answers, and none is kept")
        for address in self.addresses():
            sock = socket.socket(family_of(address), socket.SOCK_STREAM)
            try:
                sock.settimeout(timeout_s)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
                sock.connect((address, port))
            except OSError as error:
                sock.close()
                failed = error
                self.doubt(address)
            else:
                return sock
        raise failed

    def keep(self, address: str) -> None:
        """The hub proved itself there: it is tried when its name is not resolved."""
        self._doubted.discard(address)
        if address == self._read():
            return
        text = json.dumps({"host": self.host, "address": address})
        try:
            write_file(self._kept, text.encode(), mode=0o600)
        except (BoxError, OSError) as error:
            log.warning("the hub's address is not kept: %s", error)

    def doubt(self, address: str) -> None:
        """Nobody answered there, or somebody else: try it last, until the hub has proved itself there."""
        self._doubted.add(address)

    def _read(self) -> str | None:
        with suppress(ValueError, TypeError, KeyError):
            found = json.loads(read_file(self._kept))
            if found["host"] == self.host:
                return str(ipaddress.ip_address(found["address"]))
        return None

    def _resolve(self, limit_s: float) -> list[str]:
        """Return what name servers say within `limit_s`: a dead one keeps its caller for half a minute."""
        with self._question:  # several threads ask
            if self._asked is None or not self._asked.is_alive():
                self._asked = _Question(self.host)
                self._asked.start()
            asked = self._asked
        asked.join(limit_s)
        return [] if asked.is_alive() else asked.found


class _Question(threading.Thread):
    """One question to the name servers. `found`: the addresses, once it has ended."""

    def __init__(self, host: str) -> None:
        super().__init__(name="resolve", daemon=True)
        self._host = host
        self.found: list[str] = []

    def run(self) -> None:
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
            self.found = list(dict.fromkeys(str(one[4][0]) for one in found))


def family_of(address: str) -> socket.AddressFamily:
    """Return which kind of address it is."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET
