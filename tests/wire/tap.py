"""A second pair of eyes (shell): what the kernel itself passes, beside the links' log. Linux, root."""

import socket
import threading
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

ETH_P_ALL: Final = 3
WAKE_S: Final = 0.5


class Tap:
    """Counts the bytes of IPv4 packets from or to some addresses, headers included. Use as a context."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses = {socket.inet_aton(address): address for address in addresses}
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        self._socket.settimeout(WAKE_S)
        self._counts: Counter[str] = Counter()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._is_over = True
        self._thread.join()
        self._socket.close()

    def counts(self) -> dict[str, int]:
        """Return the bytes of each address so far."""
        return dict(self._counts)

    def _run(self) -> None:
        while not self._is_over:
            try:
                data = self._socket.recv(65_536)
            except TimeoutError:
                continue
            for end in (data[12:16], data[16:20]):
                if end in self._addresses:
                    self._counts[self._addresses[end]] += len(data)
