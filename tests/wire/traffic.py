"""What went over a link between two moments, sorted by what it was for (core)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tests.simulators.links.log import Logged

HEADERS_BYTES: Final = 52  # IPv4 20, TCP 20, its timestamps 12
ACK_MAX_BYTES: Final = 72  # headers alone, with up to two blocks of selective acknowledgement
TLS_RECORD_BYTES: Final = 22  # header 5, content type 1, tag 16


@dataclass(frozen=True, slots=True)
class Way:
    """One direction: packets that carry something, and those that only acknowledge."""

    packets: int
    bytes: int
    acks: int
    ack_bytes: int

    @property
    def total_bytes(self) -> int:
        """Everything, with the headers of IP."""
        return self.bytes + self.ack_bytes


def of_port(packets: Iterable[Logged], port: int) -> list[Logged]:
    """Return the packets from and to that port: an address may have been somebody else's a minute ago."""
    return [one for one in packets if port in one.packet.ports]


def way_of(packets: Iterable[Logged], direction: str, *, from_s: float, to_s: float) -> Way:
    """Count what entered the link in that direction between two moments (monotonic)."""
    sizes = [
        one.size_bytes for one in packets if one.direction == direction and from_s <= one.arrived_s < to_s
    ]
    acks = [size for size in sizes if size <= ACK_MAX_BYTES]
    return Way(len(sizes) - len(acks), sum(sizes) - sum(acks), len(acks), sum(acks))
