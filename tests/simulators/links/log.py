"""The log of a link: one line a packet, and what it says of utilisation and queueing (core)."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from tests.simulators.links.bottleneck import Fate, Passage
from tests.simulators.links.packets import Packet
from tests.simulators.links.rate import Rate

Direction = Literal["up", "down"]


class Logged(NamedTuple):
    """One packet. Times are monotonic seconds of this machine; None where it never came so far."""

    direction: Direction
    fate: Fate
    size_bytes: int
    arrived_s: float
    started_s: float | None
    left_s: float | None
    delivered_s: float | None
    packet: Packet

    @property
    def queued_s(self) -> float | None:
        """How long it waited behind others; its own time on the link is not in it."""
        return None if self.started_s is None else self.started_s - self.arrived_s


def line_of(direction: Direction, passage: Passage, packet: Packet) -> str:
    """Return the line, with its end."""
    times = (passage.arrived_s, passage.started_s, passage.left_s, passage.delivered_s)
    fields = (
        direction,
        passage.fate,
        len(passage.data),
        *("" if one is None else f"{one:.6f}" for one in times),
        packet.content,
        *packet.ports,
        *packet[2:],
    )
    return ",".join(map(str, fields)) + "\n"


def read_lines(lines: Iterable[str]) -> list[Logged]:
    """Return the packets of a log, in the order in which their stories ended."""
    return [_read(line.rstrip("\n").split(",")) for line in lines if line.endswith("\n")]


def _read(fields: Sequence[str]) -> Logged:
    direction, fate, size = fields[0], fields[1], int(fields[2])
    arrived_s, started_s, left_s, delivered_s = (float(one) if one else None for one in fields[3:7])
    source, target, payload_type, ssrc, sequence, timestamp = (int(one) for one in fields[8:14])
    packet = Packet(fields[7], (source, target), payload_type, ssrc, sequence, timestamp)  # type: ignore[arg-type]
    assert arrived_s is not None, f"a line without arrival: {fields}"
    return Logged(direction, fate, size, arrived_s, started_s, left_s, delivered_s, packet)  # type: ignore[arg-type]


def utilisation(
    packets: Iterable[Logged], rate: Rate, *, began_s: float, from_s: float, to_s: float
) -> float:
    """Return which share of what the link could carry between two moments it did carry."""
    served = sum(
        one.size_bytes * 8 for one in packets if one.left_s is not None and from_s < one.left_s <= to_s
    )
    return served / rate.bits(from_s - began_s, to_s - began_s)


def queueing_delays_s(packets: Iterable[Logged]) -> list[float]:
    """Return how long each packet waited that left the queue."""
    return [one.queued_s for one in packets if one.queued_s is not None]
