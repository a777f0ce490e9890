"""What is due to be published, a few at a time (core): a change of all stations is no flood."""

from collections.abc import Iterable
from typing import Final

from contract.ids import StationId

PER_S: Final = 100.0  # 14,000 documents in 140 s; each is answered by an event of 200 bytes
BURST: Final = 10.0  # a single one goes at once


class Trickle:
    """Stations whose document is due, in the order in which they became so. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._due: dict[StationId, None] = {}
        self._credit, self._at_s = BURST, 0.0

    def add(self, stations: Iterable[StationId]) -> None:
        """These are due; one that is due already stays where it is."""
        self._due.update(dict.fromkeys(stations))

    def next(self, *, now_s: float) -> StationId | None:
        """Return one that may go now; None: none is due, or it is too soon."""
        self._credit = min(BURST, self._credit + max(0.0, now_s - self._at_s) * PER_S)
        self._at_s = now_s
        return next(iter(self._due)) if self._due and self._credit >= 1.0 else None

    def sent(self, station: StationId) -> None:
        """It went out."""
        self._due.pop(station, None)
        self._credit -= 1.0

    def __len__(self) -> int:
        return len(self._due)
