"""When a moment of a box was, by the hub's clock (core): anchors where there are some, arrivals where not."""

from collections.abc import Sequence
from math import inf
from typing import Final

from contract.ids import BootId
from contract.times import Anchor
from hub.times.fit import REACH, BootFit, fit_boot

ANCHOR_ERR_MAX_US: Final = 5_000_000  # a looser one is worse than the quickest parcel
CLOCK_STEP_US: Final = (
    60_000_000  # the quickest parcel cannot be that much slower than an earlier one: a stepped clock
)
ANCHORS_MAX: Final = 2 * REACH  # the newest of one spool; what was before is the store's matter


class HubTimes:
    """Boot times of one spool turned into hub UTC, in microseconds."""

    def __init__(self, anchors: Sequence[Anchor] = ()) -> None:
        self._anchors = list(anchors)[-ANCHORS_MAX:]
        self._fits: dict[BootId, BootFit] = {}  # made when they are asked for
        self._quickest_us: dict[BootId, int] = {}  # least (hub UTC at arrival - boot time at sending) seen

    def learn_anchor(self, anchor: Anchor) -> None:
        """A tie of the box's clock to UTC came."""
        self._anchors = [*self._anchors, anchor][-ANCHORS_MAX:]
        self._fits.clear()

    def learn_parcel(self, boot: BootId, *, sent_t_us: int, received_utc_us: int) -> None:
        """A parcel sent at `sent_t_us` of `boot` came at `received_utc_us`."""
        offset_us = received_utc_us - sent_t_us
        before_us = self._quickest_us.get(boot)
        if before_us is None or offset_us < before_us or offset_us - before_us > CLOCK_STEP_US:
            self._quickest_us[boot] = offset_us

    def on_clock_set(self, by_us: int) -> None:
        """The hub's wall clock was set: by it every parcel of before came that much later."""
        self._quickest_us = {boot: offset_us + by_us for boot, offset_us in self._quickest_us.items()}

    def utc_us(self, boot: BootId, t_us: int) -> int | None:
        """Return the best single guess, never later than the parcels allow; None: nothing ties that boot."""
        latest_us = self._quickest_us[boot] + t_us if boot in self._quickest_us else None
        found = self._fit(boot).at(t_us)
        if found.best_us is not None and (found.err_us or 0) <= ANCHOR_ERR_MAX_US:
            return found.best_us if latest_us is None else min(found.best_us, latest_us)
        return latest_us

    def err_s(self, boot: BootId, t_us: int) -> float:
        """Return how far the anchors' guess of a moment may be off, infinity when nothing says."""
        err_us = self._fit(boot).at(t_us).err_us
        return inf if err_us is None else err_us / 1e6

    def utc_ms(self, boot: BootId, t_us: int) -> float | None:
        """Return `utc_us` in milliseconds."""
        utc_us = self.utc_us(boot, t_us)
        return None if utc_us is None else utc_us / 1000

    def _fit(self, boot: BootId) -> BootFit:
        if boot not in self._fits:
            of_boot = sorted(
                (one for one in self._anchors if one.boot == boot), key=lambda one: (one.t_us, one.utc_us)
            )
            self._fits[boot] = fit_boot(boot, of_boot, version=len(of_boot))
        return self._fits[boot]
