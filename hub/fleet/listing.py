"""Which stations a list shows, in which order (core): for pages without scripts, as static/fleet_view.js
does it for pages with them. The address of a list says it all: a saved view is such an address.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal
from urllib.parse import urlencode

from contract.ids import StationId
from hub.collation import NameKey
from hub.fleet.compact import Board, Row
from hub.fleet.folding import fold, is_found
from hub.fleet.health import Trouble
from hub.fleet.presence import Word
from hub.fleet.units import NO_MAX, UnitNo
from hub.typed_values import whole_number

Sort = Literal["need", "name", "heard", "unit"]
SORTS: Final[tuple[Sort, ...]] = ("need", "name", "heard", "unit")
PAGE_ROWS: Final = 100
PLACE_BITS: Final = 32  # of a place in the order of names: more than there are stations
PAGES_MAX: Final = 99_999
QUERY_MAX_CHARS: Final = 200
_WORD_RANK: Final = {Word.SILENT: 0, Word.LATE: 1, Word.NEVER: 2, Word.LIVE: 3}


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
    """All that a list chooses from. `folded`: name, aliases, id and unit of each as `fold` writes them;
    `place`: of each in the order of names; `unit_key`: what its unit is sorted by; `calls`: those with an
    open call; `now` in tenths of the line; `members`: of a unit and all below it.
    """

    board: Board
    folded: Sequence[str]
    place: Mapping[StationId, int]
    unit_text: Callable[[StationId], str]
    unit_key: Callable[[StationId], list[NameKey]]
    members: Callable[[UnitNo], Collection[StationId]]
    calls: Collection[StationId]
    now: float
    is_hub_deaf: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A station of the list."""

    station: StationId
    row: Row
    word: Word
    place: int


def listed(fleet: Fleet, view: View) -> list[Listed]:
    """Return the stations of a view in its order, all of them."""
    words = fold(view.q).split()
    members = None if view.unit is None else fleet.members(view.unit)
    bits = -1 if view.any_trouble else (view.trouble or Trouble.NONE).value
    found = []
    for station, row, folded in zip(fleet.board.stations, fleet.board.rows, fleet.folded, strict=True):
        if members is not None and station not in members:
            continue
        if view.has_call and station not in fleet.calls:
            continue
        if bits and not bits & row.trouble_bits:
            continue
        if words and not is_found(words, folded):
            continue
        word = row.word(fleet.now, is_hub_deaf=fleet.is_hub_deaf)
        if view.word is None or word is view.word:
            found.append(Listed(station, row, word, fleet.place[station]))
    order = _order(fleet, view)
    found.sort(key=order)
    if view.grouped:
        found.sort(key=lambda one: fleet.unit_key(one.station))
    return found


def _order(fleet: Fleet, view: View) -> Callable[[Listed], Any]:
    match view.sort:
        case "need":  # one number a station: 14,000 tuples would hold the loop for a tenth of a second
            calls = frozenset(fleet.calls)
            return lambda one: (
                ((one.station not in calls) << 3 | (not one.row.trouble_bits) << 2 | _WORD_RANK[one.word])
                << PLACE_BITS
                | one.place
            )
        case "name":
            return lambda one: one.place
        case "heard":
            return lambda one: (-1 if one.row.heard is None else one.row.heard, one.place)
        case "unit":
            return lambda one: (fleet.unit_key(one.station), one.place)
