"""What feedback says of the path (core): the queue that our packets find, what arrives, what is on its way.

A packet's one-way delay above the least of the last 30 s, less its own time on the link, is queue; one that
stays the same for seconds is a way that became longer. Who tells
of a packet tells of all before it: what is not named is lost, and what was sent later is on its way.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from edge.video.transport.recent import LeastOf, RateOf
from edge.video.transport.twcc import Arrival

LEAST_WINDOW_S: Final = 30.0
FLAT_S: Final = 4  # seconds whose least delays are within FLAT_WITHIN_S of each other: no queue is like that
FLAT_WITHIN_S: Final = (0.004, 0.01)  # and between them the time of FLAT_WITHIN_BYTES: not all are as small
FLAT_WITHIN_BYTES: Final = 25
SMOOTHED: Final = 0.6  # of the newest feedback
TREND_S: Final = 1.0
FATES_S: Final = 3.0
OWN_TIME_MAX_S: Final = 0.1  # of a packet on the link, that is not taken for queue
BURST_S: Final = 0.2  # so much, and BURST_PACKETS, tell how fast a queue is served
BURST_PACKETS: Final = 6
_LOG_MAX: Final = 4_096  # packets whose fate is not known


@dataclass(frozen=True, slots=True)
class Departure:
    """One packet that left. `probe`: the number of the probe that it belongs to."""

    sent_s: float
    size_bytes: int
    probe: int | None = None


@dataclass(frozen=True, slots=True)
class Landing:
    """One packet that arrived, by the receiver's clock."""

    departure: Departure
    arrival_s: float


class Path:
    """Of one connection. Times are monotonic; queues in seconds, rates in bit/s."""

    def __init__(self) -> None:
        self.queue_s = 0.0  # smoothed
        self.round_trip_s: float | None = None  # smoothed; of feedback it has the receiver's wait in it
        self.last_round_trip_s = 0.0
        self.in_flight_bytes = 0
        self._sent: dict[int, Departure] = {}  # by sequence, oldest first
        self._sent_rate = RateOf(window_s=2.0)
        self._least = LeastOf(window_s=LEAST_WINDOW_S)
        self._least_round_trip = LeastOf(window_s=LEAST_WINDOW_S)
        self._landed: deque[tuple[float, int, bool]] = deque()  # (arrival, bytes, behind a lost one)
        self._fates: deque[tuple[float, int, int]] = deque()  # (when, packets, lost)
        self._queues: deque[tuple[float, float]] = deque()  # (when, queue)
        self._begins_s = 0.0  # what was sent before says nothing of the queue now

    def on_sent(self, sequence: int, departure: Departure) -> None:
        """A packet with this transport-wide sequence number (16 bits) left."""
        self._forget(sequence)
        self._sent[sequence] = departure
        self.in_flight_bytes += departure.size_bytes
        while len(self._sent) > _LOG_MAX:
            self._forget(next(iter(self._sent)))
        self._sent_rate.add(departure.sent_s, departure.size_bytes)

    def on_feedback(self, arrivals: Sequence[Arrival], *, rate_bps: float, now_s: float) -> list[Landing]:
        """Take what the other side told; return what arrived. `rate_bps`: about what the link carries."""
        landings, queues, lost, is_behind_lost = [], [], 0, False
        for arrival in arrivals:
            departure = self._sent.get(arrival.sequence)
            if departure is None:
                continue
            if arrival.arrival_us is None:
                is_behind_lost = True
                lost += departure.sent_s >= self._begins_s
                continue
            landing = Landing(departure, arrival.arrival_us / 1e6)
            landings.append(landing)
            if departure.sent_s >= self._begins_s:
                delay_s = self._least.above(landing.arrival_s - departure.sent_s, now_s)
                queues.append(max(0.0, delay_s - min(OWN_TIME_MAX_S, departure.size_bytes * 8 / rate_bps)))
            self._note_landing(landing, is_behind_lost=is_behind_lost)
            is_behind_lost = False
        if not landings:
            return []
        newest_s = max(landing.departure.sent_s for landing in landings)
        for sequence, departure in list(self._sent.items()):
            if departure.sent_s > newest_s:
                break
            self._forget(sequence)
        self._fates.append((now_s, len(queues) + lost, lost))
        while self._fates[0][0] < now_s - FATES_S:
            self._fates.popleft()
        if queues:
            self.smooth_round_trip(now_s - newest_s, now_s=now_s)
            self._note_queue(sum(queues) / len(queues), now_s)
        return landings

    def smooth_round_trip(self, sample_s: float, *, now_s: float) -> None:
        """A round trip was measured."""
        self.last_round_trip_s = sample_s
        known_s = sample_s if self.round_trip_s is None else self.round_trip_s
        self.round_trip_s = 0.875 * known_s + 0.125 * sample_s
        self._least_round_trip.above(sample_s, now_s)

    @property
    def least_round_trip_s(self) -> float | None:
        """Of the last seconds: without queue."""
        return self._least_round_trip.least

    @property
    def trend(self) -> float:
        """Seconds of queue more a second: so much more is sent than the link carries."""
        if not self._queues:
            return 0.0
        (first_s, first), (last_s, last) = self._queues[0], self._queues[-1]
        return (last - first) / (last_s - first_s) if last_s - first_s > 0.2 else 0.0

    @property
    def lost_share(self) -> float | None:
        """Of the last FATES_S of feedback; None: there was none."""
        packets = sum(count for _, count, _ in self._fates)
        return sum(lost for _, _, lost in self._fates) / packets if packets else None

    def sent_bps(self, now_s: float) -> float | None:
        """What was sent over the last two seconds."""
        return self._sent_rate.bps(now_s)

    @property
    def landed_bps(self) -> float | None:
        """How fast the last packets arrived: what the link carries, where they had queued.

        The time of a lost packet is left out, for radio takes it and brings nothing.
        """
        total, took_s, count, later_s, is_behind_lost, size_bytes = 0, 0.0, 0, 0.0, True, 0
        for arrival_s, before_bytes, before_is_behind in reversed(self._landed):
            if not is_behind_lost:
                total, took_s = total + size_bytes, took_s + later_s - arrival_s
            later_s, size_bytes, is_behind_lost = arrival_s, before_bytes, before_is_behind
            count += 1
            if count > BURST_PACKETS and took_s >= BURST_S:
                break
        return total * 8 / took_s if count >= 3 and took_s >= BURST_S / 4 else None

    def is_flat(self, *, rate_bps: float, now_s: float) -> bool:
        """Whether the delay has not changed for FLAT_S: nobody's queue, if we send less than it carries."""
        spread_s = self._least.spread(FLAT_S, now_s=now_s)
        within_s = min(FLAT_WITHIN_S[1], max(FLAT_WITHIN_S[0], FLAT_WITHIN_BYTES * 8 / rate_bps))
        return spread_s is not None and spread_s < within_s

    def take_as_longer(self, *, now_s: float) -> None:
        """What seemed a queue for the last FLAT_S is the way itself."""
        self._least.forget_before(now_s - FLAT_S)
        self._least_round_trip.forget_before(now_s - FLAT_S)
        self._queues.clear()
        self.queue_s = 0.0

    def begin_anew(self, *, now_s: float) -> None:
        """The path may be another one from now on: what was sent before tells nothing of it."""
        self._least.clear()
        self._least_round_trip.clear()
        self._landed.clear()
        self._queues.clear()
        self._fates.clear()
        self.queue_s = 0.0
        self._begins_s = now_s
        self.abandon()

    def abandon(self) -> None:
        """Nothing of what was sent is on its way any more."""
        self.in_flight_bytes = 0

    def forget_losses(self) -> None:
        """They have had their effect."""
        self._fates.clear()

    def _forget(self, sequence: int) -> None:
        departure = self._sent.pop(sequence, None)
        if departure is not None:
            self.in_flight_bytes = max(0, self.in_flight_bytes - departure.size_bytes)

    def _note_landing(self, landing: Landing, *, is_behind_lost: bool) -> None:
        if self._landed and not -1.0 < landing.arrival_s - self._landed[-1][0] < 60.0:
            self._landed.clear()  # another clock
        self._landed.append((landing.arrival_s, landing.departure.size_bytes, is_behind_lost))
        while self._landed[0][0] < landing.arrival_s - 1.0:
            self._landed.popleft()

    def _note_queue(self, queue_s: float, now_s: float) -> None:
        self.queue_s += SMOOTHED * (queue_s - self.queue_s)
        self._queues.append((now_s, self.queue_s))
        while self._queues[0][0] < now_s - TREND_S:
            self._queues.popleft()
