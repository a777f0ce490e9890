"""What the PUBACKs of parcels tell of the link: its rate, its delay, and the queue that a parcel met (core).

A parcel's own length on the link is taken off its delay, for parcels are not of one size; what is left above
the least that was seen is queue. What TCP had to repair comes late for that, and is left out.
"""

from collections import deque
from dataclasses import dataclass, replace
from math import inf
from typing import Final

ALONE_KEPT: Final = 3  # the least is forgotten when so many that went alone have not seen it again
RATES_KEPT: Final = 9  # of which the third highest counts: between two the link may have had a pause
RATES_TO_TRUST: Final = 3  # with fewer, what was measured is looked at anew with each that comes
RATED_MIN_BYTES: Final = 1_000  # a shorter one tells more of the machines than of the link
TOGETHER_S: Final = 0.05  # PUBACKs so close are one: a hole was filled, or the machine was busy
BEHIND_S: Final = 0.01  # so little the link may have been idle between two that count as back to back
SHORTEST_S: Final = 1e-4  # a delay; clocks and loopbacks round to nothing


@dataclass(frozen=True, slots=True)
class Flight:
    """A parcel that went. Times are seconds of one monotonic clock."""

    size_bytes: int
    sent_s: float
    ahead_bytes: float  # what was on the way when it went
    was_alone: bool  # nothing was


@dataclass(frozen=True, slots=True)
class Arrival:
    """Its PUBACK. `rate`: of the link as it was thought then, 0 while nothing was known."""

    flight: Flight
    took_s: float
    rate: float

    def delay_s(self, rate_now: float | None) -> float:
        """How long it took without its own length. Of the rates of then and now the higher one is the truth
        of then: a link that has become faster may have been so already, one that has become slower was not.
        """
        rate = max(self.rate, rate_now or 0.0)
        return max(SHORTEST_S, self.took_s - (self.flight.size_bytes / rate if rate else 0.0))


@dataclass(slots=True)
class _Group:
    """PUBACKs that came together."""

    after_s: float  # when those before came
    at_s: float
    size_bytes: int

    @property
    def rate(self) -> float | None:
        if self.size_bytes < RATED_MIN_BYTES:
            return None
        return self.size_bytes / max(SHORTEST_S, self.at_s - self.after_s)


class LinkEstimate:
    """Of one connection. Rates are bytes a second."""

    def __init__(self) -> None:
        self.answered_s = -inf  # the last PUBACK
        self._together_s = -inf  # the first of those that came together last
        self._group: _Group | None = None  # they, if they tell anything
        self._rates: deque[float] = deque(maxlen=RATES_KEPT)
        self._fastest: deque[Arrival] = deque(maxlen=ALONE_KEPT)  # since each of the last that went alone

    @property
    def rate(self) -> float | None:
        """What the link carries of ours; None while it was never busy with us."""
        if self._rates:
            ranked = sorted(self._rates)
            return ranked[len(ranked) * 2 // 3]
        return self._group.rate if self._group is not None else None

    @property
    def is_rate_trusted(self) -> bool:
        """Whether it was seen often enough."""
        return len(self._rates) >= RATES_TO_TRUST

    @property
    def least_s(self) -> float:
        """The delay without a queue; 0 before the first PUBACK."""
        rate = self.rate
        return min((one.delay_s(rate) for one in self._fastest), default=0.0)

    def queue_s(self, arrival: Arrival) -> float:
        """The queue that it met."""
        return arrival.delay_s(self.rate) - self.least_s

    def on_acknowledged(
        self, flight: Flight, *, is_clean: bool, forgets: bool, now_s: float
    ) -> Arrival | None:
        """Its PUBACK came; return what it tells, None if nothing. `is_clean`: TCP repaired nothing meanwhile.
        `forgets`: what went alone now may tell that the link has become longer.
        """
        self._learn_rate(flight, is_clean=is_clean, now_s=now_s)
        self.answered_s = now_s
        if not is_clean:
            return None
        rate = self.rate if self.is_rate_trusted else None
        arrival = Arrival(flight, now_s - flight.sent_s, rate or 0.0)
        self._learn_least(arrival, forgets=forgets)
        return arrival

    def _learn_rate(self, flight: Flight, *, is_clean: bool, now_s: float) -> None:
        """What left right behind another comes as much later as it is long."""
        group = self._group
        if now_s - self._together_s < TOGETHER_S:
            if group is not None:
                group.size_bytes += flight.size_bytes
            return
        self._together_s = now_s
        if group is not None and group.rate is not None:
            self._add_rate(group.rate)
        was_behind = flight.sent_s <= self.answered_s - self.least_s + BEHIND_S
        tells = was_behind and (is_clean or not self.is_rate_trusted)  # better a repaired one than none
        self._group = _Group(self.answered_s, now_s, flight.size_bytes) if tells else None

    def _add_rate(self, rate: float) -> None:
        self._rates.append(rate)
        known = self.rate
        if len(self._rates) == RATES_TO_TRUST and known is not None:
            for index, one in enumerate(self._fastest):
                self._fastest[index] = replace(one, rate=known)

    def _learn_least(self, arrival: Arrival, *, forgets: bool) -> None:
        rate = self.rate
        if not self._fastest or (arrival.flight.was_alone and forgets):
            self._fastest.append(arrival)
        for index, one in enumerate(self._fastest):
            if arrival.delay_s(rate) < one.delay_s(rate):
                self._fastest[index] = arrival
