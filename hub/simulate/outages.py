"""When a simulated link falls, for how long, and when a lost connection is tried again (core)."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

OUTAGE_MEAN_S: Final = 30.0
OUTAGE_MIN_S: Final = 2.0
OUTAGE_MAX_S: Final = 300.0
RETRY_MIN_S: Final = 0.5
RETRY_FIRST_S: Final = 2.0  # the first try is spread over so much: a broker that is back is not run over
RETRY_MAX_S: Final = 8.0  # nurses wait: a broker that is back is found within that
RETRY_PRESS_S: Final = 0.5  # docs/adr/0020-the-uplinks-window.md: a box with a press tries again within that


def next_outage_s(per_hour: float, rng: "Random") -> float | None:
    """Return in how many seconds a station's link falls next; None: never."""
    return rng.expovariate(per_hour / 3600) if per_hour > 0 else None


def outage_length_s(rng: "Random") -> float:
    """Return how long a link stays away: most of them shortly, some long."""
    return min(OUTAGE_MAX_S, OUTAGE_MIN_S + rng.expovariate(1 / OUTAGE_MEAN_S))


def retry_after_s(tries: int, rng: "Random", *, has_press: bool = False) -> float:
    """Return how long to wait before try number `tries` (0, 1, 2 …) of a connection that was lost.

    `has_press`: the station has a press that the hub has not confirmed.
    """
    if has_press:
        return rng.uniform(0.0, RETRY_PRESS_S)
    return rng.uniform(RETRY_MIN_S, min(RETRY_MAX_S, RETRY_FIRST_S * 2 ** min(tries, 8)))
