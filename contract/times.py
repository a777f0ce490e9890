"""Time without a trustworthy clock at the box (core).

A box stamps with (boot, microseconds of CLOCK_BOOTTIME). An anchor ties one such moment to UTC, with its
uncertainty. UTC is worked out at the hub (hub/times), from whatever anchors it has by then, as an interval;
it is never written into a record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from contract.ids import BootId

DRIFT_PPM: Final = 100  # a box's crystal against UTC; a Pi's is within 50, doubled

Source = Literal["hub", "ntp", "rtc", "gps", "staff"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `t_us` of `boot` it was `utc_us` (microseconds since 1970) give or take `err_us`, `source` says."""

    boot: BootId
    t_us: int
    utc_us: int
    err_us: int
    source: Source = "hub"


@dataclass(frozen=True, slots=True)
class UtcInterval:
    """A moment lies between the two, microseconds since 1970; None is unbounded."""

    earliest_us: int | None
    latest_us: int | None

    @property
    def middle_us(self) -> int | None:
        """The best single guess; None when a side is open."""
        if self.earliest_us is None or self.latest_us is None:
            return None
        return (self.earliest_us + self.latest_us) // 2


def utc_of(
    boot: BootId, t_us: int, anchors: Iterable[Anchor], *, received_us: int | None = None
) -> UtcInterval:
    """Return when (`boot`, `t_us`) was. `anchors` are those of one spool.

    The anchor of the same boot with the least error counts. Without one, the moment lies after every anchor
    of earlier boots, before every anchor of later ones and before `received_us`, the hub's UTC at its
    arrival; anchors that contradict that leave its start open.
    """
    best: tuple[int, int] | None = None  # (error, utc)
    earliest: int | None = None
    latest = received_us
    for anchor in anchors:
        if anchor.boot == boot:
            error = anchor.err_us + abs(t_us - anchor.t_us) * DRIFT_PPM // 1_000_000
            if best is None or error < best[0]:
                best = (error, anchor.utc_us + t_us - anchor.t_us)
        elif anchor.boot < boot:
            earliest = max(earliest or 0, anchor.utc_us - anchor.err_us)
        else:
            late = anchor.utc_us + anchor.err_us
            latest = late if latest is None else min(latest, late)
    if best is not None:
        return UtcInterval(best[1] - best[0], best[1] + best[0])
    if earliest is not None and latest is not None and earliest > latest:
        return UtcInterval(None, latest)
    return UtcInterval(earliest, latest)


@dataclass(frozen=True, slots=True)
class TimeExchange:
    """Four clocks of one parcel and its receipt, µs: box sent, hub received, hub sent, box received."""

    sent_t_us: int
    hub_received_utc_us: int
    hub_sent_utc_us: int
    received_t_us: int

    @property
    def round_trip_us(self) -> int:
        """Time on the way, both ways, without the hub's own."""
        return (self.received_t_us - self.sent_t_us) - (self.hub_sent_utc_us - self.hub_received_utc_us)

    def anchor(self, boot: BootId) -> Anchor | None:
        """Return the anchor of this exchange, error half the round trip; None if a clock was stepped."""
        if self.round_trip_us < 0:
            return None
        middle_utc_us = (self.hub_received_utc_us + self.hub_sent_utc_us) // 2
        return Anchor(
            boot, (self.sent_t_us + self.received_t_us) // 2, middle_utc_us, self.round_trip_us // 2 + 1
        )
