"""A long path between two peers in one process: a relay of datagrams that holds each one for a while."""

import asyncio
import re
from typing import Self, cast

from aiortc.sdp import candidate_from_sdp

_CANDIDATES = re.compile(r"a=candidate:[^\r\n]*\r\n")


class SlowPath:
    """Between an offer and its answer. Both sides only ever learn the relay's two addresses."""

    def __init__(self, *, one_way_s: float) -> None:
        self.is_cut = False
        self._one_way_s = one_way_s
        self._ports: list[_Port] = []
        self._loop = asyncio.get_running_loop()

    async def __aenter__(self) -> Self:
        for _ in range(2):
            _, port = await self._loop.create_datagram_endpoint(
                lambda: _Port(self), local_addr=(_first_address(), 0)
            )
            self._ports.append(port)
        self._ports[0].other, self._ports[1].other = self._ports[1], self._ports[0]
        return self

    async def __aexit__(self, *_: object) -> None:
        for port in self._ports:
            port.transport.close()

    def offer(self, sdp: str) -> str:
        """Return the offer as the answering side should see it."""
        return self._through(sdp, offerer=True)

    def answer(self, sdp: str) -> str:
        """Return the answer as the offering side should see it."""
        return self._through(sdp, offerer=False)

    def _through(self, sdp: str, *, offerer: bool) -> str:
        mine, theirs = self._ports if offerer else reversed(self._ports)
        address = mine.transport.get_extra_info("sockname")[0]
        found = [candidate_from_sdp(line[12:].strip()) for line in _CANDIDATES.findall(sdp)]
        behind = next(candidate for candidate in found if candidate.ip == address)
        mine.peer = (behind.ip, behind.port)
        port = theirs.transport.get_extra_info("sockname")[1]
        kept = f"a=candidate:1 1 udp 2130706431 {address} {port} typ host\r\n"
        return _CANDIDATES.sub("", sdp).replace("a=ice-ufrag", kept + "a=ice-ufrag")

    def hold(self, port: "_Port", data: bytes) -> None:
        if not self.is_cut and port.peer is not None:
            self._loop.call_later(self._one_way_s, port.send, data)


class _Port(asyncio.DatagramProtocol):
    """Where one side's packets leave the relay towards it, and come in from it."""

    other: "_Port"
    transport: asyncio.DatagramTransport

    def __init__(self, path: SlowPath) -> None:
        self.peer: tuple[str, int] | None = None
        self._path = path

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)  # Python 3.11 does not say so itself

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._path.hold(self.other, data)

    def send(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, self.peer)


def _first_address() -> str:
    from aioice.ice import get_host_addresses

    return get_host_addresses(use_ipv4=True, use_ipv6=False)[0]
