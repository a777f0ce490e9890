"""Whether the link has more room (core): short trains of padding, faster than what is sent now.

A train that arrives as fast as it was sent passed without a queue; a slower one tells what the link carries.
It costs a queue of its own length at most, so it is short, and rare where it finds nothing. The first one
goes before the first picture: nothing is known then. One that is asked for goes into a queue.
"""

from dataclasses import dataclass
from typing import Final

from edge.video.transport.path import Landing

FIRST_BPS: Final = 300_000
FIRST_BYTES: Final = 1_600  # 0.2 s of the poorest link, once
TIMES: Final = 2.0  # the rate of now
LASTS_S: Final = 0.05
PACKETS_MIN: Final = 5
PACKETS_MAX: Final = 40
PACKET_BYTES: Final = (120, 290)  # the least and the most, on the wire
TAKEN: Final = 0.85  # of what was found: trains are short, and arrive a little shaken
USEFUL: Final = 1.1  # times the rate: found more than this, the next one follows soon
EVERY_S: Final = 2.0
EVERY_MAX_S: Final = 4.0
SOON_S: Final = 0.3
AFTER_FALL_S: Final = 1.0  # as a fade ends as suddenly as it came
OVER_S: Final = 0.3  # what was sent so long after a train has begun is behind it
CAME_MIN: Final = 0.8  # of a train's packets; a train with holes tells nothing


@dataclass(frozen=True, slots=True)
class Train:
    """Send so many padding packets of `packet_bytes` (on the wire), at this rate."""

    number: int
    packets: int
    packet_bytes: int
    rate_bps: int


class Probing:
    """One train after the other. Times are monotonic."""

    def __init__(self, *, now_s: float) -> None:
        self._next_s = now_s
        self._every_s = EVERY_S
        self._train: Train | None = None
        self._sent_s = now_s
        self._is_asked = False
        self._landed: list[Landing] = []
        self._count = 0

    @property
    def is_first(self) -> bool:
        """Whether no train has gone yet."""
        return self._count == 0

    @property
    def is_only_first(self) -> bool:
        """Whether the first train has gone, and no other one."""
        return self._count == 1

    def train(self, rate_bps: float, *, now_s: float) -> Train | None:
        """Return the train that is due; None: not yet. Ask only while the queue is empty."""
        if now_s < self._next_s:
            return None
        if self.is_first:
            return self._begin(FIRST_BPS, FIRST_BYTES, now_s)
        return self._begin(TIMES * rate_bps, TIMES * rate_bps / 8 * LASTS_S, now_s)

    def ask(self, rate_bps: float, *, now_s: float) -> Train:
        """Return a train into a queue, due or not: to see what we would get beside somebody else.

        As small as can be: where nobody else is, voice waits behind it.
        """
        train = self._begin(TIMES * rate_bps, 0.0, now_s)
        self._is_asked = True
        return train

    def _begin(self, bps: float, wanted_bytes: float, now_s: float) -> Train:
        size = round(min(PACKET_BYTES[1], max(PACKET_BYTES[0], wanted_bytes / PACKETS_MIN)))
        packets = min(PACKETS_MAX, max(PACKETS_MIN, round(wanted_bytes / size)))
        self._train = Train(self._count, packets, size, round(bps))
        self._sent_s, self._is_asked = now_s, False
        self._landed.clear()
        self._count += 1
        self._next_s = now_s + self._every_s
        return self._train

    def on_landings(self, landings: list[Landing], rate_bps: float, *, now_s: float) -> float | None:
        """Return what a train has proven that the link carries, once; None: nothing new."""
        train = self._train
        if train is None:
            return None
        self._landed += [one for one in landings if one.departure.probe == train.number]
        is_over = any(one.departure.sent_s > self._sent_s + OVER_S for one in landings)
        if len(self._landed) < train.packets and not is_over:
            return None
        self._train = None
        if len(self._landed) < max(3, CAME_MIN * train.packets):
            return None
        took_s = self._landed[-1].arrival_s - self._landed[0].arrival_s
        sent_s = self._landed[-1].departure.sent_s - self._landed[0].departure.sent_s
        bits = 8 * sum(one.departure.size_bytes for one in self._landed[1:])
        found_bps = TAKEN * bits / max(took_s, sent_s, 0.005)
        if found_bps > USEFUL * rate_bps:
            self._every_s, self._next_s = EVERY_S, now_s + SOON_S
        else:
            self._every_s = min(EVERY_MAX_S, 2 * self._every_s)
        return found_bps

    def wait(self, *, has_fallen: bool, now_s: float) -> None:
        """The link is full: for a while there is nothing to be found. `has_fallen`: the rate, to far less."""
        if not self._is_asked:
            self._train = None
        if has_fallen:
            self._every_s, self._next_s = AFTER_FALL_S, now_s + AFTER_FALL_S
        else:
            self._next_s = max(self._next_s, now_s + self._every_s)

    def begin_anew(self, *, now_s: float) -> None:
        """Nothing is known any more; what an outage held back goes first."""
        self._train, self._every_s, self._next_s = None, EVERY_S, now_s + EVERY_S
