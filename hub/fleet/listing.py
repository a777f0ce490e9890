"""Which stations a list shows, in which order (core): for pages without scripts, as static/fleet_view.js
does it for pages with them. The address of a list says it all: a saved view is such an address.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Final, Literal
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from contract.ids import StationId
from hub.collation import name_key
from hub.fleet.compact import TROUBLE_SHIFT, WORDS, Board, Numbers, Row
from hub.fleet.folding import found_among
from hub.fleet.health import Trouble
from hub.fleet.organisation import Organisation
from hub.fleet.presence import Word
from hub.fleet.units import NO_MAX, UnitNo
from hub.typed_values import whole_number

Sort = Literal["need", "name", "heard", "unit"]
SORTS: Final[tuple[Sort, ...]] = ("need", "name", "heard", "unit")
PAGE_ROWS: Final = 100
PAGES_MAX: Final = 99_999
QUERY_MAX_CHARS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A filter and an order. `word`, `trouble`: only those; `trouble` "any": whichever. `page` from 0."""

    q: str = ""
    unit: UnitNo | None = None
    word: Word | None = None
    trouble: Trouble | None = None
    any_trouble: bool = False
    has_call: bool = False
    sort: Sort = "need"
    grouped: bool = False
    page: int = 0

    def query(self, **changes: object) -> str:
        """Return the address's query of this view, or of one that differs so; the default is empty."""
        trouble = "any" if self.any_trouble else self.trouble.name if self.trouble is not None else None
        fields: dict[str, object] = {
            "q": self.q or None,
            "unit": self.unit,
            "word": self.word.name if self.word else None,
            "trouble": trouble,
            "call": 1 if self.has_call else None,
            "sort": None if self.sort == "need" else self.sort,
            "group": "unit" if self.grouped else None,
            "page": self.page or None,
        }
        fields.update(changes)
        return urlencode({key: value for key, value in fields.items() if value not in (None, "")})


def view_of(query: Mapping[str, str]) -> View:
    """Return the view of an address; what makes no sense there is as if it were not."""
    unit, page = whole_number(query.get("unit", ""), most=NO_MAX), query.get("page", "")
    trouble, sort = query.get("trouble", ""), query.get("sort", "")
    kind = Trouble[trouble] if trouble in Trouble.__members__ else None
    return View(
        q=query.get("q", "")[:QUERY_MAX_CHARS],
        unit=None if unit is None else UnitNo(unit),
        word=Word[query["word"]] if query.get("word") in Word.__members__ else None,
        trouble=kind or None,
        any_trouble=trouble == "any",
        has_call=query.get("call") == "1",
        sort=next((one for one in SORTS if one == sort), "need"),
        grouped=query.get("group") == "unit",
        page=whole_number(page, most=PAGES_MAX) or 0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """All that a list chooses from, by the numbers of the board's rows. `padded`: name, aliases, id and unit
    of each as `fold` writes them, behind a space; `place`: of each in the order of names; `unit_place`:
    returns that of its unit in the order of units; `members`: of a unit and all below it; `calls`: those with
    an open call; `now` in tenths of the line.
    """

    board: Board
    padded: Sequence[str]
    place: Numbers
    unit_place: Callable[[], Numbers]
    members: Callable[[UnitNo], Collection[StationId]]
    calls: Collection[StationId]
    now: float
    is_hub_deaf: bool = False


class Orders:
    """How the stations of a board follow one another by name and by unit, as long as nobody is called
    otherwise. `by_name`: all that are on lists, in the order of their names, the `order_no`th there was.
    """

    def __init__(
        self,
        organisation: Organisation,
        by_name: Sequence[StationId],
        order_no: int,
        stations: Sequence[StationId],
    ) -> None:
        self._organisation, self._order_no, self._stations = organisation, order_no, stations
        place = {station: place for place, station in enumerate(by_name)}
        self.place: Numbers = np.array([place[station] for station in stations], np.int64)

    def are_of(self, organisation: Organisation, order_no: int) -> bool:
        """Whether nothing has changed of what they were made of."""
        return organisation is self._organisation and order_no == self._order_no

    @cached_property
    def unit_place(self) -> Numbers:
        """Where the unit of each stands among the units; nobody's stations stand first."""
        tree = self._organisation.tree
        units = [self._organisation.unit(station) for station in self._stations]
        keys = {unit: [name_key(tree.name(one)) for one in tree.path(unit)] for unit in set(units)}
        ranked = {tuple(key): rank for rank, (key, _) in enumerate(groupby(sorted(keys.values())))}
        return np.array([ranked[tuple(keys[unit])] for unit in units], np.int64)


@dataclass(frozen=True, slots=True)
class Listed:
    """A station of the list."""

    station: StationId
    row: Row
    word: Word


class Found:
    """The stations of a view in its order. They are put together as they are asked for: a page shows 100."""

    def __init__(self, board: Board, numbers: Numbers, words: Numbers) -> None:
        self._board, self._numbers, self._words = board, numbers, words

    def __len__(self) -> int:
        return len(self._numbers)

    def some(self, first: int, most: int) -> list[Listed]:
        """Return at most so many of them, from `first` on."""
        numbers = self._numbers[first : first + most].tolist()
        board = self._board
        return [Listed(board.stations[one], board.rows[one], WORDS[self._words[one]]) for one in numbers]

    def counts(self) -> dict[Word, int]:
        """Return how many there are of each word."""
        counts = np.bincount(self._words[self._numbers], minlength=len(WORDS)).tolist()
        return dict(zip(WORDS, counts, strict=True))


def listed(fleet: Fleet, view: View) -> Found:
    """Return the stations of a view in its order. All rows are looked at in a few operations over columns:
    one by one, 14,000 would hold the loop for a twentieth of a second.
    """
    board = fleet.board
    words = board.words(fleet.now, is_hub_deaf=fleet.is_hub_deaf)
    is_shown = np.ones(len(words), np.bool_)
    if bits := -1 if view.any_trouble else (view.trouble or Trouble.NONE).value:
        is_shown &= board.flags >> TROUBLE_SHIFT & bits != 0
    if view.word is not None:
        is_shown &= words == WORDS.index(view.word)
    if view.has_call:
        is_shown &= _among(board, fleet.calls)
    if view.unit is not None:
        is_shown &= _among(board, fleet.members(view.unit))
    numbers = np.flatnonzero(is_shown)
    if view.q:
        numbers = np.array(found_among(view.q, fleet.padded, numbers.tolist()), np.int64)
    return Found(board, numbers[np.lexsort(_order(fleet, view, numbers, words))], words)


def _among(board: Board, stations: Collection[StationId]) -> NDArray[np.bool_]:
    is_there = np.zeros(len(board.stations), np.bool_)
    is_there[[board.row_no(one) for one in stations if board.knows(one)]] = True
    return is_there


def _order(fleet: Fleet, view: View, numbers: Numbers, words: Numbers) -> list[NDArray[Any]]:
    """Return what the stations are sorted by, what counts most last."""
    keys: list[NDArray[Any]] = [fleet.place[numbers]]
    match view.sort:
        case "need":
            has_call = _among(fleet.board, fleet.calls)[numbers]
            has_trouble = fleet.board.flags[numbers] >> TROUBLE_SHIFT != 0
            keys.append((~has_call * 2 + ~has_trouble) * len(WORDS) + words[numbers])
        case "heard":
            keys.append(fleet.board.by_heard(numbers))
        case "unit":
            keys.append(fleet.unit_place()[numbers])
        case "name":
            pass
    if view.grouped:
        keys.append(fleet.unit_place()[numbers])
    return keys
