"""Finding a station or a unit among all of them by what somebody types (core).

An index is of one state of the organisation: make another after a change. A search reads one short folded
text a station and one a unit; of many that fit it ranks no more than are asked for.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contract.ids import StationId
from hub.fleet.folding import digits_of, fold
from hub.fleet.organisation import Organisation
from hub.fleet.units import Unit, UnitNo, UnitTree

PHONE_MIN_DIGITS: Final = 3  # fewer are part of a name or an id
WORDS_MAX: Final = 12  # of what somebody types; more say nothing more
_PHONE: Final = re.compile(r"[\d\s+().-]+")


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is searched of one station or unit. Texts are folded, each line and each word after a space."""

    id: StationId | UnitNo
    name: str
    written: str  # the name as it is written, in small letters
    own: str  # name, aliases, id or code, serials of boxes; one a line
    unit: UnitNo | None  # whose names are searched as well
    digits: str = ""  # of telephones, parted by spaces


class SearchIndex:
    """`find` and `find_units`, in the order in which they are shown: best first, then by name."""

    def __init__(self, organisation: Organisation, *, others: Iterable[StationId] = ()) -> None:
        """`others`: stations without a card, such as those that were only heard of."""
        self._paths = _folded_paths(organisation)
        self._stations = _stations(organisation, others)
        units = [_unit_entry(unit, organisation.tree) for unit in organisation.tree.units.values()]
        self._units = sorted(units, key=lambda one: (one.name, one.own, one.id))

    def find(self, text: str, limit: int | None = None) -> list[StationId]:
        """Return the stations that have every word of `text` in name, aliases, id, units or boxes' serials,
        or its digits in a telephone number; all, by name, for an empty text. Closed stations are not found.
        """
        return [StationId(str(one.id)) for one in self._find(self._stations, text, limit)]

    def find_units(self, text: str, limit: int | None = None) -> list[UnitNo]:
        """Return the units that have every word of `text` in name, aliases, code or those of units above."""
        return [UnitNo(int(one.id)) for one in self._find(self._units, text, limit)]

    def _find(self, entries: Sequence[_Entry], text: str, limit: int | None) -> Sequence[_Entry]:
        words = fold(text).split()[:WORDS_MAX]
        if not words:
            return entries[:limit]
        digits = digits_of(text) if _PHONE.fullmatch(text) else ""
        found = entries
        for word in words:
            units = {no for no, path in self._paths.items() if word in path}
            found = [one for one in found if word in one.own or one.unit in units]
        if len(digits) >= PHONE_MIN_DIGITS:
            seen = {one.id for one in found}
            found = [*found, *(one for one in entries if digits in one.digits and one.id not in seen)]
        return self._best(found, words, text, limit)

    def _best(
        self, found: Sequence[_Entry], words: Sequence[str], text: str, limit: int | None
    ) -> list[_Entry]:
        """Return the first of what was found, rank by rank; of two alike, the one written as it was typed."""
        written = "" if text.isascii() else " ".join(unicodedata.normalize("NFC", text).lower().split())
        best: list[_Entry] = []
        for fits in self._ranks(words):
            if limit is not None and len(best) >= limit:
                break
            here: list[_Entry] = []
            rest: list[_Entry] = []
            for one in found:
                (here if fits(one) else rest).append(one)
            if written:
                here.sort(key=lambda one: written not in one.written)
            best, found = best + here, rest
        return best[:limit]

    def _ranks(self, words: Sequence[str]) -> list[Callable[[_Entry], bool]]:
        """Return what each rank asks of an entry, the best first; the last takes all."""
        phrase, starts = " " + " ".join(words), [f" {word}" for word in words]
        begun = [{no for no, path in self._paths.items() if start in path} for start in starts]
        return [
            lambda one: one.name == phrase,
            lambda one: one.name.startswith(phrase),
            lambda one: phrase in one.name,
            lambda one: all(start in one.name for start in starts),
            lambda one: phrase in one.own,
            lambda one: all(start in one.own for start in starts),
            lambda one: all(
                start in one.own or one.unit in units for start, units in zip(starts, begun, strict=True)
            ),
            lambda _: True,
        ]


def _stations(organisation: Organisation, others: Iterable[StationId]) -> list[_Entry]:
    serials: dict[StationId, list[str]] = {}
    for box in organisation.boxes.values():
        if box.station is not None:
            serials.setdefault(box.station, []).append(box.box)
    known = {*organisation.stations, *organisation.names, *others}
    closed = {card.station for card in organisation.stations.values() if card.closed}
    found = [_station_entry(organisation, one, serials.get(one, ())) for one in known - closed]
    return sorted(found, key=lambda one: (one.name, one.id))


def _station_entry(organisation: Organisation, station: StationId, serials: Sequence[str]) -> _Entry:
    card, called = organisation.stations.get(station), organisation.name(station)
    name, aliases = fold(called), card.aliases if card else ()
    boxes = [text for serial in serials for text in (fold(serial), fold(serial).replace(" ", ""))]
    return _Entry(
        station,
        f" {name}",
        called.lower(),
        _lines(name, *map(fold, aliases), fold(station), *boxes),
        None if card is None else card.unit,
        " ".join(digits_of(one.phone) for one in card.contacts) if card else "",
    )


def _unit_entry(unit: Unit, tree: UnitTree) -> _Entry:
    name = tree.name(unit)
    return _Entry(unit.no, f" {fold(name)}", name.lower(), _unit_lines(unit), unit.parent)


def _unit_lines(unit: Unit) -> str:
    called = [*(one.text for one in reversed(unit.names)), *unit.aliases, unit.code or ""]
    return _lines(*map(fold, called))


def _folded_paths(organisation: Organisation) -> dict[UnitNo, str]:
    """Return of each unit all names, aliases and codes of the way down to it."""
    paths: dict[UnitNo, str] = {}
    waiting: list[tuple[Unit, str]] = [(unit, "") for unit in organisation.tree.children(None)]
    while waiting:
        unit, above = waiting.pop()
        paths[unit.no] = above + _unit_lines(unit)
        waiting += [(child, paths[unit.no]) for child in organisation.tree.children(unit.no)]
    return paths


def _lines(*texts: str) -> str:
    """Return folded texts one a line, each after a space; none that is empty."""
    return "".join(f" {text}\n" for text in texts if text)
