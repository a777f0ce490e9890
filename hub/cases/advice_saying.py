"""Which advice is said to its station, and when (core): until the station has it, but not for ever."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId, spool_text
from contract.signals import Advice
from hub.store.papers import AdviceRow

REPEAT_S: Final = 10.0  # a signal may be lost; a station that is there confirms within its receipt's way
SAID_FOR_S: Final = 86_400.0


@dataclass(slots=True)
class _Unconfirmed:
    row: AdviceRow
    until_s: float
    said_s: float | None = None


class AdviceSaying:
    """The advice that no station has confirmed. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._open: dict[int, _Unconfirmed] = {}

    def take(self, rows: Iterable[AdviceRow], *, now_s: float, now_utc_us: int) -> None:
        """What the store has unconfirmed. Of a piece that is new here, UTC says how long it has been said."""
        there = {row.no: row for row in rows}
        self._open = {no: one for no, one in self._open.items() if no in there}
        for no, row in there.items():
            if no not in self._open:
                passed_s = min(SAID_FOR_S, max(0.0, (now_utc_us - row.made_utc_us) / 1e6))
                self._open[no] = _Unconfirmed(row, now_s + SAID_FOR_S - passed_s)

    def due(self, *, now_s: float, absent: frozenset[StationId]) -> list[AdviceRow]:
        """Return what is to be said now to stations that are not known to be away."""
        return [
            one.row
            for one in self._open.values()
            if now_s < one.until_s
            and one.row.call_id.station not in absent
            and (one.said_s is None or now_s - one.said_s >= REPEAT_S)
        ]

    def said(self, no: int, *, now_s: float) -> None:
        """It went out."""
        if no in self._open:
            self._open[no].said_s = now_s

    def hello(self, station: StationId) -> None:
        """The station is back: what waits for it is said at once."""
        for one in self._open.values():
            if one.row.call_id.station == station:
                one.said_s = None

    def over(self, *, now_s: float) -> list[AdviceRow]:
        """Return what has been said for long enough."""
        return [one.row for one in self._open.values() if now_s >= one.until_s]

    @property
    def is_empty(self) -> bool:
        """Nothing waits."""
        return not self._open


def signal_of(row: AdviceRow) -> Advice:
    """Return what the station is told. It names the visit: a station shows it for that person only."""
    return Advice.model_validate(
        {
            "advice": row.no,
            "spool": spool_text(row.of.spool),
            "visit": row.of.visit,
            "urgency": row.urgency,
            "text": row.text,
            "by": row.by,
            "made_utc_us": row.made_utc_us,
            "practice": row.practice,
        }
    )
