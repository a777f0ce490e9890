"""When a moment of a box was, by the hub's clock (core): anchors where there are some, arrivals where not."""

from collections.abc import Sequence
from typing import Final

from contract.ids import BootId
from contract.times import Anchor, utc_of

ANCHOR_ERR_MAX_US: Final = 5_000_000  # a looser one is worse than the quickest parcel
CLOCK_STEP_US: Final = (
    60_000_000  # the quickest parcel cannot be that much slower than an earlier one: a stepped clock
)
ANCHORS_MAX: Final = 64  # the newest of one spool; older boots are history's matter


class HubTimes:
    """Boot times of one spool turned into hub UTC, in microseconds."""

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        self._anchors = list(anchors)[-ANCHORS_MAX:]
        self._quickest_us: dict[BootId, int] = {}  # least (hub UTC at arrival - boot time at sending) seen

    def learn_anchor(self, anchor: Anchor) -> None:
        """A tie of the box's clock to UTC came."""
        self._anchors = [*self._anchors, anchor][-ANCHORS_MAX:]

    def learn_parcel(self, boot: BootId, *, sent_t_us: int, received_utc_us: int) -> None:
        """A parcel sent at `sent_t_us` of `boot` came at `received_utc_us`."""
        offset_us = received_utc_us - sent_t_us
        before_us = self._quickest_us.get(boot)
        if before_us is None or offset_us < before_us or offset_us - before_us > CLOCK_STEP_US:
            self._quickest_us[boot] = offset_us

    def utc_us(self, boot: BootId, t_us: int) -> int | None:
        """Return the best single guess, never later than the parcels allow; None: nothing ties that boot."""
        latest_us = self._quickest_us[boot] + t_us if boot in self._quickest_us else None
        of_boot = [anchor for anchor in self._anchors if anchor.boot == boot]
        if of_boot:
            interval = utc_of(boot, t_us, of_boot)
            middle_us = interval.middle_us
            if middle_us is not None and (interval.latest_us or 0) - middle_us <= ANCHOR_ERR_MAX_US:
                return middle_us if latest_us is None else min(middle_us, latest_us)
        return latest_us

    def utc_ms(self, boot: BootId, t_us: int) -> float | None:
        """Return `utc_us` in milliseconds."""
        utc_us = self.utc_us(boot, t_us)
        return None if utc_us is None else utc_us / 1000
