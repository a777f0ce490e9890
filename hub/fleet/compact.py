"""The whole fleet in one message (core): what each station's row and mark on the map need, and no more.

docs/console-fleet.md has the format. Times are tenths of a second of the hub's own line, counted from a base:
short, and no setting of a clock moves them.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.ids import StationId
from hub.fleet.health import Figures, Trouble
from hub.fleet.organisation import Organisation
from hub.fleet.presence import LATE_FACTOR, LIVE_S, Rhythm, Word

TENTH_US: Final = 100_000
DEGREES: Final = 1_000  # a position in thousandths of a degree: 100 m, finer than the map
DELTAS_KEPT: Final = 64  # a second each; a page that missed more is told all anew
RHYTHM_BITS: Final = 0b11  # of `flags`
CUT_BIT: Final = 1 << 2
VISIT_BIT: Final = 1 << 3
TROUBLE_SHIFT: Final = 8
ALWAYS_TOLD: Final = 2  # values of a row
LIVE_BY_RHYTHM_S: Final = np.array((*LIVE_S.values(), LIVE_S[Rhythm.IDLE]))
WHEN_MISSING: Final = (None, 0, None, None, 0, None)
WORDS: Final = (Word.SILENT, Word.LATE, Word.NEVER, Word.LIVE)  # who needs somebody most stands first
_SILENT, _LATE, _NEVER, _LIVE = range(len(WORDS))
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """What changes of a station. `heard` None: never; `told`, when its status was, None: nobody knows."""

    heard: int | None = None
    flags: int = 0
    told: int | None = None
    round_trip_ms: int | None = None
    owed_count: int = 0
    oldest_owed_s: int | None = None

    def text(self) -> str:
        """Return it as JSON without brackets; what is missing at the end is left away."""
        values = [self.heard, self.flags, self.told, self.round_trip_ms, self.owed_count, self.oldest_owed_s]
        while len(values) > ALWAYS_TOLD and values[-1] == WHEN_MISSING[len(values) - 1]:
            values.pop()
        return ",".join("null" if value is None else str(value) for value in values)

    def is_but_heard(self, before: "Row") -> bool:
        """Whether nothing is new since `before` but that it was heard."""
        return (
            self.flags == before.flags
            and self.told == before.told
            and self.round_trip_ms == before.round_trip_ms
            and self.owed_count == before.owed_count
            and self.oldest_owed_s == before.oldest_owed_s
        )

    def heard_again(self, heard: int | None, flags: int) -> "Row":
        """Return the row of a station that was heard; written out: there are a thousand a second."""
        return Row(heard, flags, self.told, self.round_trip_ms, self.owed_count, self.oldest_owed_s)

    @property
    def troubles(self) -> Trouble:
        """What is wrong, as far as it told."""
        return Trouble(self.flags >> TROUBLE_SHIFT)


def row_of(
    *,
    heard: int | None,
    rhythm: Rhythm,
    is_cut: bool,
    has_visit: bool,
    troubles: Trouble,
    figures: Figures | None,
    base_us: int,
) -> Row:
    """Return the row of a station; `heard` in tenths of a second of the line since `base_us`."""
    flags = rhythm | (CUT_BIT if is_cut else 0) | (VISIT_BIT if has_visit else 0)
    flags |= troubles.value << TROUBLE_SHIFT
    if figures is None:
        return Row(heard, flags)
    at_us = figures.at_line_us
    return Row(
        heard,
        flags,
        told=None if at_us is None else (at_us - base_us) // TENTH_US,
        round_trip_ms=figures.round_trip_ms,
        owed_count=figures.owed_count,
        oldest_owed_s=None if figures.oldest_owed_s is None else int(figures.oldest_owed_s),
    )


def names_text(stations: Sequence[StationId], organisation: Organisation, *, generation: str) -> str:
    """Return what stays of all stations as JSON, in the order in which rows name them by number."""
    tree = organisation.tree
    units = [
        [unit.no, unit.parent, tree.name(unit), *([list(unit.aliases)] if unit.aliases else [])]
        for unit in tree.units.values()
    ]
    told = {"generation": generation, "units": units}
    lines = ",".join(_named(station, organisation) for station in stations)
    return f'{json.dumps(told, ensure_ascii=False, separators=(",", ":"))[:-1]},"stations":[{lines}]}}'


def _named(station: StationId, organisation: Organisation) -> str:
    card = organisation.stations.get(station)
    position = None if card is None else card.position
    place = (
        [None, None]
        if position is None
        else [_thousandths(position.north_deg), _thousandths(position.east_deg)]
    )
    values = [station, organisation.name(station), organisation.unit(station), *place]
    values += [list(card.aliases)] if card is not None and card.aliases else []
    while values[-1] is None:
        values.pop()
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _thousandths(degrees: float) -> int:
    return round(degrees * DEGREES)


class Board:
    """The rows of all stations and what has changed of them, second by second. `base_us` is of the line."""

    def __init__(self, *, base_us: int) -> None:
        self.base_us = base_us
        self.number = 0
        self.stations: list[StationId] = []
        self.rows: list[Row] = []
        self.flags: Numbers = np.empty(0, np.int64)  # of the rows, for whoever looks at all of them
        self._heard_at: NDArray[np.float64] = np.empty(0)  # the same; never is minus infinity
        self._numbers: dict[StationId, int] = {}
        self._texts: list[str | None] = []  # None: to be written when somebody asks
        self._heard: dict[int, int] = {}  # since the last delta
        self._changed: set[int] = set()
        self._deltas: deque[tuple[int, str]] = deque(maxlen=DELTAS_KEPT)

    def begin(self, stations: Iterable[StationId], rows: Mapping[StationId, Row]) -> None:
        """There are these stations, in this order; whoever has the rows of before is told all anew."""
        self.stations = list(stations)
        self._numbers = {station: number for number, station in enumerate(self.stations)}
        self.rows = [rows.get(station, Row()) for station in self.stations]
        self.flags = np.array([row.flags for row in self.rows], np.int64)
        self._heard_at = np.array([_heard_at(row) for row in self.rows], np.float64)
        self._texts = [None] * len(self.rows)
        self._heard, self._changed = {}, set()
        self._deltas.clear()
        self.number += 1

    def knows(self, station: StationId) -> bool:
        """Whether there is such a row."""
        return station in self._numbers

    def row_no(self, station: StationId) -> int:
        """Return where a station's row stands."""
        return self._numbers[station]

    def row(self, station: StationId) -> Row:
        """Return a station's row."""
        return self.rows[self._numbers[station]]

    def put(self, station: StationId, row: Row) -> None:
        """A station is so now."""
        number = self._numbers[station]
        before = self.rows[number]
        if row == before:
            return
        self.rows[number], self._texts[number] = row, None
        self.flags[number], self._heard_at[number] = row.flags, _heard_at(row)
        if row.heard is not None and row.is_but_heard(before):
            self._heard[number] = row.heard
        else:
            self._changed.add(number)

    def words(self, now: float, *, is_hub_deaf: bool = False) -> Numbers:
        """Return what may be said of each row now, as places in WORDS; `now` in tenths as `heard`. A hub
        without its broker hears nobody: then nothing is live. `presence.word_of` says the same of one.
        """
        age_s = np.maximum(0.0, now - self._heard_at) / 10
        limit_s = LIVE_BY_RHYTHM_S[self.flags & RHYTHM_BITS]
        is_late = (age_s > limit_s) | (self.flags & CUT_BIT != 0) | is_hub_deaf
        words = np.where(is_late, _LATE, _LIVE)
        words[age_s > limit_s * LATE_FACTOR] = _SILENT
        words[self._heard_at == -inf] = _NEVER
        return words

    def by_heard(self, numbers: Numbers) -> NDArray[np.float64]:
        """Return when these rows were heard, in tenths; never is before all else."""
        return self._heard_at[numbers]

    def turn(self, *, now_us: int) -> bool:
        """Make a delta of what has changed since the last; return whether there is one."""
        if not self._changed and not self._heard:
            return False
        rows = ",".join(f"[{number},{self._text(number)}]" for number in sorted(self._changed))
        heard = ",".join(
            f"{number},{at}" for number, at in self._heard.items() if number not in self._changed
        )
        self._changed, self._heard = set(), {}
        self.number += 1
        head = f'{{"number":{self.number},"line_ms":{now_us // 1000}'
        self._deltas.append((self.number, f'{head},"rows":[{rows}],"heard":[{heard}]}}'))
        return True

    def since(self, number: int | None, *, now_us: int, about: str) -> list[str]:
        """Return the messages for a page that has `number` (None: nothing); `about`: further fields of the
        message that tells all.
        """
        if number == self.number:
            return []
        if number is not None and self._deltas and self._deltas[0][0] <= number + 1:
            return [text for at, text in self._deltas if at > number]
        rows = ",".join(f"[{self._text(number)}]" for number in range(len(self.rows)))
        head = f'{{"number":{self.number},"line_ms":{now_us // 1000},"base_ms":{self.base_us // 1000}'
        return [f'{head},{about},"all":[{rows}]}}']

    def _text(self, number: int) -> str:
        text = self._texts[number]
        if text is None:
            text = self._texts[number] = self.rows[number].text()
        return text


def _heard_at(row: Row) -> float:
    return -inf if row.heard is None else row.heard
