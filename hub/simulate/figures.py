"""What is told of a run of the simulated fleet (core): counts, and times as they were, to be cut anywhere."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


class Moments:
    """Durations in ms, each with the moment (s) at which it ended. Sixteen bytes each."""

    def __init__(self) -> None:
        self.at_s, self.ms = array("d"), array("d")

    def __len__(self) -> int:
        return len(self.ms)

    def add(self, at_s: float, duration_s: float) -> None:
        """Something that took so long ended now."""
        self.at_s.append(at_s)
        self.ms.append(duration_s * 1e3)

    def percentile_ms(self, share: float, *, newest: int | None = None) -> float | None:
        """Return the duration that `share` of all, or of the newest ones, do not exceed; None without any."""
        return percentile_ms(self.ms[-newest:] if newest else self.ms, share)


def percentile_ms(values: Sequence[float], share: float) -> float | None:
    """Return the value that `share` (0 … 1) do not exceed: the nearest rank, none between two."""
    ranked = sorted(values)
    return round(ranked[max(0, -(-round(share * 1_000) * len(ranked) // 1_000) - 1)], 1) if ranked else None


@dataclass(slots=True)
class Fall:
    """Nearly all connections were lost within a moment: the broker died. `back_s` None: not all are back."""

    fell_s: float
    back_s: float | None = None


@dataclass(slots=True)
class Figures:
    """Of one run. `arrived`: stations that were up at all; `all_up_s`: when the last of them was."""

    stations: int
    up: int = 0
    arrived: int = 0
    all_up_s: float | None = None
    parcels: int = 0
    acknowledged: int = 0
    refused: int = 0
    refused_by_broker: int = 0
    presses: int = 0
    outages: int = 0
    lost_connections: int = 0
    commits: Moments = field(default_factory=Moments)
    presses_told: Moments = field(default_factory=Moments)
    connecting: Moments = field(default_factory=Moments)
    falls: list[Fall] = field(default_factory=list)
    behind_s: float = 0.0  # how late the loop was at most: above a second, this machine is too slow for it
    why_lost: str = ""  # the last reason

    def line(self, *, owed: int, resent: int) -> dict[str, Any]:
        """Return the numbers of the whole run, as one JSON object."""
        return {
            "stations": self.stations,
            "up": self.up,
            "parcels": self.parcels,
            "records_acknowledged": self.acknowledged,
            "records_resent": resent,
            "records_owed": owed,
            "records_refused": self.refused,
            "refused_by_broker": self.refused_by_broker,
            "commit_p50_ms": self.commits.percentile_ms(0.5),
            "commit_p99_ms": self.commits.percentile_ms(0.99),
            "presses": self.presses,
            "presses_confirmed": len(self.presses_told),
            "press_p95_ms": self.presses_told.percentile_ms(0.95),
            "outages": self.outages,
            "connections_lost": self.lost_connections,
            "connect_p95_ms": self.connecting.percentile_ms(0.95),
            "reconnect_all_s": [
                None if one.back_s is None else round(one.back_s - one.fell_s, 1) for one in self.falls
            ],
            "behind_s": round(self.behind_s, 2),
        }
