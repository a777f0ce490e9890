"""How long ago a button was pressed, without a trustworthy clock at the box (core)."""

from dataclasses import dataclass

from contract.ids import BootId
from contract.limits import PRESS_RINGS_MAX_AGE_S
from hub.times.fit import UtcInterval

EXACT_WITHIN_S = 2.0  # an age known better than that is said as one number


@dataclass(frozen=True, slots=True)
class Age:
    """An age in seconds lies between the two; `at_most_s` None is unbounded."""

    at_least_s: float
    at_most_s: float | None

    def later(self, seconds: float) -> "Age":
        """Return the same age `seconds` later."""
        return Age(self.at_least_s + seconds, None if self.at_most_s is None else self.at_most_s + seconds)

    @property
    def is_exact(self) -> bool:
        """It may be said as one number."""
        return self.at_most_s is not None and self.at_most_s - self.at_least_s <= EXACT_WITHIN_S

    @property
    def is_too_old_to_ring(self) -> bool:
        """It is certainly above the limit; an unknown age rings."""
        return self.at_least_s > PRESS_RINGS_MAX_AGE_S


def age_on_arrival(
    boot: BootId,
    t_us: int,
    *,
    sent_boot: BootId,
    sent_t_us: int,
    received_utc_us: int,
    moment: UtcInterval,
) -> Age:
    """Return how old the moment (`boot`, `t_us`) was when the hub had it at `received_utc_us`.

    Sent in the boot of the press, the box's own clock says it (the way to the hub is neglected: a box gives
    up a connection that brings no receipt within seconds, and what is in it). Sent in a later boot, what is
    known of the `moment` bounds it. A press after its own sending: unknown.
    """
    if sent_boot == boot:
        return _unknown() if sent_t_us < t_us else Age((sent_t_us - t_us) / 1e6, (sent_t_us - t_us) / 1e6)
    latest_us = received_utc_us if moment.latest_us is None else min(moment.latest_us, received_utc_us)
    at_least_s = (received_utc_us - latest_us) / 1e6
    if moment.earliest_us is None:
        return Age(at_least_s, None)
    if moment.earliest_us > latest_us:
        return _unknown()  # what ties it puts it after its arrival: a clock was stepped
    return Age(at_least_s, (received_utc_us - moment.earliest_us) / 1e6)


def _unknown() -> Age:
    return Age(0.0, None)
