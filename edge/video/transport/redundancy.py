"""How much of the picture is sent in advance a second time, and after which packets (core).

A lost packet that is asked for comes a round trip late, and the picture stands still until then. So where the
way is long and loses, a repair follows each few packets. Its share is bounded; where asking is quick or
nothing is lost there is none. Source: docs/adr/0038-repairs-in-advance.md.
"""

from math import exp
from typing import Final

from edge.video.transport import ulpfec

ROUND_TRIP_FROM_S: Final = 0.3  # the feedback's wait in it; below, asking is quick enough
ROUND_TRIP_UNTIL_S: Final = 0.25
LOSS_FROM: Final = 0.004
LOSS_UNTIL: Final = 0.0015
REMEMBERED_S: Final = 20.0  # a loss of 1 % shows in half of all measurements of 3 s
GROUP: Final = 6  # packets to a repair
GROUP_LOSSY: Final = 3  # but not before there are two for GROUP: each over every second packet
LOSSY_FROM: Final = 0.03  # radio loses in bursts, which show as so much of 3 s


class Redundancy:
    """Of one stream of pictures."""

    def __init__(self, *, now_s: float) -> None:
        self.is_on = False
        self._lost_share = 0.0  # remembered
        self._looked_s = now_s
        self._pushed = 0  # packets since the last repair, as they are queued
        self._left: list[bytes] = []  # and as they leave, bare

    def look(self, lost_share: float, *, round_trip_s: float | None, now_s: float) -> None:
        """What is known of the way now; `lost_share` (0 … 1) of the last seconds."""
        passed_s, self._looked_s = now_s - self._looked_s, now_s
        self._lost_share = max(lost_share, self._lost_share * exp(-passed_s / REMEMBERED_S))
        is_long = (round_trip_s or 0.0) >= (ROUND_TRIP_UNTIL_S if self.is_on else ROUND_TRIP_FROM_S)
        is_lossy = self._lost_share >= (LOSS_UNTIL if self.is_on else LOSS_FROM)
        if not (is_long and is_lossy):
            self._pushed = 0
            self._left.clear()
        self.is_on = is_long and is_lossy

    @property
    def share(self) -> float:
        """Repairs to each packet of the picture."""
        return 1 / self._group if self.is_on else 0.0

    @property
    def _group(self) -> int:
        return GROUP_LOSSY if self._lost_share >= LOSSY_FROM else GROUP

    def repairs_after(self, *, is_last: bool, is_key: bool) -> int:
        """A packet is queued (`is_last` of its frame): return how many repairs follow it."""
        if not self.is_on:
            return 0
        self._pushed += 1
        # Never in the midst of a frame: libwebrtc's receiver puts one together of packets without a hole.
        if not (is_last and (is_key or self._pushed >= GROUP)):
            return 0
        count = max(1, round(min(self._pushed, ulpfec.SPAN_MAX) / self._group))
        self._pushed = 0
        return count

    def on_sent(self, packet: bytes) -> None:
        """A RED packet of the picture left."""
        found = ulpfec.bare(packet)
        if found is None:
            return
        self._left.append(found)
        while _sequence(found) - _sequence(self._left[0]) & 0xFFFF >= ulpfec.SPAN_MAX:
            del self._left[0]

    def repair(self, number: int, count: int) -> bytes | None:
        """Return repair `number` (0 …) of `count`, of each `count`th packet; None: it has none.

        After the last all are forgotten.
        """
        packets = self._left[number::count]
        if number == count - 1:
            self._left.clear()
        return ulpfec.protect(packets) if packets else None


def _sequence(packet: bytes) -> int:
    return int.from_bytes(packet[2:4])
