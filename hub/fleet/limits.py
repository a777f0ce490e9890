"""From when on something of a station is said to be wrong (core): one table, for hub and pages alike.

Pages get it as JSON and work words and marks out of clocks by it, as the hub does for pages without scripts.
"""

from dataclasses import asdict, dataclass
from typing import Final

from hub.fleet.presence import LATE_FACTOR, LIVE_IDLE_S, LIVE_SAMPLES_S, LIVE_WATCHED_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A figure beyond its limit is trouble. `live_s`: by hub.fleet.compact.Rhythm, see hub.fleet.presence.

    `old_s`: a status older than that tells how things were, not how they are.
    """

    live_s: tuple[float, float, float] = (LIVE_IDLE_S, LIVE_WATCHED_S, LIVE_SAMPLES_S)
    late_factor: float = LATE_FACTOR
    old_s: float = LIVE_IDLE_S * LATE_FACTOR
    cpu_c: float = 80.0  # a Raspberry slows down from there
    disk_free_share: float = 0.1
    owed_s: float = 900.0  # the oldest record that waits for the hub
    clock_off_ms: int = 5_000
    loss_permille: int = 100


LIMITS: Final = Limits()


def limits_json() -> dict[str, object]:
    """Return the table as pages get it."""
    return asdict(LIMITS)
