"""Which command is said to its station, and when (core): until it is answered, and never after its end."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from contract.commands import AnyCommand, CommandWord, make_command
from contract.ids import StationId
from hub.store.settings_book import CommandRow

REPEAT_S: Final = 30.0  # the broker keeps one for as long: none is on the way twice
LASTS_S: Final[dict[CommandWord, float]] = {  # from when it is asked for
    "bundle": 86_400.0,  # of use whenever the station comes back
    "say configuration": 86_400.0,
    "read desired": 3_600.0,
    "self-test": 3_600.0,
    "restart video": 600.0,  # what troubled somebody then
    "restart box": 600.0,
    "identify": 120.0,  # somebody stands before it
}


@dataclass(slots=True)
class _Unanswered:
    row: CommandRow
    until_s: float
    said_s: float | None = None


class CommandSaying:
    """The commands that no station has answered. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._open: dict[str, _Unanswered] = {}

    def take(self, rows: Iterable[CommandRow], *, now_s: float, now_utc_us: int) -> None:
        """What the store has unanswered. Of one that is new here, UTC says when its end is."""
        there = {row.name: row for row in rows}
        self._open = {name: one for name, one in self._open.items() if name in there}
        for name, row in there.items():
            if name not in self._open:
                lasts_s = (row.expires_utc_us - row.made_utc_us) / 1e6
                left_s = min(lasts_s, (row.expires_utc_us - now_utc_us) / 1e6)
                self._open[name] = _Unanswered(row, now_s + left_s)

    def due(self, *, now_s: float, absent: frozenset[StationId]) -> list[tuple[CommandRow, AnyCommand]]:
        """Return what is to be said now to stations that are not known to be away."""
        return [
            (one.row, _command(one, now_s=now_s))
            for one in self._open.values()
            if now_s < one.until_s
            and one.row.station not in absent
            and (one.said_s is None or now_s - one.said_s >= REPEAT_S)
        ]

    def said(self, name: str, *, now_s: float) -> None:
        """It went out."""
        if name in self._open:
            self._open[name].said_s = now_s

    def hello(self, station: StationId) -> None:
        """The station is back: what waits for it is said at once."""
        for one in self._open.values():
            if one.row.station == station:
                one.said_s = None

    def over(self, *, now_s: float) -> list[CommandRow]:
        """Return those whose end has come."""
        return [one.row for one in self._open.values() if now_s >= one.until_s]

    @property
    def is_empty(self) -> bool:
        """Nothing waits."""
        return not self._open


def _command(one: _Unanswered, *, now_s: float) -> AnyCommand:
    row = one.row
    return make_command(
        row.word,  # type: ignore[arg-type]  # the store gives back what was put into it
        name=row.name,
        lease_s=max(0.0, round(one.until_s - now_s, 3)),
        expires_utc_us=row.expires_utc_us,
        by=row.by,
    )
