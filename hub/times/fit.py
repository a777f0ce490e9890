"""One boot of a box tied to UTC (core): from anchors, some of which may lie, to intervals.

UTC less the boot's own time is an offset that changes by at most DRIFT_PPM. So an anchor bounds the offset
everywhere: by its own error at its own moment, by DRIFT_PPM more for each microsecond away. Where the boot
has an anchor it has a knot: what most of the REACH nearest anchors on either side say there. Between two
knots the offset goes along the straight line; how far it may be off grows away from both. Adding an anchor
changes no knot further than REACH anchors away, and none is ever needed from further. Source:
docs/adr/0021-time-at-the-hub.md.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from contract.ids import BootId
from contract.times import DRIFT_PPM, Anchor

REACH: Final = 16  # anchors either side: 2.7 h of one each ten minutes; who lies for one is outvoted
DRIFT_SPAN_US: Final = 86_400_000_000  # beyond its knots a boot goes on as it did on the day next to them
DRIFT_KNOWN_PPM: Final = 100.0  # a drift that is known no better than this across is not used
RANKS: Final = {"staff": 0, "rtc": 1, "hub": 2, "ntp": 3, "gps": 4}  # between two that nobody else supports


@dataclass(frozen=True, slots=True)
class UtcInterval:
    """A moment lies between the two, µs since 1970; None is unbounded. `best_us` is the best single guess."""

    earliest_us: int | None
    latest_us: int | None
    best_us: int | None = None

    @property
    def err_us(self) -> int | None:
        """How far the best guess may be off; None when it is open how far, or there is none."""
        if self.earliest_us is None or self.latest_us is None or self.best_us is None:
            return None
        return max(self.best_us - self.earliest_us, self.latest_us - self.best_us)


UNKNOWN: Final = UtcInterval(None, None)


@dataclass(frozen=True, slots=True)
class Knot:
    """At `t_us` of the boot, UTC less the boot's time lies between the two, in microseconds."""

    t_us: int
    low_us: int
    high_us: int

    @property
    def middle_us(self) -> float:
        """The best single guess of the offset."""
        return (self.low_us + self.high_us) / 2


@dataclass(frozen=True, slots=True)
class Drift:
    """The mean rate of the box's clock against UTC lies between the two, ppm; above 0: the box is slow."""

    least_ppm: float
    most_ppm: float

    @property
    def middle_ppm(self) -> float:
        """The best single guess."""
        return (self.least_ppm + self.most_ppm) / 2

    @property
    def is_known(self) -> bool:
        """It says more than that the clock is a quartz."""
        return self.most_ppm - self.least_ppm <= DRIFT_KNOWN_PPM


@dataclass(frozen=True, slots=True)
class BootFit:
    """The knots of a boot, or those that a moment needs, by time. Version n was made of its first n anchors
    (of all that were there when the store was migrated, for version 1); 0: of none.
    """

    boot: BootId
    version: int = 0
    knots: Sequence[Knot] = field(default=())

    def at(self, t_us: int) -> UtcInterval:
        """Return when `t_us` of this boot was."""
        position = bisect_right(self.knots, t_us, key=lambda knot: knot.t_us)
        around = self.knots[max(0, position - 1) : position + 1]
        if not around:
            return UNKNOWN
        bounds = [_bounds(knot, t_us) for knot in around]
        low_us, high_us = max(low for low, _ in bounds), min(high for _, high in bounds)
        if low_us > high_us:  # the clocks that tied them disagree: one of the two is right
            low_us, high_us = min(low for low, _ in bounds), max(high for _, high in bounds)
        offset_us = round(self._offset_us(around, t_us))
        best_us = t_us + min(max(offset_us, low_us), high_us)
        return UtcInterval(t_us + low_us, t_us + high_us, best_us)

    def drift(self) -> Drift | None:
        """Return the mean drift from the first knot to the last; None for fewer than two."""
        return _drift(self.knots[0], self.knots[-1]) if len(self.knots) > 1 else None

    def _offset_us(self, around: Sequence[Knot], t_us: int) -> float:
        first = around[0]
        if len(around) == 2:
            share = (t_us - first.t_us) / (around[1].t_us - first.t_us)
            return first.middle_us + share * (around[1].middle_us - first.middle_us)
        near = [knot for knot in self.knots if abs(knot.t_us - first.t_us) <= DRIFT_SPAN_US]
        drift = _drift(near[0], near[-1]) if len(near) > 1 else None
        ppm = drift.middle_ppm if drift is not None and drift.is_known else 0.0
        return first.middle_us + (t_us - first.t_us) * ppm / 1e6


def knot_at(anchors: Sequence[Anchor], t_us: int) -> Knot:
    """Return what most of `anchors` say of the offset at `t_us`.

    Where not all agree, the widest support counts: first by the number of kinds of source, then of anchors,
    then by the best source. Equal support leaves open which: the knot holds both.
    """
    claims = [(*_claim(anchor, t_us), anchor.source) for anchor in anchors]
    low_us, high_us = max(claim[0] for claim in claims), min(claim[1] for claim in claims)
    if low_us <= high_us:
        return Knot(t_us, low_us, high_us)
    found: list[tuple[tuple[int, int, int], int, int]] = []
    for start_us, _, _ in claims:  # every largest set of claims that agree begins where one of them does
        agreed = [claim for claim in claims if claim[0] <= start_us <= claim[1]]
        sources = {source for _, _, source in agreed}
        support = (len(sources), len(agreed), max(RANKS[source] for source in sources))
        found.append((support, start_us, min(claim[1] for claim in agreed)))
    widest = max(found)[0]
    chosen = [(low, high) for support, low, high in found if support == widest]
    return Knot(t_us, min(low for low, _ in chosen), max(high for _, high in chosen))


def knots_near(anchors: Sequence[Anchor], index: int) -> list[Knot]:
    """Return the knots that the anchor at `index` has a part in, its own among them, by time.

    `anchors` are of one boot, by (t_us, utc_us); of those around `index`, 2 * REACH either side are enough.
    """
    knots: dict[int, Knot] = {}
    for position in range(max(0, index - REACH), min(len(anchors), index + REACH + 1)):
        t_us = anchors[position].t_us
        if t_us not in knots:
            knots[t_us] = knot_at(anchors[max(0, position - REACH) : position + REACH + 1], t_us)
    return list(knots.values())


def fit_boot(boot: BootId, anchors: Sequence[Anchor], *, version: int) -> BootFit:
    """Return the fit of all `anchors` of a boot, by (t_us, utc_us)."""
    knots: dict[int, Knot] = {}
    for position, anchor in enumerate(anchors):
        if anchor.t_us not in knots:
            near = anchors[max(0, position - REACH) : position + REACH + 1]
            knots[anchor.t_us] = knot_at(near, anchor.t_us)
    return BootFit(boot, version, tuple(knots.values()))


def _claim(anchor: Anchor, t_us: int) -> tuple[int, int]:
    reach_us = anchor.err_us + _spread_us(t_us - anchor.t_us)
    offset_us = anchor.utc_us - anchor.t_us
    return offset_us - reach_us, offset_us + reach_us


def _bounds(knot: Knot, t_us: int) -> tuple[int, int]:
    spread_us = _spread_us(t_us - knot.t_us)
    return knot.low_us - spread_us, knot.high_us + spread_us


def _spread_us(distance_us: int) -> int:
    return -(-abs(distance_us) * DRIFT_PPM // 1_000_000)  # rounded up: a bound is never too tight


def _drift(first: Knot, last: Knot) -> Drift:
    span_us = last.t_us - first.t_us
    least_ppm = (last.low_us - first.high_us) * 1e6 / span_us
    most_ppm = (last.high_us - first.low_us) * 1e6 / span_us
    return Drift(_within(least_ppm), _within(most_ppm))


def _within(ppm: float) -> float:
    return min(max(ppm, -DRIFT_PPM), DRIFT_PPM)
