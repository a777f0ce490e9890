"""Time without a trustworthy clock at the box (core).

A box stamps with (boot, microseconds of CLOCK_BOOTTIME). An anchor ties one such moment to UTC, with its
uncertainty. UTC is worked out at the hub (hub/times), from whatever anchors it has by then, as an interval;
it is never written into a record.
"""

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
