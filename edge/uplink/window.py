"""How many bytes may be on the way (core): enough to fill the link, little enough that a press has no queue.

Everything is learned from when parcels went and when their PUBACKs came (`link_estimate.py`), because those
come from the far end: the modems of satellite links acknowledge TCP themselves. Once a round trip the window
becomes what would have met the target queue, from how much on the way met which queue.

Source: docs/adr/0020-the-uplinks-window.md.
"""

from math import inf
from typing import Final

from contract.limits import PARCEL_LARGE_BYTES, PARCEL_SMALL_BYTES
from edge.uplink.link_estimate import Arrival, Flight, LinkEstimate

TARGET_QUEUE_S: Final = 0.1
TARGET_QUEUE_IN_CALL_S: Final = 0.025
PARCEL_IN_CALL_BYTES: Final = 1_024
WINDOW_FIRST_BYTES: Final = 2_048
WINDOW_MIN_BYTES: Final = 512  # a trickle of 6 kbit/s at 600 ms: what is live in a call, then the backlog
FLOOR_BPS: Final = 6_000  # in a call, whatever voice and picture take: what is live of one patient
FLOOR_SHARE: Final = 0.1  # of what they have, where that is more
FALL: Final = 0.8  # of what they had: the link gives less, and the backlog yields before it meets the queue
WINDOW_MAX_BYTES: Final = 262_144
NARROW_LINK_BPS: Final = 256_000
NARROW_IN_CALL_BPS: Final = 1_000_000  # below, two segments together keep a word waiting for 24 ms and more
PACE: Final = 1.25
PACE_AT_START: Final = 2.0  # what was seen may have been our own pace
PACE_IN_CALL: Final = 0.5  # while it is not known what voice and picture take
PACE_OF_FREE: Final = 0.75  # of what they leave
PACE_LEAST: Final = 6_000.0  # bytes a second: a segment, behind which alone another pace acts, in 0.25 s
ROUND_TRIP_GUESS_S: Final = 0.6  # until one is measured
ALONE_EVERY_S: Final = (
    120.0  # so often one goes alone, to see the link without a queue: 0.5 % of it at 600 ms
)


class Window:
    """The parcels on the way of one connection. Times are seconds of one monotonic clock, rates bytes/s."""

    def __init__(self) -> None:
        self.round_trip_s: float | None = None  # smoothed, without a parcel's own length
        self.answer_s: float | None = None  # the same with it: how long a PUBACK takes
        self._is_in_call = False
        self._media_bps: int | None = None
        self._flights: dict[int, Flight] = {}  # by message id, in order of sending
        self.connection_lost()

    def connection_lost(self) -> None:
        """Nothing is on the way any more. The next connection may go another route, and starts carefully."""
        self.limit_bytes = self._least_bytes if self._is_in_call else float(WINDOW_FIRST_BYTES)
        self._is_starting = not self._is_in_call
        self._link = LinkEstimate()
        self._flights.clear()
        self._flights_bytes = self._beyond_hole_bytes = 0
        self._last: Flight | None = None
        self._alone_s = self._repaired_s = -inf
        self._tcp_queue_s = 0.0
        self._begin_round()

    def _begin_round(self) -> None:
        self._arrivals: list[Arrival] = []
        self._round_ends: int | None = None  # the message whose PUBACK ends it
        self._is_limited = False  # something waited for room

    # What the uplink asks

    @property
    def is_in_call(self) -> bool:
        """Whether voice and picture are on the link too."""
        return self._is_in_call

    def share(self, *, is_in_call: bool, media_bps: int | None = None) -> None:
        """Voice and picture come onto the link, or leave it. They get it at once; what is free comes back by
        and by. `media_bps` is what they take the link to carry for them, headers included; None: not said.
        When that falls, as much of the window goes at once. To be called whenever one of both is another.
        """
        before_bps, self._media_bps = self._media_bps, media_bps if is_in_call else None
        if is_in_call != self._is_in_call:
            self._is_in_call, self._is_starting = is_in_call, not is_in_call
            if is_in_call:
                self.limit_bytes = self._least_bytes
        elif is_in_call:
            if before_bps and media_bps is not None and media_bps < FALL * before_bps:
                self.limit_bytes *= media_bps / before_bps
            self.limit_bytes = max(self.limit_bytes, self._least_bytes)

    @property
    def _least_bytes(self) -> float:
        """Nothing starves: in a call so much on the way that the floor goes through in a round trip."""
        if self._media_bps is None:
            return float(WINDOW_MIN_BYTES)
        floor = max(FLOOR_BPS, FLOOR_SHARE * self._media_bps) / 8
        return max(float(WINDOW_MIN_BYTES), floor * (self.round_trip_s or ROUND_TRIP_GUESS_S))

    @property
    def rate(self) -> float | None:
        """What the link carries of ours; None while it was never busy with us."""
        return self._link.rate

    @property
    def parcel_bytes(self) -> int:
        """The size to which a parcel may grow: small on a narrow link, in a call one segment."""
        rate = self.rate
        narrow_bps = NARROW_IN_CALL_BPS if self._is_in_call else NARROW_LINK_BPS
        is_wide = rate is not None and rate * 8 >= narrow_bps
        if self._is_in_call:
            return PARCEL_SMALL_BYTES if is_wide else PARCEL_IN_CALL_BYTES
        return PARCEL_LARGE_BYTES if is_wide else PARCEL_SMALL_BYTES

    def pace(self, *, is_urgent: bool = False) -> float:
        """How fast the segments of a parcel may follow each other, in bytes a second: somewhat faster than
        the link is, so that they do not wait in a modem that may have no room for all. Until the rate is
        known well, as the window goes round.

        In a call slower, so that words go between, unless it `is_urgent`; but never so slow that what is
        urgent waits long for what has just left, behind which alone another pace acts. The rate that is seen
        may then be our own pace.
        """
        rate = self.rate or 0.0
        if self._is_in_call and rate and not is_urgent:
            if self._media_bps is None:
                return max(PACE_LEAST, rate * PACE_IN_CALL)
            return max(PACE_LEAST, PACE_OF_FREE * (rate - self._media_bps / 8))
        pace = rate * (PACE_AT_START if self._is_starting else PACE)
        if self._link.is_rate_trusted:
            return pace
        return max(pace, PACE_AT_START * self.limit_bytes / (self.round_trip_s or ROUND_TRIP_GUESS_S))

    @property
    def oldest_sent_s(self) -> float | None:
        """When the parcel went that has waited longest for its PUBACK."""
        return next((flight.sent_s for flight in self._flights.values()), None)

    def has_room(self, *, now_s: float) -> bool:
        """Whether another parcel may go."""
        has_room = self._room_s(now_s) <= now_s
        self._is_limited |= not has_room
        return has_room

    def next_room_s(self, *, now_s: float) -> float | None:
        """When there will be room although no PUBACK comes; None: not before one does."""
        room_s = self._room_s(now_s)
        return room_s if now_s < room_s < inf else None

    def _room_s(self, now_s: float) -> float:
        if not self._flights:
            return self._spaced_s()
        if self._goes_alone(now_s):
            return inf
        too_many_bytes = self._flights_bytes - self._beyond_hole_bytes - self.limit_bytes
        if too_many_bytes < 0:
            return self._spaced_s()
        oldest, rate = next(iter(self._flights.values())), self.rate
        if rate is None or too_many_bytes >= oldest.size_bytes:
            return inf
        return max(self._spaced_s(), self._answers_begin_s(oldest) + too_many_bytes / rate + 1e-6)

    def _goes_alone(self, now_s: float) -> bool:
        """At the least window too: if that meets a queue, it is not ours, or the link has become longer."""
        return self._is_least or (not self._is_in_call and now_s - self._alone_s > ALONE_EVERY_S)

    @property
    def _is_least(self) -> bool:
        return self.limit_bytes <= self._least_bytes

    def _spaced_s(self) -> float:
        """In a call a long parcel takes the time of as many windows, or at most that of FLOOR_BPS."""
        last = self._last
        if not self._is_in_call or last is None or self.round_trip_s is None:
            return -inf
        windows_s = self.round_trip_s * max(0.0, last.size_bytes / self.limit_bytes - 1)
        return last.sent_s + min(windows_s, last.size_bytes * 8 / FLOOR_BPS)

    def _answers_begin_s(self, oldest: Flight) -> float:
        """When the first byte of the oldest would have its answer, if bytes had one each."""
        return max(self._link.answered_s, oldest.sent_s + self._link.least_s)

    def _ahead_bytes(self, now_s: float) -> float:
        """What is on the way, less what of the oldest must be through."""
        oldest, rate = next(iter(self._flights.values()), None), self.rate
        through_bytes = float(self._beyond_hole_bytes)
        if oldest is not None and rate is not None:
            through_bytes += min(oldest.size_bytes, rate * max(0.0, now_s - self._answers_begin_s(oldest)))
        return max(0.0, self._flights_bytes - through_bytes)

    # What happens

    def on_sent(self, message: int, size_bytes: int, *, now_s: float) -> None:
        """A parcel went."""
        flight = Flight(size_bytes, now_s, self._ahead_bytes(now_s), not self._flights)
        if flight.was_alone:
            self._alone_s = now_s
        self._flights[message] = self._last = flight
        self._flights_bytes += size_bytes

    def on_tcp(self, *, has_repaired: bool, beyond_hole_bytes: int, queue_s: float, now_s: float) -> None:
        """What TCP knows of losses: whether it sent anything again since it was asked last; how much arrived
        behind the first hole, for which no PUBACK can come although the link is free of it; and by how much
        its round trip is longer than the least it had, which holes do not lengthen.
        """
        self._beyond_hole_bytes = min(beyond_hole_bytes, self._flights_bytes)
        self._tcp_queue_s = queue_s
        if has_repaired:
            self._repaired_s = now_s
            self._is_starting = False  # the link, or a modem before it, had no room for so much

    def on_acknowledged(self, message: int, *, now_s: float) -> None:
        """Its PUBACK came. One that nobody waits for changes nothing."""
        flight = self._flights.pop(message, None)
        if flight is None:
            return
        self._flights_bytes -= flight.size_bytes
        self._beyond_hole_bytes = min(self._beyond_hole_bytes, self._flights_bytes)
        is_clean = self._repaired_s < flight.sent_s - (self.round_trip_s or 0.0)
        arrival = self._link.on_acknowledged(
            flight, is_clean=is_clean, forgets=not self._is_in_call, now_s=now_s
        )
        if arrival is not None:
            self._arrivals.append(arrival)
            delay_s = arrival.delay_s(self.rate)
            self.round_trip_s = _smoothed(self.round_trip_s, delay_s)
            self.answer_s = _smoothed(self.answer_s, arrival.took_s)
        if self._round_ends is None:
            self._round_ends = next(reversed(self._flights), message)
        if self._round_ends == message or self._round_ends not in self._flights:
            limit_bytes = self._decide()
            self.limit_bytes = min(max(limit_bytes, self._least_bytes), float(WINDOW_MAX_BYTES))
            self._begin_round()

    def _decide(self) -> float:
        """Return the window for the next round trip."""
        target_s = TARGET_QUEUE_IN_CALL_S if self._is_in_call else TARGET_QUEUE_S
        queue_s, met_bytes, size_bytes = self._met(target_s / 2)
        if not self._arrivals and self.rate is None:
            return self.limit_bytes  # all was repaired, and nothing is known to judge it by
        if queue_s > target_s / 2:
            self._is_starting = False
        elif self._is_least and not self._is_in_call:
            self._is_starting = True  # what looked like a queue was none, or is over
        now_bytes, rate = self.limit_bytes, self.rate
        if rate is None:
            rate = now_bytes / (self.round_trip_s or 1.0)
        if queue_s > target_s:
            return min(now_bytes, max(met_bytes + rate * (target_s - queue_s), now_bytes / 2))
        if not self._is_limited:
            return now_bytes
        if self._is_starting:
            fills_bytes = inf if self.rate is None else PACE * rate * (self._link.least_s + target_s)
            return max(now_bytes, min(2 * (met_bytes + size_bytes), fills_bytes))
        if met_bytes == 0.0:  # it went alone: as much more would have been no queue either
            met_bytes = now_bytes
        return min(max(now_bytes, met_bytes + rate * (target_s - queue_s)), 2 * now_bytes)

    def _met(self, little_s: float) -> tuple[float, float, int]:
        """Return the queue that was met, what was on the way before the parcel that met it, and its size: of
        those that met little the one with most before it, else the one that met least.
        """
        met = [(self._link.queue_s(one), one.flight) for one in self._arrivals]
        if met:
            queue_s, flight = min(met, key=lambda one: (max(one[0], little_s), -one[1].ahead_bytes))
            return queue_s, flight.ahead_bytes, flight.size_bytes
        length_s = self._last.size_bytes / self.rate if self._last is not None and self.rate else 0.0
        # all were repaired, TCP knows what it met; but segments of one parcel wait for each other
        return max(0.0, self._tcp_queue_s - length_s), self.limit_bytes, 0


def _smoothed(before: float | None, now: float) -> float:
    return now if before is None else 0.875 * before + 0.125 * now
