"""When the link is out and when the sender is killed (core), and what came of it."""

from dataclasses import dataclass
from typing import Final

MESSAGES_PER_S: Final = 50


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kills` of them, evenly inside the outage. All in seconds."""

    outage_s: float
    kills: int
    before_s: float = 15.0
    after_s: float = 15.0

    def kill_times_s(self) -> list[float]:
        """Return when to kill, from the start."""
        return [self.before_s + self.outage_s * (number + 0.5) / self.kills for number in range(self.kills)]

    @property
    def replug_s(self) -> float:
        """When the link is back, from the start."""
        return self.before_s + self.outage_s

    @property
    def end_s(self) -> float:
        """When nothing more is sent, from the start."""
        return self.replug_s + self.after_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """`acknowledged`: the sender was told that it is safe. `lost`: of these, never arrived."""

    sent: int
    acknowledged: int
    arrived: int
    lost: int
    duplicated: int
